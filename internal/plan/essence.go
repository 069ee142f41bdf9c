package plan

import (
	"encoding/json"
	"slices"
	"strings"

	"telnyxsync/internal/resource"
)

// Essence is what makes two plans the same: what would be done to which objects and items and how, what is withheld
// and what is wrong with which entries. Reasons, places in files, texts of errors and notes may differ. Secrets are in
// it as dots.
type Essence struct {
	Changes  []Essential `json:"changes"`
	Withheld []Essential `json:"withheld"`
	Problems []string    `json:"problems"` // addresses
}

// Essential is the essence of a change.
type Essential struct {
	Op      Op               `json:"op"`
	Address string           `json:"address"`
	ID      string           `json:"id,omitempty"`
	Deltas  []EssentialDelta `json:"deltas"`
	Needs   []string         `json:"needs"`
	Items   Texts            `json:"items,omitempty"`
	Target  *resource.Target `json:"target,omitempty"`
	From    string           `json:"from,omitempty"`
	Ticket  string           `json:"ticket,omitempty"`
}

// EssentialDelta is the essence of a difference.
type EssentialDelta struct {
	Path   string `json:"path"`
	Old    any    `json:"old"`
	New    any    `json:"new"`
	Origin Origin `json:"origin"`
}

// Texts are items as texts: phone numbers as ranges, all else as ids.
type Texts []string

// TextsOf are items as texts.
func TextsOf(items Items) Texts {
	switch items := items.(type) {
	case nil:
		return nil
	case resource.Numbers:
		return items.Texts()
	default:
		return slices.Collect(items.IDs())
	}
}

// EssenceOf takes the essence of a plan.
func EssenceOf(p *Plan) Essence {
	e := Essence{Changes: []Essential{}, Withheld: []Essential{}, Problems: []string{}}
	for i := range p.Changes {
		e.Changes = append(e.Changes, essential(&p.Changes[i]))
	}
	for i := range p.Withheld {
		e.Withheld = append(e.Withheld, essential(&p.Withheld[i].Change))
	}
	for _, q := range p.Problems {
		e.Problems = append(e.Problems, Subject(q.Addr))
	}
	slices.Sort(e.Problems)
	return e
}

func essential(c *Change) Essential {
	out := Essential{
		Op: c.Op, Address: c.Addr.String(), ID: c.ID, Deltas: []EssentialDelta{}, Needs: []string{}, Items: TextsOf(c.Items), Ticket: c.Ticket,
	}
	for _, d := range c.Deltas {
		out.Deltas = append(out.Deltas, EssentialDelta{d.Path, d.Old, d.New, d.Origin})
	}
	for _, n := range c.Needs {
		out.Needs = append(out.Needs, n.String())
	}
	if c.To != nil {
		out.Target, out.From = &c.To.Target, c.To.From
	}
	return out
}

// Subject names an entry, or a whole kind.
func Subject(a resource.Addr) string { return strings.TrimSuffix(a.String(), "/") }

// Same tells whether two plans would do the same.
func (e *Essence) Same(other *Essence) bool { return Canonical(e) == Canonical(other) }

// Canonical is the JSON text of a value in which nothing is escaped that need not be.
func Canonical(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // plans hold nothing that JSON cannot
	}
	return b.String()
}
