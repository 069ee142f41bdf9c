package telnyxsim

import (
	"fmt"
	"sync"
)

// violations is what clients did that none ever should.
type violations struct {
	mu   sync.Mutex
	list []string
}

func (v *violations) add(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.list = append(v.list, fmt.Sprintf(format, args...))
}

// Violations returns what was asked for that a client must never ask for, each in
// words and in the order in which it came: the upload of a number that is on its way
// already, the deletion of a batch without ids, and an API key that is sent to where the
// content of recordings lies. Each was refused too. Replacing the account forgets none.
func (s *Sim) Violations() []string {
	s.broken.mu.Lock()
	defer s.broken.mu.Unlock()
	return append([]string{}, s.broken.list...)
}

// ClearViolations forgets the violations so far.
func (s *Sim) ClearViolations() {
	s.broken.mu.Lock()
	defer s.broken.mu.Unlock()
	s.broken.list = nil
}
