package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// The stories of this file are about objects that look like ours and are not.

// another is a kind whose ids are names, and what others make of one.
type another struct {
	kind, key, entry, edited string
	theirs                   map[string]any
}

func anothers() []another {
	return []another{
		{
			kind: "siprec_connectors", key: "name", entry: rec, edited: "{host: b.example.com, port: 5061}",
			theirs: map[string]any{"host": "theirs.example.com", "port": 5099},
		},
		{
			kind: "media", key: "media_name", entry: "{media_url: https://a.example.com/a.wav, ttl: 10d}", edited: "{media_url: https://a.example.com/b.wav, ttl: 20d}",
			theirs: map[string]any{"_content": "dGhlaXJz", "content_type": "audio/ogg"},
		},
	}
}

// files writes the configuration, with the entry x or without it.
func (c *another) files(r *rig, x string) {
	text := c.kind + ":\n  stays: " + c.entry + "\n"
	if x != "" {
		text += "  x: " + x + "\n"
	}
	r.write("a.yaml", text)
}

// remake is what others do: they remove x and make another under its name.
func (c *another) remake(r *rig) {
	r.account(func(account map[string][]map[string]any) {
		later := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		mine := slices.DeleteFunc(account[c.kind], func(o map[string]any) bool { return o[c.key] == "x" })
		theirs := map[string]any{c.key: "x", "created_at": later, "updated_at": later}
		maps.Copy(theirs, c.theirs)
		account[c.kind] = append(mine, theirs)
	})
}

// x is the object of that name.
func (c *another) x(r *rig) map[string]any {
	for _, o := range r.account(nil)[c.kind] {
		if o[c.key] == "x" {
			return o
		}
	}
	return nil
}

// held wants commands to end with one held problem of a code and to write nothing, and x to stay as it is.
func (c *another) held(r *rig, code string, commands ...[]string) {
	r.t.Helper()
	before := c.x(r)
	r.clear()
	for _, args := range commands {
		p := r.plan(1, args...)
		if len(p.Changes)+len(p.Withheld) > 0 || len(p.Problems) != 1 || p.Problems[0].Address != c.kind+"/x" || !p.Problems[0].Held ||
			p.Problems[0].Reason.Code != code || !strings.Contains(p.Problems[0].text(), "telnyxsync state forget "+c.kind+"/x") {
			r.t.Errorf("%v: %+v", args, p)
		}
	}
	r.wrote()
	if after := c.x(r); !reflect.DeepEqual(before, after) {
		r.t.Errorf("it was\n%v\nand is\n%v", before, after)
	}
}

// Ours was removed by others, and theirs made under its name: it is neither deleted nor changed before a person decides.
func TestAnotherObjectUnderOurName(t *testing.T) {
	t.Parallel()
	for _, c := range anothers() {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			setUp := func(t *testing.T, x string) *rig {
				r, _ := newRig(t)
				c.files(r, c.entry)
				r.run(0, "apply", "--yes")
				c.remake(r)
				c.files(r, x)
				return r
			}
			withdrawn := [][]string{{"diff"}, {"diff", "--prune"}, {"apply", "--yes"}, {"apply", "--yes", "--prune"}}
			t.Run("withdrawn, and let go", func(t *testing.T) {
				r := setUp(t, "")
				c.held(r, "orphan_another", withdrawn...)
				if out, _ := r.run(0, "state", "show", c.kind+"/x"); !strings.Contains(out, `"created_at": "20`) {
					t.Errorf("%s", out)
				}
				r.run(0, "state", "forget", c.kind+"/x")
				r.run(0, "apply", "--yes", "--prune")
				r.wrote()
			})
			t.Run("withdrawn, and taken over", func(t *testing.T) {
				r := setUp(t, "")
				c.held(r, "orphan_another", withdrawn...)
				r.run(0, "state", "adopt", c.kind+"/x", "x")
				r.run(0, "diff")
				r.run(0, "apply", "--yes", "--prune")
				r.wrote("DELETE /" + c.kind + "/x")
			})
			for _, x := range []string{c.entry, c.edited} {
				t.Run("written, and taken over", func(t *testing.T) {
					r := setUp(t, x)
					c.held(r, "another_object", withdrawn...)
					r.run(0, "state", "adopt", c.kind+"/x", "x")
					r.run(2, "diff")
					r.run(0, "apply", "--yes")
					r.wrote("PUT /" + c.kind + "/x")
					r.run(0, "diff")
				})
			}
		})
	}
}

// A backup of the state owns what was deleted since, and made anew by others.
func TestARestoredStateDeletesNothingOfOthers(t *testing.T) {
	t.Parallel()
	for _, c := range anothers() {
		r, _ := newRig(t)
		c.files(r, c.entry)
		r.run(0, "apply", "--yes")
		backup := filepath.Join(t.TempDir(), "backup")
		if err := os.CopyFS(backup, os.DirFS(r.state)); err != nil {
			t.Fatal(err)
		}
		c.files(r, "")
		r.run(0, "apply", "--yes", "--prune")
		if c.x(r) != nil {
			t.Fatal("it was not deleted")
		}
		c.remake(r)
		if err := os.RemoveAll(r.state); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(r.state, os.DirFS(backup)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(r.state, 0o700); err != nil {
			t.Fatal(err)
		}
		c.held(r, "orphan_another", []string{"diff", "--prune"}, []string{"apply", "--yes", "--prune"})
	}
}

// Credentials do not show when they were made: those that differ from what was applied are not deleted before a person
// says that they are ours.
func TestCredentialsThatDifferAreNotDeleted(t *testing.T) {
	t.Parallel()
	for kind, theirs := range map[string]func(o map[string]any){
		"custom_storage_credentials": func(o map[string]any) { o["configuration"].(map[string]any)["bucket"] = "theirs" },
		"dialogflow_connections":     func(o map[string]any) { o["environment"] = "theirs" },
	} {
		i := slices.IndexFunc(kindCases(), func(k kindCase) bool { return k.kind == kind })
		base := kindCases()[i].base
		r, _ := newRig(t)
		one, two := base("one"), base("two")
		r.write("a.yaml", yamlEntries(kind, map[string]map[string]any{"one": one, "two": two}))
		r.run(0, "apply", "--yes")
		r.write("a.yaml", yamlEntries(kind, map[string]map[string]any{"one": one}))
		r.run(2, "diff", "--prune") // as they were applied they may go
		id := fmt.Sprint(two["connection_id"])
		r.account(func(account map[string][]map[string]any) {
			for _, o := range account[kind] {
				if o["connection_id"] == id {
					theirs(o)
				}
			}
		})
		r.clear()
		for _, args := range [][]string{{"diff", "--prune"}, {"apply", "--yes", "--prune"}} {
			p := r.plan(4, args...)
			if len(p.Changes) > 0 || len(p.Withheld) != 1 || p.Withheld[0].Address != kind+"/two" || p.Withheld[0].Guards[0].Code != "delete_doubtful" {
				t.Errorf("%v: %+v", args, p)
			}
		}
		r.wrote()
		r.run(0, "state", "adopt", kind+"/two", id)
		r.run(0, "apply", "--yes", "--prune", "--limit", "deletes=1")
		r.wrote("DELETE /" + kind + "/" + id)
	}
}
