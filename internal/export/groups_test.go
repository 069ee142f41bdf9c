package export_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/export"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// office is two connections of Teams and one of Zoom, with the places and the numbers that they have.
func office() export.Source {
	congress := resource.CivicAddress{
		ID: "congress", Words: "Contoso, 311 Congress Avenue, Austin, TX 78701, US",
		Locations: []resource.Location{{ID: "f14", Words: "Floor 14"}, {ID: "f15", Words: "Floor 15, west"}, {ID: "lobby"}},
	}
	allee := resource.CivicAddress{ID: "allee", Words: "Contoso GmbH, 5 Allee, München, 80331, DE", Locations: []resource.Location{{ID: "etage", Words: "2. OG"}}}
	on := func(first, last resource.Number, location, civic string) (out []resource.LiveNumber) {
		for n := first; n <= last; n++ {
			out = append(out, resource.LiveNumber{Number: n, Location: location, CivicAddress: civic})
		}
		return out
	}
	connection := func(id, kind string, owners ...resource.Owner) resource.Live {
		return resource.Live{ID: id, Object: resource.Object{"external_sip_connection": kind}, Owners: owners}
	}
	return export.Source{
		Kinds: realKinds(), Instance: "default", Now: now,
		Live: map[string][]resource.Live{"external_connections": {
			connection("100", "operator_connect", resource.Owner{Instance: "default", Name: "hq"}), connection("200", "operator_connect"),
			connection("300", "zoom"), connection("400", "zoom", resource.Owner{Instance: "other", Name: "x"}),
		}},
		Connections: []export.Connection{
			{ID: "100", Teams: true, Civic: []resource.CivicAddress{congress, allee}, Numbers: slices.Concat(
				on(15125550100, 15125550149, "f14", "congress"), on(15125550150, 15125550150, "", ""), on(15125550151, 15125550160, "f14", "congress"),
				on(15125550161, 15125550163, "f15", "congress"), on(15125550170, 15125550170, "", "congress"), on(15125550180, 15125550181, "attic", "unheard-of"),
				on(15125550190, 15125550191, "f14", "congress"),
			)},
			{ID: "200", Teams: true, NoCivic: true, Numbers: slices.Concat(on(15125550190, 15125550190, "f14", "congress"), on(15125550200, 15125550200, "f14", "congress"))},
			{ID: "300", Numbers: on(15125550300, 15125550309, "", "")},
			{ID: "400", Numbers: on(15125550400, 15125550400, "", "")},
		},
	}
}

