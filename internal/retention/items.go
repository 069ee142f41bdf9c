package retention

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Item is a recording or a transcription that is due: what a report and the history say of it.
type Item struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"` // UTC
	From    string    `json:"from,omitempty"`
	To      string    `json:"to,omitempty"` // both masked
	Millis  int64     `json:"millis,omitempty"`

	counts   bool // to the limit: it is due by a rule that is new or changed
	released bool // by a hold that kept it

	Age time.Duration `json:"-"` // in whole hours, when it was judged
	By  string        `json:"-"` // of what is held: the policy by which it would be due; "" if by none
}

func (i Item) compare(o Item) int {
	return cmp.Or(i.Created.Compare(o.Created), cmp.Compare(i.ID, o.ID))
}

// Deleted is what is stored of it before it is deleted by a policy.
func (i Item) Deleted(by resource.Addr, now time.Time) resource.Deleted {
	return resource.Deleted{
		Counts: i.counts,
		ID:     i.ID, Rule: by, Created: i.Created, From: i.From, To: i.To, Age: resource.DurationText(now.Sub(i.Created).Truncate(time.Hour)),
	}
}

// Because is what the history says of one that is gone.
func Because(d resource.Deleted) resource.Reason {
	return resource.Reason{Code: Aged, Args: resource.Args{"created": stamp(d.Created), "age": d.Age, "from": d.From, "to": d.To}}
}

// stamp is a time as arguments of reasons have it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Items are those of a change or a call, the oldest first, each once.
type Items struct {
	Of   string // recording, transcription
	List []Item
}

var _ plan.Detailed = Items{}

// Details are what a report says of each.
func (s Items) Details() iter.Seq[plan.Detail] {
	return func(yield func(plan.Detail) bool) {
		for i := range s.List {
			item := &s.List[i]
			d := plan.Detail{ID: item.ID, Created: stamp(item.Created), Age: resource.DurationText(item.Age), Seconds: item.Millis / 1000, By: item.By}
			if !yield(d) {
				return
			}
		}
	}
}

// Len counts them.
func (s Items) Len() int { return len(s.List) }

// IDs are Telnyx's ids of them.
func (s Items) IDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range s.List {
			if !yield(s.List[i].ID) {
				return
			}
		}
	}
}

// Unit is what one of them is called.
func (s Items) Unit() string { return s.Of }

// MarshalJSON writes the list.
func (s Items) MarshalJSON() ([]byte, error) {
	if s.List == nil {
		return json.Marshal([]Item{})
	}
	return json.Marshal(s.List)
}

// due is the reason of a change.
func (s Items) due() resource.Args {
	millis := int64(0)
	for i := range s.List {
		millis += s.List[i].Millis
	}
	return resource.Args{"oldest": stamp(s.List[0].Created), "newest": stamp(s.List[len(s.List)-1].Created), "audio": millis / 1000}
}

// blast is what counts of items to the limits, and how many of them a hold kept that is not in force any more.
func (s Items) blast() (out []plan.Blast) {
	counts, released := 0, 0
	for i := range s.List {
		counts += bit(s.List[i].counts)
		released += bit(s.List[i].released)
	}
	if counts > 0 {
		out = append(out, plan.Blast{Class: classes[s.Of], Count: counts})
	}
	if released > 0 {
		out = append(out, plan.Blast{Class: plan.Released, Count: released})
	}
	return out
}

// sorted puts items in order and leaves out what is there twice.
func sorted(unit string, list []Item) Items {
	slices.SortFunc(list, Item.compare)
	return Items{unit, slices.CompactFunc(list, func(a, b Item) bool { return a.ID == b.ID })}
}
