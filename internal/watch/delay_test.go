package watch

import (
	"testing"
	"time"
)

func TestDelay(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	for _, tt := range []struct {
		name    string
		touches []int
		restart int // 0: none
		due     int
	}{
		{name: "one change", touches: []int{0}, due: 500},
		{name: "the quiet time begins with the last change", touches: []int{0, 100, 450}, due: 950},
		{name: "a change at the last moment counts", touches: []int{0, 499}, due: 999},
		{name: "constant change ends after the longest delay", touches: []int{0, 400, 800, 1200, 1600, 1999}, due: 2000},
		{name: "a restart forgets the first change", touches: []int{0, 400, 800}, restart: 1900, due: 2400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := delay{quiet: 500 * time.Millisecond, most: 2 * time.Second}
			if d.ready(at(1e6)) || d.overdue(at(1e6)) || d.pending() {
				t.Fatal("ready before anything changed")
			}
			for _, ms := range tt.touches {
				if d.ready(at(ms)) {
					t.Errorf("ready at %d, before the change", ms)
				}
				d.touch(at(ms))
			}
			if tt.restart > 0 {
				d.restart(at(tt.restart))
			}
			if got := d.due(); !got.Equal(at(tt.due)) {
				t.Errorf("due after %v, want %v", got.Sub(start), at(tt.due).Sub(start))
			}
			if d.ready(at(tt.due - 1)) {
				t.Error("ready before it is due")
			}
			if !d.ready(at(tt.due)) {
				t.Error("not ready when it is due")
			}
			if got, want := d.overdue(at(tt.due)), tt.due == 2000; got != want {
				t.Errorf("overdue is %v, want %v", got, want)
			}
			d.clear()
			if d.ready(at(1e6)) || d.pending() {
				t.Error("ready again after the kick")
			}
		})
	}
}
