package kinds_test

import (
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/resource"
)

// written is what is written of some connections and locations.
func written(a resource.Addr) resource.Object {
	return map[string]resource.Object{
		"external_connections/teams":       {"external_sip_connection": "operator_connect", "id": "1"},
		"external_connections/only":        {"external_sip_connection": "operator_connect"},
		"external_connections/zoom":        {"external_sip_connection": "zoom"},
		"external_connections/unclear":     {},
		"locations/of-teams":               {"connection": byName("teams"), "location_id": "l1"},
		"locations/of-teams-by-id":         {"connection": resource.Ref{ID: "1"}, "location_id": "l2"},
		"locations/of-only":                {"connection": byName("only"), "location_id": "l3"},
		"locations/of-another":             {"connection": resource.Ref{ID: "2"}, "location_id": "l4"},
		"locations/of-nothing":             {"location_id": "l5"},
		"locations/with-a-null-connection": {"connection": nil},
	}[a.String()]
}

func byName(name string) resource.Ref {
	return resource.Ref{Addr: resource.Addr{Kind: "external_connections", Name: name}}
}

func at(location string) resource.Ref {
	return resource.Ref{Addr: resource.Addr{Kind: "locations", Name: location}}
}

// found is what the checks of a kind find, each as PATH: the beginning of what is said.
func found(kind string, o resource.Object) (out []string) {
	r := row(kind)
	var bad []resource.Invalid
	if r.Check != nil {
		bad = r.Check("mine", o)
	}
	for _, b := range append(bad, r.CheckBeside(o, written)...) {
		out = append(out, b.Path+": "+b.Text)
	}
	return out
}

