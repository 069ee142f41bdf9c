package apply_test

import (
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"
)

// What became of a call whose answer was lost is told only where it is known.
func TestOutcomesOfLostAnswers(t *testing.T) {
	const job, upload = "POST /phone_numbers/jobs/update_phone_numbers", "POST /external_connections/*/uploads"
	for name, c := range map[string]struct {
		connection string
		on         any // where it is
		fault      telnyxsim.Fault
		want       []string
		writes     int
	}{
		"assigned":                    {"200", nil, telnyxsim.Fault{Match: job, Do: "drop-after-commit"}, []string{"assign submitted"}, 1},
		"assigned, and then uploaded": {"100", nil, telnyxsim.Fault{Match: job, Do: "drop-after-commit"}, []string{"assign submitted", "upload submitted"}, 2},
		"uploaded":                    {"100", "100", telnyxsim.Fault{Match: upload, Do: "drop-after-commit"}, []string{"upload submitted"}, 1},
		"not uploaded":                {"100", "100", telnyxsim.Fault{Match: upload, Do: "drop-before-commit"}, []string{"upload submitted"}, 2},
		"never":                       {"100", "100", telnyxsim.Fault{Match: upload, Do: "drop-before-commit", Times: -1}, []string{"upload unknown"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, checked(t), map[string]any{
				"external_connections": []any{
					map[string]any{"id": "100", "external_sip_connection": "operator_connect"}, map[string]any{"id": "200", "external_sip_connection": "zoom"},
				},
				"civic_addresses": map[string]any{"100": []any{map[string]any{"id": "A", "locations": []any{map[string]any{"id": "L"}}}}},
				"phone_numbers":   []any{map[string]any{"id": "n1", "phone_number": "+15125550101", "connection_id": c.on}},
			})
			defer r.close()
			o := resource.Object{"connection": resource.Ref{ID: c.connection}, "numbers": resource.Numbers{{From: 15125550101, To: 15125550101}}}
			if c.connection == "100" {
				o["location_id"] = "L"
			}
			if err := r.sim.AddFaults(c.fault); err != nil {
				t.Fatal(err)
			}
			_, result := r.apply(config("/root", nil, entry("phone_numbers", "g", o)), apply.Options{Writing: true})
			var got []string
			for _, out := range result.Outcomes {
				got = append(got, string(out.Op)+" "+string(out.Status))
				if (out.Status == plan.InDoubt) != (out.Error != "") {
					t.Errorf("%+v", out)
				}
			}
			if strings.Join(got, ", ") != strings.Join(c.want, ", ") || result.OK() != !strings.Contains(c.want[0], "unknown") || len(writes(r.sim)) != c.writes {
				t.Errorf("got %q with %q, want %q with %d writes", got, writes(r.sim), c.want, c.writes)
			}
		})
	}
}
