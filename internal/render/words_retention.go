package render

import "telnyxsync/internal/resource"

// retentionWords are what is due, and why it is kept.
var retentionWords = map[resource.Code]string{
	"recording-without-id":   "a recording has no id",
	"recording-time-unread":  "{{q .id}} has {{q .value}} as its {{.field}}, which is no time with an offset from UTC",
	"recording-time-too-old": "{{q .id}} has {{q .value}} as its {{.field}}, when nothing was recorded yet",
	"retention-rule-unread":  "{{.policy}}: {{q .value}} as its {{.field}} is no time: write it as in 2026-01-31T00:00:00Z",

	"retention-rule-too-soon": "{{.policy}}: its delete_after is less than a day",
	"hold-untold":             "the hold {{.policy}}: " + untoldWords,

	"remembered-hold-unread":        rememberedWords + "{{q .value}} as its {{.field}} is no time",
	"remembered-hold-holds-nothing": rememberedWords + "it does not say that it holds",
	"remembered-hold-untold":        rememberedWords + untoldWords,

	"policy-untold": "deletes nothing: " + untoldWords,

	"recordings-due":       dueWords,
	"recordings-not-asked": `{{count .count .unit}} due, ` + dueWords + "; it is not asked for in this run",
	"recordings-wait":      `{{count .count .unit}} wait for another run, as max_deletes_per_run says ({{.max}})`,
	"recording-aged":       "made {{.created}}, {{.age}} old{{if or .from .to}}, from {{.from}} to {{.to}}{{end}}",

	"policy-new":        "it is new: what is older than {{.after}} is deleted",
	"policy-removed":    "it is no longer written; it deleted what was older than {{.after}}",
	"policy-lengthened": "it deletes later: at {{.new}}, before at {{.old}}",
	"policy-shortened":  "it deletes earlier: at {{.new}}, before at {{.old}}",
	"policy-narrowed":   "it means less: " + filterWords,
	"policy-widened":    "it means more: " + filterWords,
	"policy-refiltered": "it means others: " + filterWords,
	"policy-observes":   "it only observes now, and deletes nothing",
	"policy-acts":       "it no longer only observes: it deletes",
	"policy-bound":      `it deletes {{if eq (print .new) "0"}}all{{else}}at most {{.new}}{{end}} in one run, before {{if eq (print .old) "0"}}all{{else}}at most {{.old}}{{end}}`,
	"policy-archive":    `it archives {{if .new}}to {{q .new}}{{else}}nothing{{end}}, before {{if .old}}to {{q .old}}{{else}}nothing{{end}}`,

	"hold-new":        "it is a new hold",
	"hold-removed":    "the hold is released: it is no longer written",
	"hold-released":   "the hold is released: what is older than {{.after}} is deleted",
	"hold-placed":     "it holds now; before it deleted what was older than {{.after}}",
	"hold-narrowed":   "it holds less: " + filterWords,
	"hold-widened":    "it holds more: " + filterWords,
	"hold-refiltered": "it holds others: " + filterWords,
	"hold-remembered": "holds too, as state remembers from {{.root}}, which this run does not load or does not write",
}

const (
	untoldWords     = "the id of {{.connection}} is not known: apply that first"
	rememberedWords = "the hold {{.policy}}, which state remembers from {{.root}}: "
	dueWords        = "made from {{.oldest}} to {{.newest}}, {{hours .audio}} hours of audio"
	filterWords     = `{{if .new}}{{join ", " .new}}{{else}}all{{end}}, before {{if .old}}{{join ", " .old}}{{else}}all{{end}}`
)
