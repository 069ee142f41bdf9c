package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/retention"
	"telnyxsync/internal/state"
)

// Retention reads and deletes what policies of retention are about.
type Retention interface {
	// Each hands over all that passes Telnyx's own filters and was made by a time, or fails.
	Each(ctx context.Context, filters map[string]string, until time.Time, take func(r *resource.Recording) error) error
	// Delete deletes at most Batch of them for good. Of what a lost answer means for each nobody knows.
	Delete(ctx context.Context, ids []string) (resource.Receipt, error)
	Batch() int
	// Archive keeps one below a directory: when it returns nil, all of it is there.
	Archive(ctx context.Context, id string, created time.Time, dir string) error
	// ClockSkew is how far Telnyx's clock is ahead of ours, by its last answer.
	ClockSkew() (skew time.Duration, known bool)
}

// maxSkew is how far the clocks may be apart: by a wrong one, everything is old.
const maxSkew = 5 * time.Minute

// retain is a job that deletes what the policies of a kind say, or tells what it would delete.
func retain(kind string) func(ctx context.Context, e *Engine, s Situation) (Report, error) {
	return func(ctx context.Context, e *Engine, s Situation) (Report, error) {
		api := e.Retention[kind]
		if api == nil {
			return Report{}, fmt.Errorf("this engine cannot read what %s is about", kind)
		}
		x := &retainer{Engine: e, s: &s, kind: kind, api: api, noun: strings.TrimSuffix(kind, "_retention")}
		err := x.run(ctx)
		if err != nil {
			err = fmt.Errorf("%w; nothing more is deleted", err)
		}
		return x.report, err
	}
}

// retainer is one run of retention.
type retainer struct {
	*Engine
	s      *Situation
	kind   string
	noun   string
	api    Retention
	report Report
	judge  *retention.Judge
	until  time.Time       // what is younger is not looked at: it cannot be due, and comes while the pages are read
	there  map[string]bool // those that were begun to be deleted and are still there, see begun
}

func (x *retainer) say(format string, args ...any) {
	x.report.Lines = append(x.report.Lines, fmt.Sprintf(format, args...))
}

func (x *retainer) run(ctx context.Context) error {
	policies, err := x.policies(ctx)
	if err != nil {
		return err
	}
	left := x.left()
	deletes := slices.ContainsFunc(policies, func(p retention.Policy) bool { return !p.Keep })
	if !deletes && len(left) == 0 {
		x.say("no policy says that any %s is to be deleted", x.noun)
		return nil
	}
	now := time.Now()
	x.judge, x.until = retention.NewJudge(policies, now), until(policies, left, now)
	due, err := x.due(ctx, left)
	if err != nil {
		return err
	}
	if err := x.resolve(ctx, left); err != nil {
		return err
	}
	doing, later := retention.Cut(due)
	enforce := x.s.Enforce && !x.s.Observe
	for _, sum := range retention.SumUp(due) {
		x.say("%s: %s due, made from %s to %s, %.1f hours of audio", sum.Addr, x.count(sum.Count),
			sum.Oldest.UTC().Format(time.RFC3339), sum.Newest.UTC().Format(time.RFC3339), float64(sum.Millis)/3.6e6)
	}
	switch {
	case len(due) == 0:
		x.say("nothing is due to be deleted")
	case !enforce:
		x.say("%s would be deleted; nothing is, as this only reports: the daemon's `retention: enforce`, or `telnyxsync jobs run %s --enforce`, deletes",
			x.count(len(doing)), x.kind)
	}
	if len(later) > 0 {
		x.say("%s wait for another run, as max_deletes_per_run says", x.count(len(later)))
	}
	if !enforce || len(doing) == 0 {
		return nil
	}
	return x.enforce(ctx, doing)
}

// until is when the youngest was made that can be due, or that was begun to be deleted before.
func until(policies []retention.Policy, left map[string]begun, now time.Time) (t time.Time) {
	for _, p := range policies {
		if at := now.Add(-p.After); !p.Keep && at.After(t) {
			t = at
		}
	}
	for _, b := range left {
		if b.Created.After(t) {
			t = b.Created.Add(time.Second) // it is asked for in whole seconds
		}
	}
	return t
}

func (x *retainer) count(n int) string {
	if n == 1 {
		return "1 " + x.noun
	}
	return fmt.Sprintf("%d %ss", n, x.noun)
}

