package render

import "telnyxsync/internal/resource"

// retentionWords are what is due, and why it is kept.
var retentionWords = map[resource.Code]string{
	"recording_without_id":   "a recording has no id",
	"recording_time_unread":  "{{q .id}} has {{q .value}} as its {{.field}}, which is no time with an offset from UTC",
	"recording_time_too_old": "{{q .id}} has {{q .value}} as its {{.field}}, when nothing was recorded yet",
	"retention_rule_unread":  "{{.policy}}: {{q .value}} as its {{.field}} is no time: write it as in 2026-01-31T00:00:00Z",

	"retention_rule_too_soon": "{{.policy}}: its delete_after is less than a day",
	"hold_untold":             "the hold {{.policy}}: " + untoldWords,

	"remembered_hold_unread":        rememberedWords + "{{q .value}} as its {{.field}} is no time",
	"remembered_hold_holds_nothing": rememberedWords + "it does not say that it holds",
	"remembered_hold_untold":        rememberedWords + untoldWords,

	"policy_untold": "deletes nothing: " + untoldWords,

	"recordings_due":       dueWords,
	"recordings_not_asked": `{{count .count .unit}} due, ` + dueWords + "; it is not asked for in this run",
	"recordings_wait":      `{{count .count .unit}} {{if one .count}}waits{{else}}wait{{end}} for another run, as max_deletes_per_run says ({{.max}})`,
	"policy_none_due":      "no {{.unit}} is due",
	"in_own_storage": `keeps {{count .count .unit}} that {{if one .count}}is{{else}}are{{end}} old enough and already in your storage, ` + dueWords +
		"; with `when_in_own_storage: delete` it deletes what Telnyx knows of them",
	"recording_aged": "made {{.created}}, {{.age}} old{{if or .from .to}}, from {{.from}} to {{.to}}{{end}}",

	"policy_new":        "it is new: what is older than {{.after}} is deleted",
	"policy_removed":    "it is no longer written; it deleted what was older than {{.after}}",
	"policy_lengthened": "it deletes later: at {{.new}}, before at {{.old}}",
	"policy_shortened":  "it deletes earlier: at {{.new}}, before at {{.old}}",
	"policy_narrowed":   "it means less: " + filterWords,
	"policy_widened":    "it means more: " + filterWords,
	"policy_refiltered": "it means others: " + filterWords,
	"policy_observes":   "it only observes now, and deletes nothing",
	"policy_acts":       "it no longer only observes: it deletes",
	"policy_bound":      `it deletes {{if eq (print .new) "0"}}all{{else}}at most {{.new}}{{end}} in one run, before {{if eq (print .old) "0"}}all{{else}}at most {{.old}}{{end}}`,
	"policy_archive":    `it archives {{if .new}}to {{q .new}}{{else}}nothing{{end}}, before {{if .old}}to {{q .old}}{{else}}nothing{{end}}`,

	"policy_keeps_own":   "it no longer deletes what is in your own storage",
	"policy_deletes_own": "it deletes what is in your own storage, too: what Telnyx knows of it",

	"hold_new":        "it is a new hold",
	"hold_removed":    "the hold is released: it is no longer written",
	"hold_released":   "the hold is released: what is older than {{.after}} is deleted",
	"hold_placed":     "it holds now; before it deleted what was older than {{.after}}",
	"hold_narrowed":   "it holds less: " + filterWords,
	"hold_widened":    "it holds more: " + filterWords,
	"hold_refiltered": "it holds others: " + filterWords,
	"hold_remembered": `holds too, as state remembers from {{join ", " .roots}}, which this run does not load or does not write`,
	"hold_elsewhere":  `it is no longer written here, and still holds: {{join ", " .roots}} says so`,
}

const (
	untoldWords     = "the id of {{.connection}} is not known: apply that first"
	rememberedWords = "the hold {{.policy}}, which state remembers from {{.root}}: "
	dueWords        = "made from {{.oldest}} to {{.newest}}, {{hours .audio}} hours of audio"
	filterWords     = `{{if .new}}{{join ", " .new}}{{else}}all{{end}}, before {{if .old}}{{join ", " .old}}{{else}}all{{end}}`
)
