package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// whole stands for a pass as a whole in the backoff.
var whole = resource.Addr{}

// pass reads the files and makes the account as they say.
func (l *loop) pass(ctx context.Context, j apply.Job, why []Why) (apply.Report, error) {
	started := time.Now()
	if slices.Contains(why, filesChanged) || slices.Contains(why, signalled) || slices.Contains(why, approved) {
		l.backoff.clear() // somebody did something: it may help
	}
	l.backoff.release(started) // first: what has waited for long enough asks for no pass while all of them wait
	if l.backoff.waiting(whole, started) {
		return apply.Report{}, nil
	}
	fresh := l.reload(started)
	for range 2 {
		if !l.pending(reconcile) {
			break
		}
		fresh = l.reload(time.Now()) // the files changed while they were read: it may be half of a change
	}
	if l.force == forceNone {
		l.publish(nil, started, why, nil, nil)
		return apply.Report{}, nil
	}
	deletes := l.cfg.Prune && fresh && started.Sub(l.since) >= settledFor
	report, err := l.session(ctx, j, apply.Options{Prune: deletes}, func(a resource.Addr) bool {
		return a != whole && l.backoff.waiting(a, started)
	})
	if ctx.Err() != nil && err != nil {
		return report, err
	}
	now := time.Now()
	failure := l.unread(report, len(l.desired.Entries), err)
	l.putOff(report, failure, now)
	if report.Result != nil {
		l.backoff.take(report.Result.Outcomes, now)
	}
	l.rememberFailures(report)
	if report.Plan != nil && l.cfg.Prune && fresh && !deletes && len(report.Plan.Orphans) > 0 {
		l.again = l.since.Add(settledFor) // then the files have been quiet for long enough
	}
	if report.Plan != nil {
		l.renewal, l.look = report.Plan.NextRenewal, report.Plan.NextLook
		if sent := report.Result != nil && report.Result.Sent(); !sent && len(report.Plan.Open)+len(report.Plan.Waiting) == 0 {
			l.look = time.Time{} // nothing was sent, be it blocked or only observed, so nothing comes on its way
		}
	}
	l.publish(&report, started, why, err, failure)
	return report, failure
}

// putOff decides when there is to be another pass, where something could not be read. A kind that could not be, as the
// key may not or Telnyx fails, is tried again later and later, and holds up no pass; nothing at all holds up all.
func (l *loop) putOff(r apply.Report, failure error, now time.Time) {
	unread := map[resource.Addr]bool{}
	if r.Plan != nil {
		for i := range r.Plan.Problems {
			if p := &r.Plan.Problems[i]; p.Unread && p.Addr.Name == "" {
				unread[p.Addr] = true
			}
		}
	}
	for i := range l.engine.Kinds {
		kind := resource.Addr{Kind: l.engine.Kinds[i].Name}
		if unread[kind] {
			l.backoff.failed(kind, now)
		} else {
			l.backoff.succeeded(kind)
		}
	}
	if failure == nil || len(unread) > 0 && l.readSome(r.Plan) {
		l.backoff.succeeded(whole)
	} else {
		l.backoff.failed(whole, now)
	}
}

// readSome tells whether an object of any entry could be read, or a whole kind that is written.
func (l *loop) readSome(p *plan.Plan) bool {
	unread := map[resource.Addr]bool{}
	for i := range p.Problems {
		if q := &p.Problems[i]; q.Unread {
			unread[q.Addr] = true
		}
	}
	for i := range l.engine.Kinds {
		k := &l.engine.Kinds[i]
		if k.Rules || k.Groups || k.Blind || unread[resource.Addr{Kind: k.Name}] {
			continue // no object of it is read, or none could be
		}
		if k.Listed && slices.ContainsFunc(l.desired.Roots, func(r resource.Root) bool { return r.Sections[k.Name] }) {
			return true
		}
		if slices.ContainsFunc(l.desired.Entries, func(e resource.Entry) bool { return e.Kind == k.Name && !unread[e.Addr] }) {
			return true
		}
	}
	return false
}

// The desired states that can be in force.
const (
	forceCurrent = "current"
	forceLast    = "last good"
	forceNone    = "none"
)

