package apply_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

func env(name string) resource.SecretRef { return resource.SecretRef{Env: name} }

// An entry whose secret cannot be read is left as it is, and the rest goes on.
func TestAnUnreadableSecretStopsItsEntryAlone(t *testing.T) {
	y := newToys(t)
	y.secrets = map[string]string{"A": "hidden-a", "B": "hidden-b"}
	desired := func(host string) resource.Config {
		return config("/root", nil,
			entry("carriers", "c", resource.Object{"host": host}),
			entry("safes", "bad", resource.Object{"carrier_id": "1", "code": env("B"), "host": host}),
			entry("safes", "good", resource.Object{"carrier_id": "2", "code": env("A"), "host": host}),
			entry("safes", "of-c", resource.Object{"carrier": ref("carriers", "c"), "code": env("A"), "host": host}),
		)
	}
	writing := apply.Options{Writing: true}
	if _, result, err := y.apply(t.Context(), desired("h"), writing); err != nil || !result.OK() || len(result.Outcomes) != 4 {
		t.Fatalf("%v %+v", err, result)
	}
	before := y.row("safes", "bad")
	delete(y.secrets, "B")
	made, result, err := y.apply(t.Context(), desired("other"), writing)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "outcomes", outcomes(result), []string{"update carriers/c: done", "update safes/good: done", "update safes/of-c: done"})
	if len(made.Problems) != 1 || made.Problems[0].Addr.Name != "bad" || made.Exit() != 1 {
		t.Errorf("plan %s", words.JSON(&made, nil))
	}
	if got := y.safes.objects["1"]["host"]; got != "h" || resource.Text(y.row("safes", "bad")) != resource.Text(before) {
		t.Errorf("it was changed: %v, %s", got, resource.Text(y.row("safes", "bad")))
	}
	// It is no reason to delete it, nor is it an orphan.
	if _, result, err = y.apply(t.Context(), desired("other"), apply.Options{Writing: true, Prune: true}); err != nil || len(result.Outcomes) > 0 || len(y.safes.objects) != 3 {
		t.Errorf("%v %+v", err, result)
	}

	// A dry run compares what it can.
	dry, err := y.engine.Plan(t.Context(), desired("third"), y.snapshot(), apply.Options{})
	if err != nil || len(dry.Changes) != 4 || len(dry.Problems) > 0 || len(dry.NotCompared) != 1 {
		t.Errorf("%v %s", err, words.JSON(&dry, nil))
	}

	// Once it is there again, and is another, it is written, with all that waited.
	y.secrets["B"] = "hidden-new"
	_, result, err = y.apply(t.Context(), desired("other"), writing)
	if err != nil || !result.OK() {
		t.Fatalf("%v %+v", err, result)
	}
	same(t, "outcomes", outcomes(result), []string{"update safes/bad: done"})
	if code := y.safes.sent["update bad"]["code"].(resource.Secret); code.Reveal() != "hidden-new" {
		t.Errorf("sent %q", code.Reveal())
	}
	files, err := filepath.Glob(filepath.Join(y.dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil && bytes.Contains(text, []byte("hidden-")) {
			t.Errorf("%s holds a secret", name)
		}
	}
}

// However many entries refer to it, a secret is read once in a run.
func TestASecretIsReadOnce(t *testing.T) {
	y := newToys(t)
	reads := 0
	y.engine.Secret = func(resource.SecretRef) (string, error) {
		reads++
		return fmt.Sprint("value ", reads), nil
	}
	desired := config("/root", nil,
		entry("safes", "a", resource.Object{"carrier_id": "1", "code": env("A")}),
		entry("safes", "b", resource.Object{"carrier_id": "2", "code": env("A")}),
	)
	y.must(desired)
	if reads != 1 {
		t.Errorf("%d reads", reads)
	}
	y.engine.Secret = nil
	made, err := y.engine.Plan(t.Context(), desired, y.snapshot(), apply.Options{Writing: true})
	if err != nil || len(made.Problems) != 2 || !strings.Contains(words.Problem(&made.Problems[0]), "no secrets can be read here") {
		t.Errorf("%v %s", err, words.JSON(&made, nil))
	}
}

