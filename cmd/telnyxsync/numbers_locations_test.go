package main

import (
	"strings"
	"testing"

	"telnyxsync/internal/telnyxsim"
)

const (
	patchFloor14 = "PATCH /external_connections/100/locations/floor-14"
	patchFloor15 = "PATCH /external_connections/100/locations/floor-15"
	patchLobby   = "PATCH /external_connections/100/locations/lobby"
)

// places writes a file of locations, each "NAME: LOCATION ADDRESS MORE", beside their connection.
func (r *teams) places(lines ...string) {
	r.t.Helper()
	text := theOffice + "locations:\n"
	if len(lines) == 0 {
		text = theOffice + "locations: {}\n"
	}
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, ": ")
		location, rest, _ := strings.Cut(rest, " ")
		address, more, _ := strings.Cut(rest, " ")
		text += "  " + name + ": {connection: hq, location_id: " + location
		if address != "" {
			text += ", static_emergency_address_id: " + address
		}
		if more != "" {
			text += ", " + more
		}
		text += "}\n"
	}
	r.write("a.yaml", text)
}

// says runs a command in this process that ends with a code, writes these calls, and says all of the texts.
func (r *teams) says(want int, args, writes []string, texts ...string) string {
	r.t.Helper()
	r.clear()
	out := r.ends(want, args...)
	for _, text := range texts {
		if !strings.Contains(out, text) {
			r.t.Errorf("telnyxsync %q: %q is missing in\n%s", args, text, out)
		}
	}
	r.wrote(writes...)
	return out
}

var (
	aDiff   = []string{"diff"}
	anApply = []string{"apply", "--yes"}
)

const notWhich = "Telnyx says that the location has an accepted emergency address already, and not which: look it up in the portal; " +
	"if it is this one, write ignore: [/static_emergency_address_id], if not, have it changed by Telnyx support"

func TestAnEmergencyAddressIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, orders := range []string{"none", "pending"} { // 200, 202
		for _, repatch := range []string{"refuse", "accept"} {
			t.Run(orders+" "+repatch, func(t *testing.T) {
				r := newTeams(t, telnyxsim.Config{})
				r.edit("_location_orders", orders)
				r.edit("_location_repatch", repatch)
				r.places("office: floor-14 e1")
				r.says(2, aDiff, nil, "= adopt locations/office [100/floor-14]", `~ /static_emergency_address_id: (cannot be read) → "e1" (unknown)`)
				r.says(0, anApply, []string{patchFloor14}, "done: adopt locations/office [100/floor-14] request ")
				r.says(0, aDiff, nil, "Plan: nothing to do; 2 unchanged.")
				if all, _ := r.calls(); len(all) != 0 {
					t.Fatal("the journal was not cleared")
				}
				r.ends(0, "diff")
				if all, _ := r.calls(); len(all) != 1 || all[0] != "GET /external_connections" {
					t.Errorf("a diff of locations that are as they shall be reads %q", all)
				}
				if got := r.emergency("100"); got != "floor-14: e1" {
					t.Errorf("emergency addresses: %s", got)
				}
			})
		}
	}
}

func TestAnEmergencyAddressIsChanged(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.edit("_location_repatch", "accept")
	r.places("office: floor-14 e1")
	r.says(0, anApply, []string{patchFloor14})
	r.places("office: floor-14 e2")
	r.says(2, aDiff, nil, `~ /static_emergency_address_id: "e1" → "e2" (config)`)
	r.says(0, anApply, []string{patchFloor14})
	r.says(0, aDiff, nil)
	// What others do there shows to nobody: it is no drift.
	r.accepted("floor-14", "of-somebody-else")
	r.says(0, []string{"diff", "--drift-only"}, nil)
	r.says(0, anApply, nil)
}

