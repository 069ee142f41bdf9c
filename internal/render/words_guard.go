package render

import (
	"fmt"
	"strings"

	"telnyxsync/internal/resource"
)

// guardWords are why something is withheld.
var guardWords = map[resource.Code]string{
	"dependents_unread": "how many phone numbers depend on it could not be read: {{.error}}",
	"holds_numbers":     `it still holds {{count .count "number"}} and would disconnect them: move them to another connection first`,
	"protected":         protected,
	"root_empty":        "the configuration {{.root}} has no entry at all, which looks like a mistake: nothing is deleted in this run",
	"over_limit": `{{lost .class .kind}}: {{.count}} planned{{if ne (print .taken) "0"}} after {{.taken}} in the last 24 hours{{end}}, ` +
		`at most {{.limit}} in 24 hours (limits: {{.class}}{{if ne (print .base) "0"}}, of {{.base}}{{end}})` + disconnects,
	"all_of_kind":         `{{lost .class .kind}}: {{.count}} planned, which is all there is` + disconnects,
	"hold_silent":         "the hold {{.policy}} matches nothing, and may be mistyped: nothing is deleted until somebody says that it is meant",
	"withheld_before":     `it was withheld at {{.at}}, and neither time nor other edits let it through: {{join "; " .why}}`,
	"no_such_set":         "nothing that is withheld has the code {{.code}}: look at the plan again: what is withheld changed, or was let through already; `telnyxsync approvals list` shows what waits",
	"waits_for_withheld":  "it waits for {{.address}}, which is withheld",
	"disconnects_numbers": `it disconnects {{count .count "number"}}`,
}

const disconnects = `{{if ne (print .disconnects) "0"}}; they would disconnect {{count .disconnects "number"}}{{end}}{{if ne (print .users) "0"}}; up to {{count .users "user"}} cannot be called{{end}}`

// lost are losses of a class, in words.
var lost = map[string]string{
	"deletes": "deletions, replacements and deactivations of %s", "capacity": "cuts of capacity and changes of the voice profile of %s",
	"numbers": "phone numbers that lose their service or leave Microsoft Teams", "adoptions": "adoptions of %s that overwrite what is live",
	"vanished": "%s that are gone and would be made anew", "recordings": "recordings that are due by new or changed policies or holds",
	"transcriptions": "transcriptions that are due by new or changed policies or holds",
	"released":       "recordings or transcriptions that a hold kept which is released or narrowed",
}

// losses are what a class counts, and of which kind.
func losses(class, kind any) string {
	words := lost[fmt.Sprint(class)]
	if strings.Contains(words, "%s") {
		words = fmt.Sprintf(words, kind)
	}
	return words
}

// approvalWords are how people let through what guards withhold.
var approvalWords = map[resource.Code]string{
	"approve_rules": "what was due at {{.cutoff}} ({{.count}}) by these policies and holds:",
	"approve_set":   "to let {{if one .count}}this change{{else}}these {{.count}} changes{{end}} of {{.set}} through: telnyxsync approve {{.code}}",
}