// only cuts what was written to the sections of phone numbers, and the comments of connections.
func only(t *testing.T, list []*export.Entry) string {
	t.Helper()
	var out []string
	section := ""
	for line := range strings.Lines(text(t, list)) {
		if line[0] != ' ' && line[0] != '#' {
			section = line
		}
		if section != "external_connections:\n" || strings.HasPrefix(line, "  # ") && !strings.HasPrefix(line, "  #  ") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

func TestNumbers(t *testing.T) {
	src := office()
	compare(t, only(t, export.Entries(src)), `# head
  # 1 number (+15125550150) is assigned to it without a place on Microsoft Teams, and in no group of phone_numbers.
  # 1 number (+15125550190) is listed twice, as while moving from one connection to another, and in no group of phone_numbers.
  # 1 number (+15125550190) is listed twice, as while moving from one connection to another, and in no group of phone_numbers.
  # Its civic addresses could not be read: of its locations, those are exported that hold numbers or that state knows.
  # not exported: it carries the owner tag of another telnyxsync (telnyxsync:other:x): take that tag off if it is no longer used
  # zoom-400:
locations:
  2-og-münchen:
    connection: hq
    location_id: etage # 2. OG, Contoso GmbH, 5 Allee, München, 80331, DE
  austin:
    connection: hq
    location_id: lobby # Contoso, 311 Congress Avenue, Austin, TX 78701, US
  floor-14-austin:
    connection: hq
    location_id: f14 # Floor 14, Contoso, 311 Congress Avenue, Austin, TX 78701, US
  floor-15-west-austin:
    connection: hq
    location_id: f15 # Floor 15, west, Contoso, 311 Congress Avenue, Austin, TX 78701, US
  location-attic:
    connection: hq
    location_id: attic # not among the civic addresses of its connection
  location-f14:
    connection: operator-connect-200
    location_id: f14
# What numbers are used for (usage, additional_usages) cannot be read back: it is written where state knows it.
phone_numbers:
  hq-address-austin:
    connection: hq
    civic_address_id: congress # Contoso, 311 Congress Avenue, Austin, TX 78701, US
    numbers: ["+15125550170"]
  hq-floor-14-austin:
    connection: hq
    location: floor-14-austin
    numbers: ["+15125550100-+15125550149", "+15125550151-+15125550160", "+15125550191"]
  hq-floor-15-west-austin:
    connection: hq
    location: floor-15-west-austin
    numbers: ["+15125550161-+15125550163"]
  hq-location-attic:
    connection: hq
    location: location-attic
    numbers: ["+15125550180-+15125550181"]
  operator-connect-200-location-f14:
    connection: operator-connect-200
    location: location-f14
    numbers: ["+15125550200"]
  zoom-300:
    connection: zoom-300
    numbers: ["+15125550300-+15125550309"]
  # not exported: its connection is not exported
  # zoom-400:
  #   connection: {id: "400"}
  #   numbers: ["+15125550400"]
`)
}

// TestNumbersOfState: what state knows of numbers and places is kept.
func TestNumbersOfState(t *testing.T) {
	src := office()
	set := func(texts ...string) resource.Numbers {
		var list []any
		for _, text := range texts {
			list = append(list, text)
		}
		s, err := resource.ToNumbers(list)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	location := func(name, id string, applied resource.Object) resource.Owned {
		return resource.Owned{Addr: resource.Addr{Kind: "locations", Name: name}, ID: id, Applied: applied, Protect: name == "reception"}
	}
	src.Owned = []resource.Owned{
		location("reception", "100/lobby", resource.Object{"static_emergency_address_id": "182bd5e5"}),
		location("closed", "100/closed", nil), location("unlisted", "200/unlisted", nil), location("elsewhere", "999/f14", nil), location("austin", "100/f14", nil),
	}
	src.Groups = []export.Group{
		{Name: "users", Target: resource.Target{Connection: "100", Location: "f14", Usage: "calling_user_assignment", Additional: "none"}, Numbers: set("+15125550100-+15125550109"), Protect: true},
		{
			Name: "apps", Target: resource.Target{Connection: "100", Location: "f14", Usage: "first_party_app_assignment", Additional: "calling_user_assignment,first_party_app_assignment"},
			Numbers: set("+15125550110", "+15125550150", "+15125550161"),
		}, // one without a place now, and one that was moved
		{Name: "anywhere", Target: resource.Target{Connection: "100", CivicAddress: "congress"}, Numbers: set("+15125550151-+15125550152", "+15125550162")},
		{Name: "hq-floor-15-west-austin", Target: resource.Target{Connection: "100", Location: "closed"}, Numbers: set("+15125550163")},
		{Name: "trunk", Target: resource.Target{Connection: "300"}, Numbers: set("+15125550300-+15125550301")},
	}
	compare(t, only(t, export.Entries(src)), `# head
  # 1 number (+15125550150) is assigned to it without a place on Microsoft Teams, and in no group of phone_numbers.
  # 1 number (+15125550190) is listed twice, as while moving from one connection to another, and in no group of phone_numbers.
  # 1 number (+15125550190) is listed twice, as while moving from one connection to another, and in no group of phone_numbers.
  # Its civic addresses could not be read: of its locations, those are exported that hold numbers or that state knows.
  # not exported: it carries the owner tag of another telnyxsync (telnyxsync:other:x): take that tag off if it is no longer used
  # zoom-400:
locations:
  2-og-münchen:
    connection: hq
    location_id: etage # 2. OG, Contoso GmbH, 5 Allee, München, 80331, DE
  austin:
    connection: hq
    location_id: f14 # Floor 14, Contoso, 311 Congress Avenue, Austin, TX 78701, US
  # not exported: its connection no longer has it
  # closed:
  #   connection: hq
  #   location_id: closed
  floor-15-west-austin:
    connection: hq
    location_id: f15 # Floor 15, west, Contoso, 311 Congress Avenue, Austin, TX 78701, US
  location-attic:
    connection: hq
    location_id: attic # not among the civic addresses of its connection
  location-f14:
    connection: operator-connect-200
    location_id: f14
  reception:
    connection: hq
    location_id: lobby # Contoso, 311 Congress Avenue, Austin, TX 78701, US
    static_emergency_address_id: 182bd5e5
    protect: true
  unlisted:
    connection: operator-connect-200
    location_id: unlisted
# What numbers are used for (usage, additional_usages) cannot be read back: it is written where state knows it.
phone_numbers:
  anywhere:
    connection: hq
    civic_address_id: congress # Contoso, 311 Congress Avenue, Austin, TX 78701, US
    numbers: ["+15125550151-+15125550152", "+15125550162", "+15125550170"]
  apps:
    connection: hq
    location: austin
    usage: first_party_app_assignment
    additional_usages: [calling_user_assignment, first_party_app_assignment]
    numbers: ["+15125550110"]
  hq-austin:
    connection: hq
    location: austin
    numbers: ["+15125550111-+15125550149", "+15125550153-+15125550160", "+15125550191"]
  hq-floor-15-west-austin-2:
    connection: hq
    location: floor-15-west-austin
    numbers: ["+15125550161", "+15125550163"]
  hq-location-attic:
    connection: hq
    location: location-attic
    numbers: ["+15125550180-+15125550181"]
  operator-connect-200-location-f14:
    connection: operator-connect-200
    location: location-f14
    numbers: ["+15125550200"]
  trunk:
    connection: zoom-300
    numbers: ["+15125550300-+15125550309"]
  users:
    connection: hq
    location: austin
    usage: calling_user_assignment
    additional_usages: []
    numbers: ["+15125550100-+15125550109"]
    protect: true
  # not exported: its connection is not exported
  # zoom-400:
  #   connection: {id: "400"}
  #   numbers: ["+15125550400"]
`)
}

// TestLongLists: many ranges are one a line, and lie in a file of their own if that is wanted.
func TestLongLists(t *testing.T) {
	src := office()
	c := &src.Connections[2]
	c.Numbers = nil
	for i := range 4 {
		c.Numbers = append(c.Numbers, resource.LiveNumber{Number: 15125550300 + resource.Number(2*i)})
	}
	for i := range 200_001 {
		c.Numbers = append(c.Numbers, resource.LiveNumber{Number: 491000000000 + resource.Number(i)})
	}
	src.Connections = src.Connections[2:3]
	list := export.Entries(src)
	inline := `  zoom-300:
    connection: zoom-300
    numbers:
      - "+15125550300"
      - "+15125550302"
      - "+15125550304"
      - "+15125550306"
      - "+491000000000-+491000099999"
      - "+491000100000-+491000199999"
      - "+491000200000"
`
	if got := text(t, list); !strings.Contains(got, inline) {
		t.Errorf("got\n%s", got)
	}
	export.Outsource(list, 5)
	if got := text(t, list); !strings.Contains(got, inline) {
		t.Errorf("of five ranges at most\n%s", got)
	}
	export.Outsource(list, 4)
	files := export.Render(list, true, "head\n")
	if n := len(files); n != 3 || files[2].Name != "numbers/zoom-300.txt" {
		t.Fatalf("%d files", n)
	}
	compare(t, string(files[2].Text), `# head·
# phone_numbers/zoom-300: 200005 numbers
+15125550300
+15125550302
+15125550304
+15125550306
+491000000000-+491000099999
+491000100000-+491000199999
+491000200000
`)
	if got := string(files[1].Text); !strings.HasSuffix(got, "  zoom-300:\n    connection: zoom-300\n    numbers_file: numbers/zoom-300.txt\n") {
		t.Errorf("got\n%s", got)
	}
	if e := files[2].At(5); e == nil || e.Name != "zoom-300" {
		t.Errorf("a line of the file is %v", e)
	}
}

// TestNumbersFollow: entries that name one which comes to be left out mean the same without it.
func TestNumbersFollow(t *testing.T) {
	list := export.Entries(office())
	find := func(kind, name string) *export.Entry {
		i := slices.IndexFunc(list, func(e *export.Entry) bool { return e.Kind == kind && e.Name == name })
		if i < 0 {
			t.Fatalf("no %s/%s", kind, name)
		}
		return list[i]
	}
	find("external_connections", "hq").Leave("", "x")
	find("locations", "floor-14-austin").Leave("/location_id", "x")
	group := find("phone_numbers", "hq-floor-14-austin")
	if got := fmt.Sprint(group.Object["connection"], group.Object["location"], group.Object["location_id"]); got != "{/ 100} <nil>f14" {
		t.Errorf("got %s", got)
	}
	if got := find("locations", "floor-15-west-austin").Object["connection"]; got != (resource.Ref{ID: "100"}) {
		t.Errorf("got %v", got)
	}
	group.Leave("/numbers", "wrong")
	if got := text(t, list); !strings.Contains(got, "  # not exported: wrong\n  # hq-floor-14-austin:\n  #   connection: {id: \"100\"}\n  #   location_id: f14\n  #   numbers:") {
		t.Errorf("got\n%s", got)
	}
}

// TestOrderOfNumbersMeansNothing: the same account gives the same bytes, however it was listed.
func TestOrderOfNumbersMeansNothing(t *testing.T) {
	src := office()
	want := string(export.Render(export.Entries(src), false, "head")[0].Text)
	rapid.Check(t, func(t *rapid.T) {
		other := src
		other.Kinds = rapid.Permutation(src.Kinds).Draw(t, "kinds")
		other.Connections = rapid.Permutation(src.Connections).Draw(t, "connections")
		if got := string(export.Render(export.Entries(other), false, "head")[0].Text); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}
