package render

import (
	"fmt"
	"strings"

	"telnyxsync/internal/plan"
)

// resultJSON is how carrying out a plan ended.
type resultJSON struct {
	Outcomes []outcomeJSON  `json:"outcomes"`
	Counts   map[string]int `json:"counts"` // outcomes by status
}

type outcomeJSON struct {
	Op        plan.Op      `json:"op"`
	Address   string       `json:"address"`
	Status    plan.Status  `json:"status"`
	ID        string       `json:"id,omitempty"`
	Items     *itemsJSON   `json:"items,omitempty"`
	Failed    *itemsJSON   `json:"failed,omitempty"`
	Unknown   *itemsJSON   `json:"unknown,omitempty"`
	Tickets   []string     `json:"tickets,omitempty"`
	Reasons   []reasonJSON `json:"reasons,omitempty"`
	Error     string       `json:"error,omitempty"`
	BlockedBy string       `json:"blocked_by,omitempty"`
	Requests  []string     `json:"request_ids,omitempty"`
}

func (ws *Words) result(r *plan.Result) *resultJSON {
	if r == nil {
		return nil
	}
	out := &resultJSON{Outcomes: []outcomeJSON{}, Counts: map[string]int{}}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		out.Counts[string(o.Status)]++
		j := outcomeJSON{
			Op: o.Op, Address: o.Addr.String(), Status: o.Status, ID: o.ID, Items: items(o.Items), Failed: items(o.Failed), Unknown: items(o.Unknown),
			Tickets: o.Tickets, Error: o.Error, BlockedBy: o.BlockedBy, Requests: o.Requests,
		}
		if len(o.Reasons) > 0 {
			j.Reasons = ws.reasons(o.Reasons)
		}
		out.Outcomes = append(out.Outcomes, j)
	}
	return out
}

// Outcome says how a change ended, for a person and without what went wrong.
func Outcome(o *plan.Outcome) string {
	line := fmt.Sprintf("%s: %s %s", o.Status, verb(o.Op), o.Addr)
	if o.Items != nil {
		line = fmt.Sprintf("%s: %s %s of %s", o.Status, verb(o.Op), countedUnits(o.Items), o.Addr)
	}
	if o.ID != "" && o.ID != o.Addr.Name {
		line += " [" + o.ID + "]"
	}
	if len(o.Tickets) > 0 {
		line += " [" + strings.Join(o.Tickets, ", ") + "]"
	}
	if o.BlockedBy != "" {
		line += " (by " + o.BlockedBy + ")"
	}
	for _, more := range []struct {
		what  string
		items plan.Items
	}{{"failed", o.Failed}, {"unknown", o.Unknown}} {
		if more.items != nil && more.items.Len() > 0 && more.items.Len() < o.Items.Len() {
			line += fmt.Sprintf(", %s %s", countedItems(more.items), more.what)
		}
	}
	if n := len(o.Requests); n > shownIDs {
		line += fmt.Sprintf(" requests %s and %d more", strings.Join(o.Requests[:shownIDs], ", "), n-shownIDs)
	} else if n > 0 {
		line += " request " + strings.Join(o.Requests, ", ")
	}
	return line
}

// Wrong is what went wrong with a change, in words; "" where nothing did.
func (ws *Words) Wrong(o *plan.Outcome) string {
	text := o.Error
	if o.Err != nil && o.Error != "" { // else the reasons tell it
		text = ws.Error(o.Err)
	}
	if len(o.Reasons) > 0 {
		if text != "" {
			text += "; "
		}
		text += ws.All(o.Reasons)
	}
	return text
}

// Result is how carrying out a plan ended, as JSON has it.
func (ws *Words) Result(r *plan.Result) any { return ws.result(r) }
