package diff

import "fmt"

// numberTables are the changes of phone numbers, and what is on its way.
func (m *comment) numberTables(p *Plan) {
	m.numberTable("Phone numbers", p.Numbers.Changes)
	m.numberTable("Phone numbers on the way, nothing to be done", p.Numbers.Waiting)
	m.numberTable("Phone numbers observed only (observe: true), nothing is changed", p.Numbers.Observed)
	var s section
	s.rank, s.left, s.close = rankList, "Left out here: ", "\n"
	for _, u := range p.Numbers.Unmanaged {
		s.items = append(s.items, item{text: fmt.Sprintf("- the connection %s: %s\n", code(u.Connection), code(countedNumbers(u.Numbers))), what: "more"})
	}
	s.title = heading("Unmanaged numbers, in no group and never touched, by connection", len(s.items))
	m.add(s)
}

func (m *comment) numberTable(title string, changes []NumberChange) {
	s := section{
		rank: rankTable, title: heading(title, len(changes)), left: "Left out of the table: ",
		open: "| Change | Group | Numbers | To | Why |\n|---|---|---|---|---|\n", close: "\n",
	}
	for _, c := range changes {
		row := fmt.Sprintf("| %s %s | %s | %s | %s | %s |\n", signs[c.Op][0], c.Op, code(c.Addr.String()), code(countedNumbers(c.Numbers)), code(c.Where), code(c.Reason))
		s.items = append(s.items, item{text: row, what: "to " + string(c.Op)})
	}
	m.add(s)
}
