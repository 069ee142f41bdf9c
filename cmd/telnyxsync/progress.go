package main

import (
	"telnyxsync/internal/plan"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress is a bar on stderr, if that is a terminal; else nothing.
type progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
	failed    int
	done      int
}

func (a *app) progress(total int) *progress {
	p := &progress{}
	if total == 0 || !isTerminal(a.err) {
		return p
	}
	p.container = mpb.New(mpb.WithOutput(a.err), mpb.WithWidth(40))
	p.bar = p.container.AddBar(int64(total),
		mpb.PrependDecorators(decor.Name("applying "), decor.CountersNoUnit("%d/%d")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			if p.failed == 0 {
				return ""
			}
			return " some failed"
		})),
	)
	return p
}

func (p *progress) step(_, _ int, o plan.Outcome) {
	p.one(o.Status == plan.Done || o.Status == plan.Submitted)
}

func (p *progress) one(ok bool) {
	if p.bar == nil {
		return
	}
	if !ok {
		p.failed++
	}
	p.done++
	p.bar.SetCurrent(int64(p.done))
}

func (p *progress) stop() {
	if p.bar == nil {
		return
	}
	p.bar.SetTotal(-1, true)
	p.container.Wait()
}
