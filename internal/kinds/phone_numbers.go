package kinds

import (
	"cmp"
	"fmt"

	"telnyxsync/internal/resource"
)

// PhoneNumbers is an entry of phone_numbers: a group of numbers with one connection and, on Microsoft
// Teams, one place.
type PhoneNumbers struct {
	Connection       resource.RefTo[ExternalConnection] `yaml:"connection" rule:"required" doc:"The connection that the numbers are to be on."`
	Location         resource.RefTo[Location]           `yaml:"location" doc:"The entry of locations where they are on Teams."`
	LocationID       resource.ID                        `yaml:"location_id" doc:"Id of the location where they are on Teams, in the place of location."`
	CivicAddressID   resource.ID                        `yaml:"civic_address_id" doc:"Id of the civic address where they are on Teams, at whichever location; in the place of location."`
	Usage            string                             `yaml:"usage" rule:"enum=calling_user_assignment|first_party_app_assignment" doc:"What Teams uses them for. It applies at their upload and cannot be read back."`
	AdditionalUsages resource.Set[string]               `yaml:"additional_usages" rule:"enum=calling_user_assignment|first_party_app_assignment" doc:"What else they can be used for; where it is not written, all that they support."`
	Numbers          resource.NumberList                `yaml:"numbers" doc:"Numbers in E.164, +15125550100, and ranges of them, +15125550100-+15125550199."`
	NumbersFile      resource.NumbersFile               `yaml:"numbers_file" doc:"File of more of them, one a line, relative to the YAML file; what follows a # is a comment."`
	AllowMove        bool                               `yaml:"allow_move" doc:"Whether numbers may be taken from another connection, disconnecting users there; defaults to false."`
}

const phoneNumbersKind = "phone_numbers"

func phoneNumbers() Row {
	return Row{
		Kind: resource.Kind{
			Name:        phoneNumbersKind,
			Doc:         "Groups of phone numbers, with the connection and the place where they are to be.",
			Schema:      resource.SchemaOf[PhoneNumbers](),
			Key:         func(string, resource.Object) string { return "" },
			Check:       checkPhoneNumbers,
			CheckBeside: checkGroupBeside,
			Export:      resource.Export{Note: "What numbers are used for (usage, additional_usages) cannot be read back: it is written where state knows it."},
			Groups:      true,
		},
	}
}

// places are the fields that say where on Teams the numbers are; one of them at most.
var places = []string{"location", "location_id", "civic_address_id"}

func checkPhoneNumbers(_ string, o resource.Object) (bad []resource.Invalid) {
	first := ""
	for _, field := range places {
		if _, written := o[field]; !written {
			continue
		}
		if first != "" {
			bad = append(bad, resource.Invalid{Path: "/" + field, Text: "a number is in one place only: write this or " + first + ", not both"})
			continue
		}
		first = field
	}
	empty := true
	for _, field := range []string{"numbers", "numbers_file"} {
		if n, err := resource.ToNumbers(o[field]); err == nil && len(n) > 0 {
			empty = false
		}
	}
	if empty {
		bad = append(bad, resource.Invalid{Text: "there are no numbers in it: write numbers or numbers_file, or remove the entry"})
	}
	return bad
}

// checkGroupBeside: on Zoom there are neither places nor usages, on Teams there is a place, and it is
// one of the same connection.
func checkGroupBeside(o resource.Object, find func(resource.Addr) resource.Object) (bad []resource.Invalid) {
	connection, _ := o["connection"].(resource.Ref)
	teams, known := isTeams(connection, find)
	placed := false
	for _, field := range append([]string{"usage", "additional_usages"}, places...) {
		_, written := o[field]
		placed = placed || written && field != "usage" && field != "additional_usages"
		if known && !teams && written {
			bad = append(bad, resource.Invalid{
				Path: "/" + field,
				Text: fmt.Sprintf("%s is on Zoom, where numbers are assigned and that is all: remove this", connection.Addr),
			})
		}
	}
	if known && teams && !placed {
		bad = append(bad, resource.Invalid{Text: fmt.Sprintf("%s is on Microsoft Teams, where numbers have a place: write location, location_id or civic_address_id", connection.Addr)})
	}
	location, _ := o["location"].(resource.Ref)
	if place := find(location.Addr); place != nil && connection != (resource.Ref{}) {
		if other, ok := place["connection"].(resource.Ref); ok && apart(connection, other, find) {
			bad = append(bad, resource.Invalid{Path: "/location", Text: fmt.Sprintf("%s belongs to another connection: write one of its own", location.Addr)})
		}
	}
	return bad
}

// apart tells whether two references are known to lead to different connections: a name and an id may
// mean the same one, which Telnyx alone knows where the entry has no id.
func apart(a, b resource.Ref, find func(resource.Addr) resource.Object) bool {
	if a.ID == "" && b.ID == "" {
		return a != b
	}
	id := func(r resource.Ref) string { return cmp.Or(r.ID, resource.GetString(find(r.Addr), "/id")) }
	return id(a) != "" && id(b) != "" && id(a) != id(b)
}
