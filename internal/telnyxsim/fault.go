package telnyxsim

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"
)

// What a fault can do.
const (
	doDelay      = "delay"
	doDropBefore = "drop-before-commit"
	doDropAfter  = "drop-after-commit"
	doStatus     = "status"
	doCommitLate = "commit-late"
	doShortPage  = "short-page"
	doHTML       = "html"
)

// faultHeader marks answers that are not the API's own, for those who check the
// simulator against the API's contract. It names what was done: status, commit-late,
// short-page or html. A delayed answer is the API's own.
const faultHeader = "X-Sim-Fault"

// Fault is something that goes wrong with the next requests that match. The first
// matching fault with times left is used up by each request under /v2 that was not
// refused by the rate limit.
type Fault struct {
	// Match is METHOD PATH, the path as after /v2. "*" is any method; "*" or "{x}"
	// is any one segment of the path.
	Match string `json:"match"`
	// Times is how often it happens: 0 is once, -1 for ever.
	Times int `json:"times,omitempty"`
	// Do is what happens:
	//   delay               wait, then answer as usual
	//   drop-before-commit  close the connection, having done nothing
	//   drop-after-commit   do what was asked, then close the connection
	//   status              answer Status, having done nothing
	//   commit-late         answer Status, and do what was asked After that
	//   short-page          answer a list without the last of its objects
	//   html                do what was asked, then answer 200 with an HTML page
	Do string `json:"do"`
	// Status is the answer's status, 200 to 599. 0 is 503 for "status", and 504 for
	// "commit-late".
	Status int `json:"status,omitempty"`
	// After is how long later on the simulator's clock it is done, for "commit-late": "10s".
	After string `json:"after,omitempty"`
	// Headers are added to the answer, for "status" and "commit-late".
	Headers map[string]string `json:"headers,omitempty"`
	// Delay is waited before anything else, whatever Do says: "250ms".
	Delay string `json:"delay,omitempty"`
}

// fault is a Fault that was found valid.
type fault struct {
	Fault
	match
	delay time.Duration
	after time.Duration
}

type faults struct {
	mu   sync.Mutex
	left []*fault
}

// AddFaults arms faults behind those that are left. If one is invalid, none is added.
func (s *Sim) AddFaults(fs ...Fault) error {
	var armed []*fault
	for i, f := range fs {
		a, err := arm(f)
		if err != nil {
			return fmt.Errorf("fault %d (%q): %w", i, f.Match, err)
		}
		armed = append(armed, a)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.left = append(s.faults.left, armed...)
	return nil
}

// ClearFaults disarms all faults.
func (s *Sim) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.left = nil
}

// remaining returns the faults that can still happen, with their times left.
func (fs *faults) remaining() []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	out := []Fault{}
	for _, f := range fs.left {
		out = append(out, f.Fault)
	}
	return out
}

func arm(f Fault) (*fault, error) {
	a := &fault{Fault: f}
	a.Headers = maps.Clone(f.Headers)
	var err error
	if a.match, err = parseMatch(f.Match); err != nil {
		return nil, err
	}
	for _, d := range []struct {
		name, text string
		into       *time.Duration
	}{{"delay", f.Delay, &a.delay}, {"after", f.After, &a.after}} {
		if d.text == "" {
			continue
		}
		var err error
		if *d.into, err = time.ParseDuration(d.text); err != nil || *d.into < 0 {
			return nil, fmt.Errorf("the %s %q is not a duration such as 250ms", d.name, d.text)
		}
	}
	if err := a.deed(); err != nil {
		return nil, err
	}
	switch {
	case f.Times == 0:
		a.Times = 1
	case f.Times < -1:
		return nil, fmt.Errorf("times %d is neither a number of times nor -1", f.Times)
	}
	return a, nil
}

// deed checks what a fault is to do, and fills in the status that it answers.
func (f *fault) deed() error {
	if f.Do != doStatus && f.Do != doCommitLate && (f.Status != 0 || len(f.Headers) != 0) {
		return fmt.Errorf("status and headers belong to do \"status\" and \"commit-late\", not to %q", f.Do)
	}
	if f.Do != doCommitLate && f.After != "" {
		return fmt.Errorf("after belongs to do \"commit-late\", not to %q", f.Do)
	}
	switch f.Do {
	case doDelay:
		if f.Delay == "" {
			return errors.New("a delay needs its delay")
		}
	case doStatus, doCommitLate:
		if f.Do == doCommitLate && f.After == "" {
			return errors.New("a late commit needs to know after how long it comes")
		}
		if f.Status == 0 {
			f.Status = map[string]int{doStatus: http.StatusServiceUnavailable, doCommitLate: http.StatusGatewayTimeout}[f.Do]
		}
		if f.Status < 200 || f.Status > 599 {
			return fmt.Errorf("the status %d is not within 200 and 599", f.Status)
		}
	case doDropBefore, doDropAfter, doShortPage, doHTML:
	default:
		return fmt.Errorf("do %q is none of delay, drop-before-commit, drop-after-commit, status, commit-late, short-page, html", f.Do)
	}
	return nil
}

// take uses up the first fault that matches a request. The zero fault does nothing.
func (fs *faults) take(method string, segments []string) fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, f := range fs.left {
		if !f.matches(method, segments) {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		if f.Times == 0 {
			fs.left = slices.Delete(fs.left, i, i+1)
		}
		return *f
	}
	return fault{}
}

// reply is the answer of a fault that has a status.
func (f *fault) reply() reply {
	r := refuse(f.Status, problem{code: codeOf(f.Status), title: http.StatusText(f.Status), detail: "An injected fault."})
	r.header = map[string]string{}
	maps.Copy(r.header, f.Headers)
	r.header[faultHeader] = f.Do
	return r
}

// short takes the last object out of a list's answer and leaves its meta alone, as
// if it had been deleted or lost between counting and reading.
func (r reply) short() reply {
	body, ok := r.body.(map[string]any)
	if !ok {
		return r
	}
	body = maps.Clone(body)
	for k, v := range body {
		if list := reflect.ValueOf(v); list.Kind() == reflect.Slice && list.Len() > 0 {
			body[k] = list.Slice(0, list.Len()-1).Interface()
			r.header = map[string]string{faultHeader: doShortPage}
		}
	}
	r.body = body
	return r
}
