package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"telnyxsync/internal/client"
	"telnyxsync/internal/export"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"

	"github.com/spf13/cobra"
)

const locationsKind = "locations"

func (a *app) locationsCommand() *cobra.Command {
	var (
		output  string
		configs []string
	)
	cmd := &cobra.Command{
		Use:   "locations CONNECTION [ADDRESS_ID]",
		Short: "List the places of a connection on Microsoft Teams, as YAML to paste",
		Long: `Lists the emergency addresses that a Teams admin made, with the locations in them, as entries of
locations: ready to be pasted into the YAML. CONNECTION is an id, or the name of an entry that state
knows, or that the files of --configs write with its id. With ADDRESS_ID, the id of a civic address or
of a location in it, only that address is read.

What static_emergency_address_id a location has, no GET returns.

It only reads, and needs no state.`,
		Example: `  telnyxsync locations teams-hq > configs/locations.yaml
  telnyxsync locations 1293384261075731499 --configs configs
  telnyxsync locations teams-hq 07a4dc5d-9b3b-4ba2-88a4-6ba172316c65 --output json`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.locations(cmd.Context(), args, configs, output)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeConnections(cmd, args, toComplete)
		},
	}
	outputFlag(cmd, &output, "yaml", "json")
	cmd.Flags().StringArrayVar(&configs, "configs", nil, "file or directory of the desired state, for the names in it; may be repeated")
	return cmd
}

type locationsDoc struct {
	Version      int             `json:"version"`
	ConnectionID string          `json:"connection_id"`
	Connection   string          `json:"connection,omitempty"` // the name of its entry
	Addresses    []client.Object `json:"civic_addresses"`      // as the API has them
}

func (a *app) locations(ctx context.Context, args, configs []string, output string) error {
	var desired resource.Config
	if len(configs) > 0 {
		var err error
		if desired, err = a.load(configs); err != nil {
			return configError{err}
		}
	}
	t, err := a.teams(ctx)
	if err != nil {
		return err
	}
	defer t.client.Close()
	t.learn(desired)
	id, err := readConnection(&t.snap, args[0])
	if err != nil {
		return fmt.Errorf("%w; or give the files that write its id, with --configs", err)
	}
	api := t.client.CivicAddresses()
	var list []client.Object
	if len(args) == 2 {
		list = make([]client.Object, 1)
		list[0], err = api.Get(ctx, id, args[1])
	} else {
		list, err = api.List(ctx, id)
	}
	if err != nil {
		return err
	}
	if output == "json" {
		return a.printJSON(locationsDoc{1, id, t.name(id), append([]client.Object{}, list...)})
	}
	p := &page{}
	t.locations(p, id, list, len(args) == 2)
	_, err = p.WriteTo(a.out)
	return err
}

// learn takes entries for known that the files write, as far as they say which objects they mean: a
// connection by its id, a location by its own and its connection.
func (t *teamsReader) learn(desired resource.Config) {
	known := func(a resource.Addr) bool {
		return slices.ContainsFunc(t.snap.Owned, func(o resource.Owned) bool { return o.Addr == a })
	}
	for _, kind := range []string{connectionsKind, locationsKind} {
		for i := range desired.Entries {
			e := &desired.Entries[i]
			if e.Kind != kind || known(e.Addr) {
				continue
			}
			id := resource.GetString(e.Object, "/id")
			if kind == locationsKind {
				ref, _ := e.Object["connection"].(resource.Ref)
				id = ref.ID
				for _, o := range t.snap.Owned {
					if o.Addr == ref.Addr {
						id = o.ID
					}
				}
				id += "/" + resource.GetString(e.Object, "/location_id")
			}
			if id != "" {
				t.snap.Owned = append(t.snap.Owned, resource.Owned{Addr: e.Addr, ID: id, Applied: e.Object})
			}
		}
	}
}

// locations writes them as export does, so that both give a location the same name; one that has an entry
// keeps its own. part tells that the list is not all.
func (t *teamsReader) locations(p *page, connection string, list []client.Object, part bool) {
	of := export.Connection{ID: connection, Teams: true}
	there := map[string]bool{}
	for _, o := range list {
		of.Civic = append(of.Civic, kinds.CivicAddressOf(o))
	}
	slices.SortFunc(of.Civic, func(a, b resource.CivicAddress) int {
		return cmp.Or(strings.Compare(a.Words, b.Words), strings.Compare(a.ID, b.ID))
	})
	head := fmt.Sprintf("The connection %s has no civic addresses: let the Teams admin make its emergency addresses.", t.called(connection))
	if len(list) > 0 {
		head = "Civic addresses of the connection " + t.called(connection) + ":"
	}
	p.line("# %s", head)
	for i := range of.Civic {
		a := &of.Civic[i]
		texts := written(a.ID, a.Words, counted(len(a.Locations), "location", "locations"))
		if a.Default != "" {
			texts[len(texts)-1] += ", by default " + a.Default
		}
		p.line("#   %s", strings.Join(texts, ": "))
		for _, l := range a.Locations {
			there[connection+"/"+l.ID] = true
		}
	}
	src := export.Source{Connections: []export.Connection{of}, Live: map[string][]resource.Live{}, Now: t.now}
	for _, k := range t.engine.Kinds {
		if k.Name == connectionsKind || k.Name == locationsKind {
			src.Kinds = append(src.Kinds, k)
		}
	}
	for _, o := range t.snap.Owned {
		if o.Addr.Kind == connectionsKind || o.Addr.Kind == locationsKind && (there[o.ID] || !part) {
			src.Owned = append(src.Owned, o)
		}
	}
	if t.name(connection) != "" {
		src.Live[connectionsKind] = []resource.Live{{ID: connection, Object: resource.Object{}}}
	}
	entries := slices.DeleteFunc(export.Entries(src), func(e *export.Entry) bool { return e.Kind != locationsKind })
	for _, f := range export.Render(entries, false, "Their locations, as entries:") {
		p.Write(f.Text)
	}
}
