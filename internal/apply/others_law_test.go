package apply_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// othersLaw is an account in which others remove what is ours and make it anew, answers are lost, and creates take effect
// when nobody looks any more.
type othersLaw struct {
	*rapid.T
	*rig
	files   map[string]resource.File
	desired map[resource.Addr]resource.Object
	made    map[string]string // by kind/id: what others made under a name of ours
	last    plan.Plan
}

// Errorf, Fatal and Fatalf are those of the property.
func (l *othersLaw) Errorf(format string, args ...any) { l.T.Errorf(format, args...) }

// Whatever others do and whatever is lost: what others made under a name of ours is never touched, no write of ours is held
// for it, and what is there twice is named until a person decides.
func TestLawsOfOthers(t *testing.T) {
	wrap, files := checked(t), filesOf(t, "a content", "b content")
	rapid.Check(t, func(t *rapid.T) {
		l := &othersLaw{T: t, files: files, desired: map[resource.Addr]resource.Object{}, made: map[string]string{}}
		account := map[string]any{}
		for _, s := range []string{"_siprec_put_created", "_media_put_created"} {
			account[s] = rapid.SampledFrom([]string{"keep", "renew"}).Draw(t, s)
		}
		l.rig = newRig(t, wrap, account)
		l.engine.Limits = unlimited()
		defer l.close()
		l.edit(t)
		t.Repeat(map[string]func(*rapid.T){
			"an edit":                     l.edit,
			"apply":                       func(t *rapid.T) { l.pass(rapid.Bool().Draw(t, "prune")) },
			"answers are lost":            l.lose,
			"others remove and make anew": l.others,
		})
		l.sim.ClearFaults()
		l.sim.Advance(time.Hour)
		for range 3 { // what was lost shows, and is settled
			l.pass(true)
		}
		l.settled()
	})
}

var othersKinds = []string{"external_connections", "siprec_connectors", "media"}

// edit writes the entries anew.
func (l *othersLaw) edit(t *rapid.T) {
	clear(l.desired)
	for _, kind := range othersKinds {
		for _, n := range names[:2] {
			if rapid.IntRange(0, 2).Draw(t, "written") == 0 {
				continue
			}
			which := rapid.IntRange(1, 2).Draw(t, "which")
			l.desired[resource.Addr{Kind: kind, Name: n}] = map[string]resource.Object{
				"external_connections": {"external_sip_connection": "zoom", "outbound": resource.Object{"outbound_voice_profile_id": fmt.Sprint(which)}},
				"siprec_connectors":    {"host": fmt.Sprintf("h%d.example.com", which), "port": int64(5060)},
				"media":                {"file": l.files[names[which-1]]},
			}[kind]
		}
	}
}

func (l *othersLaw) config() resource.Config {
	entries := []resource.Entry{entry("siprec_connectors", "stays", resource.Object{"host": "h.example.com", "port": int64(5060)})}
	for _, a := range slices.SortedFunc(maps.Keys(l.desired), resource.Addr.Compare) {
		entries = append(entries, resource.Entry{Addr: a, Object: l.desired[a]})
	}
	return config("/root", othersKinds, entries...)
}

// lose makes the next writes lose their answers, or take effect late.
func (l *othersLaw) lose(t *rapid.T) {
	kind := rapid.SampledFrom(othersKinds).Draw(t, "lost of")
	f := telnyxsim.Fault{Match: "PUT /" + kind + "/*", Times: rapid.IntRange(1, 5).Draw(t, "times")}
	f.Do = rapid.SampledFrom([]string{"drop-before-commit", "drop-after-commit", "html"}).Draw(t, "do")
	if rapid.Bool().Draw(t, "a create") {
		f.Match, f.Times = "POST /"+kind, 1
		if rapid.Bool().Draw(t, "late") {
			f.Do, f.After = "commit-late", "10s"
		}
	}
	if err := l.sim.AddFaults(f); err != nil {
		l.Fatal(err)
	}
}

// others remove one of ours that nothing is open of, and make another under its name.
func (l *othersLaw) others(t *rapid.T) {
	var candidates []resource.Owned
	for _, o := range l.snapshot().Owned {
		key := o.Addr.Kind + "/" + o.ID
		live := resource.Live{Incarnation: resource.GetString(objectOf(l.objects()[key]), "/created_at")}
		if made, err := time.Parse(time.RFC3339, live.Incarnation); err == nil {
			live.Incarnation = resource.Incarnation(made)
		}
		if !o.IsOpen() && o.IsSame(&live) && o.Addr.Name != "stays" {
			candidates = append(candidates, o)
		}
	}
	if len(candidates) == 0 {
		return
	}
	o := rapid.SampledFrom(candidates).Draw(t, "remade")
	l.sim.Advance(2 * time.Second)
	fields := map[string]any{"host": "theirs.example.com"}
	if o.Addr.Kind == "media" {
		fields = map[string]any{"_content": "dGhlaXJz"}
	}
	l.remake(o.Addr.Kind, o.ID, l.sim.Now(), fields)
	key := o.Addr.Kind + "/" + o.ID
	l.made[key] = l.objects()[key]
}

func (l *othersLaw) pass(prune bool) {
	before, known := l.objects(), l.snapshot().Owned
	l.last, _ = l.apply(l.config(), apply.Options{Writing: true, Prune: prune, Foreign: true})
	after := l.objects()
	for key := range before {
		kind, id, _ := strings.Cut(key, "/")
		if _, there := after[key]; !there && !slices.ContainsFunc(known, func(o resource.Owned) bool { return o.Addr.Kind == kind && o.ID == id }) {
			l.Errorf("%s was deleted, and state did not know it", key)
		}
	}
	for key, was := range l.made {
		if after[key] != was {
			l.Errorf("%s is what others made, and was touched:\n%s\n%s", key, was, after[key])
		}
	}
	for _, f := range l.last.Foreign {
		if f.Kind == "external_connections" {
			l.Errorf("%s is called foreign, and all carry our tag", f.ID)
		}
	}
	for _, q := range l.last.Problems {
		code := q.Reason.Code
		if id, _ := q.Reason.Args["id"].(string); (code == diff.AnotherObject || code == diff.OrphanAnother) && l.made[q.Addr.Kind+"/"+id] == "" {
			l.Errorf("%s is held for a write of ours: %s", q.Addr, words.Problem(&q))
		}
	}
	for i := range l.last.Withheld {
		l.Errorf("%s is withheld for a write of ours: %s", l.last.Withheld[i].Addr, words.All(l.last.Withheld[i].Guards))
	}
}

// settled: what others made is named, and so is each connection with our tag that is none of ours.
func (l *othersLaw) settled() {
	told := string(words.JSON(&l.last, nil))
	for key := range l.made {
		kind, id, _ := strings.Cut(key, "/")
		if !slices.ContainsFunc(l.last.Problems, func(q plan.Problem) bool { return q.Addr.Kind == kind && q.Reason.Args["id"] == id }) {
			l.Errorf("nobody is told that %s is another: %s", key, told)
		}
	}
	owned := map[string]bool{}
	for _, o := range l.snapshot().Owned {
		owned[o.ID] = true
	}
	var list []struct{ ID string }
	if err := json.Unmarshal(l.sim.Part("external_connections"), &list); err != nil {
		l.Fatal(err)
	}
	for _, c := range list {
		if !owned[c.ID] && !strings.Contains(told, c.ID) && !slices.ContainsFunc(l.last.Notes, func(n plan.Note) bool { return n.Reason.Code == diff.TaggedElsewhere }) {
			l.Errorf("the connection %s carries our tag, and nobody is told: %s", c.ID, told)
		}
	}
}
