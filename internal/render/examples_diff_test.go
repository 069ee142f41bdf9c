package render

import "telnyxsync/internal/resource"

// What several examples share.
const (
	began     = "2026-01-02T03:04:05Z"
	aRoot     = "/etc/telnyxsync/other"
	anError   = "GET /media/hold-music: 500 Internal Server Error"
	aSecret   = "{env: STORAGE_KEY}"
	ourMedium = "media/hold-music"
	aTrunk    = "external_connections/zoom"
)

// anotherMedium is one that came to be under the name of ours.
var anotherMedium = resource.Args{"id": "hold-music", "address": ourMedium, "was": began, "is": "2026-01-20T03:04:05Z"}

// diffExamples are those of diffWords.
var diffExamples = map[resource.Code]resource.Args{
	"kind_unread":               {"error": anError},
	"entry_unread":              {"error": anError},
	"content_unread":            {"error": anError},
	"orphan_unread":             {"error": anError},
	"group_unread":              {"error": anError},
	"group_connection_unread":   {"error": anError},
	"location_addresses_unread": {"error": anError},
	"secret_unread":             {"error": "the secret " + aSecret + ": there is no such environment variable here"},
	"secret_not_read":           {"secret": aSecret},
	"secret_not_object":         {"secret": aSecret},
	"secret_not_compared":       {"why": resource.Reason{Code: "secret_not_read", Args: resource.Args{"secret": aSecret}}},
	"secrets_missing": {"why": []resource.Reason{
		{Code: "secret_not_read", Args: resource.Args{"secret": aSecret}}, resource.Said("the secret {file: /a}: there is no such file here"),
	}},

	"other_configuration":          {"root": aRoot, "address": ourMedium},
	"group_of_other_configuration": {"root": aRoot, "address": "phone_numbers/hq"},
	"numbers_of_other":             {"root": aRoot, "address": "phone_numbers/hq"},
	"state_knows_another":          {"id": "11", "key": "id=12", "address": aTrunk},
	"name_taken":                   {"key": "hold-music"},
	"two_owner_tags":               {"id": "11", "name": "zoom"},
	"many_tagged":                  {"ids": []string{"11", "12"}, "address": aTrunk},
	"object_taken":                 {"id": "11", "address": aTrunk},
	"many_candidates":              {"ids": []string{"11", "12"}},
	"other_instance":               {"id": "11", "tag": "telnyxsync:staging:zoom"},
	"same_object":                  {"key": "11", "address": aTrunk},
	"key_not_known":                {"address": aTrunk},
	"another_object":               anotherMedium,
	"duplicate":                    {"ids": []string{"12"}, "id": "11", "address": aTrunk},
	"tagged_elsewhere":             {"count": 5, "kind": "external_connections", "ids": []string{"11", "12", "13"}},

	"replace_taken_back": {"id": "hold-music", "made": "new-music", "address": ourMedium},
	"replace_differs":    {"made": "new-music"},
	"create_of_another":  {"key": "hold-music", "at": began, "made": "hold-music", "address": ourMedium},
	"create_in_doubt":    {"at": began},
	"create_suspects":    {"at": began, "ids": []string{"11", "12"}, "address": aTrunk},
	"create_abandoned":   {"at": began, "ids": []string{"11"}, "address": aTrunk},
	"came_to_nothing":    {"at": began},
	"create_meant":       {"at": began, "id": "11", "address": aTrunk},

	"cannot_change":  {"path": "/external_sip_connection", "old": nil, "new": "zoom"},
	"cannot_become":  {"id": "hold-music", "key": "new-music", "why": resource.Reason{Code: "media.made_of_nothing"}},
	"does_not_stick": {"path": "/tags", "value": []any{"a", "b"}, "count": 3, "live": []any{}, "ignore": "/tags"},
	"renewal_undone": {"count": 3, "end": began, "address": ourMedium},
	"left_unwritten": {"path": "/static_emergency_address_id", "why": resource.Said("it may or may not be in place")},
	"short_life":     {"granted": "2d", "asked": "20d"},
	"end_not_shown":  {"written": began, "due": "2026-01-20T03:04:05Z"},
	"needs_missing":  {"address": aTrunk},
	"numbers_wait":   {"address": aTrunk},
	"numbers_wrong":  {"how": "not_owned", "why": []resource.Reason{resource.Said("the account does not own it.")}},
	"numbers_parked": {"how": "parked", "why": []resource.Reason{resource.Said("the number is ported out")}, "first": "+15125550100"},

	"new_or_renamed":   {"address": aTrunk, "id": "11"},
	"deleted_there":    {"id": "11"},
	"ended_or_deleted": {"id": "hold-music"},
	"key_changes":      {"field": "media_name", "id": "hold-music", "key": "new-music"},
	"was_named":        {"address": ourMedium},
	"has_ended":        {"at": began},
	"will_end":         {"at": began},

	"section_not_written": {"section": "media"},
	"orphan_claimed":      {"address": aTrunk},
	"orphan_protected":    {"address": aTrunk},
	"orphan_made":         {"at": began},
	"orphan_behind":       {"at": began, "id": "hold-music"},
	"orphan_another":      anotherMedium,
	"delete_doubtful":     {"id": "11", "address": "custom_storage_credentials/eu", "paths": []string{"/configuration/bucket"}},
	"delete_waits":        {"address": aTrunk},
	"owned_elsewhere":     {"count": 2, "root": aRoot},
	"owned_nowhere":       {"count": 1},
}
