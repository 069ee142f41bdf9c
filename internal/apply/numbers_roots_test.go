package apply_test

import (
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/resource"
)

// Two configurations with one state: each looks after what is on its way for both, and leaves to the other
// what that wants.
func TestNumbersOfTwoConfigurations(t *testing.T) {
	one, other := t.TempDir(), t.TempDir()
	r := newRig(t, checked(t), map[string]any{
		"external_connections": []any{map[string]any{"id": "100", "external_sip_connection": "operator_connect"}},
		"civic_addresses":      map[string]any{"100": []any{map[string]any{"id": "A", "locations": []any{map[string]any{"id": "L"}}}}},
		"phone_numbers": []any{
			map[string]any{"id": "n1", "phone_number": "+15125550101", "connection_id": "100"}, map[string]any{"id": "n2", "phone_number": "+15125550102", "connection_id": "100"},
		},
		"_upload_failures": []any{map[string]any{"telephone_number": "+15125550102", "error_code": "unknown_country_code"}},
	})
	defer r.close()
	group := func(root, name string, from, to resource.Number) resource.Config {
		return config(root, nil, entry("phone_numbers", name, resource.Object{
			"connection": resource.Ref{ID: "100"}, "location_id": "L", "numbers": resource.Numbers{{From: from, To: to}},
		}))
	}
	o := apply.Options{Writing: true}
	r.apply(group(other, "b", 15125550102, 15125550102), o)
	for range 2 { // it finds that the upload has failed, and does not mind
		made, result := r.apply(group(one, "a", 15125550101, 15125550101), o)
		if len(made.Problems) > 0 || !result.OK() {
			t.Errorf("%+v %+v", made.Problems, result)
		}
	}
	if snap := r.snapshot(); len(snap.Orders) > 0 || len(snap.Troubles) != 1 || !snap.Troubles[0].Parked() {
		t.Fatalf("%+v %+v", snap.Orders, snap.Troubles)
	}
	r.sim.ClearJournal()
	for what, c := range map[string]struct {
		config resource.Config
		want   string
	}{
		"its own":    {group(other, "b", 15125550102, 15125550102), "parked: unknown_country_code"},
		"the others": {group(one, "a", 15125550101, 15125550102), "they belong to phone_numbers/b of the configuration " + other},
	} {
		made, _ := r.apply(c.config, o)
		if len(made.Problems) != 1 || !strings.Contains(words.Problem(&made.Problems[0]), c.want) {
			t.Errorf("%s: %+v, want %s", what, made.Problems, c.want)
		}
	}
	if w := writes(r.sim); len(w) > 0 {
		t.Errorf("%q was written", w)
	}
	// What nobody writes any more is forgotten.
	r.apply(config(other, []string{"phone_numbers"}), o)
	if snap := r.snapshot(); len(snap.Troubles) > 0 {
		t.Errorf("%+v", snap.Troubles)
	}
}