// Telnyx keeps the address that was accepted first, and never says which it is.
func TestAnotherEmergencyAddressWasAccepted(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.own("+15125550100@100")
	r.accepted("floor-14", "of-somebody-else")
	r.places("office: floor-14 e1")
	r.write("b.yaml", `phone_numbers: {users: {connection: hq, location: office, numbers: ["+15125550100"]}}`)
	r.says(1, anApply, []string{patchFloor14, "POST /external_connections/100/uploads"},
		"unverified: adopt locations/office [100/floor-14] request ", notWhich,
		"submitted: upload 1 number of phone_numbers/users", // the location has an address: nothing speaks against it
		"Applied: 1 done, 1 submitted, 1 unverified.")
	for range 2 {
		r.says(1, aDiff, nil, "! locations/office", notWhich, "; 1 problem.")
		r.says(1, anApply, nil, notWhich)
		r.says(1, []string{"diff", "--output", "json"}, nil, `"address": "locations/office"`, notWhich)
	}
	r.says(1, []string{"apply", "--yes", "--wait=5s"}, nil, notWhich)
	r.says(0, []string{"diff", "--only", "phone_numbers/users"}, nil)
	// Another address is tried once more.
	r.places("office: floor-14 e2")
	r.says(2, aDiff, nil, "update locations/office")
	r.says(1, anApply, []string{patchFloor14}, "unverified: ")
	r.says(1, aDiff, nil, notWhich)
	// A person has looked it up.
	r.places("office: floor-14 e2 ignore: [/static_emergency_address_id]")
	r.says(0, aDiff, nil)
	r.says(0, anApply, nil)
	if got := r.emergency("100"); got != "floor-14: of-somebody-else" {
		t.Errorf("emergency addresses: %s", got)
	}
}

// accepted gives a location an address behind everybody's back.
func (r *teams) accepted(location, address string) {
	r.t.Helper()
	all := r.owned("civic_addresses")
	for _, a := range all["100"] {
		for _, l := range a["locations"].([]any) {
			if l := l.(map[string]any); l["id"] == location {
				l["_static_emergency_address_id"] = address
			}
		}
	}
	r.edit("civic_addresses", all)
}

// Which address was accepted is known where it was sent from here: putting that back ends the matter.
func TestAnEmergencyAddressThatIsTakenBack(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.places("office: floor-14 e1")
	r.says(0, anApply, []string{patchFloor14})
	r.places("office: floor-14 e2")
	r.says(1, anApply, []string{patchFloor14}, notWhich)
	r.places("office: floor-14 e3")
	r.says(2, aDiff, nil, `"e1" → "e3"`)
	r.says(1, anApply, []string{patchFloor14}, notWhich)
	r.places("office: floor-14 e1")
	r.says(0, aDiff, nil, "nothing to do; 2 unchanged.")
	r.says(0, anApply, nil)
	r.places("office: floor-14 e2")
	r.says(2, aDiff, nil, `"e1" → "e2"`)
}

func TestALostAnswerOfAnEmergencyAddress(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"drop-after-commit", "html"} {
		t.Run(do, func(t *testing.T) {
			t.Parallel()
			// The client asks again by itself: the refusal is of its own making.
			r := newTeams(t, telnyxsim.Config{})
			r.places("office: floor-14 e1")
			r.fault("PATCH /external_connections/*/locations/*", "drop-after-commit")
			r.says(0, anApply, []string{patchFloor14, patchFloor14}, "done: adopt locations/office")
			r.says(0, aDiff, nil)

			// It gives up, and the next run asks.
			r.places("office: floor-14 e1", "upstairs: floor-15 e2")
			r.fault("PATCH /external_connections/*/locations/*", do, "times", "-1")
			r.ends(1, anApply...)
			r.sim.ClearFaults()
			r.says(2, aDiff, nil)
			r.says(0, anApply, []string{patchFloor15}, "done: adopt locations/upstairs")
			r.says(0, aDiff, nil)

			// What was sent was another address: nobody knows which was accepted.
			r.places("office: floor-14 e1", "upstairs: floor-15 e2", "lobby: lobby e3")
			r.fault("PATCH /external_connections/*/locations/*", do, "times", "-1")
			r.ends(1, anApply...)
			r.sim.ClearFaults()
			r.places("office: floor-14 e1", "upstairs: floor-15 e2", "lobby: lobby e4")
			r.says(1, anApply, []string{patchLobby}, notWhich)
			if got := r.emergency("100"); got != "floor-14: e1, floor-15: e2, lobby: e3" {
				t.Errorf("emergency addresses: %s", got)
			}
		})
	}
}

