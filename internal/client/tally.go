package client

import (
	"crypto/sha256"
	"encoding/json"
)

// tally checks the pages of one reading against each other, in their order.
type tally struct {
	l     listing
	mask  *masker
	pages int            // so far
	seen  int            // entries so far
	total int            // as page 1 has it
	on    map[string]int // the page that each key is on
	// made tells pages without keys apart by their content.
	made map[[sha256.Size]byte]int
}

func (c *Client) tally(l listing) *tally {
	return &tally{l: l, mask: c.mask, on: map[string]int{}, made: map[[sha256.Size]byte]int{}}
}

// add takes the next page in.
func (t *tally) add(p pageOf) error {
	t.pages++
	switch n := t.pages; {
	case p.number != 0 && p.number != n:
		return short("asked for page %d, got page %d", n, p.number)
	case p.total < 0:
		return short("page %d has no meta.total_results", n)
	case n == 1:
		t.total = p.total
	case p.total != t.total:
		return short("it changed while it was read: %d entries on page 1, %d on page %d", t.total, p.total, n)
	}
	return t.entries(p)
}

// entries takes the entries of the last page in.
func (t *tally) entries(p pageOf) error {
	t.seen += len(p.items)
	if t.l.key == "" {
		return nil
	}
	keys := 0
	for _, o := range p.items {
		key := keyText(o[t.l.key])
		switch before := t.on[key]; {
		case key == "" && t.l.keyless:
			continue
		case key == "":
			return short("an entry without %s on page %d", t.l.key, t.pages)
		case before != 0:
			return short("%s %s is on page %d and on page %d", t.l.key, t.mask.clean(key, maxToken), before, t.pages)
		}
		t.on[key] = t.pages
		keys++
	}
	if keys > 0 {
		return nil
	}
	return t.content(p)
}

// content takes a page in whose entries have no key. Entries may be equal then, so that a page of one and the same entry
// proves nothing. That other pages are equal entry by entry is no chance.
func (t *tally) content(p pageOf) error {
	h := sha256.New()
	kinds := map[[sha256.Size]byte]bool{}
	for _, o := range p.items {
		b, err := json.Marshal(o)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		kinds[sum] = true
		h.Write(sum[:])
	}
	if len(kinds) < 2 {
		return nil
	}
	whole := [sha256.Size]byte(h.Sum(nil))
	if before := t.made[whole]; before != 0 {
		return short("page %d and page %d are the same", before, t.pages)
	}
	t.made[whole] = t.pages
	return nil
}

// end says whether that was all.
func (t *tally) end() error {
	if t.seen != t.total {
		return short("expected %d entries, got %d on %d pages", t.total, t.seen, t.pages)
	}
	return nil
}