// reload reads the files. Where they do not load, the last good configuration stays in force and
// nothing is deleted; fresh is false then.
func (l *loop) reload(now time.Time) (fresh bool) {
	desired, err := l.Load(l.cfg.Configs...)
	if l.watch != nil {
		files := desired.Files // also while something is wrong: it may be one of them
		if err != nil {
			files = append(slices.Clone(files), l.desired.Files...) // what is in force goes on being looked after
		}
		l.watch(files)
	}
	var problems []string
	if err != nil {
		problems = strings.Split(err.Error(), "\n")
		if l.force == forceCurrent {
			l.force = forceLast
		}
	} else {
		if p := apply.Fingerprint(desired); p != l.print || l.force != forceCurrent {
			l.print, l.since = p, now
		}
		l.desired, l.force = desired, forceCurrent
		for name := range l.owed {
			l.kick(name, filesLoad)
		}
		clear(l.owed)
	}
	var before []string
	l.board.update(func(s *Status) {
		before = s.Config.Errors
		s.Config = ConfigStatus{
			Paths: l.cfg.Configs, Fingerprint: l.print, Commit: commitOf(l.cfg.Configs), Entries: len(l.desired.Entries),
			Since: l.since, InForce: l.force, Errors: problems,
		}
	})
	if len(problems) > 0 && strings.Join(before, "\n") != strings.Join(problems, "\n") {
		for _, p := range problems {
			l.Log.Error("the configuration does not load", "error", p)
		}
		l.Log.Warn("nothing is deleted until it does", "in_force", l.force)
	}
	if len(problems) == 0 && len(before) > 0 {
		l.Log.Info("the configuration loads again")
	}
	return err == nil
}

// unread is why a pass counts as failed: an error, a kind that could not be read at all, or nothing
// of all entries that could.
func (l *loop) unread(r apply.Report, entries int, err error) error {
	if err != nil || r.Plan == nil {
		return err
	}
	var some string
	n := 0
	for i := range r.Plan.Problems {
		switch p := &r.Plan.Problems[i]; {
		case p.Unread && p.Addr.Name == "":
			err = errors.Join(err, fmt.Errorf("%s: %s", p.Addr.Kind, l.words.Problem(p)))
		case p.Unread:
			some = l.words.Problem(p)
			n++
		}
	}
	if err == nil && n > 0 && n == entries {
		err = errors.New("none of the entries could be read: " + some)
	}
	return err
}

// rememberFailures keeps what failed until it succeeds or is no longer wanted; what was not tried
// because it is backing off has not become better.
func (l *loop) rememberFailures(r apply.Report) {
	if r.Plan == nil {
		return
	}
	failed := map[resource.Addr]EntryStatus{}
	for i := range r.Plan.Changes {
		a := r.Plan.Changes[i].Addr
		if s, was := l.failed[a]; was {
			failed[a] = s
		}
	}
	if r.Result != nil {
		for i := range r.Result.Outcomes {
			o := &r.Result.Outcomes[i]
			switch {
			case o.Items != nil: // they have states of their own
			case o.Status == plan.Done:
				delete(failed, o.Addr)
			case o.Status == plan.Blocked:
				failed[o.Addr] = EntryStatus{Address: o.Addr.String(), Code: codeOf(o.Reasons), Text: render.BlockedBy(o.BlockedBy)}
			case o.Status == plan.Failed, o.Status == plan.InDoubt, o.Status == plan.Unverified:
				failed[o.Addr] = EntryStatus{Address: o.Addr.String(), Code: codeOf(o.Reasons), Text: l.words.Wrong(o)}
			default: // the daemon is being stopped
			}
		}
	}
	l.failed = failed
}

// publish puts a pass on the board, into the metrics and, where there is something to say, the log. It failed with an
// error, or for what its plan says.
func (l *loop) publish(r *apply.Report, started time.Time, why []Why, err, failure error) {
	took := time.Since(started)
	pass := &PassStatus{Started: started, Seconds: took.Seconds(), Why: why, Outcomes: map[string]int{}, failed: r == nil || failure != nil}
	if failure != nil {
		pass.Error = l.words.Error(failure)
	}
	if r == nil {
		pass.Error = "there is no configuration that loads"
	} else if r.Plan != nil {
		pass.Summary = render.Summary(r.Plan)
	}
	if r != nil && r.Result != nil && len(r.Result.Outcomes) > 0 {
		for i := range r.Result.Outcomes {
			pass.Outcomes[string(r.Result.Outcomes[i].Status)]++
		}
		pass.Summary += " " + render.ResultSummary(r.Result)
	}
	var copied Status
	l.board.update(func(s *Status) {
		s.LastPass = pass
		s.Ready = !pass.failed
		if r != nil && r.Plan != nil {
			s.takePlan(r.Plan, l.words)
		}
		s.Failed = nil
		for _, a := range sortedKeys(l.failed) {
			s.Failed = append(s.Failed, l.failed[a])
		}
		if s.Ready && len(s.Failed) == 0 {
			now := time.Now()
			s.Success = &now
		}
		copied = *s
	})
	l.metrics.pass(&copied, took)
	l.logPass(r, pass, err)
}
