package apply_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// begin stores that a create of carriers/a was begun some time ago, for a configuration.
func (y *toys) begin(root string, ago time.Duration) {
	y.Helper()
	y.db(func(db *state.DB, _ state.Snapshot) {
		err := db.Begin(context.Background(), resource.Intent{
			Addr: resource.Addr{Kind: "carriers", Name: "a"}, Root: root, Key: "id-a", At: time.Now().Add(-ago),
		})
		if err != nil {
			y.Fatal(err)
		}
	})
}

// blindAt cannot be read at its n-th look.
type blindAt struct {
	*memory
	n, looks int
}

var errUnread = errors.New("500")

func (b *blindAt) Observe(ctx context.Context, want resource.Want) (resource.Observation, error) {
	if b.looks++; b.looks == b.n {
		return resource.Observation{}, errUnread
	}
	return b.memory.Observe(ctx, want)
}

// A create that nobody wants any more ends by two looks that say the same, and not before some time has passed.
func TestAWithdrawnCreateIsLookedForTwice(t *testing.T) {
	const nothing, there, unread = "", "id-a", "unread"
	for name, c := range map[string]struct {
		root   string
		ago    time.Duration // since it was begun; 0 is a minute
		looks  []string      // what each shows
		none   bool          // its section is not written
		wait   time.Duration // between the looks
		owned  []string
		begun  []string
		events []string
	}{
		"nothing came of it":         {looks: []string{nothing, nothing}, wait: 3 * time.Second, events: []string{"forget came_to_nothing done"}},
		"it is there":                {looks: []string{there, there}, wait: 3 * time.Second, owned: []string{"carriers/a=id-a"}, events: []string{"adopt orphan_made done"}},
		"it comes late":              {looks: []string{nothing, there}, wait: 3 * time.Second, begun: []string{"carriers/a"}},
		"it goes":                    {looks: []string{there, nothing}, wait: 3 * time.Second, begun: []string{"carriers/a"}},
		"it cannot be read at first": {looks: []string{unread, nothing}, begun: []string{"carriers/a"}},
		"it cannot be read then":     {looks: []string{nothing, unread}, wait: 3 * time.Second, begun: []string{"carriers/a"}},
		"it was begun a moment ago":  {ago: time.Second, looks: []string{nothing, nothing}, wait: 11 * time.Second, events: []string{"forget came_to_nothing done"}},
		"the clock was years ahead":  {ago: -5 * 365 * 24 * time.Hour, looks: []string{nothing, nothing}, wait: 12 * time.Second, events: []string{"forget came_to_nothing done"}},
		"of another configuration":   {root: "/other", looks: []string{nothing, nothing}, begun: []string{"carriers/a"}},
		"without its section":        {none: true, looks: []string{nothing, nothing}, wait: 3 * time.Second, events: []string{"forget came_to_nothing done"}},
		"of another, without it":     {root: "/other", none: true, looks: []string{unread}, begun: []string{"carriers/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := newToys(t)
				root, ago, sections := "/root", time.Minute, []string{"carriers", "lines"}
				if c.root != "" {
					root = c.root
				}
				if c.ago != 0 {
					ago = c.ago
				}
				if c.none {
					sections = sections[1:]
				}
				y.begin(root, ago)
				b := &blindAt{memory: y.carriers, n: 1 + slices.Index(c.looks, unread)}
				y.engine.Operations["carriers"] = b
				var at []time.Time
				y.carriers.observed = func() {
					at = append(at, time.Now())
					if c.looks[min(b.looks, len(c.looks))-1] == there {
						y.carriers.objects["id-a"] = resource.Object{"host": "h"}
					} else {
						clear(y.carriers.objects)
					}
				}
				start := time.Now()
				if _, _, err := y.apply(t.Context(), config("/root", sections), apply.Options{Prune: true}); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took != c.wait {
					t.Errorf("it waited %v, want %v", took, c.wait)
				}
				if c.none && c.root != "" && b.looks > 0 {
					t.Errorf("what is not written, and of which this run began nothing, is read")
				}
				same(t, "sent", y.carriers.calls, nil)
				same(t, "owned", y.owned(), c.owned)
				same(t, "begun", y.begun(), c.begun)
				for _, o := range y.snapshot().Owned {
					if o.Root != "/root" {
						t.Errorf("it is owned by %q", o.Root)
					}
				}
				var events []string
				y.db(func(db *state.DB, _ state.Snapshot) {
					history, err := db.History(context.Background(), nil, 10)
					if err != nil {
						t.Fatal(err)
					}
					for _, e := range history {
						events = append(events, fmt.Sprintf("%s %s %s", e.Op, e.Reason.Code, e.Outcome))
					}
				})
				same(t, "history", events, c.events)
			})
		})
	}
}

