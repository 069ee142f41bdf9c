package numbers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"
)

// reasonsIn are all reasons that a plan gives, those within others too.
func reasonsIn(p *Plan) (out []resource.Reason) {
	var add func(list ...resource.Reason)
	add = func(list ...resource.Reason) {
		for _, r := range list {
			out = append(out, r)
			if inner, ok := r.Args["failure"].(resource.Reason); ok {
				add(inner)
			}
		}
	}
	for _, d := range p.Groups {
		for _, v := range d.Verdicts {
			add(v.Reasons...)
		}
	}
	for _, e := range p.Settle.Ended {
		add(e.Reason)
	}
	for _, t := range p.Settle.Troubles {
		add(t.Reason)
	}
	return out
}

// declared are the codes in reasons.go, by their names in the code.
func declared(t *testing.T) map[string]resource.Code {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]resource.Code{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out[v.Names[0].Name] = resource.Code(text)
		}
		return true
	})
	return out
}

// Each code comes of something, with the arguments that stand beside it, and there are words for it, also once it was
// stored.
func TestEveryReason(t *testing.T) {
	cases, codes := reasonCases(), declared(t)
	if len(codes) < 40 {
		t.Errorf("only %d codes were found", len(codes))
	}
	for name, code := range codes {
		if _, ok := cases[code]; !ok {
			t.Errorf("%s has no row", name)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(cases)) {
		t.Run(string(code), func(t *testing.T) {
			c := cases[code]
			if !slices.Contains(slices.Collect(maps.Values(codes)), code) {
				t.Error("it is not declared")
			}
			var p Plan
			switch {
			case code == CodeRefused:
				p.Settle.Troubles = Refused(orderOf(resource.OrderUpload, atL1, set(n1), "", 0), nil, nil, "no", Times{}, now)
			case code == CodeImpossibleEvent:
				without(t, Failed, Listed)
				p = c.account.decide(t, c.in)
			case c.read != nil:
				c.in.Now, c.in.Facts = now, *c.read
				p = Decide(c.in)
			default:
				p = c.account.decide(t, c.in)
			}
			all := reasonsIn(&p)
			i := slices.IndexFunc(all, func(r resource.Reason) bool { return r.Code == code })
			if i < 0 {
				t.Fatalf("it does not come out: %+v", all)
			}
			r := all[i]
			if len(r.Args)+len(c.args) > 0 && !reflect.DeepEqual(r.Args, c.args) {
				t.Errorf("its arguments are %#v, want %#v", r.Args, c.args)
			}
			says := words(r)
			if says == "" || strings.HasPrefix(says, string(code)) || strings.Contains(says, "<no value>") {
				t.Errorf("it says %q", says)
			}
			if again := words(resource.ParseReason(r.Key())); again != says {
				t.Errorf("it says %q, and once it was stored %q", says, again)
			}
			if again := resource.ParseReason(r.Key()).Key(); again != r.Key() {
				t.Errorf("its key is %s, and once it was stored %s", r.Key(), again)
			}
		})
	}
}

// without takes an arrow out of the table for one test.
func without(t *testing.T, s State, e Event) {
	to := Machine[s][e]
	delete(Machine[s], e)
	t.Cleanup(func() { Machine[s][e] = to })
}

// What happens and cannot happen holds the numbers that it happens to, and hurts nothing else: what is remembered of
// them stays as it is, nothing is sent for them, and the others go on.
func TestImpossible(t *testing.T) {
	const up = resource.OrderUpload
	other := func() *account { return new(account).owns(here, n1, n2).owns("", n3) }
	settled := orderOf(up, atL1, set(n1), "T", time.Minute)
	settled.Settled = true
	for name, c := range map[string]struct {
		state    State
		event    Event
		account  *account
		orders   []resource.Order
		troubles []resource.Trouble
		left     string
	}{
		"arrives":    {Arriving, Listed, other().shows(here, "L1", n1), []resource.Order{settled}, nil, "[upload [+15125550101] T settled]"},
		"fails":      {Following, Transient, other().uploading(here, upload("T", "error", map[resource.Number]string{n1: "internal_error"})), []resource.Order{orderOf(up, atL1, set(n1), "T", time.Minute)}, nil, "[upload [+15125550101] T]"},
		"succeeds":   {Following, Succeeded, other().uploading(here, upload("T", "success", map[resource.Number]string{n1: "success"})), []resource.Order{orderOf(up, atL1, set(n1), "T", time.Minute)}, nil, "[upload [+15125550101] T]"},
		"is gone":    {Following, Gone, other(), []resource.Order{orderOf(up, atL1, set(n1), "T", time.Minute)}, nil, "[upload [+15125550101] T]"},
		"not found":  {Submitted, NotFound, other(), []resource.Order{orderOf(up, atL1, set(n1), "", time.Minute)}, nil, "[upload [+15125550101] ]"},
		"is found":   {Submitted, Found, other().uploading(here, upload("T", "pending", map[resource.Number]string{n1: "pending"})), []resource.Order{orderOf(up, atL1, set(n1), "", time.Minute)}, nil, "[upload [+15125550101] ]"},
		"is taken":   {Arriving, Lapsed, other().owns("", n1), []resource.Order{func() resource.Order { o := settled; o.At = now.Add(-time.Hour); return o }()}, nil, "[upload [+15125550101] T settled]"},
		"is edited":  {ParkedSt, Edited, other(), nil, failedIn("T", atL2, time.Time{}, n1), "[]"},
		"in place":   {Failed, Listed, other().shows(here, "L1", n1), nil, failedIn("T", atL1, now.Add(time.Hour), n1), "[]"},
		"of others":  {Idle, Sent, other().uploading(here, upload("T", "pending", map[resource.Number]string{n1: "pending"})), nil, nil, "[]"},
		"for others": {Submitted, Found, other().uploading(here, upload("T", "pending", map[resource.Number]string{n1: "pending"})), nil, nil, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			without(t, c.state, c.event)
			in := Input{Groups: []Group{groupOf(atL1, set(n1, n2, n3))}, Orders: c.orders, Troubles: c.troubles}
			in.Groups[0].Known = map[string]resource.Numbers{"": in.Groups[0].Wanted}
			p := c.account.decide(t, in)
			same(t, "said", said(&p.Groups[0]), "[confused [+15125550101] assign [+15125550103] wait [+15125550102]]")
			same(t, "left", left(&p), c.left)
			v := p.Groups[0].Verdicts[0]
			same(t, "why", v.Reasons[0].Args, resource.Args{"state": string(c.state), "event": string(c.event)})
			if s := &p.Settle; !v.Op.Problem() || len(s.Orders)+len(s.EndOrders)+len(s.Troubles)+len(s.EndTroubles)+len(s.Ended) > 0 {
				t.Errorf("it is remembered otherwise: %+v", s)
			}
			for _, b := range batches(&p, in.Groups, every) {
				if b.Numbers.Has(n1) {
					t.Errorf("it is sent: %+v", b)
				}
			}
		})
	}
	without(t, ParkedSt, Asked)
	if got := Again(set(n1), failedIn("T", atL1, time.Time{}, n1), now); got != nil {
		t.Errorf("asked for: %+v", got)
	}
	without(t, Submitted, Transient)
	if got := Refused(orderOf(up, atL1, set(n1), "", 0), nil, nil, "no", Times{}, now); got != nil {
		t.Errorf("refused: %+v", got)
	}
}