// What was begun for an entry is over with the entry.
func TestALostAnswerOfALocationThatIsRemoved(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.places("office: floor-14 e1")
	r.fault("PATCH /external_connections/*/locations/*", "html", "times", "-1")
	r.ends(1, anApply...)
	r.sim.ClearFaults()
	r.says(0, []string{"state", "list"}, nil, "in doubt: locations/office")
	r.places()
	r.says(0, aDiff, nil)
	r.says(0, anApply, nil)
	if out := r.ends(0, "state", "list"); strings.Contains(out, "in doubt") {
		t.Errorf("state: %s", out)
	}
}

func TestALocationThatDoesNotExist(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.places("office: floor-41 e1")
	why := "the connection has no location floor-41; it has floor-14 (Floor 14, Contoso, 311 Congress Avenue, Austin, TX 78701, US); " +
		"floor-15 (Floor 15, Contoso, 311 Congress Avenue, Austin, TX 78701, US); lobby (Lobby, Contoso, 9 Lamar Street, Houston, TX 77002, US)"
	r.says(1, aDiff, nil, "! locations/office", why)
	r.says(1, anApply, nil, why)
	r.says(1, []string{"diff", "--output", "markdown"}, nil, why)
	r.edit("civic_addresses", map[string]any{})
	r.says(1, aDiff, nil, "the connection has no location floor-41, and none at all: let the Teams admin make its emergency addresses")
	r.fault("GET /external_connections/*/civic_addresses", "status", "times", "-1", "status", "404")
	r.says(1, aDiff, nil, "the civic addresses of its connection could not be read, so nothing is sent there: ")
}

func TestALocationThatIsObserved(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.places("lobby: lobby")
	r.ends(0, anApply...)
	r.places("office: floor-14 e1 observe: true")
	r.says(3, aDiff, nil, "Observed only (observe: true), nothing is changed:")
	r.says(0, anApply, nil)
	r.places("office: floor-14 e1 protect: true")
	r.says(0, anApply, []string{patchFloor14})
	// From now on it is known what is there.
	r.places("office: floor-14 e1 observe: true")
	r.says(0, aDiff, nil)
	r.places("office: floor-14 e2 observe: true")
	r.says(3, aDiff, nil, `"e1" → "e2"`)
	r.says(0, anApply, nil)
	r.places("office: floor-14 e1")
	r.says(0, aDiff, nil)
	r.says(0, []string{"state", "list"}, nil, "100/floor-14  yes")
}

func TestALocationWhoseAddressIsIgnored(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.places("office: floor-14 e1 ignore: [/static_emergency_address_id]", "bare: floor-15")
	r.says(2, aDiff, nil, "Plan: 3 to adopt.")
	r.says(0, anApply, nil)
	r.says(0, aDiff, nil)
	r.places("office: floor-14 e1", "bare: floor-15 e2")
	r.says(2, aDiff, nil, "Plan: 2 to update; 1 unchanged.")
	r.ends(0, "apply", "--yes")
	r.wantPosts(map[string]int{patchFloor14: 1, patchFloor15: 1})
	r.places("office: floor-14", "bare: floor-15 e2")
	r.says(0, aDiff, nil, "No longer managed from the next apply on (not a change):\n  locations/office: /static_emergency_address_id")
}

// Telnyx deletes no locations: an entry that is removed is forgotten, protected or not, and nobody is asked.
func TestALocationThatIsRemoved(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.places("office: floor-14 e1", "upstairs: floor-15 e2 protect: true")
	r.ends(0, anApply...)
	r.places("office: floor-14 e1")
	r.says(0, aDiff, nil, "No longer managed from the next apply on (not a change):\n  locations/upstairs: ")
	r.says(0, []string{"diff", "--prune"}, nil)
	r.says(0, []string{"apply", "--prune"}, nil) // there is nothing to ask
	if out := r.ends(0, "state", "list"); strings.Contains(out, "upstairs") {
		t.Errorf("state: %s", out)
	}
	r.says(0, []string{"history", "locations/upstairs"}, nil, "forget")
	r.says(0, aDiff, nil, "Plan: nothing to do; 2 unchanged.")
	// A section that is gone altogether is another matter.
	r.write("a.yaml", theOffice)
	r.says(0, aDiff, nil, "write `locations: {}` to say that there are none", "1 orphan")
	r.says(0, []string{"apply", "--yes", "--prune"}, nil)
	r.says(0, []string{"state", "list"}, nil, "locations/office")
	if got := r.emergency("100"); got != "floor-14: e1, floor-15: e2" {
		t.Errorf("emergency addresses: %s", got)
	}
}

