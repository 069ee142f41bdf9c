package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// world is a random account, a random state and random files. Little of it fits together: that is
// the point.
type world struct {
	account map[string]any
	owned   []resource.Owned
	desired resource.Config
	options apply.Options
	limits  apply.Limits
}

var names = []string{"a", "b", "c", "d"}

func drawWorld(t *rapid.T) world {
	w := world{account: map[string]any{}}
	ids := []string{}
	connections, connectors, numbers := []any{}, []any{}, []any{}
	for i := range rapid.IntRange(0, 5).Draw(t, "connections") {
		id := fmt.Sprint(100 + i)
		ids = append(ids, id)
		connections = append(connections, drawConnection(t, id))
		if rapid.IntRange(0, 3).Draw(t, "has number") == 0 {
			numbers = append(numbers, map[string]any{"phone_number": fmt.Sprintf("+1512555%04d", i), "connection_id": id})
		}
	}
	for _, n := range names {
		if rapid.Bool().Draw(t, "connector there") {
			connectors = append(connectors, map[string]any{
				"name": n, "host": rapid.SampledFrom([]string{"h1.example.com", "h2.example.com"}).Draw(t, "host"), "port": 5060,
			})
		}
	}
	w.account["external_connections"], w.account["siprec_connectors"], w.account["phone_numbers"] = connections, connectors, numbers
	if rapid.IntRange(0, 4).Draw(t, "tags merge") == 0 {
		w.account["_tags_patch"] = "merge"
	}
	w.owned = drawOwned(t, ids)
	w.desired = drawDesired(t, ids)
	w.options = apply.Options{Prune: rapid.Bool().Draw(t, "prune"), Foreign: rapid.Bool().Draw(t, "foreign")}
	w.limits = apply.Limits{MaxDeletes: rapid.SampledFrom([]int{0, 1, 2, -1}).Draw(t, "max deletes")}
	return w
}

func drawConnection(t *rapid.T, id string) map[string]any {
	c := map[string]any{
		"id":                      id,
		"external_sip_connection": rapid.SampledFrom([]string{"zoom", "zoom", "operator_connect"}).Draw(t, "type"),
		"active":                  rapid.Bool().Draw(t, "active"),
		"outbound":                map[string]any{"outbound_voice_profile_id": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "profile")},
	}
	tags := rapid.SliceOfDistinct(rapid.SampledFrom([]string{
		"x", "y", "telnyxsync:default:a", "telnyxsync:default:b", "telnyxsync:other:a",
	}), rapid.ID).Draw(t, "tags")
	list := []any{}
	for _, tag := range tags {
		list = append(list, tag)
	}
	c["tags"] = list
	return c
}

func drawOwned(t *rapid.T, ids []string) (owned []resource.Owned) {
	usedIDs := map[string]bool{}
	for _, kind := range []string{"external_connections", "siprec_connectors"} {
		for _, n := range names {
			if rapid.IntRange(0, 2).Draw(t, "owned") != 0 {
				continue
			}
			pool := append([]string{"999"}, ids...)
			if kind == "siprec_connectors" {
				pool = names
			}
			id := rapid.SampledFrom(pool).Draw(t, "owned id")
			if usedIDs[kind+id] {
				continue
			}
			usedIDs[kind+id] = true
			o := resource.Owned{
				Addr: resource.Addr{Kind: kind, Name: n}, ID: id,
				Root:    rapid.SampledFrom([]string{"/root", "/root", "/other"}).Draw(t, "root"),
				Protect: rapid.IntRange(0, 4).Draw(t, "protected") == 0,
			}
			o.Applied = drawObject(t, kind, ids, false)
			owned = append(owned, o)
		}
	}
	return owned
}

