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

// ask wants a yes. It is given by a person at a terminal, or by --yes. Where guards withhold something, the code of a set
// is a yes to that as well; it is returned.
func (a *app) ask(ctx context.Context, p *plan.Plan) (code string, err error) {
	if !isTerminal(a.in) {
		return "", errors.New("there is no terminal to ask on: look at the plan and give --yes; nothing was changed")
	}
	sentence, choice := fmt.Sprintf("%s with up to %d writing API call(s)?", question(p), cost(p)), "[y/N]"
	if len(p.Sets) > 0 {
		choice = "[y/N, or a code to let what it stands for through as well]"
		if !asks(p) {
			sentence, choice = "Nothing can be done that is not withheld.", "A code lets what it stands for through, anything else ends this:"
		}
	}
	line, err := a.answer(ctx, sentence+" "+choice+" ")
	if err != nil {
		return "", err
	}
	if code, is := offered(p, line); is {
		return code, nil
	}
	if said := strings.ToLower(line); asks(p) && (said == "y" || said == "yes") {
		return "", nil
	}
	return "", errors.New("declined; nothing was changed")
}

// confirmed wants a yes to a sentence.
func (a *app) confirmed(ctx context.Context, sentence string) error {
	if !isTerminal(a.in) {
		return errors.New("there is no terminal to ask on: give --yes; nothing was changed")
	}
	line, err := a.answer(ctx, sentence+"? [y/N] ")
	if said := strings.ToLower(line); err == nil && said != "y" && said != "yes" {
		err = errors.New("declined; nothing was changed")
	}
	return err
}

func (a *app) answer(ctx context.Context, question string) (string, error) {
	fmt.Fprint(a.err, question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return "", errors.New("declined; nothing was changed")
	case line := <-answer:
		return line, nil
	}
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
