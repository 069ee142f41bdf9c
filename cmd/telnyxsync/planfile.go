package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"

	"github.com/spf13/cobra"
)

// planFile is a plan that was saved with `diff --out`, with all that decides what it would do. It is
// read by people too, and holds no secret: those show as dots.
type planFile struct {
	Version  int          `json:"telnyxsync_plan"`
	Created  time.Time    `json:"created"`
	BaseURL  string       `json:"base_url"`
	Instance string       `json:"instance"`
	Roots    []string     `json:"roots"` // absolute
	Options  savedOptions `json:"options"`
	Essence  plan.Essence `json:"plan"`
}

type savedOptions struct {
	Prune            bool            `json:"prune"`
	Only             []resource.Addr `json:"only"`
	AcceptAccount    bool            `json:"accept_account"`
	MaxDeletes       int             `json:"max_deletes"`
	MaxDeletePercent int             `json:"max_delete_percent"`
	Limit            []string        `json:"limit,omitempty"`
}

const (
	planFileVersion = 2
	planFileMark    = `"telnyxsync_plan"`
	maxPlanFile     = 256 << 20
)

// savePlan writes a plan to a file that is either whole or not there.
func (a *app) savePlan(path string, engine *apply.Engine, desired resource.Config, f *planFlags, o apply.Options, p *plan.Plan) error {
	saved := planFile{
		Version: planFileVersion, Created: time.Now().UTC().Truncate(time.Second), BaseURL: engine.BaseURL, Instance: a.instance,
		Options: savedOptions{o.Prune, append([]resource.Addr{}, o.Only...), o.AcceptAccount, f.maxDeletes, f.maxPercent, f.limit},
		Essence: plan.EssenceOf(p),
	}
	if there, err := readPlan(path); there == nil && err == nil && exists(path) {
		return fmt.Errorf("--out %s: it is there already and is no saved plan: choose another name", path)
	}
	for _, r := range desired.Roots {
		saved.Roots = append(saved.Roots, r.Path)
	}
	text, err := json.MarshalIndent(saved, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	fmt.Fprintf(a.err, "telnyxsync: the plan was saved; apply it with `telnyxsync apply %s`\n", render.Printable(path))
	return nil
}

// writeFile puts a file in its place when it is whole.
func writeFile(path string, text []byte, mode os.FileMode) error {
	return putFile(path, mode, func(f *os.File) error {
		_, err := f.Write(text)
		return err
	})
}

// putFile is writeFile for what is written bit by bit.
func putFile(path string, mode os.FileMode, write func(f *os.File) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	err = write(f)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// readPlan reads a saved plan; nil where the path is no such file but one of configuration.
func readPlan(path string) (*planFile, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil // whatever is wrong with it, reading it as configuration says so
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) ||
		!bytes.HasPrefix(bytes.TrimSpace(head[:n]), []byte("{")) || !bytes.Contains(head[:n], []byte(planFileMark)) {
		return nil, nil
	}
	text, err := io.ReadAll(io.LimitReader(io.MultiReader(bytes.NewReader(head[:n]), f), maxPlanFile))
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", path, err)
	}
	var p planFile
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // values are compared as they were written
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("plan %s: it is damaged: save it anew with `telnyxsync diff --out` (%w)", path, err)
	}
	if p.Version != planFileVersion {
		return nil, fmt.Errorf("plan %s: it has format %d, which another version of telnyxsync wrote, and this one knows %d: save it anew with `telnyxsync diff --out`", path, p.Version, planFileVersion)
	}
	return &p, nil
}

// fixedFlags are those that a saved plan decides.
var fixedFlags = []string{"prune", "only", "accept-account", "max-deletes", "max-delete-percent", "limit"}

// takePlan reads the plan among the arguments of apply, if there is one, and puts its options in the
// place of flags.
func (a *app) takePlan(cmd *cobra.Command, args []string, f *applyFlags) (*planFile, []string, error) {
	for _, path := range args {
		p, err := readPlan(path)
		switch {
		case err != nil:
			return nil, nil, err
		case p == nil:
			continue
		case len(args) > 1:
			return nil, nil, fmt.Errorf("%s is a saved plan, which has its own paths: give it alone", path)
		}
		for _, name := range fixedFlags {
			if cmd.Flags().Changed(name) {
				return nil, nil, fmt.Errorf("--%s: the plan was saved with options of its own: leave it out, or save the plan anew with it", name)
			}
		}
		if cmd.Flags().Changed("instance") && a.instance != p.Instance {
			return nil, nil, fmt.Errorf("--instance %s: the plan was saved for the instance %s", a.instance, p.Instance)
		}
		a.instance = p.Instance
		f.prune, f.acceptAccount = p.Options.Prune, p.Options.AcceptAccount
		f.maxDeletes, f.maxPercent = p.Options.MaxDeletes, p.Options.MaxDeletePercent
		f.only, f.limit = nil, p.Options.Limit
		for _, addr := range p.Options.Only {
			f.only = append(f.only, addr.String())
		}
		return p, slices.Clone(p.Roots), nil
	}
	return nil, args, nil
}

// check refuses a plan that is no longer what would be done.
func (f *planFile) check(baseURL string, p *plan.Plan) error {
	if f.BaseURL != baseURL {
		return fmt.Errorf("the plan was saved for %s, not for %s", f.BaseURL, baseURL)
	}
	now := plan.EssenceOf(p)
	if f.Essence.Same(&now) {
		return nil
	}
	const most = 20
	lines := render.Differences(&f.Essence, &now)
	if len(lines) == 0 {
		lines = []string{"the order of the changes"}
	}
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most], fmt.Sprintf("and %d more", more))
	}
	return fmt.Errorf("since %s the files, the account or the state changed, and the plan is no longer what would be done; nothing was changed: "+
		"look again, and save the plan anew with `telnyxsync diff --out`\n  %s", f.Created.Local().Format("2006-01-02 15:04:05"), strings.Join(lines, "\n  "))
}
