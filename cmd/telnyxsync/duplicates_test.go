package main

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The stories of this file are about connections that are there twice.

// tagged are the ids of the connections that carry the owner tag of a name.
func (r *rig) tagged(name string) (ids []string) {
	for _, c := range r.account(nil)["external_connections"] {
		if tags, _ := c["tags"].([]any); slices.Contains(tags, any("telnyxsync:default:"+name)) {
			ids = append(ids, fmt.Sprint(c["id"]))
		}
	}
	return ids
}

// owns is the id that state has for an address.
func (r *rig) owns(address string) string {
	r.t.Helper()
	out, _ := r.run(0, "state", "show", address)
	_, rest, _ := strings.Cut(out, `"id": "`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// twice wants each of some commands to name the duplicates of an entry, all by itself, and none to be called foreign.
func (r *rig) twice(name, own string, others []string, commands ...[]string) {
	r.t.Helper()
	r.clear()
	for _, args := range commands {
		out, _ := r.run(1, append(args, "--output", "json")...)
		if !strings.Contains(out, `"foreign": []`) {
			r.t.Errorf("%v calls something foreign: %s", args, out)
		}
		p := r.plan(1, args...)
		if len(p.Changes) > 0 || len(p.Problems) != 1 || p.Problems[0].Address != "external_connections/"+name || !p.Problems[0].Held {
			r.t.Errorf("%v: %+v", args, p)
			continue
		}
		why := p.Problems[0].Reason
		if why.Code != "duplicate" || why.Args["id"] != own || fmt.Sprint(why.Args["ids"]) != fmt.Sprint(others) {
			r.t.Errorf("%v: %+v", args, why)
		}
	}
	r.wrote()
}

// late is a rig in which the create of a took effect after it had been looked for, and another was made.
func late(t *testing.T) (r *rig, own, other string) {
	t.Helper()
	r, sim := newRig(t)
	r.write("a.yaml", "external_connections:\n  a: "+zoom+"\n")
	r.fault("POST /external_connections", "commit-late", "after", `"10s"`)
	r.run(0, "apply", "--yes", "--settle", "5ms")
	r.run(0, "diff", "--foreign")
	sim.Advance(10 * time.Second)
	ids := r.tagged("a")
	if own = r.owns("external_connections/a"); len(ids) != 2 || !slices.Contains(ids, own) {
		t.Fatalf("%v are there, and %s is known", ids, own)
	}
	return r, own, ids[(slices.Index(ids, own)+1)%2]
}

func TestACreateThatTakesEffectAfterBothLooks(t *testing.T) {
	t.Parallel()
	all := [][]string{{"diff"}, {"diff", "--foreign"}, {"diff", "--prune", "--foreign"}, {"apply", "--yes"}, {"apply", "--yes", "--prune"}}
	t.Run("it is too many", func(t *testing.T) {
		t.Parallel()
		r, own, other := late(t)
		r.twice("a", own, []string{other}, all...)
		r.run(0, "state", "adopt-duplicate", other)
		p := r.plan(0, "diff")
		if len(p.Orphans) != 1 || p.Orphans[0].Address != "external_connections/a~"+other {
			t.Errorf("plan: %+v", p)
		}
		r.refused("state knows the object", "state", "adopt-duplicate", other)
		r.run(0, "apply", "--yes")
		r.wrote()
		r.run(0, "apply", "--yes", "--prune")
		r.wrote("PATCH /external_connections/"+other, "DELETE /external_connections/"+other)
		if got := r.tagged("a"); !slices.Equal(got, []string{own}) {
			t.Errorf("left are %v", got)
		}
		r.run(0, "diff", "--prune", "--foreign")
	})
	t.Run("it is the right one", func(t *testing.T) {
		t.Parallel()
		r, own, other := late(t)
		r.run(0, "state", "adopt", "external_connections/a", other)
		r.twice("a", other, []string{own}, all...)
		r.run(0, "state", "adopt-duplicate", own)
		r.run(0, "apply", "--yes", "--prune")
		r.wrote("PATCH /external_connections/"+own, "DELETE /external_connections/"+own)
		r.run(0, "diff", "--prune", "--foreign")
	})
	t.Run("its tag is taken off", func(t *testing.T) {
		t.Parallel()
		r, own, other := late(t)
		r.twice("a", own, []string{other}, all...)
		r.account(func(account map[string][]map[string]any) {
			for _, c := range account["external_connections"] {
				if c["id"] == other {
					c["tags"] = []any{}
				}
			}
		})
		if out, _ := r.run(0, "diff", "--foreign"); !strings.Contains(out, "external_connections "+other) {
			t.Errorf("it is not foreign:\n%s", out)
		}
	})
}

// What is no duplicate is not adopted as one.
func TestWhatIsNoDuplicate(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.write("a.yaml", "external_connections:\n  a: "+zoom+"\n")
	r.run(0, "apply", "--yes")
	own := r.owns("external_connections/a")
	voice := map[string]any{"outbound_voice_profile_id": "1"}
	r.account(func(account map[string][]map[string]any) {
		account["external_connections"] = append(account["external_connections"],
			map[string]any{"id": "11", "outbound": voice},
			map[string]any{"id": "12", "outbound": voice, "tags": []any{"telnyxsync:default:lost"}},
			map[string]any{"id": "13", "outbound": voice, "tags": []any{"telnyxsync:other:a"}},
			map[string]any{"id": "14", "outbound": voice, "tags": []any{"telnyxsync:default:a"}})
	})
	r.clear()
	for id, text := range map[string]string{
		own: "it is external_connections/a", "11": "carries no owner tag", "12": "state adopt external_connections/NAME 12",
		"13": "carries the owner tag telnyxsync:other:a", "99": "no object",
	} {
		r.refused(text, "state", "adopt-duplicate", id)
	}
	r.run(0, "state", "adopt-duplicate", "14")
	r.wrote()
}

// Two machines with two states apply the same entries at once: from then on every diff on both names what is there twice.
func TestTwoStatesMakeTheSameAtOnce(t *testing.T) {
	t.Parallel()
	const each = 10
	var mu sync.Mutex
	waiting, all := 0, make(chan struct{})
	r := newRigBehind(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if called(req, "POST /external_connections") { // none is answered before all are there
			mu.Lock()
			if waiting++; waiting == 2*each {
				close(all)
			}
			mu.Unlock()
			select {
			case <-all:
			case <-req.Context().Done():
			}
		}
		next.ServeHTTP(w, req)
	})
	machines := []*rig{r, newRigAt(t, r.url)}
	text := "external_connections:\n"
	for i := range each {
		text += fmt.Sprintf("  e%d: %s\n", i, zoom)
	}
	var group sync.WaitGroup
	codes := make([]int, 2)
	for i, m := range machines {
		m.write("a.yaml", text)
		group.Go(func() {
			var out bytes.Buffer
			codes[i] = m.command(&out, &out, "apply", "--yes")
		})
	}
	if group.Wait(); !slices.Equal(codes, []int{0, 0}) {
		t.Fatalf("they ended with %v", codes)
	}
	for range 2 {
		for _, m := range machines {
			p := m.plan(1, "diff", "--foreign", "--prune")
			if len(p.Changes)+len(p.Withheld)+len(p.Orphans) > 0 || len(p.Problems) != each {
				t.Fatalf("plan: %+v", p)
			}
			for i, q := range p.Problems {
				if q.Address != fmt.Sprintf("external_connections/e%d", i) || q.Reason.Code != "duplicate" || q.Reason.Args["id"] != m.owns(q.Address) {
					t.Errorf("%+v", q)
				}
			}
		}
	}
	// One of them gives way.
	for i := range each {
		machines[0].run(0, "state", "adopt-duplicate", machines[1].owns(fmt.Sprintf("external_connections/e%d", i)))
	}
	machines[0].run(0, "apply", "--yes", "--prune", "--max-deletes=10", "--max-delete-percent=100")
	machines[0].run(0, "diff", "--foreign")
	if n := len(r.account(nil)["external_connections"]); n != each {
		t.Errorf("%d are left", n)
	}
}

// Two teams with two states and one instance do not alarm each other over entries of different names: there is one note.
func TestTwoStatesOfDifferentNames(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	other := newRigAt(t, r.url)
	const many = 8
	text := "external_connections:\n"
	for i := range many {
		text += fmt.Sprintf("  other%d: %s\n", i, zoom)
	}
	r.write("a.yaml", "external_connections:\n  a: "+zoom+"\n")
	other.write("a.yaml", text)
	r.run(0, "apply", "--yes")
	other.run(0, "apply", "--yes")
	r.clear()
	for m, want := range map[*rig]float64{r: many, other: 1} {
		for _, args := range [][]string{{"diff", "--foreign"}, {"apply", "--yes", "--prune"}} {
			p := m.plan(0, args...)
			if len(p.Problems) > 0 || len(p.Notes) != 1 || p.Notes[0].Reason.Code != "tagged_elsewhere" || p.Notes[0].Reason.Args["count"] != want ||
				!strings.Contains(p.Notes[0].Reason.Text, "tagged as ours") || !strings.Contains(p.Notes[0].Reason.Text, "in another state, or lost") {
				t.Errorf("%v: %+v", args, p)
			}
		}
	}
	r.wrote()
}
