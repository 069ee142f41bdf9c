package render

import (
	"fmt"
	"strings"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// change is what becomes of the value, for the eye.
func change(d *plan.Delta) string {
	switch {
	case d.Origin == plan.FromSecret:
		return "(secret) changed"
	case secret(d.New):
		return fmt.Sprintf("(secret) changed (%s)", d.Origin)
	case d.Blind:
		return fmt.Sprintf("(cannot be read) → %s (%s)", show(d.New), d.Origin)
	}
	if members := setChange(d); members != "" {
		return fmt.Sprintf("%s (%s)", members, d.Origin)
	}
	return fmt.Sprintf("%s → %s (%s)", show(d.Old), show(d.New), d.Origin)
}

// setChange is which members a set gains and loses; "" where that does not tell all.
func setChange(d *plan.Delta) string {
	added, removed := members(d)
	var parts []string
	for _, v := range added {
		parts = append(parts, "+"+show(v))
	}
	for _, v := range removed {
		parts = append(parts, "-"+show(v))
	}
	return strings.Join(parts, " ")
}

// members are those that a set gains and loses; none where it was, or becomes, nothing at all.
func members(d *plan.Delta) (added, removed []any) {
	old, isOld := d.Old.([]any)
	now, isNew := d.New.([]any)
	if !d.Set || !isOld || !isNew || len(old) == 0 || len(now) == 0 {
		return nil, nil
	}
	missing := func(from, in []any) (out []any) {
		have := map[string]bool{}
		for _, v := range in {
			have[resource.Text(v)] = true
		}
		for _, v := range from {
			if !have[resource.Text(v)] {
				out = append(out, v)
			}
		}
		return out
	}
	return missing(now, old), missing(old, now)
}

// show is a value for the eye: JSON without HTML's escapes.
func show(v any) string {
	switch v.(type) {
	case nil:
		return "(none)"
	case resource.Secret:
		return "(secret)"
	}
	return resource.Short(strings.TrimSuffix(plan.Canonical(v), "\n"))
}
