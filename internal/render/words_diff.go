package render

import (
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// diffWords are what the comparison of objects says.
var diffWords = map[resource.Code]string{
	plan.YAMLChanged:   "the YAML changed",
	plan.TelnyxChanged: "it was changed on Telnyx",
	plan.SecretChanged: "a secret changed",
	plan.Expires:       "it expires",
	plan.NeverApplied:  "it differs, and was never applied from here",

	// could not be read or compared
	"kind_unread":               "could not be read, so nothing of this kind is compared or changed: {{.error}}",
	"entry_unread":              "could not be read, so it is not compared or changed: {{.error}}",
	"content_unread":            "its content could not be read, so that is not compared: {{.error}}",
	"orphan_unread":             "no longer written, and could not be read: {{.error}}",
	"group_unread":              "the numbers of its connection could not be read, so they are left alone: {{.error}}",
	"group_connection_unread":   "its connection could not be read, so its numbers are left alone: {{.error}}",
	"location_addresses_unread": "the civic addresses of its connection could not be read, so nothing is sent there: {{.error}}",
	"not_returned":              "no GET returns it, and there is no state that remembers it",
	"secret_unread":             "{{.error}}",
	"secret_not_read":           "the secret {{.secret}} was not read",
	"secret_not_object":         "the secret {{.secret}}: it is not a JSON object: give the key file of the service account as it was downloaded",
	"secret_not_compared":       "{{.why}}; apply leaves the entry alone until it can be read",
	"secrets_missing":           `{{join "; " .why}}; nothing of this entry is changed until it can be read`,
	"no_state": "no state was read: what is owned, orphaned or renamed is not known, " +
		"nor whether a difference comes from the YAML or from Telnyx",

	// whose an object is
	"other_configuration":          "its object belongs to " + otherConfiguration,
	"group_of_other_configuration": "it belongs to " + otherConfiguration,
	"numbers_of_other": "they belong to {{.address}} of the configuration {{.root}}, which is not part of this run: " +
		"load both in one run, or take them out of one",
	"state_knows_another": "state knows it as {{.id}}, the YAML means {{.key}}: put the old one back, " +
		"or run `telnyxsync state forget {{.address}}` to let the YAML decide",
	"name_taken": "it would become {{q .key}}, but there is another object of that name which is not ours: " +
		"choose another name, or write an entry of its own for that object",
	"two_owner_tags": "the object {{.id}} carries its owner tag and that of {{.name}}: take one of the tags off",
	"many_tagged": `{{len .ids}} objects carry its owner tag ({{join ", " .ids}}): decide which one it is with ` +
		"`telnyxsync state adopt {{.address}} ID`, and delete the others or take the tag off them",
	"object_taken":    "the object {{.id}} belongs to {{.address}}: two entries cannot have one object",
	"many_candidates": `there are {{len .ids}} candidates ({{join ", " .ids}}): write the id of the one that is meant`,
	"other_instance":  "the object {{.id}} carries the owner tag of another telnyxsync ({{.tag}}): take that tag off if it is no longer used",
	"same_object":     "it means the same object ({{.key}}) as {{.address}}: keep one of them, or tell them apart",
	"another_object": anotherObject + ": it is left alone; run `telnyxsync state adopt {{.address}} {{.id}}` to take it over; " +
		"to let it go, give the entry another name or take it out, and run `telnyxsync state forget {{.address}}`",
	"duplicate": `{{join ", " .ids}} {{if one (len .ids)}}carries{{else}}carry{{end}} its owner tag too, and its own object is {{.id}}: ` +
		"run `telnyxsync state adopt {{.address}} ID` if another is the right one, and for each that is too many " +
		"`telnyxsync state adopt-duplicate ID`, with which --prune deletes it, or take the tag off it",
	"tagged_elsewhere": `{{count .count "object"}} of {{.kind}} {{if one .count}}is{{else}}are{{end}} tagged as ours ` +
		`({{join ", " .ids}}{{if ne (print .count) (print (len .ids))}}, …{{end}}); in another state, or lost`,
	"key_not_known": "it belongs to {{.address}}, whose object is not known yet: it is compared once that is there",

	// begun, with no known end
	"replace_taken_back": "it is {{q .id}} and was to be replaced by {{q .made}}, which was made, and that was taken back: " +
		"delete {{q .made}}, or write an entry for it; if it is somebody else's, put the name {{q .id}} back and " +
		"run `telnyxsync state forget {{.address}}`",
	"replace_differs": "it was to be replaced by {{q .made}}, which is there and is not what was sent: " +
		"if it is ours, delete it and run this again; if not, choose another name",
	"create_of_another": "a create of {{q .key}} was begun at {{.at}} and its answer lost; {{.made}} is there and may be it, " +
		"and the YAML means another: run `telnyxsync state adopt {{.address}} ID` if it is, " +
		"or `telnyxsync state forget {{.address}}` if it is not",
	"create_in_doubt": createBegun + "; it is looked for once more before another is sent",
	"create_suspects": createBegun + `; {{join ", " .ids}} appeared since and may be it: ` +
		"run `telnyxsync state adopt {{.address}} ID` if one of them is, or `telnyxsync state forget {{.address}}` if none is",
	"create_abandoned": createWithdrawn + `; {{join ", " .ids}} may be it: ` +
		"run `telnyxsync state adopt {{.address}} ID` if one of them is, for `apply --prune` to delete it, " +
		"or `telnyxsync state forget {{.address}}` if none is",
	"came_to_nothing": createWithdrawn + "; nothing came of it that is not known: apply forgets it",
	"create_meant":    createWithdrawn + "; {{.id}} is what it made, and {{.address}} means that",

	// cannot be made true
	"cannot_change": "{{.path}} cannot be changed from {{value .old}} to {{value .new}} once the object is there: " +
		"put the old value back, or write a new entry",
	"cannot_become": "it is {{q .id}}, and would become {{q .key}}: {{.why}}",
	"does_not_stick": "{{.path}} does not stick: {{value .value}} was written {{.count}} times, and Telnyx shows {{value .live}} again; " +
		"correct the value, or leave it out with ignore: [{{.ignore}}]",
	"renewal_undone": "it was renewed {{.count}} times, and Telnyx shows {{value .end}} as the end of its life again: " +
		"look at the clocks and at ttl, and run `telnyxsync state forget {{.address}}` to have it tried again",
	"left_unwritten": "{{.path}}: {{.why}}",
	"short_life": "Telnyx gave it {{.granted}} to live and not the ttl of {{.asked}}: it is renewed when half of that is over; " +
		"write a ttl that Telnyx grants",
	"end_not_shown":  "Telnyx does not say when it expires: it was last written at {{.written}}, and is renewed by our own clock at {{.due}}",
	"needs_missing":  "it needs {{.address}}, which is not there and will not be made by this plan",
	"numbers_wait":   "its numbers wait for {{.address}}, which is not done by this plan",
	"numbers_wrong":  numbersWrong,
	"numbers_parked": numbersWrong + "; mend what it says, then change the entry, or run `telnyxsync uploads retry {{.first}}`",

	// something to do
	"new":              "new",
	"new_or_renamed":   "new; if it is what {{.address}} was, write id: {{q .id}} beside it instead of having another made",
	"deleted_there":    "it was deleted on Telnyx ({{.id}})",
	"ended_or_deleted": "it expired, or was deleted on Telnyx ({{.id}})",
	"key_changes": "its {{.field}} changes from {{q .id}} to {{q .key}}, which Telnyx cannot do: " +
		"the new one is made, then the old one deleted",
	"was_named":        "it was {{.address}}",
	"unknown_to_state": "it exists already and state does not know it",
	"tagged_as_ours":   "it carries our owner tag and state does not know it",
	"end_not_known":    "when it expires is not known",
	"has_ended":        "it expired at {{.at}}",
	"will_end":         "it expires at {{.at}}",

	// no longer written
	"not_written":         notWritten,
	"dropped":             notWritten + ", and nothing of it is to be deleted",
	"section_not_written": "its section is not written: write `{{.section}}: {}` to say that there are none; another section must keep an entry then",
	"orphan_claimed":      notWritten + "; it may be what {{.address}} means, which has to be decided first",
	"orphan_kept":         notWritten + "; it is deleted only with --prune",
	"orphan_protected":    notWritten + "; " + protected,
	"orphan_made":         notWritten + "; it was made by a create of {{.at}} whose answer was lost: apply takes it for ours, and later ones delete it with --prune",
	"orphan_behind":       notWritten + "; it was made in the place of {{.id}} by a create of {{.at}} whose answer was lost: apply takes it for ours once {{.id}} is gone",
	"orphan_another":      notWritten + "; " + anotherObject + ": it is left alone; " + takeOrForget,
	"delete_doubtful":     `it is not as it was last applied ({{join ", " .paths}}), and may be another of its name: ` + takeOrForget,
	"delete_waits":        notWritten + "; it is not deleted before the change of {{.address}}, which refers to it",
	"owned_elsewhere":     ownedBelong + "the configuration {{.root}}, which is not part of this run" + leftAlone,
	"owned_nowhere":       ownedBelong + "no configuration yet (adopted by hand)" + leftAlone,
}

// What several sentences share.
const (
	otherConfiguration = "the configuration {{.root}}, which is not part of this run: load both in one run, " +
		"or run `telnyxsync state forget {{.address}}` if it has moved here"
	anotherObject   = "the object {{q .id}} came to be at {{.is}}, and ours at {{.was}}: ours was removed, and another was made under its name"
	takeOrForget    = "run `telnyxsync state adopt {{.address}} {{.id}}` to take it over, or `telnyxsync state forget {{.address}}` to let it go"
	createBegun     = "a create was begun at {{.at}} and its answer lost"
	createWithdrawn = createBegun + ", and the entry is no longer written"
	numbersWrong    = `{{spaced .how}}: {{unstopped (join "; " .why)}}`
	notWritten      = "no longer written"
	protected       = "it is protected: write `protect: false` at {{.address}} and apply that first"
	ownedBelong     = `{{count .count "owned object"}} {{if one .count}}belongs{{else}}belong{{end}} to `
	leftAlone       = ", and {{if one .count}}is{{else}}are{{end}} left alone"
)
