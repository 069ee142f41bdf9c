package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// inside runs commands in this process, against a simulator in it.
type inside struct {
	sim     *telnyxsim.Sim
	url     string
	dir     string            // of what is exported, of the state, and of the key
	secrets map[string]string // the environment that references lead to
}

func newInside(t testing.TB) *inside {
	t.Helper()
	sim, err := telnyxsim.New(telnyxsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	return &inside{sim: sim, url: srv.URL + "/v2"}
}

// begin gives the simulator another account, and the commands nothing of what was before.
func (r *inside) begin(t rapid.TB, dir string, account map[string]any) {
	t.Helper()
	text, err := json.Marshal(account)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.sim.SetAccount(text); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	r.dir, r.secrets = dir, map[string]string{}
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("KEY-of-the-test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command and wants one of two exit codes.
func (r *inside) run(t rapid.TB, want, or int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &err, secrets: func(name string) (string, bool) {
		v, ok := r.secrets[name]
		return v, ok
	}}
	got := a.execute(context.Background(), append(args, "--api-url", r.url, "--api-key-file", filepath.Join(r.dir, "key"), "--state", filepath.Join(r.dir, "state")))
	if got != want && got != or {
		t.Fatalf("telnyxsync %q: exit code %d, want %d or %d\n%s%s\n%s", args, got, want, or, out.String(), err.String(), r.exported(t))
	}
	return out.String(), err.String()
}

// exportPlan is what the tests of exports read of a plan beside the rest.
type exportPlan struct {
	teamsPlan
	NotCompared []struct{ Address, Path string } `json:"not_compared"`
}

func (r *inside) plan(t rapid.TB, want, or int, args ...string) (p exportPlan) {
	t.Helper()
	out, _ := r.run(t, want, or, append(args, "--output", "json")...)
	more := struct {
		NotCompared *[]struct{ Address, Path string } `json:"not_compared"`
	}{&p.NotCompared}
	var err error
	if p.teamsPlan, err = teamsPlanOf(out); err == nil {
		err = json.Unmarshal([]byte(out), &more)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (r *inside) out() string { return filepath.Join(r.dir, "out") }

// exported is all that was written, file by file.
func (r *inside) exported(t rapid.TB) string {
	t.Helper()
	var b strings.Builder
	files, err := os.ReadDir(r.out())
	if err != nil {
		return ""
	}
	for _, f := range files {
		if f.IsDir() {
			continue // of numbers
		}
		text, err := os.ReadFile(filepath.Join(r.out(), f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "-- %s --\n%s", f.Name(), text)
	}
	return b.String()
}

// fillIn takes the names of the secrets from .env.example. One text serves them all, also where a
// service account is wanted.
func (r *inside) fillIn(t rapid.TB) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.out(), envExample))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutSuffix(line, "=''\n"); ok && !strings.HasPrefix(line, "#") {
			r.secrets[name] = fmt.Sprintf(`{"type": "service_account", "private_key": "of %s"}`, name)
		}
	}
}

// write takes out what keeps entries from being written whose fields Telnyx does not show, as a person
// does who has written those.
func (r *inside) write(t rapid.TB) {
	t.Helper()
	path := filepath.Join(r.out(), "dialogflow_connections.yaml")
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	kept := regexp.MustCompile(`(?m)^    (observe: true|ignore: \[/dialogflow_api, /location, /service_account\])\n`).ReplaceAll(text, nil)
	if err := os.WriteFile(path, kept, 0o600); err != nil {
		t.Fatal(err)
	}
}

// adopts exports, validates, compares, applies and compares again: what was exported is adopted or, where
// it is not to be written yet, observed, and nothing else comes of it; nor of what is exported then. It
// returns the objects that are adopted, as KIND ID, and how many are observed.
func (r *inside) adopts(t rapid.TB, written bool, flags ...string) (ids []string, observed int) {
	t.Helper()
	export := append([]string{"export", "--out", r.out()}, flags...)
	r.run(t, 0, 0, export...)
	first := r.exported(t)
	r.run(t, 0, 0, append(export, "--force")...)
	if second := r.exported(t); second != first {
		t.Fatalf("exported once\n%s\nand again\n%s", first, second)
	}
	if first == "" {
		return nil, 0 // there is nothing
	}
	if written {
		r.write(t)
	}
	r.run(t, 0, 0, "validate", r.out())
	r.fillIn(t)
	p := r.plan(t, 2, 0, "diff", r.out())
	for _, c := range p.Changes {
		if c.Op != "adopt" {
			t.Fatalf("%+v\n%s", c, first)
		}
		kind, _, _ := strings.Cut(c.Address, "/")
		ids = append(ids, kind+" "+c.ID)
	}
	if len(p.Problems)+len(p.Withheld)+len(p.Orphans)+len(p.NotCompared) > 0 {
		t.Fatalf("%+v\n%s", p, first)
	}
	observed = p.Summary["unchanged"]
	adopted := p.adopted(t)
	r.run(t, 0, 0, "apply", "--yes", r.out())
	if p := r.plan(t, 0, 0, "diff", r.out()); p.Summary["unchanged"] != len(ids)+adopted+observed || len(p.PhoneNumbers.Changes) > 0 {
		t.Fatalf("diff after apply: %+v\n%s", p, first)
	}
	targets, sets := exportedGroups(t, r.config(t))
	r.run(t, 0, 0, append(export, "--force")...)
	r.run(t, 0, 0, "diff", r.out())
	if gotTargets, gotSets := exportedGroups(t, r.config(t)); !maps.Equal(gotTargets, targets) || !maps.EqualFunc(gotSets, sets, resource.Numbers.Equal) {
		t.Fatalf("exported at first\n%s\nand once it was applied\n%s", first, r.exported(t))
	}
	slices.Sort(ids)
	return ids, observed
}

// TestExportOfAnyAccount: whatever an account holds, what is exported is adopted and nothing else comes
// of it; what cannot be expressed stands there as a comment, and is left alone.
func TestExportOfAnyAccount(t *testing.T) {
	t.Parallel()
	r := newInside(t)
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		d := &accountDrawer{T: t, hostile: true}
		r.begin(t, filepath.Join(dir, fmt.Sprint(n)), d.account())
		before := r.sim.Account()
		ids, _ := r.adopts(t, d.coin("written"), d.flags...)
		for _, id := range ids {
			if !slices.Contains(d.ids, id) {
				t.Fatalf("adopted %q, of %q", id, d.ids)
			}
		}
		d.placed(t, r.config(t))
		// What was left out is as it was.
		left := objects(t, before)
		for id, text := range objects(t, r.sim.Account()) {
			if !slices.Contains(ids, id) && left[id] != text {
				t.Fatalf("%s became %s\n%s", left[id], text, r.exported(t))
			}
			delete(left, id)
		}
		if len(left) > 0 {
			t.Fatalf("gone: %v", left)
		}
	})
}

