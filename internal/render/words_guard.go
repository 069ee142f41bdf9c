package render

import "telnyxsync/internal/resource"

// guardWords are why something is withheld.
var guardWords = map[resource.Code]string{
	"dependents_unread": "how many phone numbers depend on it could not be read: {{.error}}",
	"holds_numbers":     `it still holds {{count .count "number"}} and would disconnect them: move them to another connection first`,
	"protected":         protected,
	"root_empty": "the configuration {{.root}} has no entry at all, which looks like a mistake: nothing is deleted in this run; " +
		"if it is meant, delete them in the portal, or keep one entry",
	"too_many_deletes":    takesAway + " are more than {{.max}} (max_deletes)" + disconnects + ": if it is meant, run again with --max-deletes {{.count}}",
	"too_large_share":     takesAway + " are more than {{.percent}} % of the {{.owned}} owned (max_delete_percent)" + disconnects + ": if it is meant, run again with --max-delete-percent {{.raise}}",
	"too_many_vanished":   "{{.count}} of the {{.owned}} owned {{.kind}} are gone at once, which looks like a wrong account or a wrong answer: look at the account, and if they were deleted, run again with --max-deletes {{.count}}",
	"too_many_items":      "{{count .count .unit}} {{if one .count}}is due, which is{{else}}are due, which are{{end}} more than {{.max}} (limits: {{.class}}): look at the policies and holds; if it is meant, run again with --limit {{.class}}={{.count}}",
	"waits_for_withheld":  "it waits for {{.address}}, which is withheld",
	"disconnects_numbers": `it disconnects {{count .count "number"}}`,
}

const (
	takesAway   = "{{.count}} deletions, replacements and deactivations of {{.kind}} at once"
	disconnects = `{{if ne (print .disconnects) "0"}}, and would disconnect {{count .disconnects "number"}}{{end}}`
)
