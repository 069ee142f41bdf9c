package render

import "telnyxsync/internal/resource"

// applyWords are what happened while plans were made and carried out.
var applyWords = map[resource.Code]string{
	"no_state_yet": "there is no state yet: what exists already and belongs to an entry is adopted",

	"state_of_other_url": "the state belongs to {{.state}}, not to {{.url}}: choose another directory with --state, or move it over with --accept-account",
	"key_unread":         "the API key is not the one that the state was made with, and whether it is of the same account could not be read: {{.error}}",
	"key_unproven": "the API key is not the one that the state was made with, and nothing that the state knows can prove that it is of the same account: " +
		"if it is, run `telnyxsync apply --accept-account` once; if not, use the right key or another directory with --state",
	"key_of_other_account": "the API key seems to be of another account: nothing that the state knows can be read with it. " +
		"Use the right key, another directory with --state, or --accept-account if all of it was really deleted",

	// What helps against errors of the state.
	"state_unwritable":       "choose another directory with --state, or let the user that runs telnyxsync write there",
	"state_no_plain_file":    "move it away, or choose another directory with --state",
	"state_of_other_user":    "run telnyxsync as that user, or choose another directory with --state",
	"state_of_other_program": "choose another directory with --state",
	"state_newer":            "upgrade telnyxsync",
	"state_damaged":          "restore state.db from a backup; or move it away and run `telnyxsync apply`: what carries an owner tag or a known name is then adopted again",

	"several": `{{join "; " .reasons}}`,

	"unverifiable":      "{{.text}}",
	"holds_numbers_now": `it holds {{count .count "number"}} since a moment ago, and would disconnect them: move them to another connection first`,

	"numbers_sent":      `{{count .count "number"}}`,
	"numbers_adopted":   `{{count .count "number"}}: they are in place already, and state does not know them`,
	"adopted_by_hand":   "by `telnyxsync state adopt`",
	"forgotten_by_hand": "by `telnyxsync state forget`",
	"numbers_asked":     "{{count .count \"number\"}}: by `telnyxsync uploads retry`",

	"not_failed":          "it has not failed, it is to be sent ({{.op}}) by `telnyxsync apply`",
	"only_observed":       "{{.address}} is only observed (observe: true)",
	"in_no_group":         "in no group of phone_numbers that was loaded: write it into one, or give the right --configs",
	"in_place":            "it is in place already, in {{.address}}",
	"no_failure":          "nothing is known to have failed: `telnyxsync diff` tells what is to be done",
	"not_retried_observe": "not retried: mode is observe",
	"nothing_to_retry":    "nothing is due to be tried again",

	"nothing_due":       "nothing is due to be deleted",
	"archived":          "archived: {{count .count .unit}}",
	"not_archived":      "not archived, and so not deleted: {{count .count .unit}}",
	"still_there":       "{{count .count .unit}} still there, of which {{.called}} Telnyx called deleted: the next run tries again",
	"stopped_lost":      "stopped: of {{.batches}} batches in a row nobody knows what became of them; {{count .count .unit}} not tried",
	"stopped_forbidden": "stopped: {{.batches}} batches in a row were forbidden; {{count .count .unit}} not tried",

	"clocks_apart":   "this machine's clock is {{if .ahead}}ahead{{else}}behind{{end}}: the clocks of Telnyx and of this machine are {{.skew}} apart: set that of this machine",
	"clock_unknown":  "what time it is for Telnyx is not known: its answer has no Date",
	"clock_set_back": "this machine's clock was set back by {{.by}} while this ran",

	"no_policy":            "no policy says that any {{.unit}} is to be deleted",
	"hold_keeps":           "keeps {{if .more}}at least {{end}}{{count .count .unit}}, of which {{.due}} would be due without it",
	"hold_matches_nothing": "matches {{count .count .unit}}, and keeps none: look whether its filters say what Telnyx has",
	"cut_off":              "an earlier run was cut off while it deleted {{count .count .unit}}: {{.gone}} of them are gone{{if .recorded}}, and in the history now{{end}}",
	"only_reports":         "{{count .count .unit}} would be deleted; nothing is, as this only reports: the daemon's `retention: enforce`, or `telnyxsync jobs run {{.kind}} --enforce`, deletes",

	"message_dismissed":     "dismissed by {{.rule}}: " + messageText,
	"message_not_dismissed": "not dismissed: " + messageText + ": {{.error}}",
	"messages_read":         "{{.count}} log messages, {{.new}} of them new",

	"not_refreshed":       "{{if .connection}}connection {{.connection}}: {{end}}not refreshed{{if .connection}}, as{{else}}:{{end}} mode is observe",
	"refresh_started":     "{{if .connection}}connection {{.connection}}: {{end}}a refresh was started (request {{.request}}){{if not .connection}}; what it finds appears as new connections{{end}}",
	"refresh_running":     "{{if .connection}}connection {{.connection}}: {{end}}a refresh is in progress already{{if not .connection}} (request {{.request}}); what it finds appears as new connections{{end}}",
	"uploads_pending":     `connection {{.connection}}: {{count .count "number"}} in {{.uploads}} uploads pending`,
	"pending_unread":      "connection {{.connection}}: what is pending could not be read: {{.error}}",
	"no_teams_connection": "no connection of ours has numbers on Microsoft Teams",
	"foreign_operator":    "foreign: the Operator Connect connection {{.id}} ({{.label}}) is not managed; to adopt it, write\n  external_connections:\n    NAME: {external_sip_connection: operator_connect, id: \"{{.id}}\"}",
}
