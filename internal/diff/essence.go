package diff

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"telnyxsync/internal/resource"
)

// Essence is what makes two plans the same: what would be done to which objects and how, what is
// withheld and what is wrong with which entries. Reasons, places in files, texts of errors and notes
// may differ. Secrets are in it as dots.
type Essence struct {
	Changes  []essential       `json:"changes"`
	Numbers  []essentialNumber `json:"phone_numbers,omitempty"`
	Withheld []essential       `json:"withheld"`
	Problems []string          `json:"problems"` // addresses
}

type essential struct {
	Op      Op          `json:"op"`
	Address string      `json:"address"`
	ID      string      `json:"id,omitempty"`
	Deltas  []deltaJSON `json:"deltas"`
	Needs   []string    `json:"needs"`
}

type essentialNumber struct {
	Op      Op               `json:"op"`
	Address string           `json:"address"`
	Target  resource.Target  `json:"target"`
	Numbers resource.Numbers `json:"numbers"`
	From    string           `json:"from,omitempty"`
	Ticket  string           `json:"ticket,omitempty"`
	Needs   []string         `json:"needs,omitempty"`
}

// EssenceOf takes the essence of a plan.
func EssenceOf(p *Plan) Essence {
	e := Essence{Changes: []essential{}, Withheld: []essential{}, Problems: []string{}}
	take := func(c *Change) essential {
		all := toJSON(c, "")
		return essential{all.Op, all.Address, all.ID, all.Deltas, all.Needs}
	}
	for i := range p.Changes {
		e.Changes = append(e.Changes, take(&p.Changes[i]))
	}
	for i := range p.Withheld {
		e.Withheld = append(e.Withheld, take(&p.Withheld[i].Change))
	}
	for _, c := range p.Numbers.Changes {
		n := essentialNumber{Op: c.Op, Address: c.Addr.String(), Target: c.Target, Numbers: c.Numbers, From: c.From, Ticket: c.Ticket}
		for _, a := range c.Needs {
			n.Needs = append(n.Needs, a.String())
		}
		e.Numbers = append(e.Numbers, n)
	}
	for _, q := range p.Problems {
		e.Problems = append(e.Problems, subject(q.Addr))
	}
	slices.Sort(e.Problems)
	return e
}

// Same tells whether two plans would do the same.
func (e *Essence) Same(other *Essence) bool {
	return bytes.Equal(encode(e, ""), encode(other, ""))
}

// Differences says what two plans do not have in common, a line each; e is the older one.
func (e *Essence) Differences(now *Essence) (lines []string) {
	before, after := e.texts(), now.texts()
	for address, text := range before {
		switch other, still := after[address]; {
		case !still:
			lines = append(lines, address+": no longer planned: "+text[0])
		case other[0] != text[0]:
			lines = append(lines, address+": "+text[0]+" became "+other[0])
		case other[1] != text[1]:
			lines = append(lines, address+": "+text[0]+", with other values")
		}
	}
	for address, text := range after {
		if _, was := before[address]; !was {
			lines = append(lines, address+": new: "+text[0])
		}
	}
	slices.SortFunc(lines, cmp.Compare[string])
	return lines
}

// texts says of each address what is to be done, in a word and in full.
func (e *Essence) texts() map[string][2]string {
	out := map[string][2]string{}
	add := func(address, word string, all any) {
		text, err := json.Marshal(all)
		if err != nil {
			panic(err) // plans hold nothing that JSON cannot
		}
		was := out[address]
		if was[0] != "" {
			word = was[0] + ", " + word
		}
		out[address] = [2]string{word, was[1] + string(text)}
	}
	for _, c := range e.Changes {
		add(c.Address, string(c.Op), c)
	}
	for _, c := range e.Numbers {
		add(c.Address, string(c.Op)+" "+countedNumbers(c.Numbers), c)
	}
	for _, c := range e.Withheld {
		add(c.Address, fmt.Sprintf("%s (withheld)", c.Op), c)
	}
	for _, address := range e.Problems {
		add(address, "a problem", address)
	}
	return out
}