func drawObject(t *rapid.T, kind string, ids []string, entry bool) resource.Object {
	o := resource.Object{}
	maybe := func(path string, values ...any) {
		if rapid.Bool().Draw(t, path) {
			resource.Put(o, path, rapid.SampledFrom(values).Draw(t, path+" value"))
		}
	}
	if kind == "siprec_connectors" {
		o["host"] = rapid.SampledFrom([]any{"h1.example.com", "h2.example.com"}).Draw(t, "host")
		o["port"] = rapid.SampledFrom([]any{int64(5060), int64(5061)}).Draw(t, "port")
		maybe("/app_subdomain", "app", nil)
		if entry {
			maybe("/name", "a", "b", "e")
		}
		return o
	}
	typ := rapid.SampledFrom([]string{"zoom", "zoom", "zoom", "operator_connect"}).Draw(t, "type")
	o["external_sip_connection"] = typ
	resource.Put(o, "/outbound/outbound_voice_profile_id", rapid.SampledFrom([]any{"1", "2"}).Draw(t, "profile"))
	maybe("/active", true, false)
	maybe("/outbound/channel_limit", int64(1), int64(2))
	maybe("/inbound/channel_limit", int64(1), int64(2))
	maybe("/inbound/outbound_voice_profile_id", "1", "2")
	maybe("/tags", []any{"x"}, []any{}, []any{"x", "y"}, nil)
	maybe("/webhook_timeout_secs", int64(0), int64(5), nil)
	maybe("/webhook_event_failover_url", "https://a.example.com", "", nil)
	if entry && len(ids) > 0 && rapid.IntRange(0, 3).Draw(t, "by id") == 0 {
		o["id"] = rapid.SampledFrom(ids).Draw(t, "id")
	}
	return o
}

func drawDesired(t *rapid.T, ids []string) resource.Config {
	var entries []resource.Entry
	keys := map[string]bool{}
	for _, kind := range []string{"external_connections", "siprec_connectors"} {
		for _, n := range names {
			if rapid.Bool().Draw(t, "desired") {
				continue
			}
			e := resource.Entry{Addr: resource.Addr{Kind: kind, Name: n}, Object: drawObject(t, kind, ids, true)}
			// spec lets no two entries mean one object.
			key := identity(kind, n, e.Object)
			if key != "" && keys[kind+key] {
				continue
			}
			keys[kind+key] = true
			if rapid.IntRange(0, 3).Draw(t, "protect written") == 0 {
				p := rapid.Bool().Draw(t, "protect")
				e.Protect = &p
			}
			e.Observe = rapid.IntRange(0, 5).Draw(t, "observe") == 0
			if kind == "external_connections" && rapid.IntRange(0, 4).Draw(t, "ignores") == 0 {
				e.Ignore = []string{rapid.SampledFrom([]string{"/tags", "/active", "/outbound"}).Draw(t, "ignore")}
			}
			entries = append(entries, e)
		}
	}
	var sections []string
	for _, s := range []string{"external_connections", "siprec_connectors"} {
		if rapid.Bool().Draw(t, "section "+s) {
			sections = append(sections, s)
		}
	}
	return config("/root", sections, entries...)
}

func identity(kind, name string, o resource.Object) string {
	if kind == "siprec_connectors" {
		if n := resource.GetString(o, "/name"); n != "" {
			return n
		}
		return name
	}
	if id := resource.GetString(o, "/id"); id != "" {
		return id
	}
	if resource.GetString(o, "/external_sip_connection") == "operator_connect" {
		return "operator_connect"
	}
	return ""
}

func (w *world) rig(t tb, wrap func(http.Handler) http.Handler) *rig {
	r := newRig(t, wrap, w.account)
	r.engine.Limits = w.limits
	r.db(func(ctx context.Context, db *state.DB) {
		for i := range w.owned {
			if err := db.Commit(ctx, state.Record{Own: &w.owned[i]}); err != nil {
				r.Fatal(err)
			}
		}
	})
	return r
}

// named are the addresses that a run said something about: what it could not do, and why.
func named(plan diff.Plan, result apply.Result) map[string]bool {
	out := map[string]bool{}
	for _, p := range plan.Problems {
		out[p.Addr.String()] = true
	}
	for _, w := range plan.Withheld {
		out[w.Addr.String()] = true
	}
	for _, o := range plan.Observed {
		out[o.Addr.String()] = true
	}
	for _, o := range result.Outcomes {
		if o.Status != apply.Done {
			out[o.Addr.String()] = true
		}
	}
	return out
}