func TestALocationThatIsRenamed(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.places("office: floor-14 e1")
	r.ends(0, anApply...)
	r.places("headquarters: floor-14 e1")
	r.says(2, aDiff, nil, "→ rename locations/headquarters [100/floor-14]", "it was locations/office", "Plan: 1 to rename; 1 unchanged.")
	r.says(0, anApply, nil, "done: rename locations/headquarters")
	r.says(0, aDiff, nil)
	if out := r.ends(0, "history", "locations/office"); strings.Contains(out, "forget") {
		t.Errorf("it was not forgotten: %s", out)
	}
	// By an entry that only observes it the object keeps its owner.
	r.places("hall: floor-14 e1 observe: true")
	r.says(0, anApply, nil)
	r.places("hall: floor-14 e1")
	r.says(2, aDiff, nil, "it was locations/headquarters")
	r.says(0, anApply, nil)
	r.says(0, aDiff, nil)
}

// Two entries swap their names, or their locations: it is the locations whose addresses are known.
func TestLocationsThatAreSwapped(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	r.places("a: floor-14 e1", "b: floor-15 e2", "c: lobby e3")
	r.ends(0, anApply...)
	r.places("b: floor-14 e1", "a: floor-15 e2", "c: lobby e3")
	r.says(2, aDiff, nil, "it was locations/a", "it was locations/b", "Plan: 2 to rename; 2 unchanged.")
	r.says(0, anApply, nil)
	r.says(0, aDiff, nil, "Plan: nothing to do; 4 unchanged.")
	r.places("c: floor-14 e1", "b: floor-15 e2", "d: lobby e3")
	r.says(0, anApply, nil, "Plan: 3 to rename; 1 unchanged.")
	r.says(0, aDiff, nil, "Plan: nothing to do; 4 unchanged.")
	// One moves on to a place that was nobody's.
	r.edit("_location_repatch", "accept")
	r.places("c: floor-15 e2", "d: lobby e3")
	r.says(0, anApply, nil, "Plan: 1 to rename; 2 unchanged.")
	r.places("c: floor-14 e1", "d: lobby e3")
	r.says(0, anApply, []string{patchFloor14}) // what was known of that was forgotten meanwhile
	r.says(0, aDiff, nil)
}

func TestLocationsOfTwoConfigurations(t *testing.T) {
	t.Parallel()
	r := newTeams(t, telnyxsim.Config{})
	dir := r.dir
	r.write("one/a.yaml", theOffice+"locations: {office: {connection: hq, location_id: floor-14, static_emergency_address_id: e1}}\n")
	r.write("two/a.yaml", "locations: {upstairs: {connection: {id: \"100\"}, location_id: floor-15, static_emergency_address_id: e2}}\n")
	for _, root := range []string{"one", "two"} {
		r.dir = dir + "/" + root
		r.ends(0, anApply...)
	}
	for _, root := range []string{"one", "two"} {
		r.dir = dir + "/" + root
		r.says(0, []string{"diff", "--prune"}, nil)
		r.says(0, []string{"apply", "--yes", "--prune"}, nil)
	}
	r.says(0, []string{"state", "list"}, nil, "locations/office", "locations/upstairs")
	// What belongs to one is not taken by the other.
	r.write("two/a.yaml", "locations: {mine: {connection: {id: \"100\"}, location_id: floor-14, static_emergency_address_id: e9}}\n")
	r.says(1, anApply, nil, "! locations/mine", "its object belongs to the configuration "+dir+"/one")
	r.dir = dir
	r.says(1, aDiff, nil, "it means the same object (100/floor-14)")
}
