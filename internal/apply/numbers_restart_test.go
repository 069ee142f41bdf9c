package apply_test

import (
	"context"
	"testing"

	"pgregory.net/rapid"
)

// restart ends the process and starts it anew.
func (l *numberLaw) restart() {
	l.close()
	l.wire.cut, l.wire.dead = nil, false
	l.open()
}

// stopped is a pass that is cut off at one of its writes, by a signal or a kill.
func (l *numberLaw) stopped() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := l.wire
	w.writes, w.done, w.heard = rapid.IntRange(0, 3).Draw(l.T, "writes"), rapid.Bool().Draw(l.T, "it is done"), false
	switch pick(l.T, "stop", "signal", "kill") {
	case "signal": // what is under way is finished
		w.cut, w.done, w.heard = cancel, true, true
	case "kill": // nothing more is sent, or remembered
		w.cut = func() {
			w.dead = true
			_ = l.db.Close()
		}
	}
	l.pass(ctx)
	l.restart()
	l.check()
}

// A kill at any write, a stop at any write, a restart at any time: the same holds.
func TestLawsOfNumbersAcrossRestarts(t *testing.T) {
	wrap := checked(t)
	rapid.Check(t, func(r *rapid.T) {
		lawOfNumbers(t, r, wrap, map[string]func(l *numberLaw){
			"restart": (*numberLaw).restart, "stop": (*numberLaw).stopped, "stop again": (*numberLaw).stopped,
		})
	})
}
