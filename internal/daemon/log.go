package daemon

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// logSets says what was sent for items, and what became of what was sent before.
func (l *loop) logSets(r *apply.Report) (something bool) {
	if r == nil || r.Result == nil || r.Plan == nil {
		return false
	}
	for i := range r.Plan.Ended {
		o := &r.Plan.Ended[i]
		args := append(about(o), "ticket", strings.Join(o.Tickets, ","))
		if o.Status == plan.Done {
			l.Log.Info(what(o), args...)
		} else {
			l.Log.Warn(what(o), append(args, "reason", l.words.All(o.Reasons), "code", codeOf(o.Reasons))...)
		}
	}
	for i := range r.Result.Outcomes {
		o := &r.Result.Outcomes[i]
		if o.Items == nil {
			continue
		}
		something = true
		args := append(about(o), "ticket", strings.Join(o.Tickets, ","), "request", strings.Join(o.Requests, ","))
		if o.Status == plan.Submitted || o.Status == plan.Done {
			l.Log.Info(what(o), args...)
		} else {
			l.Log.Error(what(o), append(args, "error", l.words.Wrong(o), "blocked_by", o.BlockedBy)...)
		}
	}
	return something || len(r.Plan.Ended) > 0
}

// what is the message of a log line about items.
func what(o *plan.Outcome) string {
	if o.Items.Unit() == "number" {
		return "phone numbers"
	}
	return o.Items.Unit() + "s"
}

func about(o *plan.Outcome) []any {
	args := []any{"address", o.Addr.String(), "op", o.Op, "status", o.Status, "count", o.Items.Len()}
	for _, of := range []struct {
		what  string
		items plan.Items
	}{{"numbers", o.Items}, {"failed", o.Failed}, {"unknown", o.Unknown}} {
		if s, ok := of.items.(resource.Numbers); ok && len(s) > 0 {
			args = append(args, of.what, firstNumbers(s))
		}
	}
	return args
}

func codeOf(reasons []plan.Reason) plan.Code {
	if len(reasons) == 0 {
		return ""
	}
	return reasons[0].Code
}

// firstNumbers names the first of some numbers: a line of a log does not hold thousands.
func firstNumbers(s resource.Numbers) string {
	const shown = 5
	texts := s[:min(len(s), shown)].Texts()
	if more := len(s) - shown; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more ranges", more))
	}
	return strings.Join(texts, ", ")
}

// logPass says what happened once, not at every pass again.
func (l *loop) logPass(r *apply.Report, pass *PassStatus, err error) {
	changed := false
	if r != nil && r.Result != nil {
		reasons := map[resource.Addr][]plan.Reason{}
		for i := range r.Plan.Changes {
			reasons[r.Plan.Changes[i].Addr] = r.Plan.Changes[i].Reasons
		}
		for i := range r.Result.Outcomes {
			o := &r.Result.Outcomes[i]
			if o.Status == plan.NotStarted || o.Items != nil {
				continue // the daemon is being stopped, and the summary counts them; or see logSets
			}
			changed = true
			why := reasons[o.Addr]
			args := []any{
				"address", o.Addr.String(), "op", o.Op, "status", o.Status, "reason", l.words.All(why), "code", codeOf(why), "request", strings.Join(o.Requests, ","),
			}
			if o.Status == plan.Done {
				l.Log.Info("changed", args...)
			} else {
				l.Log.Error("not changed", append(args, "error", l.words.Wrong(o), "blocked_by", o.BlockedBy)...)
			}
		}
	}
	changed = l.logSets(r) || changed
	say := gistOf(r, pass, err)
	if say == l.said && !changed {
		l.Log.Debug("pass", "why", pass.Why, "summary", pass.Summary)
		return
	}
	l.said = say
	if pass.failed {
		l.Log.Error("the pass failed; it is tried again later", "why", pass.Why, "error", pass.Error)
	} else {
		l.Log.Info("pass", "why", pass.Why, "summary", pass.Summary)
	}
	if r != nil && r.Plan != nil {
		l.warn(r.Plan)
		l.note(r.Plan)
	}
}

// gistOf is what of a pass makes it another one than the last: codes, addresses and counts, never words, nor ids of
// requests. err is that of the pass itself; what could not be read is among the problems.
func gistOf(r *apply.Report, pass *PassStatus, err error) string {
	gist := struct {
		Failed   bool
		Error    string
		Summary  map[string]int
		Counts   plan.Counts
		Outcomes map[string]int
		Problems []string
		Withheld []string
		Notes    []string
	}{Failed: pass.failed, Outcomes: pass.Outcomes}
	if err != nil {
		gist.Error = same(err)
	}
	if r != nil && r.Plan != nil {
		gist.Summary, gist.Counts = render.Counts(r.Plan), r.Plan.Counts
		for i := range r.Plan.Problems {
			q := &r.Plan.Problems[i]
			why := q.Reason
			if q.Err != nil { // which is among the arguments, too
				why.Args = maps.Clone(why.Args)
				why.Args["error"] = same(q.Err)
			}
			gist.Problems = append(gist.Problems, q.Addr.String()+" "+why.Key())
		}
		for i := range r.Plan.Withheld {
			h := &r.Plan.Withheld[i]
			gist.Withheld = append(gist.Withheld, h.Addr.String()+" "+string(codeOf(h.Guards)))
		}
		for i := range r.Plan.Notes {
			n := &r.Plan.Notes[i]
			gist.Notes = append(gist.Notes, n.Addr.String()+" "+string(n.Reason.Code))
		}
	}
	return plan.Canonical(gist)
}

// same is the text of an error without what differs each time.
func same(err error) string {
	if e, ok := errors.AsType[interface {
		error
		Same() string
	}](err); ok {
		return e.Same()
	}
	return err.Error()
}

// note says what is worth knowing.
func (l *loop) note(p *plan.Plan) {
	for _, n := range notesOf(p, l.words) {
		l.Log.Info("note", "address", n.Address, "code", n.Code, "text", n.Text)
	}
}

// warn says what is wrong and what is withheld.
func (l *loop) warn(p *plan.Plan) {
	for i := range p.Problems {
		q := &p.Problems[i]
		l.Log.Warn("problem", "address", plan.Subject(q.Addr), "code", q.Reason.Code, "text", l.words.Problem(q))
	}
	for i := range p.Withheld {
		h := &p.Withheld[i]
		l.Log.Warn("withheld", "address", h.Addr.String(), "code", codeOf(h.Guards), "why", l.words.All(h.Guards))
	}
	for i := range p.Sets {
		s := &p.Sets[i]
		l.Log.Warn("withheld until it is approved", "set", s.Name, "approval_code", s.Code, "how", l.words.Approve(s))
	}
}
