package diff

import (
	"bytes"
	"encoding/json"
	"strings"

	"telnyxsync/internal/resource"
)

// document is the plan as `--output json` prints it. Its version changes when a field changes its
// meaning or goes away; new fields may come at any time.
type document struct {
	Version    int              `json:"version"`
	Summary    map[string]int   `json:"summary"`
	Changes    []changeJSON     `json:"changes"`
	Withheld   []changeJSON     `json:"withheld"`
	Observed   []changeJSON     `json:"observed"`
	Orphans    []orphanJSON     `json:"orphans"`
	Problems   []problemJSON    `json:"problems"`
	Unmanaged  []unmanagedJSON  `json:"unmanaged"`
	Uncompared []uncomparedJSON `json:"not_compared"`
	Foreign    []foreignJSON    `json:"foreign"`
	Numbers    numbersJSON      `json:"phone_numbers"`
	Notes      []string         `json:"notes"`
	Result     *json.RawMessage `json:"result,omitempty"`
}

type changeJSON struct {
	Op      Op          `json:"op"`
	Address string      `json:"address"`
	ID      string      `json:"id,omitempty"`
	Reason  string      `json:"reason"`
	Deltas  []deltaJSON `json:"deltas"`
	Needs   []string    `json:"needs"`
	Calls   int         `json:"calls"`
	Source  string      `json:"source"` // file:line; "" where it is no longer written
	Why     string      `json:"withheld,omitempty"`
}

type deltaJSON struct {
	Path   string `json:"path"`
	Old    any    `json:"old"`
	New    any    `json:"new"`
	Origin Origin `json:"origin"`
}

type orphanJSON struct {
	Address string `json:"address"`
	ID      string `json:"id"`
	Reason  string `json:"reason"`
}

type problemJSON struct {
	Address string `json:"address"`
	Source  string `json:"source,omitempty"`
	Held    bool   `json:"held"`
	Text    string `json:"text"`
}

type unmanagedJSON struct {
	Address string   `json:"address"`
	Paths   []string `json:"paths"`
}

type uncomparedJSON struct {
	Address string `json:"address"`
	Path    string `json:"path"`
	Reason  string `json:"reason"`
}

type foreignJSON struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Label string `json:"label"`
}

// JSON renders a plan as one indented JSON object with a final newline. result, where it is not
// nil, is added as the outcome of an apply.
func JSON(p *Plan, result any) []byte {
	doc := document{
		Version: 1, Summary: summary(p),
		Changes: []changeJSON{}, Withheld: []changeJSON{}, Observed: []changeJSON{}, Orphans: []orphanJSON{},
		Problems: []problemJSON{}, Unmanaged: []unmanagedJSON{}, Uncompared: []uncomparedJSON{}, Foreign: []foreignJSON{}, Notes: append([]string{}, p.Notes...),
		Numbers: numbersToJSON(&p.Numbers),
	}
	for i := range p.Changes {
		doc.Changes = append(doc.Changes, toJSON(&p.Changes[i], ""))
	}
	for i := range p.Withheld {
		doc.Withheld = append(doc.Withheld, toJSON(&p.Withheld[i].Change, p.Withheld[i].Why))
	}
	for i := range p.Observed {
		doc.Observed = append(doc.Observed, toJSON(&p.Observed[i], ""))
	}
	for _, o := range p.Orphans {
		doc.Orphans = append(doc.Orphans, orphanJSON{o.Addr.String(), o.ID, o.Why})
	}
	for _, q := range p.Problems {
		doc.Problems = append(doc.Problems, problemJSON{subject(q.Addr), place(q.Source), q.Held, q.Text})
	}
	for _, u := range p.Unmanaged {
		doc.Unmanaged = append(doc.Unmanaged, unmanagedJSON{u.Addr.String(), u.Paths})
	}
	for _, n := range p.NotCompared {
		doc.Uncompared = append(doc.Uncompared, uncomparedJSON{n.Addr.String(), n.Path, n.Why})
	}
	for _, f := range p.Foreign {
		doc.Foreign = append(doc.Foreign, foreignJSON(f))
	}
	if result != nil {
		raw := json.RawMessage(encode(result, ""))
		doc.Result = &raw
	}
	return []byte(Printable(string(encode(doc, "  "))))
}

func toJSON(c *Change, why string) changeJSON {
	out := changeJSON{
		Op: c.Op, Address: c.Addr.String(), ID: c.ID, Reason: c.Reason,
		Deltas: []deltaJSON{}, Needs: []string{}, Calls: c.Calls, Source: place(c.Source), Why: why,
	}
	for _, d := range c.Deltas {
		out.Deltas = append(out.Deltas, deltaJSON{d.Path, d.Old, d.New, d.Origin})
	}
	for _, n := range c.Needs {
		out.Needs = append(out.Needs, n.String())
	}
	return out
}

// subject names an entry, or a whole kind.
func subject(a resource.Addr) string { return strings.TrimSuffix(a.String(), "/") }

func place(p *resource.Position) string {
	if p == nil {
		return ""
	}
	text := p.String()
	return text[:strings.LastIndexByte(text, ':')]
}

func summary(p *Plan) map[string]int {
	s := map[string]int{
		"unchanged": p.Unchanged, "withheld": len(p.Withheld), "observed": len(p.Observed) + len(p.Numbers.Observed), "orphans": len(p.Orphans), "problems": len(p.Problems),
	}
	for _, op := range Ops() {
		s[string(op)] = 0
	}
	for _, c := range p.Changes {
		s[string(c.Op)]++
	}
	for _, op := range NumberOps() {
		s[string(op)+"_numbers"] = countOf(p.Numbers.Changes, op)
	}
	s["waiting_numbers"], s["parked_numbers"] = countOf(p.Numbers.Waiting, Wait), p.Numbers.Counts.Parked
	return s
}

func encode(v any, indent string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		panic(err) // plans hold nothing that JSON cannot
	}
	return b.Bytes()
}
