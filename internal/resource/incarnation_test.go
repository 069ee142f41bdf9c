package resource_test

import (
	"testing"
	"time"

	"telnyxsync/internal/resource"
)

func TestIncarnations(t *testing.T) {
	first := time.Date(2026, 1, 2, 3, 4, 5, 6e8, time.FixedZone("", 3600))
	for name, c := range map[string]struct {
		known, live   time.Time
		open          bool
		another, same bool
	}{
		"the same":                         {known: first, live: first, same: true},
		"within its second":                {known: first, live: first.Add(300 * time.Millisecond), same: true},
		"a second later":                   {known: first, live: first.Add(time.Second), another: true},
		"not remembered":                   {live: first},
		"not shown":                        {known: first},
		"neither":                          {},
		"the same, and open":               {known: first, live: first, open: true, same: true},
		"another, and open":                {known: first, live: first.Add(time.Hour), open: true},
		"not remembered, and open":         {live: first, open: true},
		"neither remembered, shown; open":  {open: true},
		"in another zone, the same moment": {known: first, live: first.UTC(), same: true},
	} {
		o, l := resource.Owned{Incarnation: resource.Incarnation(c.known)}, resource.Live{Incarnation: resource.Incarnation(c.live)}
		if c.open {
			o.Open()
			o.Open() // is as good as once
		}
		if o.CreatedAt() != resource.Incarnation(c.known) {
			t.Errorf("%s: created at %q", name, o.CreatedAt())
		}
		if o.IsOpen() != c.open || o.IsAnother(&l) != c.another || o.IsSame(&l) != c.same {
			t.Errorf("%s: open %t, another %t, same %t", name, o.IsOpen(), o.IsAnother(&l), o.IsSame(&l))
		}
	}
	if got := resource.Incarnation(first); got != "2026-01-02T02:04:05Z" {
		t.Errorf("it is %q", got)
	}
}
