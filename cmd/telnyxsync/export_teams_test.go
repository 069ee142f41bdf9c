package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/kinds"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// adopted counts the groups that numbers are adopted for; nothing else may be done with any.
func (p *teamsPlan) adopted(t rapid.TB) int {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range p.PhoneNumbers.Changes {
		if seen[c.Address] = true; c.Op != "adopt" {
			t.Fatalf("%+v", c)
		}
	}
	if c := p.PhoneNumbers.Counts; c.Todo+c.Waiting+c.Parked+c.Wrong > 0 {
		t.Fatalf("%+v", p)
	}
	return len(seen)
}

// config is what was exported.
func (r *inside) config(t rapid.TB) resource.Config {
	t.Helper()
	if _, err := os.Stat(r.out()); err != nil {
		return resource.Config{} // nothing
	}
	config, err := spec.Load(kinds.Pure(kinds.Table()), r.out())
	if err != nil {
		t.Fatalf("%v\n%s", err, r.exported(t))
	}
	return config
}

// exportedGroups are those that were exported: by name, what each wants of its numbers.
func exportedGroups(t rapid.TB, config resource.Config) (targets map[string]resource.Target, sets map[string]resource.Numbers) {
	t.Helper()
	id := func(v any) string {
		ref := v.(resource.Ref)
		if ref.ID == "" {
			return resource.GetString(config.Find(ref.Addr).Object, "/id")
		}
		return ref.ID
	}
	targets, sets = map[string]resource.Target{}, map[string]resource.Numbers{}
	for i := range config.Entries {
		e := &config.Entries[i]
		if e.Kind != "phone_numbers" {
			continue
		}
		g := resource.Target{
			Connection: id(e.Object["connection"]), Location: resource.GetString(e.Object, "/location_id"),
			CivicAddress: resource.GetString(e.Object, "/civic_address_id"), Usage: resource.GetString(e.Object, "/usage"),
		}
		if more, written := e.Object["additional_usages"]; written {
			g.Additional = fmt.Sprint(more)
		}
		if at, ok := e.Object["location"].(resource.Ref); ok {
			l := config.Find(at.Addr)
			if g.Location = resource.GetString(l.Object, "/location_id"); id(l.Object["connection"]) != g.Connection {
				t.Fatalf("%s names the location of another connection", e.Addr)
			}
		}
		list, _ := e.Object["numbers"].(resource.Numbers)
		file, _ := e.Object["numbers_file"].(resource.Numbers)
		targets[e.Name], sets[e.Name] = g, list.Plus(file)
	}
	return targets, sets
}

// TestExportKeepsGroups: numbers that state has in groups stay in them, under their names and with what only
// state knows; and whatever becomes of them on Telnyx, an export wants nothing but what is there.
func TestExportKeepsGroups(t *testing.T) {
	t.Parallel()
	r := newInside(t)
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		d := &accountDrawer{T: t}
		list := []any{}
		for i, kind := range []string{"operator_connect", "operator_connect", "zoom"} {
			list = append(list, map[string]any{"id": fmt.Sprint(100 + i), "external_sip_connection": kind, "outbound": map[string]any{"outbound_voice_profile_id": "5"}})
		}
		account := map[string]any{"external_connections": list}
		d.numbers(account)
		r.begin(t, filepath.Join(dir, fmt.Sprint(n)), account)
		r.run(t, 0, 0, "export", "--out", r.out())
		d.regroup(r)
		r.run(t, 0, 0, "apply", "--yes", r.out())
		r.run(t, 0, 0, "diff", r.out())
		targets, sets := exportedGroups(t, r.config(t))
		before := r.exported(t)

		r.run(t, 0, 0, "export", "--out", r.out(), "--force")
		r.run(t, 0, 0, "diff", r.out())
		gotTargets, gotSets := exportedGroups(t, r.config(t))
		if !maps.Equal(gotTargets, targets) || !maps.EqualFunc(gotSets, sets, resource.Numbers.Equal) {
			t.Fatalf("written\n%s\nexported\n%s", before, r.exported(t))
		}

		account = map[string]any{}
		if err := json.Unmarshal(r.sim.Account(), &account); err != nil {
			t.Fatal(err)
		}
		d.ids = nil
		d.numbers(account)
		if err := os.RemoveAll(r.out()); err != nil { // where nothing is left of a kind its file would stay
			t.Fatal(err)
		}
		text, err := json.Marshal(account)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.sim.SetAccount(text); err != nil {
			t.Fatal(err)
		}
		r.run(t, 0, 0, "export", "--out", r.out(), "--force")
		p := r.plan(t, 2, 0, "diff", r.out())
		for _, c := range p.Changes {
			if c.Op != "adopt" {
				t.Fatalf("%+v\n%s", c, r.exported(t))
			}
		}
		p.adopted(t)
		if len(p.Problems) > 0 || d.placed(t, r.config(t)) != len(d.held) {
			t.Fatalf("%+v\nbefore\n%s\nexported\n%s\nof %v", p.Problems, before, r.exported(t), d.held)
		}
		r.run(t, 0, 0, "apply", "--yes", r.out())
		r.run(t, 0, 0, "diff", r.out())
	})
}

