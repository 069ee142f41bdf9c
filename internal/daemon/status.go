package daemon

import (
	"maps"
	"slices"
	"sync"
	"time"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"
)

// Status is what GET /status answers and `telnyxsync status` prints. Its version changes when a
// field changes its meaning or goes away.
type Status struct {
	Version   int                  `json:"version"`
	Healthy   bool                 `json:"healthy"` // loop, watcher and scheduler are alive
	Ready     bool                 `json:"ready"`   // a configuration is in force and the last pass succeeded
	Mode      string               `json:"mode"`
	Started   time.Time            `json:"started"`
	Silent    []string             `json:"silent"` // parts that are not alive
	Config    ConfigStatus         `json:"config"`
	LastPass  *PassStatus          `json:"last_pass"`
	Success   *time.Time           `json:"last_success"`
	Drift     int                  `json:"drift"` // entries that somebody changed on Telnyx, at the last pass
	Failed    []EntryStatus        `json:"failed"`
	Held      []EntryStatus        `json:"held"`
	Problems  []EntryStatus        `json:"problems"` // of the last pass, the held ones too
	Withheld  []EntryStatus        `json:"withheld"`
	Notes     []EntryStatus        `json:"notes"`         // of the last pass: worth knowing, and keeping nothing from being done
	Numbers   NumberStatus         `json:"phone_numbers"` // at the last pass
	Messages  []resource.Message   `json:"log_messages"`  // of Telnyx, when they were looked at last
	NextRuns  map[string]time.Time `json:"next_runs"`
	Jobs      map[string]JobStatus `json:"jobs"`
	ReloadErr string               `json:"reload_error,omitempty"` // the daemon's own configuration
}

// ConfigStatus is about the desired state.
type ConfigStatus struct {
	Paths       []string  `json:"paths"`
	Fingerprint string    `json:"fingerprint"` // of the one in force; "" before the first
	Commit      string    `json:"commit,omitempty"`
	Entries     int       `json:"entries"`
	Since       time.Time `json:"since"`    // unchanged since then
	InForce     string    `json:"in_force"` // current, last good, or none
	Errors      []string  `json:"errors"`   // of the files as they are now
}

// PassStatus is about one pass.
type PassStatus struct {
	Started  time.Time      `json:"started"`
	Seconds  float64        `json:"seconds"`
	Why      []Why          `json:"why"`
	Error    string         `json:"error,omitempty"`
	Summary  string         `json:"summary"`
	Outcomes map[string]int `json:"outcomes"` // changes by how they ended

	failed bool
}

// NumberStatus counts phone numbers, and what is on its way to Microsoft Teams.
type NumberStatus struct {
	plan.Counts
	Tickets int        `json:"tickets"`          // uploads and assignments that are not finished
	Oldest  *time.Time `json:"oldest,omitempty"` // when the first of them was begun
}

// EntryStatus says something about an entry.
type EntryStatus struct {
	Address string    `json:"address"`
	Code    plan.Code `json:"code,omitempty"`
	Text    string    `json:"text"`
	Approve string    `json:"approve,omitempty"` // the code that lets it through, with its set
}

// JobStatus is the last run of a job.
type JobStatus struct {
	Started time.Time `json:"started"`
	Error   string    `json:"error,omitempty"`
	Lines   []string  `json:"lines"`

	Problems []EntryStatus `json:"problems,omitempty"` // of a job that deletes
	Withheld []EntryStatus `json:"withheld,omitempty"`
}

// wrong counts what needs a person, by kind, as the last pass and the last run of each job have left it.
func (s *Status) wrong() map[string]int {
	n := map[string]int{"failed": len(s.Failed), "held": len(s.Held), "problem": len(s.Problems), "withheld": len(s.Withheld)}
	for _, j := range s.Jobs {
		n["problem"] += len(j.Problems)
		n["withheld"] += len(j.Withheld)
	}
	return n
}

// OK tells whether a person need not look.
func (s *Status) OK() bool {
	for _, n := range s.wrong() {
		if n > 0 {
			return false
		}
	}
	return s.Healthy && s.Ready && len(s.Config.Errors) == 0 && s.ReloadErr == ""
}

// Line is the status in one line, as systemd shows it.
func (s *Status) Line() string {
	switch {
	case s.ReloadErr != "":
		return "the daemon's configuration was not reloaded: " + s.ReloadErr
	case len(s.Config.Errors) > 0:
		return "the configuration has errors, " + s.Config.InForce + " stays in force: " + s.Config.Errors[0]
	case s.LastPass == nil:
		return "starting"
	case s.LastPass.Error != "":
		return "the last pass failed: " + s.LastPass.Error
	}
	return s.LastPass.Summary
}

// board is the status as the loop keeps it and others read it.
type board struct {
	mu sync.Mutex
	s  Status
}

func (b *board) update(f func(s *Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.s)
}

func (b *board) snapshot() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.s
	s.NextRuns, s.Jobs = maps.Clone(s.NextRuns), maps.Clone(s.Jobs)
	for _, list := range []*[]EntryStatus{&s.Failed, &s.Held, &s.Problems, &s.Withheld, &s.Notes} {
		*list = append([]EntryStatus{}, *list...)
	}
	s.Messages = append([]resource.Message{}, s.Messages...)
	s.Silent, s.Config.Errors, s.Config.Paths = append([]string{}, s.Silent...), append([]string{}, s.Config.Errors...), slices.Clone(s.Config.Paths)
	return s
}

// takePlan writes down what a plan says.
func (s *Status) takePlan(p *plan.Plan, words *render.Words) {
	s.Drift, s.Held, s.Problems, s.Withheld = len(p.Observed), nil, nil, nil
	for i := range p.Changes {
		if p.Changes[i].Drifted() {
			s.Drift++
		}
	}
	s.Numbers = NumberStatus{Counts: p.Counts, Tickets: len(p.Open)}
	for i := range p.Open {
		if at := p.Open[i].At; s.Numbers.Oldest == nil || at.Before(*s.Numbers.Oldest) {
			s.Numbers.Oldest = &at
		}
	}
	s.Problems, s.Withheld, s.Notes = problemsOf(p, words), withheldOf(p, words), notesOf(p, words)
	for i := range p.Problems {
		if p.Problems[i].Held {
			s.Held = append(s.Held, s.Problems[i])
		}
	}
}

func problemsOf(p *plan.Plan, words *render.Words) (out []EntryStatus) {
	for i := range p.Problems {
		q := &p.Problems[i]
		out = append(out, EntryStatus{Address: plan.Subject(q.Addr), Code: q.Reason.Code, Text: words.Problem(q)})
	}
	return out
}

func notesOf(p *plan.Plan, words *render.Words) (out []EntryStatus) {
	for i := range p.Notes {
		n := &p.Notes[i]
		out = append(out, EntryStatus{Address: plan.Subject(n.Addr), Code: n.Reason.Code, Text: words.Of(n.Reason)})
	}
	return out
}

func withheldOf(p *plan.Plan, words *render.Words) (out []EntryStatus) {
	for i := range p.Withheld {
		h := &p.Withheld[i]
		text := words.All(h.Guards)
		if at := slices.IndexFunc(p.Sets, func(s plan.Set) bool { return s.Code == h.Code }); at >= 0 {
			text += "; " + words.Approve(&p.Sets[at])
		}
		out = append(out, EntryStatus{Address: h.Addr.String(), Code: codeOf(h.Guards), Text: text, Approve: h.Code})
	}
	return out
}
