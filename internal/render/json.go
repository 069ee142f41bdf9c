package render

import (
	"bytes"
	"encoding/json"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// Version is that of the documents in JSON. It changes when a field changes its meaning or goes away; new fields may
// come at any time. Their schema is schema/plan.schema.json.
const Version = 2

type document struct {
	Version    int              `json:"version"`
	Summary    map[string]int   `json:"summary"`
	Changes    []changeJSON     `json:"changes"`
	Withheld   []changeJSON     `json:"withheld"`
	Sets       []setJSON        `json:"withheld_sets"`
	Waiting    []changeJSON     `json:"waiting"`
	Observed   []changeJSON     `json:"observed"`
	Kept       []keptJSON       `json:"kept,omitempty"`
	Orphans    []orphanJSON     `json:"orphans"`
	Problems   []problemJSON    `json:"problems"`
	Unmanaged  []unmanagedJSON  `json:"unmanaged"`
	Uncompared []uncomparedJSON `json:"not_compared"`
	Foreign    []foreignJSON    `json:"foreign"`
	Loose      []looseJSON      `json:"loose_numbers"`
	Notes      []noteJSON       `json:"notes"`
	Numbers    plan.Counts      `json:"numbers"`
	Result     *resultJSON      `json:"result,omitempty"`
	Error      *failureJSON     `json:"error,omitempty"` // what ended it early
}

// reasonJSON is a reason: what programs go by, and what people read.
type reasonJSON struct {
	Code resource.Code `json:"code"`
	Args resource.Args `json:"args"`
	Text string        `json:"text"`
}

type changeJSON struct {
	Op      plan.Op         `json:"op"`
	Address string          `json:"address"`
	ID      string          `json:"id,omitempty"`
	Source  string          `json:"source"` // file:line; "" where it is no longer written
	Items   *itemsJSON      `json:"items,omitempty"`
	To      *placeJSON      `json:"to,omitempty"`
	Ticket  string          `json:"ticket,omitempty"`
	Reasons []reasonJSON    `json:"reasons"`
	Deltas  []deltaJSON     `json:"deltas"`
	Live    resource.Object `json:"live,omitempty"` // of a delete: what is lost
	Blast   []blastJSON     `json:"blast"`
	Needs   []string        `json:"needs"`
	Calls   int             `json:"calls"`
	Drift   bool            `json:"drift"`
	InDoubt bool            `json:"in_doubt"`
	Guards  []reasonJSON    `json:"guards,omitempty"` // that withhold it
	Code    string          `json:"approval_code,omitempty"`
	Let     string          `json:"let_through_by,omitempty"` // flag, or the code of an approval
}

// setJSON is what guards withheld of a kind or a job, and a person can let through.
type setJSON struct {
	Name    string       `json:"name"`
	Code    string       `json:"approval_code"`
	Count   int          `json:"count"` // changes
	Guards  []reasonJSON `json:"guards"`
	Approve string       `json:"approve"` // how
}

type placeJSON struct {
	resource.Target
	Text string `json:"text"`
	From string `json:"from,omitempty"`
}

type blastJSON struct {
	Class plan.Class `json:"class"`
	Count int        `json:"count"`
}

type deltaJSON struct {
	Path    string      `json:"path"`
	Old     any         `json:"old"`
	New     any         `json:"new"`
	Origin  plan.Origin `json:"origin"`
	Added   []any       `json:"added,omitempty"`
	Removed []any       `json:"removed,omitempty"`
}

type orphanJSON struct {
	Address string     `json:"address"`
	ID      string     `json:"id"`
	Reason  reasonJSON `json:"reason"`
}

type problemJSON struct {
	Address string     `json:"address"`
	Source  string     `json:"source,omitempty"`
	Items   *itemsJSON `json:"items,omitempty"`
	Held    bool       `json:"held"`
	Unread  bool       `json:"unread"`
	Reason  reasonJSON `json:"reason"`
	Remedy  string     `json:"remedy,omitempty"`
}

type unmanagedJSON struct {
	Address string     `json:"address"`
	Paths   []string   `json:"paths"`
	Items   *itemsJSON `json:"items,omitempty"`
}

type uncomparedJSON struct {
	Address string     `json:"address"`
	Path    string     `json:"path"`
	Reason  reasonJSON `json:"reason"`
}

type foreignJSON struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Label string `json:"label"`
}

type looseJSON struct {
	Connection string     `json:"connection"`
	Items      *itemsJSON `json:"items"`
}

type noteJSON struct {
	Address string     `json:"address,omitempty"`
	Source  string     `json:"source,omitempty"`
	Reason  reasonJSON `json:"reason"`
}

// JSON renders a plan as one indented JSON object with a final newline. result, where it is not
// nil, is added as the outcome of carrying it out.
func (ws *Words) JSON(p *plan.Plan, result *plan.Result) []byte {
	return Document(ws.document(p, result))
}

