package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"telnyxsync/internal/plan"
)

// asks tells whether carrying a plan out changes anything that somebody should say yes to: numbers that are found in
// place are only remembered.
func asks(p *plan.Plan) bool { return steps(p) > 0 }

// steps counts what carrying a plan out takes: changes of objects, and calls.
func steps(p *plan.Plan) int {
	n := len(p.Calls)
	for i := range p.Changes {
		if p.Changes[i].Items == nil {
			n++
		}
	}
	return n
}

// ask wants a yes. It is given by a person at a terminal, or by --yes.
func (a *app) ask(ctx context.Context, p *plan.Plan) error {
	if !isTerminal(a.in) {
		return errors.New("there is no terminal to ask on: look at the plan and give --yes; nothing was changed")
	}
	fmt.Fprintf(a.err, "%s with up to %d writing API call(s)? [y/N] ", question(p), cost(p))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.err)
	case line := <-answer:
		if line == "y" || line == "yes" {
			return nil
		}
	}
	return errors.New("declined; nothing was changed")
}

// question is what there is to say yes to.
func question(p *plan.Plan) string {
	n := 0
	for i := range p.Calls {
		c := &p.Calls[i]
		if c.Op != plan.Delete || c.Items == nil {
			return fmt.Sprintf("Apply %d change(s)", len(p.Changes))
		}
		n += c.Items.Len()
	}
	if n == 0 {
		return fmt.Sprintf("Apply %d change(s)", len(p.Changes))
	}
	return "Delete " + counted(n, p.Calls[0].Items.Unit(), p.Calls[0].Items.Unit()+"s") + " for good"
}

// cost counts the writing calls that carrying a plan out takes at most.
func cost(p *plan.Plan) (calls int) {
	for i := range p.Changes {
		if p.Changes[i].Items == nil {
			calls += p.Changes[i].Cost
		}
	}
	for i := range p.Calls {
		calls += p.Calls[i].Cost
	}
	return calls
}
