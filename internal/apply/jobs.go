package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
	"telnyxsync/internal/state"
)

// Job is work that is done on a schedule, or by hand with `telnyxsync jobs run NAME`.
type Job struct {
	Name     string
	Schedule string // by default: a crontab expression, or @every DURATION
	About    string
	Desired  bool // it needs the desired state
	Deletes  bool // for good, where it is told to enforce
	Run      func(ctx context.Context, e *Engine, s Situation) (Report, error)
}

// Situation is what a job works with. The writers' lock is held.
type Situation struct {
	DB      *state.DB
	Snap    state.Snapshot
	Desired resource.Config
	Options Options
	Observe bool // change nothing on Telnyx
	Enforce bool // retention deletes; else it reports

	// Shown is the plan of a retention that somebody said yes to: nothing else is deleted. May be nil.
	Shown *plan.Plan

	// Skip leaves entries out of a reconcile that are not to be tried yet; may be nil.
	Skip func(a resource.Addr) bool
}

// Report is what a job did.
type Report struct {
	Plan   *plan.Plan
	Whole  bool // the plan is of all that is desired
	Result *plan.Result
	Says   []plan.Note // what there is to say beside
	Failed bool

	Messages []resource.Message // all log messages that Telnyx has; nil where nobody looked
}

func (r *Report) say(code plan.Code, args plan.Args) {
	r.Says = append(r.Says, plan.Note{Reason: plan.Reason{Code: code, Args: args}})
}

// Exit is the exit code that says how a job ended: 1 if something failed or is held, 4 if a guard
// withheld something.
func (r *Report) Exit() int {
	switch {
	case r.Failed, r.Result != nil && !r.Result.OK(), r.Plan != nil && len(r.Plan.Problems) > 0:
		return plan.ExitProblems
	case r.Plan != nil && len(r.Plan.Withheld) > 0:
		return plan.ExitWithheld
	}
	return plan.ExitNothing
}

// RunJob runs a job and remembers in the state that it ran.
func RunJob(ctx context.Context, j Job, e *Engine, s Situation) (Report, error) {
	run := state.JobRun{Name: j.Name, Started: e.machine()} // as schedules go by
	report, err := j.Run(ctx, e, s)
	run.Ended = e.machine()
	if err != nil {
		run.Error = err.Error()
	} else if why := e.apart(); !why.IsZero() {
		report.Says = append(report.Says, plan.Note{Reason: why})
	}
	return report, errors.Join(err, s.DB.RecordJob(ctx, run))
}

// Jobs is the registry. What is not in it cannot be scheduled.
func Jobs() []Job {
	return []Job{
		{
			Name: "reconcile", Schedule: "@every 10m", Desired: true, Run: reconcile,
			About: "compare the account with the files and make it as they say",
		},
		{
			Name: "operator_connect_refresh", Schedule: "0 */6 * * *", Run: refreshOperatorConnect,
			About: "let Telnyx look for new Operator Connect connections, and say how to adopt them",
		},
		{
			Name: "upload_refresh", Schedule: "*/30 * * * *", Run: refreshUploads,
			About: "let Telnyx look what became of uploads on Microsoft Teams",
		},
		{
			Name: "upload_retry", Schedule: "*/15 * * * *", Desired: true, Run: retryUploads,
			About: "try again phone numbers that failed, where their time has come",
		},
		{
			Name: "recording_retention", Schedule: "30 3 * * *", Desired: true, Deletes: true, Run: retain("recording_retention"),
			About: "report, or delete, recordings that are older than their policy says",
		},
		{
			Name: "transcription_retention", Schedule: "45 3 * * *", Desired: true, Deletes: true, Run: retain("transcription_retention"),
			About: "the same for transcriptions of recordings",
		},
		{
			Name: "log_messages", Schedule: "*/15 * * * *", Desired: true, Run: lookAtMessages,
			About: "say Telnyx's new log messages about external connections, and dismiss those that rules say",
		},
	}
}

