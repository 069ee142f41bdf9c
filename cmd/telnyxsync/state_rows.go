package main

import (
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"
)

// row is what state remembers under an address, as the commands about state show it: an object, a group of
// phone numbers, or a rule.
type row struct {
	Addr      resource.Addr // of rules that share one, the first has it alone, and the others show their root with it
	ID        string        // Telnyx's of an object; what else has none shows its name
	Root      string
	Protected bool
	Applied   resource.Object
	Attempts  map[string]resource.Attempt
	Numbers   resource.Numbers // of a group
	forget    resource.Record  // what makes state forget it

	CreatedAt string // of an object; "" where that is not known
}

// rows are all that there are, by address.
func rows(snap *state.Snapshot) (rows []row) {
	for i := range snap.Owned {
		o := &snap.Owned[i]
		rows = append(rows, row{
			Addr: o.Addr, ID: o.ID, Root: o.Root, Protected: o.Protect, Applied: o.Applied, Attempts: o.Attempts, CreatedAt: o.CreatedAt(),
			forget: resource.Record{Forget: []resource.Addr{o.Addr}},
		})
	}
	for i := range snap.Groups {
		g := &snap.Groups[i]
		rows = append(rows, row{
			Addr: g.Addr, ID: g.Addr.Name, Root: g.Root, Protected: g.Protect, Applied: g.Applied(), Numbers: g.All(),
			forget: resource.Record{ForgetGroups: []resource.Addr{g.Addr}},
		})
	}
	for i := range snap.Rules {
		r := &snap.Rules[i]
		a := r.Addr
		if i > 0 && snap.Rules[i-1].Addr == a {
			a.Name += " (" + r.Root + ")"
		}
		rows = append(rows, row{
			Addr: a, ID: a.Name, Root: r.Root, Applied: r.Says, forget: resource.Record{ForgetRules: []resource.RuleKey{r.Key()}},
		})
	}
	slices.SortFunc(rows, func(a, b row) int { return a.Addr.Compare(b.Addr) })
	return rows
}

// doubt is what was begun and whose outcome is not known: a create, or a batch that was to be deleted.
type doubt struct {
	intentJSON
	end resource.Record // what makes state forget it
}

// doubts are all that there are, by address.
func doubts(snap *state.Snapshot) (doubts []doubt) {
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z07:00") }
	for i := range snap.Intents {
		in := &snap.Intents[i]
		doubts = append(doubts, doubt{intentJSON{in.Addr.String(), in.Key, at(in.At)}, resource.Record{EndIntents: []resource.Addr{in.Addr}}})
	}
	for i := range snap.Deletions {
		d := &snap.Deletions[i]
		doubts = append(doubts, doubt{intentJSON{Address: d.ID, At: at(d.At)}, resource.Record{EndDeletions: []string{d.ID}}})
	}
	slices.SortFunc(doubts, func(a, b doubt) int { return strings.Compare(a.Address, b.Address) })
	return doubts
}