// policies are those that are written, and the holds that other runs wrote. What cannot be told of a hold
// forbids the run; a policy of which something cannot be told is left out.
func (x *retainer) policies(ctx context.Context) (list []retention.Policy, err error) {
	in, err := x.withConnections(ctx, x.s, x.kind)
	if err != nil {
		return nil, err
	}
	put, gone := diff.Holds(in)
	if !x.s.Observe {
		var records []state.Record
		for i := range put {
			records = append(records, state.Record{Own: &put[i]})
		}
		for i := range gone {
			records = append(records, state.Record{Forget: &gone[i].Addr})
		}
		if err := x.s.DB.Commit(ctx, records...); err != nil {
			return nil, err
		}
	}
	written := map[resource.Addr]bool{}
	desired := diff.Identified(in)
	for i := range desired.Entries {
		e := &desired.Entries[i]
		if e.Kind != x.kind {
			continue
		}
		written[e.Addr] = true
		p, err := policyOf(e.Addr, e.Object, x.connection(in))
		switch {
		case err == nil && e.Observe && !p.Keep:
			x.say("%s: it only observes, and deletes nothing", e.Addr)
		case err == nil:
			list = append(list, p)
		case p.Keep:
			return nil, fmt.Errorf("the hold %s: %w", e.Addr, err)
		default:
			x.report.Failed = true
			x.say("%s is left out: %v", e.Addr, err)
		}
	}
	released := map[resource.Addr]bool{}
	for i := range gone {
		released[gone[i].Addr] = true
	}
	for i := range x.s.Snap.Owned {
		row := &x.s.Snap.Owned[i]
		if row.Addr.Kind != x.kind || released[row.Addr] || written[row.Addr] && x.s.Desired.Root(row.Root) != nil {
			continue
		}
		p, err := policyOf(row.Addr, row.Applied, x.connection(in))
		if err != nil {
			return nil, fmt.Errorf("the hold %s, which state remembers from %s: %w", row.Addr, row.Root, err)
		}
		x.say("%s holds too, as state remembers from %s, which this run does not load or does not write", row.Addr, row.Root)
		list = append(list, p)
	}
	return list, nil
}

// withConnections reads the connections, where entries of a kind name some.
func (e *Engine) withConnections(ctx context.Context, s *Situation, kind string) (diff.Input, error) {
	in := e.input(s.Desired, s.Snap, s.Options)
	named := slices.ContainsFunc(s.Desired.Entries, func(d resource.Entry) bool {
		ref, ok := d.Object["connection"].(resource.Ref)
		return d.Kind == kind && ok && ref.ID == ""
	})
	if !named {
		return in, nil
	}
	const connections = "external_connections"
	k := &e.Kinds[slices.IndexFunc(e.Kinds, func(k resource.Kind) bool { return k.Name == connections })]
	in.Live = map[string]diff.Observed{}
	if err := e.observeKinds(ctx, []*resource.Kind{k}, s.Desired, s.Snap, in.Live); err != nil {
		return in, err
	}
	return in, in.Live[connections].Err
}

// connection finds the id of an entry of external_connections.
func (x *retainer) connection(in diff.Input) func(a resource.Addr) string {
	ids := diff.IDs(in)
	return func(a resource.Addr) string {
		if id := ids[a]; id != "" {
			return id
		}
		for _, o := range x.s.Snap.Owned {
			if o.Addr == a {
				return o.ID
			}
		}
		return ""
	}
}

// filterNames are the fields of an entry that are filters of Telnyx's as they stand.
var filterNames = []string{
	"connection_id", "from", "to", "call_leg_id", "call_session_id", "call_control_id", "conference_id", "conference_region", "sip_call_id", "recording_id",
}

