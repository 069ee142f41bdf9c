package render

import (
	"fmt"

	"telnyxsync/internal/plan"
)

// setTables are the changes of sets, and what is on its way.
func (m *comment) setTables(p *plan.Plan) {
	_, sets := apart(p.Changes)
	m.byUnit(sets, "")
	m.setTable("Phone numbers on the way, nothing to be done", refs(p.Waiting))
	_, observed := apart(p.Observed)
	m.byUnit(observed, " observed only (observe: true), nothing is changed")
	s := section{rank: rankList, left: "Left out here: ", close: "\n"}
	for _, u := range p.Loose {
		s.items = append(s.items, item{text: fmt.Sprintf("- the connection %s: %s\n", code(u.Connection), code(countedNumbers(u.Numbers))), what: "more"})
	}
	s.title = heading("Unmanaged numbers, in no group and never touched, by connection", len(s.items))
	m.add(s)
}

// byUnit are the changes of phone numbers, and those of all else.
func (m *comment) byUnit(sets []*plan.Change, more string) {
	var numbers, others []*plan.Change
	for _, c := range sets {
		if c.Items.Unit() == "number" {
			numbers = append(numbers, c)
		} else {
			others = append(others, c)
		}
	}
	m.setTable("Phone numbers"+more, numbers)
	m.setTable("Recordings, transcriptions and messages"+more, others)
}

func (m *comment) setTable(title string, changes []*plan.Change) {
	s := section{
		rank: rankTable, title: heading(title, len(changes)), left: "Left out of the table: ",
		open: "| Change | Entry | Items | To | Why |\n|---|---|---|---|---|\n", close: "\n",
	}
	for _, c := range changes {
		to := ""
		if c.To != nil {
			to = where(c.To)
		}
		row := fmt.Sprintf("| %s %s | %s | %s | %s | %s |\n", signs[c.Op][0], verb(c.Op), code(c.Addr.String()), code(countedItems(c.Items)), code(to), code(m.words.All(c.Reasons)))
		s.items = append(s.items, item{text: row, what: "to " + verb(c.Op)})
	}
	m.add(s)
}