func (ws *Words) document(p *plan.Plan, result *plan.Result) *document {
	doc := &document{
		Version: Version, Summary: Counts(p), Numbers: p.Counts,
		Changes: []changeJSON{}, Withheld: []changeJSON{}, Sets: []setJSON{}, Waiting: []changeJSON{}, Observed: []changeJSON{}, Orphans: []orphanJSON{},
		Problems: []problemJSON{}, Unmanaged: []unmanagedJSON{}, Uncompared: []uncomparedJSON{}, Foreign: []foreignJSON{}, Loose: []looseJSON{},
		Notes: []noteJSON{}, Result: ws.result(result),
	}
	for _, l := range []struct {
		from []plan.Change
		into *[]changeJSON
	}{{p.Changes, &doc.Changes}, {p.Waiting, &doc.Waiting}, {p.Observed, &doc.Observed}} {
		for i := range l.from {
			*l.into = append(*l.into, ws.change(&l.from[i]))
		}
	}
	for i := range p.Withheld {
		c := ws.change(&p.Withheld[i].Change)
		c.Guards, c.Code = ws.reasons(p.Withheld[i].Guards), p.Withheld[i].Code
		doc.Withheld = append(doc.Withheld, c)
	}
	for i := range p.Sets {
		s := &p.Sets[i]
		doc.Sets = append(doc.Sets, setJSON{s.Name, s.Code, len(s.Changes), ws.reasons(s.Guards), ws.Approve(s)})
	}
	for _, k := range p.Kept {
		doc.Kept = append(doc.Kept, keptJSON{k.Addr.String(), place(k.Source), detailed(k.Items, ""), k.Due, k.More})
	}
	for _, o := range p.Orphans {
		doc.Orphans = append(doc.Orphans, orphanJSON{o.Addr.String(), o.ID, ws.reason(o.Reason)})
	}
	for i := range p.Problems {
		q := &p.Problems[i]
		doc.Problems = append(doc.Problems, problemJSON{
			plan.Subject(q.Addr), place(q.Source), items(q.Items), q.Held, q.Unread, ws.reason(q.Reason), ws.remedy(q.Err),
		})
	}
	for _, u := range p.Unmanaged {
		doc.Unmanaged = append(doc.Unmanaged, unmanagedJSON{u.Addr.String(), append([]string{}, u.Paths...), items(u.Items)})
	}
	for _, n := range p.NotCompared {
		doc.Uncompared = append(doc.Uncompared, uncomparedJSON{n.Addr.String(), n.Path, ws.reason(n.Reason)})
	}
	for _, f := range p.Foreign {
		doc.Foreign = append(doc.Foreign, foreignJSON(f))
	}
	for _, l := range p.Loose {
		doc.Loose = append(doc.Loose, looseJSON{l.Connection, items(l.Numbers)})
	}
	for _, n := range p.Notes {
		about := ""
		if n.Addr != (resource.Addr{}) {
			about = plan.Subject(n.Addr)
		}
		doc.Notes = append(doc.Notes, noteJSON{about, place(n.Source), ws.reason(n.Reason)})
	}
	return doc
}

// Document is a value as one indented JSON text with a final newline; nothing in it acts upon a terminal.
func Document(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // documents hold nothing that JSON cannot
	}
	return []byte(Printable(b.String()))
}

func (ws *Words) reason(r plan.Reason) reasonJSON {
	args := r.Args
	if args == nil {
		args = plan.Args{}
	}
	return reasonJSON{r.Code, args, ws.Of(r)}
}

// Reason is a reason as JSON has it: what programs go by, and what people read.
func (ws *Words) Reason(r plan.Reason) any { return ws.reason(r) }

func (ws *Words) reasons(list []plan.Reason) []reasonJSON {
	out := make([]reasonJSON, len(list))
	for i, r := range list {
		out[i] = ws.reason(r)
	}
	return out
}

func (ws *Words) change(c *plan.Change) changeJSON {
	out := changeJSON{
		Op: c.Op, Address: c.Addr.String(), ID: c.ID, Source: place(c.Source), Items: detailed(c.Items, c.Addr.String()), Ticket: c.Ticket, Reasons: ws.reasons(c.Reasons),
		Deltas: []deltaJSON{}, Live: c.Live, Blast: []blastJSON{}, Needs: []string{}, Calls: c.Cost, Drift: c.Drifted(), InDoubt: c.InDoubt, Let: c.Let,
	}
	if c.To != nil {
		out.To = &placeJSON{c.To.Target, where(c.To), c.To.From}
	}
	for _, b := range c.Blast {
		out.Blast = append(out.Blast, blastJSON(b))
	}
	for i := range c.Deltas {
		d := &c.Deltas[i]
		added, removed := members(d)
		out.Deltas = append(out.Deltas, deltaJSON{d.Path, d.Old, d.New, d.Origin, added, removed})
	}
	for _, n := range c.Needs {
		out.Needs = append(out.Needs, n.String())
	}
	return out
}

// Counts are what a plan holds, by the names that JSON has for it.
func Counts(p *plan.Plan) map[string]int {
	s := map[string]int{
		"unchanged": p.Unchanged, "withheld": len(p.Withheld), "observed": len(p.Observed), "orphans": len(p.Orphans), "problems": len(p.Problems),
		"not_compared": len(p.NotCompared), "waiting_numbers": countOf(p.Waiting, plan.Wait), "parked_numbers": p.Counts.Parked,
	}
	for _, op := range plan.ObjectOps() {
		s[string(op)] = 0
	}
	for _, name := range []string{"adopt_numbers", "assign_numbers", "upload_numbers", "relocate_numbers", "retry_numbers", "delete_recordings", "delete_transcriptions", "dismiss_messages"} {
		s[name] = 0
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Items == nil {
			s[string(c.Op)]++
		}
	}
	for _, c := range itemCounts(p.Changes) {
		s[string(c.op)+"_"+c.unit+"s"] = c.n
	}
	return s
}
