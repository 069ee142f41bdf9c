package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// What formats 1 to 3 kept in tables that were made for other things. The kinds are those of that time.
const (
	olderGroups               = "phone_numbers"       // rows of owned, with the numbers in applied
	olderRecordingHolds       = "recording_retention" // rows of owned, with what a hold says in applied
	olderTranscriptionHolds   = "transcription_retention"
	olderRecordingBatches     = "recordings" // rows of intents, with what was about to be deleted in seen
	olderTranscriptionBatches = "transcriptions"
)

// sorted is what rows of owned and intents of an older format stand for.
type sorted struct {
	owned     []resource.Owned
	groups    []resource.Group
	rules     []resource.Rule
	intents   []resource.Intent
	deletions []resource.Deletion
}

// sortOut tells what rows of an older format stand for. It is all that knows that format: for those who only read,
// and for the upgrade.
func sortOut(owned []resource.Owned, intents []resource.Intent) (s sorted) {
	for i := range owned {
		switch o := &owned[i]; o.Addr.Kind {
		case olderGroups:
			s.groups = append(s.groups, olderGroup(o))
		case olderRecordingHolds, olderTranscriptionHolds:
			s.rules = append(s.rules, olderHold(o, s.rules))
		default:
			s.owned = append(s.owned, *o)
		}
	}
	for i := range intents {
		switch in := &intents[i]; in.Addr.Kind {
		case olderRecordingBatches, olderTranscriptionBatches:
			s.deletions = append(s.deletions, olderDeletion(in))
		default:
			s.intents = append(s.intents, *in)
		}
	}
	sortGroups(s.groups)
	sortRules(s.rules)
	sortDeletions(s.deletions)
	return s
}

func olderGroup(o *resource.Owned) resource.Group {
	g := resource.GroupOf(o.Applied)
	g.Addr, g.Root, g.File, g.Protect = o.Addr, o.Root, o.File, o.Protect
	return g
}

// olderHold gives a hold its name back: where another configuration had one of that name first, it stood as
// `NAME (ROOT)`. Should its own configuration have one of that name besides, it keeps the longer one: no hold is lost.
func olderHold(o *resource.Owned, before []resource.Rule) resource.Rule {
	r := resource.Rule{Addr: o.Addr, Root: o.Root, File: o.File, Hold: o.Applied["keep"] == true, Says: o.Applied}
	r.Addr.Name = strings.TrimSuffix(o.Addr.Name, besides(o.Root))
	if slices.ContainsFunc(before, func(b resource.Rule) bool { return b.Key() == r.Key() }) {
		r.Addr = o.Addr
	}
	return r
}

func besides(root string) string { return " (" + root + ")" }

// olderDeletion: each of seen is the JSON of what was about to be deleted. Another text was never read, either.
func olderDeletion(in *resource.Intent) resource.Deletion {
	d := resource.Deletion{ID: in.Addr.String(), Unit: strings.TrimSuffix(in.Addr.Kind, "s"), At: in.At}
	for _, text := range in.Seen {
		var item resource.Deleted
		if json.Unmarshal([]byte(text), &item) == nil {
			item.Created = item.Created.UTC()
			d.Items = append(d.Items, item)
		}
	}
	return d
}

// toTyped moves what stands in tables that were made for other things into its own.
func toTyped(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `ALTER TABLE owned ADD COLUMN file TEXT NOT NULL DEFAULT '';`+typedSchema); err != nil {
		return err
	}
	const before = 3
	owned, err := readOwned(ctx, tx, before)
	if err != nil {
		return err
	}
	intents, err := readIntents(ctx, tx)
	if err != nil {
		return err
	}
	s := sortOut(owned, intents)
	return write(ctx, tx, func(exec execute) {
		exec(`DELETE FROM owned WHERE kind IN (?, ?, ?)`, olderGroups, olderRecordingHolds, olderTranscriptionHolds)
		exec(`DELETE FROM intents WHERE kind IN (?, ?)`, olderRecordingBatches, olderTranscriptionBatches)
		putAll(exec, s.groups, putGroup)
		putAll(exec, s.rules, putRule)
		putAll(exec, s.deletions, putDeletion)
	})
}
