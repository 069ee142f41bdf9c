package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"
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

	// Skip leaves entries out of a reconcile that are not to be tried yet; may be nil.
	Skip func(a resource.Addr) bool
}

// Report is what a job did.
type Report struct {
	Plan   *diff.Plan `json:"-"`
	Result *Result    `json:"result,omitempty"`
	Lines  []string   `json:"lines"` // for a person
	Failed bool       `json:"failed"`

	Messages []resource.Message `json:"log_messages,omitempty"` // all that Telnyx has
}

// Exit is the exit code that says how a job ended: 1 if something failed or is held, 4 if a guard
// withheld something.
func (r *Report) Exit() int {
	switch {
	case r.Failed, r.Result != nil && !r.Result.OK(), r.Plan != nil && len(r.Plan.Problems) > 0:
		return 1
	case r.Plan != nil && len(r.Plan.Withheld) > 0:
		return 4
	}
	return 0
}

// RunJob runs a job and remembers in the state that it ran.
func RunJob(ctx context.Context, j Job, e *Engine, s Situation) (Report, error) {
	run := state.JobRun{Name: j.Name, Started: time.Now()}
	report, err := j.Run(ctx, e, s)
	run.Ended = time.Now()
	if err != nil {
		run.Error = err.Error()
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
	plan, err := e.PlanSettled(ctx, s.Desired, s.Snap, s.Options)
	if err != nil {
		return Report{}, err
	}
	r := Report{Plan: &plan, Lines: []string{diff.Summary(&plan)}}
	if s.Observe {
		return r, nil
	}
	todo := plan
	todo.Changes = slices.Clone(plan.Changes)
	if s.Skip != nil {
		todo.Changes = slices.DeleteFunc(todo.Changes, func(c diff.Change) bool { return s.Skip(c.Addr) })
		waits := func(a resource.Addr) bool { return slices.ContainsFunc(plan.Numbers.Needs[a], s.Skip) }
		todo.Numbers.Batches = slices.DeleteFunc(slices.Clone(todo.Numbers.Batches), func(b numbers.Batch) bool { return slices.ContainsFunc(b.Groups, waits) })
	}
	result, err := e.Apply(ctx, s.DB, s.Desired, todo, s.Options)
	r.Result = &result
	for _, o := range result.Outcomes {
		line := fmt.Sprintf("%s: %s %s", o.Status, o.Op, o.Addr)
		if o.Error != "" {
			line += ": " + o.Error
		}
		r.Lines = append(r.Lines, line)
	}
	r.Lines = append(r.Lines, numberLines(result.Numbers)...)
	return r, err
}

// OperatorConnect is how Telnyx is asked to look for new connections.
type OperatorConnect interface {
	Refresh(ctx context.Context) (started bool, meta client.Meta, err error)
}

// refreshOperatorConnect starts a refresh and lists the connections that nobody has adopted. What
// the refresh finds appears later: then the next run lists it.
func refreshOperatorConnect(ctx context.Context, e *Engine, s Situation) (Report, error) {
	var r Report
	switch {
	case s.Observe:
		r.Lines = append(r.Lines, "not refreshed: mode is observe")
	case e.OperatorConnect == nil:
		return r, errors.New("this engine cannot refresh Operator Connect")
	default:
		started, meta, err := e.OperatorConnect.Refresh(ctx)
		if err != nil {
			return r, err
		}
		word := "a refresh is in progress already"
		if started {
			word = "a refresh was started"
		}
		r.Lines = append(r.Lines, fmt.Sprintf("%s (request %s); what it finds appears as new connections", word, meta.RequestID))
	}
	const kind = "external_connections"
	found, err := e.Operations[kind].Observe(ctx, resource.Want{})
	if err != nil {
		return r, err
	}
	known := map[string]bool{}
	for _, o := range s.Snap.Owned {
		if o.Addr.Kind == kind {
			known[o.ID] = true
		}
	}
	for _, l := range found.Objects {
		if known[l.ID] || resource.GetString(l.Object, "/external_sip_connection") != "operator_connect" {
			continue
		}
		r.Lines = append(r.Lines, strings.Join([]string{
			fmt.Sprintf("foreign: the Operator Connect connection %s (%s) is not managed; to adopt it, write", l.ID, l.Label),
			"  external_connections:",
			"    NAME: {external_sip_connection: operator_connect, id: \"" + l.ID + "\"}",
		}, "\n"))
	}
	return r, nil
}