// policyOf reads an entry, or what state remembers of one. The error is what cannot be told of it.
func policyOf(a resource.Addr, o resource.Object, connection func(resource.Addr) string) (p retention.Policy, err error) {
	p = retention.Policy{
		Addr: a, Filters: map[string]string{}, After: resource.GetDuration(o, "/delete_after", 0), Archive: resource.GetString(o, "/archive"),
	}
	p.Keep = o["keep"] == true
	if n, ok := o["max_deletes_per_run"].(int64); ok {
		p.Max = int(n)
	}
	for _, name := range filterNames {
		if v := resource.GetString(o, "/"+name); v != "" {
			p.Filters[name] = v
		}
	}
	var addr resource.Addr
	switch ref := o["connection"].(type) {
	case resource.Ref:
		p.Filters["connection_id"], addr = ref.ID, ref.Addr
	case string: // as state remembers it: an id, or the address of an entry whose id was not known
		p.Filters["connection_id"] = ref
		if other, parseErr := resource.ParseAddr(ref); parseErr == nil {
			p.Filters["connection_id"], addr = "", other
		}
	}
	if addr.Name != "" && p.Filters["connection_id"] == "" {
		if p.Filters["connection_id"] = connection(addr); p.Filters["connection_id"] == "" {
			err = fmt.Errorf("the id of %s is not known: apply that first", addr)
		}
	}
	for _, field := range []string{"created_at", "start_time", "end_time"} {
		b := retention.Between{Field: field}
		for path, into := range map[string]*time.Time{"gte": &b.GTE, "lte": &b.LTE} {
			if text := resource.GetString(o, resource.Pointer(field, path)); text != "" {
				t, parseErr := time.Parse(time.RFC3339, text)
				err = errors.Join(err, parseErr)
				*into = t
			}
		}
		if !b.GTE.IsZero() || !b.LTE.IsZero() {
			p.Between = append(p.Between, b)
		}
	}
	return p, err
}

// due lists all, and judges each.
func (x *retainer) due(ctx context.Context, left map[string]begun) (due []retention.Due, err error) {
	for _, i := range x.judge.Ask() {
		if err := x.ask(ctx, i); err != nil {
			return nil, err
		}
	}
	x.there = map[string]bool{}
	var aside []resource.Recording
	asked := map[int]bool{}
	look := func(r *resource.Recording) error {
		if _, was := left[r.ID]; was {
			x.there[r.ID] = true
		}
		d, ask, err := x.judge.Look(r)
		switch {
		case err != nil:
			return err
		case ask >= 0:
			aside = append(aside, *r)
			asked[ask] = true
		case d != nil:
			due = append(due, *d)
		}
		return nil
	}
	if err := x.api.Each(ctx, nil, x.until, look); err != nil {
		return nil, err
	}
	if skew, known := x.api.ClockSkew(); !known || skew.Abs() > maxSkew {
		if !known {
			return nil, errors.New("what time it is for Telnyx is not known: its answer has no Date")
		}
		return nil, fmt.Errorf("Telnyx's clock and this machine's are %v apart: set the clock of this machine", skew.Round(time.Second))
	}
	for len(asked) > 0 { // each round answers for one policy more
		for _, i := range slices.Sorted(maps.Keys(asked)) {
			if err := x.ask(ctx, i); err != nil {
				return nil, err
			}
		}
		again := aside
		aside, asked = nil, map[int]bool{}
		for i := range again {
			if err := look(&again[i]); err != nil {
				return nil, err
			}
		}
	}
	return due, nil
}

// ask asks Telnyx's own filter about a policy.
func (x *retainer) ask(ctx context.Context, i int) error {
	p := &x.judge.Policies()[i]
	ids := map[string]bool{}
	err := x.api.Each(ctx, p.Filters, x.until, func(r *resource.Recording) error {
		ids[r.ID] = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("what %s means could not be read: %w", p.Addr, err)
	}
	x.judge.Tell(i, ids)
	return nil
}

// begun is what is stored of a recording before it is deleted, and written to the history after.
type begun struct {
	ID      string        `json:"id"`
	Policy  resource.Addr `json:"policy"`
	Created time.Time     `json:"created"`
	From    string        `json:"from,omitempty"` // masked
	To      string        `json:"to,omitempty"`
	Age     string        `json:"age"`
}

func (x *retainer) intentAddr() resource.Addr { return resource.Addr{Kind: x.kind, Name: "deleting"} }

// left are the recordings that an earlier run had begun to delete when it was cut off.
func (x *retainer) left() map[string]begun {
	out := map[string]begun{}
	for _, in := range x.s.Snap.Intents {
		if in.Addr != x.intentAddr() {
			continue
		}
		for _, text := range in.Seen {
			var b begun
			if json.Unmarshal([]byte(text), &b) == nil { // it was written by us
				out[b.ID] = b
			}
		}
	}
	return out
}

// resolve writes to the history what became of those.
func (x *retainer) resolve(ctx context.Context, left map[string]begun) error {
	if len(left) == 0 || x.s.Observe {
		return nil
	}
	a := x.intentAddr()
	rec := state.Record{EndIntent: &a}
	gone := 0
	for _, id := range slices.Sorted(maps.Keys(left)) {
		if !x.there[id] {
			gone++
			rec.Events = append(rec.Events, x.event(left[id], Done, "", ""))
		}
	}
	x.say("an earlier run was cut off while it deleted %s: %d of them are gone, and in the history now", x.count(len(left)), gone)
	return x.s.DB.Commit(ctx, rec)
}

func (x *retainer) event(b begun, outcome Status, err, request string) state.Event {
	reason := fmt.Sprintf("made %s, %s old", b.Created.UTC().Format(time.RFC3339), b.Age)
	if b.From != "" || b.To != "" {
		reason += fmt.Sprintf(", from %s to %s", b.From, b.To)
	}
	return state.Event{Addr: b.Policy, Op: string(diff.Delete), ID: b.ID, Reason: reason, Outcome: string(outcome), Error: err, RequestID: request, Fingerprint: Fingerprint(x.s.Desired)}
}

// enforce archives and deletes, batch by batch, and reads again what is left.
func (x *retainer) enforce(ctx context.Context, due []retention.Due) error {
	due = x.archive(ctx, due)
	deleted := map[string]begun{}
	doubt := map[string]begun{}
	for batch := range slices.Chunk(due, x.api.Batch()) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := x.delete(ctx, batch, deleted, doubt); err != nil {
			return err
		}
	}
	return x.readAgain(ctx, deleted, doubt)
}

