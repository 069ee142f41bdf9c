package watch

import "time"

// delay tells when to kick: once it has been quiet for long enough, or changes have gone on for too long.
// It reads no clock.
type delay struct {
	quiet time.Duration // since the last change
	most  time.Duration // since the first change

	first, last time.Time // zero: nothing is waiting
}

// touch notes a change.
func (d *delay) touch(now time.Time) {
	if d.first.IsZero() {
		d.first = now
	}
	d.last = now
}

// restart begins to wait anew, as if the first change had come now.
func (d *delay) restart(now time.Time) { d.first, d.last = now, now }

func (d *delay) clear() { d.first, d.last = time.Time{}, time.Time{} }

func (d *delay) pending() bool { return !d.first.IsZero() }

// due is when to kick if nothing more happens.
func (d *delay) due() time.Time {
	calm, end := d.last.Add(d.quiet), d.first.Add(d.most)
	if end.Before(calm) {
		return end
	}
	return calm
}

func (d *delay) ready(now time.Time) bool { return d.pending() && !now.Before(d.due()) }

// overdue tells that waiting for quiet has taken too long.
func (d *delay) overdue(now time.Time) bool {
	return d.pending() && !now.Before(d.first.Add(d.most))
}