// The natural key of what belongs to something that is made in the same run is that one's id, in the
// call as well as in the intent that is stored before it.
func TestKeysOfWhatWasMadeAreFilledIn(t *testing.T) {
	y := newToys(t)
	y.secrets["A"] = "hidden"
	desired := config("/root", nil,
		entry("carriers", "c", resource.Object{"host": "h"}),
		entry("safes", "s", resource.Object{"carrier": ref("carriers", "c"), "code": env("A")}),
	)
	var intents []string
	y.safes.before = func(string) error {
		snap, err := state.Load(t.Context(), y.dir)
		for _, i := range snap.Intents {
			intents = append(intents, fmt.Sprintf("%s key %q", i.Addr, i.Key))
		}
		return err
	}
	y.must(desired)
	same(t, "intents", intents, []string{`safes/s key "id-c"`})
	same(t, "owned", y.owned(), []string{"carriers/c=id-c", "safes/s=id-c"})
	made, err := y.engine.Plan(t.Context(), desired, y.snapshot(), apply.Options{Writing: true})
	if err != nil || made.Exit() != 0 || made.Unchanged != 2 {
		t.Errorf("the next plan: %s %v", words.JSON(&made, nil), err)
	}
}

// Where the answer is lost, what was made is found under that key, and not made twice.
func TestALostCreateIsFoundByTheKeyThatItRefersTo(t *testing.T) {
	y := newToys(t)
	y.engine.Settle = 1
	y.secrets["A"] = "hidden"
	y.safes.after = func(call string, err error) error {
		if call == "create s" {
			return errLost
		}
		return err
	}
	desired := config("/root", nil,
		entry("carriers", "c", resource.Object{"host": "h"}),
		entry("safes", "s", resource.Object{"carrier": ref("carriers", "c"), "code": env("A")}),
	)
	y.must(desired)
	// That its secret is what was sent cannot be seen: it is sent again.
	same(t, "sent", y.safes.calls, []string{"create s", "update s"})
	same(t, "owned", y.owned(), []string{"carriers/c=id-c", "safes/s=id-c"})
	same(t, "intents", y.begun(), nil)
}

// Where what it belongs to cannot be made, nothing is made for it, under no key at all.
func TestWithoutItsKeyNothingIsMade(t *testing.T) {
	y := newToys(t)
	y.carriers.before = func(string) error { return errRefused }
	desired := config("/root", nil,
		entry("carriers", "c", resource.Object{"host": "h"}),
		entry("safes", "s", resource.Object{"carrier": ref("carriers", "c"), "host": "h"}),
	)
	_, result, err := y.apply(t.Context(), desired, apply.Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "outcomes", outcomes(result), []string{"create carriers/c: failed", "create safes/s: blocked by carriers/c"})
	if len(y.safes.calls) > 0 || len(y.owned()) > 0 {
		t.Errorf("sent %q, owned %q", y.safes.calls, y.owned())
	}
}

// A carrier goes after its safe, also where that only moves to another. Where the safe stays, so does the carrier.
func TestACarrierGoesAfterItsSafe(t *testing.T) {
	for name, test := range map[string]struct {
		then []resource.Entry
		fail bool // the deletion of the safe
		want []string
	}{
		"deleted": {nil, false, []string{"delete safes/s: done", "delete carriers/old: done"}},
		"moved": {
			[]resource.Entry{entry("safes", "s", resource.Object{"carrier": ref("carriers", "keep"), "host": "h"})},
			false,
			[]string{"replace safes/s: done", "delete carriers/old: done"},
		},
		"stays": {nil, true, []string{"delete safes/s: failed", "delete carriers/old: blocked by safes/s"}},
		"moved, and stays": {
			[]resource.Entry{entry("safes", "s", resource.Object{"carrier": ref("carriers", "keep"), "host": "h"})},
			true,
			[]string{"replace safes/s: failed", "delete carriers/old: blocked by safes/s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			y := newToys(t)
			keep, old := entry("carriers", "keep", resource.Object{"host": "h"}), entry("carriers", "old", resource.Object{"host": "h"})
			y.must(config("/root", nil, keep, old, entry("safes", "s", resource.Object{"carrier": ref("carriers", "old"), "host": "h"})))
			y.safes.before = func(call string) error {
				if test.fail && call == "delete id-old" {
					return errRefused
				}
				return nil
			}
			_, result, err := y.apply(t.Context(), config("/root", []string{"safes"}, append(test.then, keep)...), apply.Options{Prune: true})
			if err != nil {
				t.Fatal(err)
			}
			same(t, "outcomes", outcomes(result), test.want)
			if _, there := y.carriers.objects["id-old"]; there != test.fail {
				t.Errorf("carriers: %v", y.carriers.objects)
			}
		})
	}
}
