package apply_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// named are the addresses that a run said something about: what it could not do, and why.
func named(made plan.Plan, result plan.Result) map[string]bool {
	out := map[string]bool{}
	for _, p := range made.Problems {
		out[p.Addr.String()] = true
	}
	for _, w := range made.Withheld {
		out[w.Addr.String()] = true
	}
	for _, o := range made.Observed {
		out[o.Addr.String()] = true
	}
	for _, o := range result.Outcomes {
		if o.Status != plan.Done {
			out[o.Addr.String()] = true
		}
	}
	return out
}

func TestLawsOfApply(t *testing.T) {
	wrap, files := checked(t), filesOf(t, "a content", "b content")
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, files)
		r := w.rig(t, wrap)
		defer r.close()
		before := r.objects()
		r.sim.ClearJournal()

		planned := r.plan(w.desired, w.options)
		made, result := r.apply(w.desired, w.options)
		if a, b := words.JSON(&planned, nil), words.JSON(&made, nil); string(a) != string(b) {
			t.Fatalf("the same input made two plans:\n%s\n%s", a, b)
		}
		calls, ours := 0, map[string]bool{}
		for _, c := range made.Changes {
			calls += c.Cost
			ours[c.Addr.Kind+"/"+c.ID] = true
		}
		for _, o := range result.Outcomes { // also what expired, and was made anew under its name
			ours[o.Addr.Kind+"/"+o.ID] = true
		}
		if n := len(writes(r.sim)); n > calls {
			t.Errorf("%d writes, the plan says %d at most: %v", n, calls, writes(r.sim))
		}
		if len(result.Outcomes) != len(made.Changes) {
			t.Errorf("%d outcomes of %d changes", len(result.Outcomes), len(made.Changes))
		}
		snap := r.snapshot()
		if text := resource.Text(snap.Owned) + resource.Text(snap.Intents) + string(words.JSON(&made, &result)); strings.Contains(text, "-secret") {
			t.Errorf("a secret is remembered or shown: %s", text)
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
			if !there && !w.options.Prune && !replaced(made, key) {
				t.Errorf("%s was deleted without prune", key)
			}
			if is != was && w.another(key, was) {
				t.Errorf("%s is another than the one that was ours, and was touched:\n%s\n%s", key, was, is)
			}
		}
		if w.account["_tags_patch"] != nil {
			// Tags that cannot be taken off do not stick: they are written a few times, then held.
			for range diff.StickLimit {
				made, result = r.apply(w.desired, w.options)
			}
		}
		r.sim.ClearJournal()
		again := r.plan(w.desired, w.options)
		excused := named(again, result)
		for a := range named(made, result) {
			excused[a] = true
		}
		for _, c := range again.Changes {
			if !excused[c.Addr.String()] {
				t.Errorf("the next plan still has %s %s: %s\n%s", c.Op, c.Addr, words.JSON(&again, nil), words.JSON(&made, &result))
			}
		}
	})
}

// another tells whether an object is known to be another than the one that state has under its id. Media that have expired
// are gone, whoever made them.
func (w *world) another(key, was string) bool {
	return slices.ContainsFunc(w.owned, func(o resource.Owned) bool {
		made := resource.Live{Incarnation: resource.GetString(objectOf(was), "/created_at")}
		return o.Addr.Kind+"/"+o.ID == key && o.IsAnother(&made) && !expired(was)
	})
}

func objectOf(text string) resource.Object {
	o, _ := resource.DecodeObject(text)
	return o
}

func expired(was string) bool {
	end, err := time.Parse(time.RFC3339, resource.GetString(objectOf(was), "/expires_at"))
	return err == nil && time.Now().After(end)
}

func replaced(made plan.Plan, key string) bool {
	return slices.ContainsFunc(made.Changes, func(c plan.Change) bool {
		return c.Op == plan.Replace && c.Addr.Kind+"/"+c.ID == key
	})
}

// With faults of every sort nothing is made twice and nothing foreign is touched; once they are
// over, the account becomes what the files say.
func TestLawsOfApplyWithFaults(t *testing.T) {
	wrap, files := checked(t), filesOf(t, "a content", "b content")
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, files)
		delete(w.account, "_tags_patch")
		w.limits = unlimited()
		r := w.rig(t, wrap)
		defer r.close()
		before := r.objects()
		first := r.plan(w.desired, w.options)
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			for range rapid.IntRange(0, 3).Draw(t, "faults") {
				f := telnyxsim.Fault{
					Match: rapid.SampledFrom([]string{"POST", "PATCH", "PUT", "DELETE"}).Draw(t, "method") + " " +
						rapid.SampledFrom([]string{
							"/external_connections", "/siprec_connectors", "/media", "/external_connections/*", "/siprec_connectors/*", "/media/*",
							"/custom_storage_credentials/*", "/dialogflow_connections/*",
						}).Draw(t, "path"),
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
		made, result := r.apply(w.desired, w.options)
		excused := named(made, result)
		for _, c := range made.Changes {
			if !excused[c.Addr.String()] {
				t.Errorf("still to do: %s %s\n%s", c.Op, c.Addr, words.JSON(&made, nil))
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