// regroup divides the groups that were exported as a person may, who also says what numbers are used for.
func (d *accountDrawer) regroup(r *inside) {
	config := r.config(d.T)
	targets, sets := exportedGroups(d.T, config)
	written := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		g := targets[name]
		var parts [3]resource.Numbers
		for n := range sets[name].All() {
			parts[rapid.IntRange(0, 2).Draw(d.T, "part")].Add(n)
		}
		for i, s := range parts {
			if len(s) == 0 {
				continue
			}
			o := map[string]any{"connection": map[string]any{"id": g.Connection}, "numbers": s}
			if g.Location != "" {
				o["location_id"] = g.Location
			}
			if g.CivicAddress != "" {
				o["civic_address_id"] = g.CivicAddress
			}
			all := d.held[s[0].From].CivicAddress
			same := true
			for n := range s.All() {
				same = same && d.held[n].CivicAddress == all
			}
			if same && all != "" && d.coin("by address") {
				delete(o, "location_id")
				o["civic_address_id"] = all
			}
			if g.Placed() && d.coin("with usage") {
				o["usage"] = d.one("usage", "calling_user_assignment", "first_party_app_assignment")
			}
			if g.Placed() && d.coin("with more") {
				o["additional_usages"] = rapid.SampledFrom([][]string{{}, {"first_party_app_assignment"}, {"calling_user_assignment", "first_party_app_assignment"}}).Draw(d.T, "more")
			}
			written[fmt.Sprintf("%c-%d %s", 'a'+rune(len(written)%26), i, strings.ToUpper(name))] = o
		}
	}
	text, err := json.Marshal(map[string]any{"phone_numbers": written})
	if err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.out(), "phone_numbers.yaml"), text, 0o600); err != nil {
		d.Fatal(err)
	}
}

