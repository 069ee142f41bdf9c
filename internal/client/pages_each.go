package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// each reads a collection that is too large to be held, and hands its entries to take in the order of the pages, those of
// a page once it has been checked. It is one reading: where the pages do not add up that is an error, and what take was
// given before is not all there is. An error of take ends it, and comes back as it is.
func (c *Client) each(ctx context.Context, l listing, take func(Object) error) error {
	err := c.readEach(ctx, l, take)
	var short *shortfall
	if errors.As(err, &short) {
		return fmt.Errorf("GET %s: %w: %s; a short list is never taken for deletions",
			c.mask.clean(l.path, maxText), ErrIncomplete, short.why)
	}
	return err
}

func (c *Client) readEach(ctx context.Context, l listing, take func(Object) error) error {
	first, err := c.readPage(ctx, l, 1)
	if err != nil {
		return err
	}
	if l.cursors && first.leads() {
		return c.follow(ctx, l, first, take)
	}
	count, err := first.count()
	if err != nil {
		return err
	}
	t := c.tally(l)
	next := func(p pageOf) error {
		if err := t.add(p); err != nil {
			return err
		}
		return p.hand(take)
	}
	if err := next(first); err != nil {
		return err
	}
	if err := c.readOn(ctx, l, count, next); err != nil {
		return err
	}
	return t.end()
}

// readOn reads pages 2 to count, in parallel, and hands them over in their order. There are never more of them in memory
// than requests may be in flight.
func (c *Client) readOn(ctx context.Context, l listing, count int, next func(pageOf) error) error {
	type reading struct {
		page pageOf
		err  error
	}
	var group sync.WaitGroup
	defer group.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before the wait
	var ahead []chan reading
	for number := 2; number <= count || len(ahead) > 0; {
		for ; number <= count && len(ahead) < c.concurrency; number++ {
			n, done := number, make(chan reading, 1)
			ahead = append(ahead, done)
			group.Go(func() {
				p, err := c.readPage(ctx, l, n)
				done <- reading{p, err}
			})
		}
		r := <-ahead[0]
		ahead = ahead[1:]
		if r.err != nil {
			return r.err
		}
		if err := next(r.page); err != nil {
			return err
		}
	}
	return nil
}

// hand gives the entries to take.
func (p pageOf) hand(take func(Object) error) error {
	for _, o := range p.items {
		if err := take(o); err != nil {
			return err
		}
	}
	return nil
}
