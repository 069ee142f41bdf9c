package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/export"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"github.com/spf13/cobra"
)

// exportFlags say what is exported, and where to.
type exportFlags struct {
	out, split string
	force      bool
	named      map[string]*[]string // by kind: the objects of those that have no list
}

const envExample = ".env.example"

func (a *app) exportCommand() *cobra.Command {
	f := exportFlags{named: map[string]*[]string{}}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write what the account has as YAML",
		Long: `Writes the objects of the account as YAML that means them: it validates, and its diff shows
nothing but objects to adopt. Secrets become {env: NAME}, with a file .env.example that lists the
names; what else cannot be read back is said in comments.

What the API key may not read is left out: that is said on stderr and at the top of each file, and the
exit code is 1.

Phone numbers become groups, one for each connection and place on Microsoft Teams, as ranges; with
--out, lists of more than 500 ranges go into files of their own below numbers/. Groups that state
knows keep their names and their numbers. Numbers that are merely assigned to a connection of Teams,
or are listed twice, are in none: a comment at the connection counts them. Every location that
numbers can be put at becomes an entry, with its address beside it.

SIPREC connectors, storage credentials and Dialogflow connections have no list on Telnyx: those are
exported that state knows, and those that are named here.`,
		Example: `  telnyxsync export                              # to stdout
  telnyxsync export --out configs --siprec compliance --storage 1234567890`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.split != "kind" && f.split != "none" {
				return fmt.Errorf("--split %q: choose kind or none", f.split)
			}
			return a.export(cmd.Context(), &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "directory to write to (default: stdout)")
	flags.StringVar(&f.split, "split", "kind", "with --out, `HOW`: kind, a file for each kind; or none, one file")
	flags.BoolVar(&f.force, "force", false, "overwrite files that are there already")
	for _, n := range []struct{ kind, flag, about string }{
		{"siprec_connectors", "siprec", "also the SIPREC connector of this name; may be repeated"},
		{"custom_storage_credentials", "storage", "also the storage credentials of this connection id; may be repeated"},
		{"dialogflow_connections", "dialogflow", "also the Dialogflow connection of this connection id; may be repeated"},
	} {
		f.named[n.kind] = flags.StringArray(n.flag, nil, n.about)
	}
	return cmd
}

func (a *app) export(ctx context.Context, f *exportFlags) error {
	dir, err := a.state()
	if err != nil {
		return err
	}
	snap, err := state.Load(ctx, dir)
	if err != nil {
		return err
	}
	engine, c, err := a.connect(true, tuning{})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := engine.CheckAccount(ctx, snap, nil, apply.Options{}); err != nil {
		return err
	}
	src := export.Source{Kinds: engine.Kinds, Owned: snap.Owned, Instance: a.instance, Now: engine.Time()}
	var unread []apply.Unread
	src.Live, unread, err = engine.Everything(ctx, snap, func(kind string) []string {
		if names := f.named[kind]; names != nil {
			return *names
		}
		return nil
	})
	if err != nil {
		return err
	}
	noNumbers, err := a.exportNumbers(ctx, engine, &snap, &src)
	if err != nil {
		return err
	}
	left := leftOut(engine.Kinds, unread, noNumbers, asEachTime)
	a.sayUnlisted(engine, src.Live, unread)
	entries := export.Entries(src)
	if f.out != "" {
		export.Outsource(entries, mostRanges)
	}
	head := append([]string{"exported by telnyxsync from " + engine.BaseURL}, left...)
	files, err := a.render(entries, f.split == "kind" && f.out != "", head)
	if err != nil {
		return err
	}
	if f.out == "" {
		err = a.printExport(files, entries, left)
	} else {
		err = a.writeExport(f, files, entries)
	}
	for _, text := range leftOut(engine.Kinds, unread, noNumbers, error.Error) {
		fmt.Fprintln(a.err, "telnyxsync: "+render.Printable(text))
	}
	if err == nil && len(left) > 0 {
		return exit(exitError)
	}
	return err
}

// sayUnlisted tells that there may be more than what was found.
func (a *app) sayUnlisted(engine *apply.Engine, live map[string][]resource.Live, unread []apply.Unread) {
	for i := range engine.Kinds {
		k := &engine.Kinds[i]
		if slices.ContainsFunc(unread, func(u apply.Unread) bool { return u.Addr.Kind == k.Name }) {
			continue
		}
		if !k.Listed && !k.Groups && !k.Blind && !k.Rules && len(live[k.Name]) == 0 {
			fmt.Fprintf(a.err, "telnyxsync: %s have no list on Telnyx, and none was named: see `telnyxsync export --help`\n", k.Name)
		}
	}
}