// What is to be written besides waits for nothing: and an --only of something else leaves the create alone.
func TestAWithdrawnCreateIsLeftAloneByOnly(t *testing.T) {
	y := newToys(t)
	y.engine.Settle = time.Microsecond
	y.begin("/root", time.Minute)
	desired := config("/root", nil, entry("carriers", "b", resource.Object{"host": "h"}))
	made, _, err := y.apply(t.Context(), desired, apply.Options{Only: []resource.Addr{{Kind: "carriers", Name: "b"}}})
	if err != nil || len(made.Notes) > 0 {
		t.Errorf("%v %+v", err, made.Notes)
	}
	same(t, "begun", y.begun(), []string{"carriers/a"})
	if _, _, err := y.apply(t.Context(), desired, apply.Options{Only: []resource.Addr{{Kind: "carriers", Name: "a"}}}); err != nil {
		t.Error(err)
	}
	same(t, "begun", y.begun(), nil)
}

// Entries are taken away while creates are in doubt: in the end nothing is begun of what is not written, what was made
// is ours or a person is asked, and with prune it is gone. What is not ours stays as it is.
func TestLawsOfWithdrawing(t *testing.T) {
	wrap, files := checked(t), filesOf(t, "a content", "b content")
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, files)
		delete(w.account, "_tags_patch")
		w.limits = apply.Limits{plan.Deletes: {Max: 100, Percent: 100}, plan.Vanished: {Max: 100, Percent: 100}}
		r := w.rig(t, wrap)
		defer r.close()
		before := r.objects()
		touchable := map[string]bool{}
		for _, o := range w.owned {
			touchable[o.Addr.Kind+"/"+o.ID] = true
		}
		touch := func(made plan.Plan, result plan.Result) plan.Plan {
			for i := range made.Changes {
				touchable[made.Changes[i].Addr.Kind+"/"+made.Changes[i].ID] = true
			}
			for _, o := range result.Outcomes { // also what expired, and was made anew under its name
				touchable[o.Addr.Kind+"/"+o.ID] = true
			}
			return made
		}
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			for _, path := range []string{"/external_connections", "/siprec_connectors", "/media", "/custom_storage_credentials/*", "/dialogflow_connections/*"} {
				if rapid.Bool().Draw(t, "fault") {
					f := telnyxsim.Fault{Match: "POST " + path, Do: rapid.SampledFrom([]string{"drop-before-commit", "drop-after-commit", "html"}).Draw(t, "do"), Times: -1}
					if err := r.sim.AddFaults(f); err != nil {
						t.Fatal(err)
					}
				}
			}
			touch(r.apply(w.desired, w.options))
			r.sim.ClearFaults()
			w.desired = withdrawSome(t, w.desired)
		}
		var made plan.Plan
		for range 4 { // what is found is ours, then deleted; what is half replaced is finished first
			made = touch(r.apply(w.desired, w.options))
		}
		excused := named(made, plan.Result{})
		for _, o := range made.Orphans {
			excused[o.Addr.String()] = true
		}
		snap := r.snapshot()
		for _, in := range snap.Intents {
			if w.desired.Find(in.Addr) == nil && in.Root == "/root" && !excused[in.Addr.String()] && !excused[in.Addr.Kind+"/"] {
				t.Errorf("%s is still begun, and nothing is said of it\n%s", in.Addr, words.JSON(&made, nil))
			}
		}
		owned := map[string]resource.Owned{}
		for _, o := range snap.Owned {
			owned[o.Addr.Kind+"/"+o.ID] = o
		}
		after := r.objects()
		for key := range after {
			own, ours := owned[key]
			switch _, was := before[key]; {
			case was:
			case !ours && len(excused) == 0:
				t.Errorf("%s was made by us and is nobody's\n%s", key, words.JSON(&made, nil))
			case ours && w.options.Prune && own.Root == "/root" && w.desired.Find(own.Addr) == nil && !excused[own.Addr.String()]:
				t.Errorf("%s was withdrawn and is still there\n%s", own.Addr, words.JSON(&made, nil))
			}
		}
		for key, was := range before {
			if after[key] != was && !touchable[key] {
				t.Errorf("%s was touched and is not ours", key)
			}
		}
	})
}

// withdrawSome takes entries away, and those that refer to them.
func withdrawSome(t *rapid.T, desired resource.Config) resource.Config {
	var left []resource.Entry
	for _, e := range desired.Entries {
		if rapid.IntRange(0, 2).Draw(t, "withdrawn") > 0 {
			left = append(left, e)
		}
	}
	left = slices.DeleteFunc(left, func(e resource.Entry) bool {
		ref, ok := e.Object["connection"].(resource.Ref)
		return ok && !slices.ContainsFunc(left, func(o resource.Entry) bool { return o.Addr == ref.Addr })
	})
	return config("/root", slices.Collect(maps.Keys(desired.Roots[0].Sections)), left...)
}
