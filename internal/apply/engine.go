// Package apply observes Telnyx, guards plans, carries them out and recovers from what was cut off. It is the only
// package that changes anything on Telnyx.
//
// It does not know YAML, the command line, words, or how a kind's objects are read and written: that it
// is handed as Operations.
package apply

import (
	"context"
	"time"

	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Operations read and write the objects of one kind.
type Operations interface {
	// Observe reads what is wanted, or all there is where the kind can be listed.
	Observe(ctx context.Context, want resource.Want) (resource.Observation, error)
	// Read reads one object; nil if it is not there.
	Read(ctx context.Context, id string) (*resource.Live, error)
	Create(ctx context.Context, w resource.Write) (resource.Receipt, error)
	Update(ctx context.Context, w resource.Write) (resource.Receipt, error)
	// Delete takes an object down and removes it; one that is gone already is a success.
	Delete(ctx context.Context, l *resource.Live) (resource.Receipt, error)
	// Numbers counts the phone numbers that would lose their service with the object.
	Numbers(ctx context.Context, l *resource.Live) (int, error)
}

// Engine plans and applies against one account. It is a value: nothing changes it once it is made.
type Engine struct {
	Kinds       []resource.Kind
	Operations  map[string]Operations // by kind
	BaseURL     string                // of the API; state is bound to it
	Key         string                // the API key; state remembers its keyed hash
	Instance    string                // in owner tags; "" is "default"
	Concurrency int                   // changes at a time; 0 is 10
	Settle      time.Duration         // between two looks for a create whose answer was lost; 0 is 3 s
	Limits      Limits                // of guards; nil is the defaults
	Now         func() time.Time      // this machine's clock; nil is time.Now

	// ClockSkew tells how far Telnyx's clock is ahead of this machine's, by its last answer; nil is that nobody knows.
	ClockSkew func() (skew time.Duration, known bool)

	// Secret reads what a reference leads to; nil where no kind has secrets.
	Secret func(ref resource.SecretRef) (string, error)

	OperatorConnect OperatorConnect // for the job that refreshes it; may be nil
	Numbers         Numbers         // nil where no kind has groups of phone numbers
	Times           numbers.Times   // of what is on its way

	Retention map[string]Retention // by the kind of the policies
	Messages  Messages             // may be nil
}

// Options are what a user asks of one run.
type Options struct {
	Prune         bool
	Stateless     bool
	Foreign       bool
	AcceptAccount bool
	Only          []resource.Addr
	Writing       bool // the plan is to be applied: entries whose secrets cannot be had are left alone

	// Approve lets withheld sets through by their codes, and By is who says so.
	Approve []string
	By      string

	// Progress is told of each change, or call of a set, that ended. It is called by one goroutine at a time.
	Progress func(done, total int, o plan.Outcome)
}

func (e *Engine) concurrency() int {
	if e.Concurrency <= 0 {
		return 10
	}
	return e.Concurrency
}

func (e *Engine) settle() time.Duration {
	if e.Settle == 0 {
		return 3 * time.Second
	}
	return e.Settle
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
