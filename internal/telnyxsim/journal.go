package telnyxsim

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Request is one request that reached /v2.
type Request struct {
	Seq       int       `json:"seq"`  // in order of arrival, from 1
	Time      time.Time `json:"time"` // of arrival, on the simulator's clock
	Method    string    `json:"method"`
	Path      string    `json:"path"`       // after /v2, escaped as it was sent
	Query     string    `json:"query"`      // as it was sent
	Status    int       `json:"status"`     // 0: the connection was dropped
	RequestID string    `json:"request_id"` // the answer's x-request-id
}

// journal is what Sim remembers of requests: those that have ended, by Seq.
type journal struct {
	mu   sync.Mutex
	last int
	done []Request
}

// begin numbers a request at its arrival.
func (j *journal) begin(method, path, query string, now time.Time) Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	return Request{
		Seq: j.last, Time: now, Method: method, Path: path, Query: query,
		RequestID: fmt.Sprintf("7e1a9c5d-0000-4000-8000-%012x", j.last),
	}
}

// end enters a request with its outcome. Requests end in any order: each is put in
// its place.
func (j *journal) end(r Request, status int) {
	r.Status = status
	j.mu.Lock()
	defer j.mu.Unlock()
	i, _ := slices.BinarySearchFunc(j.done, r, func(a, b Request) int { return cmp.Compare(a.Seq, b.Seq) })
	j.done = slices.Insert(j.done, i, r)
}

// Journal returns the requests under /v2 that have been answered or dropped, in
// the order of their arrival. A request is entered before its answer is sent.
func (s *Sim) Journal() []Request {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return append([]Request{}, s.journal.done...)
}

// ClearJournal forgets the requests so far. Numbering goes on.
func (s *Sim) ClearJournal() {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.journal.done = nil
}