func wantFound(t *testing.T, name string, got []string, want ...string) {
	t.Helper()
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("%s: got\n  %s\nwant\n  %s", name, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestChecksOfPhoneNumbers(t *testing.T) {
	some := resource.Numbers{{From: 15125550100, To: 15125550199}}
	const (
		none    = ": there are no numbers in it: write numbers or numbers_file"
		nowhere = ": external_connections/teams is on Microsoft Teams, where numbers have a place: write location, location_id or civic_address_id"
		onZoom  = ": external_connections/zoom is on Zoom, where numbers are assigned and that is all: remove this"
	)
	for name, c := range map[string]struct {
		o    resource.Object
		want []string
	}{
		"zoom":                  {o: resource.Object{"connection": byName("zoom"), "numbers": some}},
		"an id":                 {o: resource.Object{"connection": resource.Ref{ID: "9"}, "numbers": some}},
		"an id, with a place":   {o: resource.Object{"connection": resource.Ref{ID: "9"}, "numbers": some, "location_id": "l", "usage": "calling_user_assignment"}},
		"teams":                 {o: resource.Object{"connection": byName("teams"), "numbers_file": some, "location": at("of-teams")}},
		"teams, by its id":      {o: resource.Object{"connection": resource.Ref{ID: "1"}, "numbers": some, "location": at("of-teams")}},
		"a location by its id":  {o: resource.Object{"connection": byName("teams"), "numbers": some, "location": at("of-teams-by-id")}},
		"both by their ids":     {o: resource.Object{"connection": resource.Ref{ID: "1"}, "numbers": some, "location": at("of-teams-by-id")}},
		"whose id is not known": {o: resource.Object{"connection": byName("only"), "numbers": some, "location": at("of-another")}},
		"a civic address":       {o: resource.Object{"connection": byName("teams"), "numbers": some, "civic_address_id": "c"}},
		"both lists":            {o: resource.Object{"connection": byName("zoom"), "numbers": resource.Numbers(nil), "numbers_file": some}},
		"as they are stored":    {o: resource.Object{"connection": byName("zoom"), "numbers": []any{"+15125550100"}}},
		"unclear":               {o: resource.Object{"connection": byName("unclear"), "numbers": some, "usage": "calling_user_assignment"}},
		"no such connection":    {o: resource.Object{"connection": byName("nowhere"), "numbers": some, "location": at("nowhere")}},
		"no connection":         {o: resource.Object{"numbers": some, "location": at("of-teams")}},
		"an unclear location":   {o: resource.Object{"connection": byName("teams"), "numbers": some, "location": at("of-nothing")}},
		"a null in a location":  {o: resource.Object{"connection": byName("teams"), "numbers": some, "location": at("with-a-null-connection")}},

		"no numbers":         {o: resource.Object{"connection": byName("zoom")}, want: []string{none}},
		"an empty list":      {o: resource.Object{"connection": byName("zoom"), "numbers": resource.Numbers(nil)}, want: []string{none}},
		"nothing":            {o: resource.Object{}, want: []string{none}},
		"no place":           {o: resource.Object{"connection": byName("teams"), "numbers": some}, want: []string{nowhere}},
		"no place, a usage":  {o: resource.Object{"connection": byName("teams"), "numbers": some, "usage": "x", "additional_usages": []any{}}, want: []string{nowhere}},
		"a place on zoom":    {o: resource.Object{"connection": byName("zoom"), "numbers": some, "civic_address_id": "c"}, want: []string{"/civic_address_id" + onZoom}},
		"usages on zoom":     {o: resource.Object{"connection": byName("zoom"), "numbers": some, "usage": "x", "additional_usages": []any{}}, want: []string{"/usage" + onZoom, "/additional_usages" + onZoom}},
		"two places":         {o: resource.Object{"connection": byName("teams"), "numbers": some, "location_id": "l", "civic_address_id": "c"}, want: []string{"/civic_address_id: a number is in one place only: write this or location_id, not both"}},
		"another's location": {o: resource.Object{"connection": byName("teams"), "numbers": some, "location": at("of-another")}, want: []string{"/location: locations/of-another belongs to another connection"}},
		"another's, by name": {o: resource.Object{"connection": byName("teams"), "numbers": some, "location": at("of-only")}, want: []string{"/location: locations/of-only belongs to another connection"}},
		"another's, by id":   {o: resource.Object{"connection": resource.Ref{ID: "3"}, "numbers": some, "location": at("of-teams")}, want: []string{"/location: locations/of-teams belongs to another connection"}},
		"three places": {
			o: resource.Object{"connection": resource.Ref{ID: "9"}, "numbers": some, "location": at("of-nothing"), "location_id": "l", "civic_address_id": "c"},
			want: []string{
				"/location_id: a number is in one place only: write this or location, not both",
				"/civic_address_id: a number is in one place only: write this or location, not both",
			},
		},
	} {
		wantFound(t, name, found("phone_numbers", c.o), c.want...)
	}
}

func TestChecksOfLocations(t *testing.T) {
	for name, want := range map[string][]string{
		"teams": nil, "only": nil, "unclear": nil, "nowhere": nil,
		"zoom": {"/connection: external_connections/zoom is no Operator Connect connection: only those have locations"},
	} {
		wantFound(t, name, found("locations", resource.Object{"connection": byName(name), "location_id": "l"}), want...)
	}
	wantFound(t, "an id", found("locations", resource.Object{"connection": resource.Ref{ID: "9"}, "location_id": "l"}))
	wantFound(t, "nothing", found("locations", resource.Object{}))

	key := row("locations").Key
	for want, o := range map[string]resource.Object{
		"9/l": {"connection": resource.Ref{ID: "9"}, "location_id": "l"},
		"":    {"connection": byName("teams"), "location_id": "l"}, // the id is filled in once it is known
	} {
		if got := key("mine", o); got != want {
			t.Errorf("the key of %v is %q", o, got)
		}
	}
	if got := key("mine", resource.Object{"location_id": "l"}) + key("mine", resource.Object{"connection": resource.Ref{ID: "9"}}); got != "" {
		t.Errorf("of an entry that is not whole: %q", got)
	}
}