func TestLawsOfApply(t *testing.T) {
	wrap := checked(t)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r := w.rig(t, wrap)
		defer r.close()
		before := r.objects()
		r.sim.ClearJournal()

		planned := r.plan(w.desired, w.options)
		plan, result := r.apply(w.desired, w.options)
		if a, b := diff.JSON(&planned, nil), diff.JSON(&plan, nil); string(a) != string(b) {
			t.Fatalf("the same input made two plans:\n%s\n%s", a, b)
		}
		calls, ours := 0, map[string]bool{}
		for _, c := range plan.Changes {
			calls += c.Calls
			ours[c.Addr.Kind+"/"+c.ID] = true
		}
		if n := len(writes(r.sim)); n > calls {
			t.Errorf("%d writes, the plan says %d at most: %v", n, calls, writes(r.sim))
		}
		if len(result.Outcomes) != len(plan.Changes) {
			t.Errorf("%d outcomes of %d changes", len(result.Outcomes), len(plan.Changes))
		}
		owned := map[string]bool{}
		for _, o := range w.owned {
			owned[o.Addr.Kind+"/"+o.ID] = true
		}
		after := r.objects()
		for key, was := range before {
			is, there := after[key]
			switch {
			case !there && !owned[key]:
				t.Errorf("%s was deleted, and state did not know it", key)
			case is != was && !ours[key]:
				t.Errorf("%s was touched, and no change is about it:\n%s\n%s", key, was, is)
			}
			if !there && !w.options.Prune && !replaced(plan, key) {
				t.Errorf("%s was deleted without prune", key)
			}
		}
		if w.account["_tags_patch"] != nil {
			// Tags that cannot be taken off do not stick: they are written a few times, then held.
			for range diff.StickLimit {
				plan, result = r.apply(w.desired, w.options)
			}
		}
		r.sim.ClearJournal()
		again := r.plan(w.desired, w.options)
		excused := named(again, result)
		for a := range named(plan, result) {
			excused[a] = true
		}
		for _, c := range again.Changes {
			if !excused[c.Addr.String()] {
				t.Errorf("the next plan still has %s %s: %s\n%s", c.Op, c.Addr, diff.JSON(&again, nil), diff.JSON(&plan, result))
			}
		}
	})
}

func replaced(plan diff.Plan, key string) bool {
	return slices.ContainsFunc(plan.Changes, func(c diff.Change) bool {
		return c.Op == diff.Replace && c.Addr.Kind+"/"+c.ID == key
	})
}

// With faults of every sort nothing is made twice and nothing foreign is touched; once they are
// over, the account becomes what the files say.
func TestLawsOfApplyWithFaults(t *testing.T) {
	wrap := checked(t)
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		delete(w.account, "_tags_patch")
		w.limits = apply.Limits{MaxDeletes: 100, MaxDeletePercent: 100}
		r := w.rig(t, wrap)
		defer r.close()
		before := r.objects()
		first := r.plan(w.desired, w.options)
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			for range rapid.IntRange(0, 3).Draw(t, "faults") {
				f := telnyxsim.Fault{
					Match: rapid.SampledFrom([]string{"POST", "PATCH", "PUT", "DELETE"}).Draw(t, "method") + " " +
						rapid.SampledFrom([]string{"/external_connections", "/siprec_connectors", "/external_connections/*", "/siprec_connectors/*"}).Draw(t, "path"),
					Times: rapid.IntRange(1, 2).Draw(t, "times"),
					Do:    rapid.SampledFrom([]string{"drop-after-commit", "html", "status"}).Draw(t, "do"),
				}
				if f.Do == "status" {
					f.Status = rapid.SampledFrom([]int{400, 404, 422}).Draw(t, "status")
				}
				if err := r.sim.AddFaults(f); err != nil {
					t.Fatal(err)
				}
			}
			r.apply(w.desired, w.options)
		}
		r.sim.ClearFaults()
		for range 2 { // what a half-done replace left is finished first
			r.apply(w.desired, w.options)
		}
		plan, result := r.apply(w.desired, w.options)
		excused := named(plan, result)
		for _, c := range plan.Changes {
			if !excused[c.Addr.String()] {
				t.Errorf("still to do: %s %s\n%s", c.Op, c.Addr, diff.JSON(&plan, nil))
			}
		}
		tags := map[string]int{}
		for key, o := range r.objects() {
			if _, was := before[key]; was {
				continue
			}
			for _, n := range names {
				if tag := "telnyxsync:default:" + n; strings.Contains(o, tag) {
					if tags[tag]++; tags[tag] > 1 {
						t.Errorf("made twice: %s", tag)
					}
				}
			}
		}
		touchable := map[string]bool{}
		for _, o := range w.owned {
			touchable[o.Addr.Kind+"/"+o.ID] = true
		}
		for _, c := range first.Changes {
			touchable[c.Addr.Kind+"/"+c.ID] = true
		}
		after := r.objects()
		for key, was := range before {
			if after[key] != was && !touchable[key] && !adoptedLater(r, key) {
				t.Errorf("%s was touched and is not ours", key)
			}
		}
	})
}

// adoptedLater: an entry whose candidate became the only one in a later round may adopt it.
func adoptedLater(r *rig, key string) bool {
	return slices.ContainsFunc(r.snapshot().Owned, func(o resource.Owned) bool { return o.Addr.Kind+"/"+o.ID == key })
}
