package retention

import (
	"regexp"
	"time"

	"telnyxsync/internal/resource"
)

// shape is how a time has to be written: [time.Parse] takes an offset of 24 hours, too.
var shape = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// earliest is before any recording was made: a time before it stands for none.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// moment reads a time of a recording. One without its offset from UTC could mean any of two days. The code says
// what is wrong with it; there is none where nothing is.
func moment(r *resource.Recording, field string) (time.Time, resource.Code) {
	text := r.Times[field]
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil, !shape.MatchString(text):
		return at, TimeUnread
	case at.Before(earliest):
		return at, TimeTooOld
	}
	return at, ""
}

// parse is the same with an error.
func parse(r *resource.Recording, field string) (time.Time, error) {
	at, wrong := moment(r, field)
	if wrong != "" {
		return at, fail(wrong, resource.Args{"id": clip(r.ID), "field": field, "value": clip(r.Times[field])})
	}
	return at, nil
}

// Until is when the youngest was made that can be due, or that an earlier run had begun to delete: what is younger
// need not be looked at, and comes while pages are read.
func Until(policies []Policy, begun []resource.Deletion, now time.Time) (t time.Time) {
	for i := range policies {
		if at := now.Add(-policies[i].After); !policies[i].Keep && at.After(t) {
			t = at
		}
	}
	for _, d := range begun {
		for _, r := range d.Items {
			if at := r.Created.Add(time.Second); at.After(t) { // it is asked for in whole seconds
				t = at
			}
		}
	}
	return t
}

// createdAt is the field by which recordings grow old.
const createdAt = "created_at"
