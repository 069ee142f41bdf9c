package render

import (
	"telnyxsync/internal/resource"
)

// numberWords are what becomes of phone numbers.
var numberWords = map[resource.Code]string{
	// why there is something to do
	"not_in_state":     `they are in place already, and state does not know them`,
	"on_no_connection": `it is on no connection`,
	"on_connection":    onConnection,
	"not_on_teams":     `it is not on Microsoft Teams`,
	"at_location":      `it is at the location {{or .location "(none)"}}`,
	"was_in_place":     `it was in place before`,
	"leaves_teams":     `this releases {{count .count "number"}} from Microsoft Teams on {{.connection}}, which disconnects the users there`,
	"retry_due":        `the upload failed: {{or .failure ""}}`,

	// why it has to wait
	"answer_lost": `{{if eq .op "assign"}}an assignment was sent and its answer lost: whether it is done shows` +
		`{{else}}an upload was sent and its answer lost{{end}}` + tooLong,
	"being_assigned":    `it is being assigned (job {{.job}})` + tooLong,
	"being_moved":       `it is being moved to another location` + tooLong,
	"being_uploaded":    `it is being uploaded (ticket {{.ticket}})` + tooLong,
	"uploaded_unlisted": `it was uploaded (ticket {{.ticket}}) and is not listed yet` + tooLong,
	"assigned_unlisted": `it is assigned, and not listed yet`,
	"upload_of_others":  `it is being uploaded (ticket {{.ticket}}), which was not begun here`,
	"batch_fills":       `it waits for numbers that are being assigned, to be uploaded with them`,
	"jobs_busy":         `it waits until one of the {{.most}} jobs ends that Telnyx takes at a time`,
	"retry_waits":       `the {{.op}} failed ({{or .failure ""}}) and is tried again at {{.at}}`,
	"retry_blocked":     `the upload failed, and what is being uploaded could not be read`,
	"failure_unread":    `the upload {{.ticket}} failed, and how could not be read: {{.error}}`,
	"failure_not_read":  `the upload {{.ticket}} failed, and how could not be read: it was not read yet`,
	"not_looked_up":     `it was not looked up yet`,
	"uploads_not_read":  `what is being uploaded was not read yet`,
	"places_not_read":   `the places were not read yet`,

	// why nothing can be done
	"not_in_account": `the account does not own it: order it, port it in, or take it out of the group`,
	"toll_free":      `it is toll-free, and those cannot be used for {{.usage}}`,
	"other_usage": `they were uploaded for {{.usage}}{{with .additional}} and {{join ", " .}}{{end}}` +
		`, and Telnyx cannot change that: put it back, or have them released and uploaded anew`,
	"move_not_allowed": onConnection + `: write allow_move: true to take it from there` +
		`{{if .leaves_teams}}, which releases it from Microsoft Teams and disconnects its user{{end}}`,
	"no_default_location": `the civic address {{.civic_address}} has no default location to move it to: write location_id`,
	"no_such_place": `the connection has no {{if .location}}location {{.location}}{{else}}civic address {{.civic_address}}{{end}}` +
		`{{if .candidates}}; it has ` +
		`{{range $i, $id := .candidates}}{{if $i}}; {{end}}{{$id}} ({{with index $.rooms $i}}{{.}}, {{end}}{{index $.addresses $i}}){{end}}` +
		`{{with .more}}; and {{.}} more{{end}}` +
		`{{else}}, and none at all: let the Teams admin make its emergency addresses{{end}}`,
	"impossible_event": `{{.event}} happened to what is {{.state}}, which cannot be, so it is left alone: ` +
		`please report this, with what Telnyx shows of it`,
	"account_unread":         `the account's numbers could not be read: {{.error}}`,
	"uploads_unread":         `what is being uploaded could not be read: {{.error}}`,
	"connection_unread":      onConnection + `, which could not be read, so whether that releases it from Microsoft Teams is not known: {{.error}}`,
	"civic_addresses_unread": `the civic addresses of the connection could not be read, so nothing is sent there: {{.error}}`,

	// why it failed, or ended otherwise
	"upload_entry_failed": codeAndMessage,
	"upload_failed":       codeAndMessage,
	"left_out_of_upload":  `the upload {{.ticket}} ended without it`,
	"upload_gone":         `Telnyx no longer knows the upload {{.ticket}}`,
	"taken_away":          `it was uploaded (ticket {{.ticket}}), and then taken from the connection`,
	"job_entry_failed":    `{{.message}}`,
	"job_without_effect":  `the job {{.job}} has ended, and the number is not on the connection`,
	"assignment_lost":     `nothing came of an assignment whose answer was lost`,
	"move_without_effect": `Telnyx took the move of {{.at}}, and it is still where it was`,
	"refused":             `{{.message}}`,
	"exhausted":           `{{clip 300 (printf "it failed %v times, the last time with: %v" .attempts (or .failure ""))}}`,
}

// What several sentences share.
const (
	onConnection   = `it is on the connection {{.connection}}{{with .label}} ({{.}}){{end}}`
	tooLong        = `{{with .since}} since {{.}}: ask Telnyx support{{end}}`
	codeAndMessage = `{{if and .code .message}}{{clip 300 (print .code ": " .message)}}{{else}}{{or .code .message "Telnyx gives no reason"}}{{end}}`
)