// TestExportOfAPlainAccount: what can be expressed is, all of it.
func TestExportOfAPlainAccount(t *testing.T) {
	t.Parallel()
	r := newInside(t)
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		d := &accountDrawer{T: t}
		r.begin(t, filepath.Join(dir, fmt.Sprint(n)), d.account())
		written := d.coin("written")
		ids, observed := r.adopts(t, written, d.flags...)
		want := slices.DeleteFunc(slices.Clone(d.ids), func(id string) bool { return !written && strings.HasPrefix(id, "dialogflow_connections ") })
		if slices.Sort(want); !slices.Equal(ids, want) || observed != len(d.ids)-len(want) {
			t.Fatalf("adopted %q, observed %d, want %q of %q\n%s", ids, observed, want, d.ids, r.exported(t))
		}
		if n := d.placed(t, r.config(t)); n != len(d.held) {
			t.Fatalf("%d numbers of %v\n%s", n, d.held, r.exported(t))
		}
		if text := r.exported(t); strings.Contains(text, "left out") || strings.Contains(text, "not exported") {
			t.Fatalf("something is missing:\n%s", text)
		}
	})
}

// objects are those of an account, by KIND ID, each as its JSON.
func objects(t rapid.TB, account []byte) map[string]string {
	t.Helper()
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(account, &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for kind, key := range accountKeys {
		var list []map[string]any
		if doc[kind] != nil {
			if err := json.Unmarshal(doc[kind], &list); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range list {
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			out[kind+" "+o[key].(string)] = string(text)
		}
	}
	return out
}
