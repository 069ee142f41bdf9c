package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"
)

// gateway stands before a simulator and loses the answer to the next POST: the request may get through before that,
// or long after. Whoever sent it learns nothing more in the same run, as the gateway refuses its key from then on.
type gateway struct {
	next http.Handler

	mu   sync.Mutex
	fate string // of the next POST; "" once it was met
	down bool
	late func() // lets the request through that waits
}

// The fates of a POST.
const (
	lostBefore = "drop-before-commit"
	lostAfter  = "drop-after-commit"
	lostLate   = "504, committed later"
)

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	fate, down := "", g.down && strings.HasPrefix(r.URL.Path, "/v2")
	if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v2") && !down && g.fate != "" {
		fate, g.fate, g.down = g.fate, "", true
	}
	g.mu.Unlock()
	refuse := func(status int) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"errors":[{"code":"10009","title":"no","detail":"refused by the gateway"}]}`)
	}
	switch {
	case down:
		refuse(http.StatusUnauthorized)
	case fate == lostBefore:
		panic(http.ErrAbortHandler)
	case fate == lostAfter:
		g.next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case fate == lostLate:
		body, _ := io.ReadAll(r.Body)
		held := r.Clone(r.Context())
		held.Body = io.NopCloser(bytes.NewReader(body))
		g.late = func() { g.next.ServeHTTP(httptest.NewRecorder(), held) }
		refuse(http.StatusGatewayTimeout)
	default:
		g.next.ServeHTTP(w, r)
	}
}

func (g *gateway) lose(fate string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fate = fate
}

// mend ends the trouble; what came late has come.
func (g *gateway) mend() {
	g.mu.Lock()
	g.down = false
	late := g.late
	g.late = nil
	g.mu.Unlock()
	if late != nil {
		late()
	}
}

func newGateway(t testing.TB) (*rig, *gateway) {
	t.Helper()
	sim, err := telnyxsim.New(telnyxsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{next: contract.Wrap(t, sim)}
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	return newRigAt(t, srv.URL), g
}

// stateDoc is what a test reads of `state list`.
type stateDoc struct {
	Owned   []struct{ Address, ID, Root string }
	Intents []struct{ Address string }
}

func (r *rig) remembered() (doc stateDoc) {
	r.t.Helper()
	out, _ := r.run(0, "state", "list", "--output", "json")
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		r.t.Fatal(err)
	}
	return doc
}

// begun are the addresses of creates whose outcome is not known.
func (d *stateDoc) begun() (out []string) {
	for _, i := range d.Intents {
		out = append(out, i.Address)
	}
	return out
}

// root is the configuration of an owned object; "-" where it is not owned.
func (d *stateDoc) root(address string) string {
	for _, o := range d.Owned {
		if o.Address == address {
			return o.Root
		}
	}
	return "-"
}

func (p *planDoc) codes() (out []string) {
	for _, o := range p.Orphans {
		out = append(out, "orphan "+o.Address+" "+o.Reason.Code)
	}
	for _, n := range p.Notes {
		out = append(out, "note "+n.Address+" "+n.Reason.Code)
	}
	for _, q := range p.Problems {
		out = append(out, "problem "+q.Address+" "+q.Reason.Code)
	}
	return out
}

// The answer to a create is lost, and then the entry is kept, removed, or written under another name.
func TestWithdrawnCreates(t *testing.T) {
	t.Parallel()
	for _, k := range kindCases() {
		for _, fate := range []string{lostBefore, lostAfter, lostLate} {
			for _, then := range []string{"kept", "removed", "renamed"} {
				t.Run(k.kind+" "+fate+" "+then, func(t *testing.T) {
					t.Parallel()
					r, g := newGateway(t)
					r.writeMedia()
					r.entries(k.kind, map[string]any{"one": k.base("one")})
					r.run(0, "apply", "--yes")
					r.entries(k.kind, map[string]any{"one": k.base("one"), "two": k.base("two")})
					g.lose(fate)
					r.run(1, "apply", "--yes", "--settle", "5ms")
					g.mend()
					two := k.kind + "/two"
					known := r.remembered()
					if begun := known.begun(); !slices.Equal(begun, []string{two}) {
						t.Fatalf("begun: %v", begun)
					}
					switch then {
					case "kept":
						r.keptTwo(&k)
					case "removed":
						r.removedTwo(&k, fate != lostBefore)
					case "renamed":
						r.renamedTwo(&k, fate != lostBefore)
					}
					known = r.remembered()
					if begun := known.begun(); begun != nil {
						t.Errorf("still begun: %v", begun)
					}
					if p := r.plan(0, "diff", "--prune"); len(p.codes())+len(p.Changes) > 0 {
						t.Errorf("the next diff: %v %+v", p.codes(), p.Changes)
					}
				})
			}
		}
	}
}

// entries writes the entries of a kind, and no others.
func (r *rig) entries(kind string, entries map[string]any) {
	r.t.Helper()
	text, err := json.Marshal(map[string]any{kind: entries})
	if err != nil {
		r.t.Fatal(err)
	}
	r.write("a.yaml", string(text))
}

// has wants so many objects of a kind, and one of each name.
func (r *rig) has(k *kindCase, names ...string) {
	r.t.Helper()
	objects := r.account(nil)[k.kind]
	for _, name := range names {
		if !slices.ContainsFunc(objects, func(o map[string]any) bool { return k.isOf(name, o) }) {
			r.t.Errorf("there is none of %s: %v", name, objects)
		}
	}
	if len(objects) != len(names) {
		r.t.Errorf("%d objects, want those of %v: %v", len(objects), names, objects)
	}
}

func (r *rig) keptTwo(k *kindCase) {
	r.t.Helper()
	r.run(0, "apply", "--yes", "--settle", "5ms")
	r.has(k, "one", "two")
}

func (r *rig) removedTwo(k *kindCase, made bool) {
	r.t.Helper()
	two := k.kind + "/two"
	r.entries(k.kind, map[string]any{"one": k.base("one")})
	says := "note " + two + " came_to_nothing"
	if made {
		says = "orphan " + two + " orphan_made"
	}
	for _, args := range [][]string{{"diff"}, {"diff", "--prune"}, {"diff"}} {
		if p := r.plan(0, args...); !slices.Equal(p.codes(), []string{says}) || len(p.Changes) > 0 {
			r.t.Errorf("%v says %v and %+v, want %s", args, p.codes(), p.Changes, says)
		}
	}
	if known := r.remembered(); len(known.Intents) != 1 {
		r.t.Errorf("a dry run ended %s", two)
	}
	r.clear()
	r.run(0, "apply", "--yes", "--prune", "--settle", "5ms")
	if _, writes := r.calls(); len(writes) > 0 {
		r.t.Errorf("what nothing knew a moment ago was written to: %v", writes)
	}
	known := r.remembered()
	if root := known.root(two); made && root != known.root(k.kind+"/one") || !made && root != "-" {
		r.t.Errorf("it is owned by %s", root)
	}
	if made {
		if p := r.plan(0, "diff"); !slices.Equal(p.codes(), []string{"orphan " + two + " orphan_kept"}) {
			r.t.Errorf("once it is ours, diff says %v", p.codes())
		}
		if p := r.plan(2, "diff", "--prune"); len(p.Changes) != 1 || p.Changes[0].Op != "delete" {
			r.t.Errorf("once it is ours, diff --prune says %+v", p.Changes)
		}
		r.has(k, "one", "two")
		r.run(0, "apply", "--yes", "--prune")
	}
	r.has(k, "one")
}

func (r *rig) renamedTwo(k *kindCase, made bool) {
	r.t.Helper()
	entry, same := k.base("two"), true // it means the same object
	switch k.kind {
	case "siprec_connectors":
		entry["name"] = "two"
	case "media":
		entry["media_name"] = "two"
	case "external_connections":
		same = false
	}
	r.entries(k.kind, map[string]any{"one": k.base("one"), "a": entry})
	says := "note " + k.kind + "/two came_to_nothing"
	switch {
	case made && same:
		says = "note " + k.kind + "/two create_meant"
	case made:
		says = "orphan " + k.kind + "/two orphan_made"
	}
	if p := r.plan(2, "diff"); !slices.Equal(p.codes(), []string{says}) || len(p.Changes) != 1 || p.Changes[0].Address != k.kind+"/a" {
		r.t.Errorf("diff says %v and %+v, want %s", p.codes(), p.Changes, says)
	}
	for range 3 { // it is adopted or made, then what is left is found to be ours, then deleted
		r.run(0, "apply", "--yes", "--prune", "--settle", "5ms")
	}
	if same {
		r.has(k, "one", "two")
	} else {
		r.has(k, "one", "a")
	}
}

// Where nothing tells whether an object is what a withdrawn create made, a person decides.
func TestAWithdrawnCreateThatCannotBeToldApartIsHeld(t *testing.T) {
	t.Parallel()
	for _, decision := range []string{"adopt", "forget"} {
		t.Run(decision, func(t *testing.T) {
			t.Parallel()
			r, g := newGateway(t)
			keep := map[string]any{"external_sip_connection": "zoom", "outbound": map[string]any{"outbound_voice_profile_id": "1"}}
			r.entries("external_connections", map[string]any{"keep": keep})
			r.run(0, "apply", "--yes")
			r.entries("external_connections", map[string]any{"keep": keep, "one": keep})
			g.lose(lostBefore)
			r.run(1, "apply", "--yes", "--settle", "5ms")
			g.mend()
			r.entries("external_connections", map[string]any{"keep": keep})
			r.account(func(account map[string][]map[string]any) {
				account["external_connections"] = append(account["external_connections"], map[string]any{
					"id": "77", "external_sip_connection": "zoom", "outbound": map[string]any{"outbound_voice_profile_id": "1"},
				})
			})
			for range 2 {
				p := r.plan(1, "diff")
				if len(p.Problems) != 1 || !p.Problems[0].Held || p.Problems[0].Reason.Code != "create_abandoned" ||
					!strings.Contains(p.Problems[0].text(), "telnyxsync state adopt external_connections/one ID") {
					t.Errorf("problems: %+v", p.Problems)
				}
				r.run(1, "apply", "--yes", "--prune", "--settle", "5ms")
			}
			left := 2
			if decision == "adopt" {
				r.run(0, "state", "adopt", "external_connections/one", "77")
				left = 1
			} else {
				r.run(0, "state", "forget", "external_connections/one")
			}
			r.run(0, "diff")
			r.run(0, "apply", "--yes", "--prune")
			if n := len(r.account(nil)["external_connections"]); n != left {
				t.Errorf("%d connections are left, want %d", n, left)
			}
		})
	}
}

// What a run that was killed had begun, and what nobody wants any more, is gone in the end, and nothing else.
func TestKilledAndWithdrawnAtEveryPOST(t *testing.T) {
	t.Parallel()
	var left []string
	for _, o := range want {
		if !strings.Contains(o, "new-1") && !strings.Contains(o, "new-2") && o != "dialogflow:913 es key-of-b" {
			left = append(left, o)
		}
	}
	for _, mode := range []string{"before", "committed", "answered"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := newStory(t)
			s.killer.posts = true
			for n := 1; ; n++ {
				s.reset()
				if !s.killer.killed(s.rig, n, mode, s.applyArgs()...) {
					if n < 7 {
						t.Errorf("only %d POSTs: the story does not ask for much", n-1)
					}
					return
				}
				before, err := os.ReadFile(filepath.Join(s.dir, "a.yaml"))
				if err != nil {
					t.Fatal(err)
				}
				s.write("a.yaml", regexp.MustCompile(`(?m)^  new-\d: .*\n`).ReplaceAllString(string(before), ""))
				for range 3 {
					s.run(0, s.applyArgs()...)
				}
				if got := s.found(); !slices.Equal(got, left) {
					t.Errorf("killed at POST %d: the account holds %v, want %v", n, got, left)
				}
				known := s.remembered()
				if p := s.plan(0, "diff", "--prune"); len(p.Changes)+len(p.Orphans)+len(p.Notes)+len(known.Intents) > 0 {
					t.Errorf("killed at POST %d: the next diff is not empty: %+v; begun: %v", n, p, known.begun())
				}
				s.write("a.yaml", string(before))
			}
		})
	}
}
