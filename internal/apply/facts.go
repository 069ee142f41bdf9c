package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"telnyxsync/internal/client"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/resource"

	"golang.org/x/sync/errgroup"
)

// Numbers reads and writes phone numbers, and what brings them to Microsoft Teams. Lists of numbers
// ascend; what is not there is nil.
type Numbers interface {
	OnTeams(ctx context.Context, connection string) ([]resource.LiveNumber, error)
	Assigned(ctx context.Context, connection string) ([]resource.LiveNumber, error)
	Lookup(ctx context.Context, wanted resource.Numbers) (map[resource.Number]resource.AccountNumber, error)
	CivicAddresses(ctx context.Context, connection string) ([]resource.CivicAddress, error)
	Uploads(ctx context.Context, connection string) ([]resource.Upload, error)
	Upload(ctx context.Context, connection, ticket string) (*resource.Upload, error)
	Job(ctx context.Context, id string) (*resource.BulkJob, error)
	Connection(ctx context.Context, id string) (teams bool, label string, err error)

	Assign(ctx context.Context, ids []string, connection string) (job string, r resource.Receipt, err error)
	Send(ctx context.Context, t resource.Target, ids []string) (ticket string, r resource.Receipt, err error)
	Retry(ctx context.Context, connection, ticket string) (*resource.Upload, resource.Receipt, error)
	Relocate(ctx context.Context, connection, id, location string) (resource.Receipt, error)

	Refresh(ctx context.Context, connection string) (running bool, r resource.Receipt, err error)
	Pending(ctx context.Context, connection string) (numbers, uploads int, err error)
}

// errNoNumbers: an engine that is to plan phone numbers has to be able to read them.
var errNoNumbers = errors.New("this engine cannot read phone numbers")

// maxQuestions bounds how often a plan may ask for more: each answer leads to a few further questions.
const maxQuestions = 8

// errQuestions: a plan asks for more than anything that it could be told.
var errQuestions = fmt.Errorf("after %d rounds of reading, the plan of phone numbers still asks for more", maxQuestions)

// facts are gathered by many at once.
type facts struct {
	mu sync.Mutex
	numbers.Facts
}

func newFacts() *facts {
	return &facts{Facts: numbers.Facts{
		OnTeams: map[string]numbers.Read[[]resource.LiveNumber]{}, Assigned: map[string]numbers.Read[[]resource.LiveNumber]{},
		Account: map[resource.Number]resource.AccountNumber{}, Civic: map[string]numbers.Read[[]resource.CivicAddress]{},
		Uploads: map[string]numbers.Read[[]resource.Upload]{}, Tickets: map[numbers.Ticket]numbers.Read[*resource.Upload]{},
		Jobs: map[string]numbers.Read[*resource.BulkJob]{}, Connections: map[string]numbers.Read[numbers.Connection]{},
	}}
}

// read answers questions, as many at the same time as there may be requests: lists of numbers are large.
func (e *Engine) read(ctx context.Context, f *facts, m *numbers.Missing) error {
	if e.Numbers == nil {
		return errNoNumbers
	}
	var g errgroup.Group
	g.SetLimit(e.concurrency())
	api := e.Numbers
	each(ctx, &g, f, m.OnTeams, f.OnTeams, api.OnTeams)
	each(ctx, &g, f, m.Assigned, f.Assigned, api.Assigned)
	each(ctx, &g, f, m.Civic, f.Civic, api.CivicAddresses)
	each(ctx, &g, f, m.Uploads, f.Uploads, api.Uploads)
	each(ctx, &g, f, m.Jobs, f.Jobs, api.Job)
	each(ctx, &g, f, m.Tickets, f.Tickets, func(ctx context.Context, t numbers.Ticket) (*resource.Upload, error) {
		return api.Upload(ctx, t.Connection, t.Ticket)
	})
	each(ctx, &g, f, m.Connections, f.Connections, func(ctx context.Context, id string) (c numbers.Connection, err error) {
		c.Teams, c.Label, err = api.Connection(ctx, id)
		return c, err
	})
	if len(m.Lookup) > 0 {
		g.Go(func() error {
			found, err := api.Lookup(ctx, m.Lookup)
			f.mu.Lock()
			defer f.mu.Unlock()
			if err != nil {
				f.AccountErr = err
				return fatal(ctx, err)
			}
			for n, a := range found {
				f.Account[n] = a
			}
			f.Looked = f.Looked.Plus(m.Lookup)
			return nil
		})
	}
	return g.Wait()
}

// each asks one question about each of many things.
func each[K comparable, V any](ctx context.Context, g *errgroup.Group, f *facts, asked map[K]bool, into map[K]numbers.Read[V], ask func(context.Context, K) (V, error)) {
	for k := range asked {
		g.Go(func() error {
			v, err := ask(ctx, k)
			f.mu.Lock()
			defer f.mu.Unlock()
			into[k] = numbers.Read[V]{Value: v, Err: err}
			return fatal(ctx, err)
		})
	}
}

// fatal is an error that ends the whole plan: with a refused key, or after the end, nothing can be read.
func fatal(ctx context.Context, err error) error {
	if client.Unauthorized(err) || ctx.Err() != nil {
		return err
	}
	return nil
}