// render writes the entries and reads them back: what cannot be read is left out, and said so. What an
// account holds is not always what can be written.
func (a *app) render(entries []*export.Entry, perKind bool, head []string) ([]*export.File, error) {
	const rounds = 5 // an error can hide another
	for range rounds {
		files := export.Render(entries, perKind, head...)
		wrong, err := a.validateExport(files)
		if err != nil {
			return nil, err
		}
		if len(wrong) == 0 {
			return files, nil
		}
		for _, w := range wrong {
			w.entry.Leave(w.path, w.text)
		}
	}
	return nil, errors.New("what the account holds could not be written as valid YAML")
}

// leave is something to be left out of an export.
type leave struct {
	entry      *export.Entry
	path, text string
}

func (a *app) validateExport(files []*export.File) (wrong []leave, err error) {
	dir, err := os.MkdirTemp("", "telnyxsync-export-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	byPath := map[string]*export.File{}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		byPath[path] = f
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, f.Text, 0o600)); err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, nil
	}
	_, loadErr := a.load([]string{dir})
	for _, e := range specErrors(loadErr) {
		file := byPath[e.Pos.File]
		var at *export.Entry
		if file != nil {
			at = file.At(e.Pos.Line)
		}
		if at == nil {
			return nil, fmt.Errorf("the export cannot be read back: %w", e)
		}
		field, _ := strings.CutPrefix(e.Path, at.Kind+"."+at.Name)
		path := ""
		if field != "" {
			path = resource.Pointer(strings.Split(strings.TrimPrefix(field, "."), ".")...)
		}
		path, _, _ = strings.Cut(path, "[") // of a list, all
		wrong = append(wrong, leave{at, path, e.Text})
	}
	if loadErr != nil && len(wrong) == 0 {
		return nil, loadErr
	}
	return wrong, nil
}

func (a *app) printExport(files []*export.File, entries []*export.Entry, left []string) error {
	switch {
	case len(files) == 0:
		for _, text := range append([]string{"there is nothing to export"}, left...) {
			fmt.Fprintln(a.out, "# "+render.Printable(text))
		}
		return nil
	case len(files) > 1:
		return errors.New("there is more than one file can hold: give --out DIR")
	}
	if _, err := a.out.Write(files[0].Text); err != nil {
		return err
	}
	if names := export.Env(entries); len(names) > 0 {
		fmt.Fprintf(a.err, "telnyxsync: put the secrets into the environment: %s\n", strings.Join(names, ", "))
	}
	return nil
}

// writeExport writes all files or, where one is there already, none.
func (a *app) writeExport(f *exportFlags, files []*export.File, entries []*export.Entry) error {
	texts := map[string][]byte{}
	var names []string
	for _, file := range files {
		texts[file.Name] = file.Text
		names = append(names, file.Name)
	}
	if example := export.EnvExample(entries); example != nil {
		texts[envExample] = example
		names = append(names, envExample)
	}
	if len(names) == 0 {
		fmt.Fprintln(a.out, "there is nothing to export")
		return nil
	}
	if err := os.MkdirAll(f.out, 0o750); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if !f.force {
		var there []string
		for _, name := range names {
			if _, err := os.Lstat(filepath.Join(f.out, name)); !errors.Is(err, fs.ErrNotExist) {
				there = append(there, name)
			}
		}
		if len(there) > 0 {
			return fmt.Errorf("%s is there already in %s: choose another directory, or overwrite with --force; nothing was written", strings.Join(there, ", "), f.out)
		}
	}
	for _, name := range names {
		path := filepath.Join(f.out, name)
		err := os.MkdirAll(filepath.Dir(path), 0o750)
		if err == nil {
			err = writeFile(path, texts[name], 0o644)
		}
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
	}
	fmt.Fprintf(a.out, "exported %s to %s\n", counted(len(entries), "entry", "entries"), render.Printable(strings.Join(under(f.out, names), ", ")))
	return nil
}

func under(dir string, names []string) []string {
	out := slices.Clone(names)
	for i := range out {
		out[i] = filepath.Join(dir, out[i])
	}
	return out
}
