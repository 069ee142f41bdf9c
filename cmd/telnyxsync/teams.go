package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

const connectionsKind = "external_connections"

// teamsReader is what the commands share that look at Microsoft Teams. They can only read.
type teamsReader struct {
	engine *apply.Engine
	client *client.Client
	api    kinds.Numbers
	snap   state.Snapshot
	sent   map[string]time.Time // when uploads were sent, by ticket
	now    time.Time
}

// teams opens the account for reading, and the state if there is one.
func (a *app) teams(ctx context.Context) (*teamsReader, error) {
	t := &teamsReader{now: time.Now()}
	var err error
	if t.snap, t.sent, err = a.remembered(ctx); err != nil {
		return nil, err
	}
	if t.engine, t.client, err = a.connect(true, tuning{}); err != nil {
		return nil, err
	}
	if err := t.engine.CheckAccount(ctx, t.snap, nil, apply.Options{}); err != nil {
		t.client.Close()
		return nil, err
	}
	t.api = kinds.NewNumbers(t.client)
	return t, nil
}

// remembered is the state, and when uploads were sent; nothing where there is no state.
func (a *app) remembered(ctx context.Context) (snap state.Snapshot, sent map[string]time.Time, err error) {
	dir, err := a.state()
	if err != nil {
		return snap, nil, err
	}
	db, release, err := state.OpenReadOnly(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return snap, nil, nil
	}
	if err != nil {
		return snap, nil, err
	}
	defer release()
	defer db.Close()
	if snap, err = db.Snapshot(ctx); err != nil {
		return snap, nil, err
	}
	sent, err = db.Sent(ctx)
	return snap, sent, err
}

// name is the entry that a connection belongs to; "" where none is known.
func (t *teamsReader) name(id string) string { return connectionName(&t.snap, id) }

// called is a connection for a person.
func (t *teamsReader) called(id string) string { return cmp.Or(t.name(id), id) }

func connectionName(snap *state.Snapshot, id string) string {
	for i := range snap.Owned {
		if o := &snap.Owned[i]; o.Addr.Kind == connectionsKind && o.ID == id {
			return o.Addr.Name
		}
	}
	return ""
}

func (t *teamsReader) calledAll(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = t.called(id)
	}
	return strings.Join(names, ", ")
}

// readConnection reads the name of an entry that state knows, or an id.
func readConnection(snap *state.Snapshot, text string) (string, error) {
	name := strings.TrimPrefix(text, connectionsKind+"/")
	known := connectionNames(snap)
	for i := range snap.Owned {
		if o := &snap.Owned[i]; o.Addr.Kind == connectionsKind && o.Addr.Name == name {
			return o.ID, nil
		}
	}
	if text != "" && strings.Trim(text, "0123456789") == "" {
		return text, nil
	}
	have := "and state knows none"
	if len(known) > 0 {
		have = "there are " + strings.Join(known, ", ")
	}
	return "", fmt.Errorf("%q is neither the id of a connection nor an entry of %s that state knows: %s", text, connectionsKind, have)
}

func connectionNames(snap *state.Snapshot) (names []string) {
	for i := range snap.Owned {
		if o := &snap.Owned[i]; o.Addr.Kind == connectionsKind {
			names = append(names, o.Addr.Name)
		}
	}
	return names
}

// completeConnections offers the names that state knows.
func (a *app) completeConnections(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	snap, _, err := a.remembered(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return connectionNames(&snap), cobra.ShellCompDirectiveNoFileComp
}

// connections are those that are given, or else the likely ones, or else all of Operator Connect.
func (t *teamsReader) connections(ctx context.Context, given, likely []string) ([]string, error) {
	var ids []string
	for _, text := range given {
		id, err := readConnection(&t.snap, text)
		if err != nil {
			return nil, fmt.Errorf("--connection: %w", err)
		}
		ids = append(ids, id)
	}
	if ids == nil {
		ids = likely
	}
	if ids == nil {
		seen, err := t.engine.Operations[connectionsKind].Observe(ctx, resource.Want{})
		if err != nil {
			return nil, err
		}
		for _, l := range seen.Objects {
			if resource.GetString(l.Object, "/external_sip_connection") == "operator_connect" {
				ids = append(ids, l.ID)
			}
		}
	}
	if ids == nil {
		return nil, errors.New("the account has no Operator Connect connection: let the Teams admin consent, then run `telnyxsync jobs run operator_connect_refresh`")
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// unread is a connection that could not be read.
type unread struct {
	ConnectionID string `json:"connection_id"`
	Error        string `json:"error"`
}

// readEach reads something of connections at the same time. What cannot be read of one stops no other.
func readEach[V any](ctx context.Context, t *teamsReader, ids []string, read func(ctx context.Context, connection string) (V, error)) (map[string]V, []unread, error) {
	var (
		g      errgroup.Group
		mu     sync.Mutex
		out    = map[string]V{}
		failed = []unread{}
	)
	g.SetLimit(t.engine.Concurrency)
	for _, id := range ids {
		g.Go(func() error {
			v, err := read(ctx, id)
			if client.Unauthorized(err) || ctx.Err() != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, unread{id, err.Error()})
				return nil
			}
			out[id] = v
			return nil
		})
	}
	err := g.Wait()
	slices.SortFunc(failed, func(a, b unread) int { return strings.Compare(a.ConnectionID, b.ConnectionID) })
	return out, failed, err
}

// readTickets reads all of connections' tickets or, where one is given, that alone, on whichever of them has it.
func readTickets[V any](ctx context.Context, t *teamsReader, ids []string, what, ticket string,
	list func(ctx context.Context, connection string) ([]V, error),
	one func(ctx context.Context, connection, ticket string) (*V, error),
) (map[string][]V, []unread, error) {
	found, failed, err := readEach(ctx, t, ids, func(ctx context.Context, connection string) ([]V, error) {
		if ticket == "" {
			return list(ctx, connection)
		}
		v, err := one(ctx, connection, ticket)
		if v == nil || err != nil {
			return nil, err
		}
		return []V{*v}, nil
	})
	if err != nil || ticket == "" {
		return found, failed, err
	}
	for _, list := range found {
		if len(list) > 0 {
			return found, []unread{}, nil // what the others could not say does not matter
		}
	}
	if len(failed) == 0 {
		err = fmt.Errorf("there is no %s %s on %s: give its connection with --connection", what, ticket, strings.Join(ids, ", "))
	}
	return found, failed, err
}

// without are the connections that could be read.
func without(ids []string, failed []unread) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.ContainsFunc(failed, func(u unread) bool { return u.ConnectionID == id })
	})
}

// sayUnread tells on stderr what could not be read, which makes the command fail.
func (a *app) sayUnread(failed []unread) error {
	for _, f := range failed {
		fmt.Fprintln(a.err, "telnyxsync: "+cell(f.ConnectionID+": "+f.Error))
	}
	if len(failed) > 0 {
		return exit(exitError)
	}
	return nil
}