func reconcile(ctx context.Context, e *Engine, s Situation) (Report, error) {
	s.Options.Writing = !s.Observe
	p, err := e.PlanSettled(ctx, s.Desired, s.Snap, s.Options)
	if err != nil {
		return Report{}, err
	}
	r := Report{Plan: &p, Whole: true}
	if s.Observe {
		return r, nil
	}
	todo := p
	if s.Skip != nil {
		todo.Changes = slices.DeleteFunc(slices.Clone(p.Changes), func(c plan.Change) bool {
			return c.Items == nil && s.Skip(c.Addr) || c.Items != nil && slices.ContainsFunc(c.Needs, s.Skip)
		})
		form(&todo)
	}
	result, err := e.Apply(ctx, s.DB, s.Desired, todo, s.Options)
	r.Result = &result
	return r, err
}

// retain is a job that deletes what the policies of a kind say, or tells what it would delete.
func retain(kind string) func(ctx context.Context, e *Engine, s Situation) (Report, error) {
	return func(ctx context.Context, e *Engine, s Situation) (Report, error) {
		p, err := e.PlanRetention(ctx, kind, s.Desired, s.Snap, s.Options)
		r := Report{Plan: &p}
		if err != nil {
			if !s.Observe { // what holds is remembered also by a run that cannot go on
				err = errors.Join(err, s.remember(ctx, e, &p))
			}
			return r, fmt.Errorf("%w; nothing more is deleted", err)
		}
		if s.Shown != nil {
			narrowed(&p, s.Shown)
			e.formDeletions(&p, kind)
		}
		r.Failed = len(p.Problems) > 0
		enforce := s.Enforce && !s.Observe
		if n := itemsIn(p.Calls); n > 0 && !enforce {
			p.Notes = append(p.Notes, plan.Note{Reason: plan.Reason{Code: OnlyReports, Args: plan.Args{"count": n, "unit": unitOf(kind), "kind": kind}}})
		}
		switch {
		case s.Observe:
			return r, nil
		case !enforce:
			recorded(&p)
			return r, s.remember(ctx, e, &p)
		}
		recorded(&p)
		if s.Options.Only == nil && (len(p.Withheld) == 0 || approvedRun(&p)) { // of what was left out no guard knows
			s.letThrough(e, kind, &p)
		}
		result, err := e.Apply(ctx, s.DB, s.Desired, p, s.Options)
		r.Result, r.Failed = &result, r.Failed || !result.OK()
		if err != nil {
			err = fmt.Errorf("%w; nothing more is deleted", err)
		}
		return r, err
	}
}

// remember stores what a plan remembers that is not carried out.
func (s *Situation) remember(ctx context.Context, e *Engine, p *plan.Plan) error {
	x := e.executor(s.DB, s.Desired, s.Options)
	return x.remember(ctx, &plan.Plan{Remember: p.Remember})
}

// approvedRun tells whether somebody approved what was due under the rules as they are.
func approvedRun(p *plan.Plan) bool {
	return slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.Let != "" && c.Let != plan.LetByFlag })
}

// letThrough takes down under which rules a run was let through by the guards. What is remembered of configurations that
// are no longer there ends with it.
func (s *Situation) letThrough(e *Engine, kind string, p *plan.Plan) {
	if p.Rules == nil {
		return // nothing was judged
	}
	others := otherRoots(s.Desired, s.Snap)
	for _, b := range s.Snap.Baselines {
		if b.Kind == kind && s.Desired.Root(b.Root) == nil && !others[b.Root] {
			p.Remember.ForgetBaselines = append(p.Remember.ForgetBaselines, resource.RuleKey{Addr: resource.Addr{Kind: kind}, Root: b.Root})
		}
	}
	for _, root := range s.Desired.Roots {
		p.Remember.Baselines = append(p.Remember.Baselines, resource.Baseline{
			Kind: kind, Root: root.Path, At: e.now(), Rules: retention.Let(p.Rules, root.Path, s.Snap.Baselines),
		})
	}
}

func itemsIn(calls []plan.Call) (n int) {
	for i := range calls {
		n += calls[i].Items.Len()
	}
	return n
}

// OperatorConnect is how Telnyx is asked to look for new connections.
type OperatorConnect interface {
	Refresh(ctx context.Context) (started bool, meta client.Meta, err error)
}
