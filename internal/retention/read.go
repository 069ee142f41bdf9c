package retention

import (
	"time"

	"telnyxsync/internal/resource"
)

// filterNames are the fields of an entry that are filters of Telnyx's as they stand.
var filterNames = []string{
	connectionID, "from", "to", "call_leg_id", "call_session_id", "call_control_id", "conference_id", "conference_region", "sip_call_id", "recording_id",
}

const connectionID = "connection_id"

// timeNames are the filters of times.
var timeNames = []string{createdAt, "start_time", "end_time"}

// policy reads an entry, or what state remembers of one. untold is what it refers to and is not known; the reason is
// that it cannot be read at all.
func (r *reader) policy(a resource.Addr, o resource.Object) (p Policy, untold string, bad *resource.Reason) {
	p = Policy{
		Addr: a, Filters: map[string]string{}, Keep: o["keep"] == true, After: resource.GetDuration(o, "/delete_after", 0),
		Archive: resource.GetString(o, "/archive"), DeletesOwn: deletesOwn(o),
	}
	if n, ok := o["max_deletes_per_run"].(int64); ok {
		p.Max = int(n)
	}
	for _, name := range filterNames {
		if v := resource.GetString(o, "/"+name); v != "" {
			p.Filters[name] = v
		}
	}
	if id, addr := r.connection(o); id != "" {
		p.Filters[connectionID] = id
	} else if addr.Name != "" {
		p.Untold++
		untold = addr.String()
	}
	for _, field := range timeNames {
		b := Between{Field: field}
		for _, end := range []struct {
			name string
			into *time.Time
		}{{"gte", &b.GTE}, {"lte", &b.LTE}} {
			path := resource.Pointer(field, end.name)
			said, written := resource.Get(o, path)
			if !written || said == "" {
				continue
			}
			value, _ := said.(string)
			t, err := time.Parse(time.RFC3339, value)
			if err != nil || t.IsZero() { // a filter of none would pass all
				bad = &resource.Reason{Code: RuleUnread, Args: resource.Args{"policy": a.String(), "field": path[1:], "value": clip(value)}}
				continue
			}
			*end.into = t
		}
		if !b.GTE.IsZero() || !b.LTE.IsZero() {
			p.Between = append(p.Between, b)
		}
	}
	if !p.Keep && p.After < aDay && bad == nil {
		bad = &resource.Reason{Code: RuleTooSoon, Args: resource.Args{"policy": a.String()}}
	}
	return p, untold, bad
}

// aDay is the least age at which something may be deleted.
const aDay = 24 * time.Hour

// connection is what an entry means by its connection: the id, or else the address of an entry of which it is not
// known. State remembers either as a text.
func (r *reader) connection(o resource.Object) (id string, addr resource.Addr) {
	switch ref := o["connection"].(type) {
	case resource.Ref:
		id, addr = ref.ID, ref.Addr
	case string:
		id = ref
		if other, err := resource.ParseAddr(ref); err == nil {
			id, addr = "", other
		}
	}
	if id != "" || addr.Name == "" {
		return id, addr
	}
	if id = r.Whose.ID(addr); id != "" {
		return id, addr
	}
	for i := range r.Owned {
		if r.Owned[i].Addr == addr {
			return r.Owned[i].ID, addr
		}
	}
	return "", addr
}

// says is an entry as it is remembered: with the id in the place of its reference, as far as that is known; else it
// keeps the name, as text.
func (r *reader) says(e *resource.Entry) resource.Object {
	out := resource.Overlay(e.Object, nil)
	if _, is := out["connection"].(resource.Ref); is {
		id, addr := r.connection(out)
		if id == "" {
			id = addr.String()
		}
		out["connection"] = id
	}
	if e.Observe {
		out["observe"] = true
	}
	return out
}

// deletesOwn tells whether a policy deletes what is in one's own storage, too.
func deletesOwn(o resource.Object) bool {
	return resource.GetString(o, "/when_in_own_storage") == "delete"
}