// delete deletes one batch. What is about to be deleted is stored before; the error is one of the state,
// or one by which all others would fail too.
func (x *retainer) delete(ctx context.Context, batch []retention.Due, deleted, doubt map[string]begun) error {
	in := resource.Intent{Addr: x.intentAddr(), At: time.Now()}
	ids := make([]string, len(batch))
	list := make([]begun, len(batch))
	for i, d := range batch {
		ids[i] = d.ID
		list[i] = begun{d.ID, d.Policy.Addr, d.Created, d.From, d.To, resource.DurationText(time.Since(d.Created).Truncate(time.Hour))}
		in.Seen = append(in.Seen, resource.Text(list[i]))
	}
	for _, b := range doubt { // those of before are not forgotten
		in.Seen = append(in.Seen, resource.Text(b))
	}
	if err := x.s.DB.Begin(ctx, in); err != nil {
		return err
	}
	r, err := x.api.Delete(context.WithoutCancel(ctx), ids)
	a := x.intentAddr()
	var rec state.Record
	switch {
	case err == nil:
		for _, b := range list {
			deleted[b.ID] = b
			rec.Events = append(rec.Events, x.event(b, Done, "", r.RequestID))
		}
	case client.Unknown(err):
		for _, b := range list {
			doubt[b.ID] = b
		}
		x.say("unknown: whether %s were deleted: %v", x.count(len(list)), err)
	default:
		x.report.Failed = true
		x.say("failed: %s: %v", x.count(len(list)), err)
		for _, b := range list {
			rec.Events = append(rec.Events, x.event(b, Failed, err.Error(), r.RequestID))
		}
	}
	if len(doubt) == 0 {
		rec.EndIntent = &a
	}
	if commitErr := x.s.DB.Commit(ctx, rec); commitErr != nil {
		return commitErr
	}
	if client.Unauthorized(err) {
		return err
	}
	return nil
}

// readAgain makes sure that what was deleted is gone, and finds out what became of the rest.
func (x *retainer) readAgain(ctx context.Context, deleted, doubt map[string]begun) error {
	still := 0
	there := map[string]bool{}
	err := x.api.Each(ctx, nil, x.until, func(r *resource.Recording) error {
		if _, ok := deleted[r.ID]; ok {
			still++
		}
		if _, ok := doubt[r.ID]; ok {
			there[r.ID] = true
		}
		return nil
	})
	if err != nil {
		x.say("deleted: %s; what is left could not be read again", x.count(len(deleted)))
		return err
	}
	if len(doubt) > 0 {
		a := x.intentAddr()
		rec := state.Record{EndIntent: &a}
		for _, id := range slices.Sorted(maps.Keys(doubt)) {
			if !there[id] {
				deleted[id] = doubt[id]
				rec.Events = append(rec.Events, x.event(doubt[id], Done, "", ""))
			}
		}
		if err := x.s.DB.Commit(ctx, rec); err != nil {
			return err
		}
	}
	x.say("deleted: %s", x.count(len(deleted)-still))
	if left := still + len(there); left > 0 {
		x.report.Failed = true
		x.say("%s are still there, of which %d Telnyx called deleted: the next run tries again", x.count(left), still)
	}
	return nil
}