// TestExportOfManyNumbers: five thousand numbers of one connection are a few lines where they are in a row,
// and a file of their own where they are not; and each list is read once.
func TestExportOfManyNumbers(t *testing.T) {
	t.Parallel()
	const count, first = 5_000, resource.Number(15125550000)
	for _, c := range []struct {
		name, kind string
		step       resource.Number
		files      []string
		lines      int
	}{
		{"in a row, on Teams", "operator_connect", 1, []string{"external_connections.yaml", "locations.yaml", "phone_numbers.yaml"}, 40},
		{"scattered, on Teams", "operator_connect", 2, []string{"external_connections.yaml", "locations.yaml", "numbers", "phone_numbers.yaml"}, 40},
		{"scattered, on Zoom", "zoom", 3, []string{"external_connections.yaml", "numbers", "phone_numbers.yaml"}, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all, listed []any
			for i := range count {
				n := first + resource.Number(i)*c.step
				all = append(all, map[string]any{"id": fmt.Sprint(n), "phone_number": n.String(), "connection_id": "100"})
				listed = append(listed, map[string]any{"number_id": fmt.Sprint(n), "telephone_number": n.String(), "location_id": "floor-14", "civic_address_id": "congress"})
			}
			account := map[string]any{
				"external_connections": []any{map[string]any{"id": "100", "external_sip_connection": c.kind, "outbound": map[string]any{"outbound_voice_profile_id": "5"}}},
				"phone_numbers":        all,
			}
			if c.kind == "operator_connect" {
				account["connection_phone_numbers"] = map[string]any{"100": listed}
				account["civic_addresses"] = map[string]any{"100": []any{map[string]any{
					"id": "congress", "city_or_town": "Austin", "locations": []any{map[string]any{"id": "floor-14", "description": "Floor 14"}},
				}}}
			}
			r := newInside(t)
			r.begin(t, t.TempDir(), account)
			r.run(t, 0, 0, "export", "--out", r.out())
			calls := map[string]int{}
			for _, q := range r.sim.Journal() {
				calls[q.Path]++
			}
			want := map[string]int{"/external_connections": 1, "/media": 1, "/external_connections/100/phone_numbers": count / 250, "/external_connections/100/civic_addresses": 1}
			if c.kind == "zoom" {
				want = map[string]int{"/external_connections": 1, "/media": 1, "/phone_numbers/slim": count / 250}
			}
			if !maps.Equal(calls, want) {
				t.Errorf("calls %v, want %v", calls, want)
			}
			if got := fileNames(t, r.out()); !slices.Equal(got, c.files) {
				t.Errorf("files %q, want %q", got, c.files)
			}
			if text := r.exported(t); strings.Count(text, "\n") > c.lines {
				t.Errorf("%d lines", strings.Count(text, "\n"))
			}
			r.adopts(t, false, "--force")
			if _, sets := exportedGroups(t, r.config(t)); len(sets) != 1 {
				t.Errorf("%d groups", len(sets))
			}
		})
	}
}

// TestExportWithoutCivicAddresses: those are Microsoft's; what is Telnyx's is exported all the same, and
// nothing else is left out for being unreadable.
func TestExportWithoutCivicAddresses(t *testing.T) {
	t.Parallel()
	account := map[string]any{
		"external_connections": []any{map[string]any{"id": "100", "external_sip_connection": "operator_connect", "outbound": map[string]any{"outbound_voice_profile_id": "5"}}},
		"phone_numbers":        []any{map[string]any{"id": "7", "phone_number": "+15125550100", "connection_id": "100"}},
		"connection_phone_numbers": map[string]any{"100": []any{
			map[string]any{"number_id": "7", "telephone_number": "+15125550100", "location_id": "floor-14", "civic_address_id": "congress"},
		}},
	}
	r := newInside(t)
	r.begin(t, t.TempDir(), account)
	fail := func(match string) {
		t.Helper()
		if err := r.sim.AddFaults(telnyxsim.Fault{Match: match, Do: "html", Times: -1}); err != nil {
			t.Fatal(err)
		}
	}
	fail("GET /external_connections/{id}/civic_addresses")
	_, stderr := r.run(t, 0, 0, "export", "--out", r.out())
	if !strings.Contains(stderr, "the civic addresses of the connection 100 could not be read, so of its locations those are exported that hold numbers or that state knows: ") {
		t.Errorf("stderr: %s", stderr)
	}
	if text := r.exported(t); !strings.Contains(text, "# Its civic addresses could not be read: ") || !strings.Contains(text, "location-floor-14:") {
		t.Errorf("exported: %s", text)
	}
	r.adopts(t, false, "--force")

	fail("GET /external_connections/{id}/phone_numbers")
	_, stderr = r.run(t, 1, 1, "export", "--out", r.out(), "--force")
	if !strings.Contains(stderr, "read the phone numbers of the connection 100: ") {
		t.Errorf("stderr: %s", stderr)
	}
}
