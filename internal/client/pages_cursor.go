package client

import (
	"context"
	"net/url"
	"strconv"
)

// trail is what a page says of the one behind it where pages have cursors in the place of numbers: meta.cursors.after, and
// meta.next, a path of which only the page parameters are followed.
type trail struct {
	said   bool // the page is of that style
	after  string
	number string // where meta.next is made of page numbers
	size   int    // of the next page, where meta.next says it; 0: not said
	more   bool   // meta.next says that there is one
}

// readTrail takes meta apart. Null, false and an empty text are none, as where the field is missing. What is something else
// than it should be says that there is more, and not where.
func readTrail(meta Object) trail {
	var t trail
	for _, name := range []string{"cursors", "next", "previous"} {
		if _, ok := meta[name]; ok {
			t.said = true
		}
	}
	cursors, ok := meta["cursors"].(Object)
	t.after = keyText(cursors["after"])
	t.more = !none(meta["next"]) || !ok && !none(meta["cursors"]) || t.after == "" && !none(cursors["after"])
	u, err := url.Parse(keyText(meta["next"]))
	if err != nil {
		return t
	}
	q := u.Query()
	if t.after == "" {
		t.after = q.Get("page[after]")
	}
	t.number = q.Get("page[number]")
	t.size, _ = strconv.Atoi(q.Get("page[size]"))
	return t
}

func none(v any) bool { return v == nil || v == false || v == "" }

// leads reports that the page is to be read on from by cursors.
func (p pageOf) leads() bool {
	t := p.trail
	return t.said && (p.total < 0 || t.more || t.after != "")
}

// follow reads on behind the first page by cursors, one page after the other, and hands all entries to take.
//
// Such pages have no total. What can be told is that they lead to an end, past no place twice and past no entry twice, and
// that all but the last are full: as meta.next asks for, or else as the first one is.
func (c *Client) follow(ctx context.Context, l listing, p pageOf, take func(Object) error) error {
	w := walk{tally: c.tally(l), full: p.trail.size, been: map[string]bool{}}
	w.total = p.total
	if w.full < 1 {
		w.full = len(p.items)
	}
	for {
		if err := w.add(p); err != nil {
			return err
		}
		on, err := w.next()
		if err != nil {
			return err
		}
		if err := p.hand(take); err != nil {
			return err
		}
		if on == nil {
			break
		}
		if p, err = c.readPageAt(ctx, l, on); err != nil {
			return err
		}
	}
	if w.total < 0 {
		return nil
	}
	return w.end() // not documented for this style: where it is said, it has to be right
}

// walk is a tally of pages with cursors.
type walk struct {
	*tally
	full int             // entries of a page that is not the last
	been map[string]bool // where pages have led
	last pageOf
}

func (w *walk) add(p pageOf) error {
	w.pages++
	switch n, size := w.pages, len(p.items); {
	case !p.trail.said:
		return short("page %d does not say whether it is the last", n)
	case p.total != w.total:
		return short("it changed while it was read: %d entries on page 1, %d on page %d", w.total, p.total, n)
	case size > w.full:
		return short("page %d has %d entries, where %d are a full page", n, size, w.full)
	case n > 1 && size > 0 && len(w.last.items) < w.full:
		return short("page %d has %d entries of %d, and yet there are more behind it", n-1, len(w.last.items), w.full)
	case n > 1 && size == 0 && w.last.trail.more:
		return short("page %d says that there are more behind it, and there are none", n-1)
	}
	w.last = p
	return w.entries(p)
}

// next gives the parameters of the page behind the last one, nil where there is none. A cursor without meta.next may lead to
// an empty page.
func (w *walk) next() (url.Values, error) {
	on, t := url.Values{}, w.last.trail
	switch {
	case !t.more && (t.after == "" || len(w.last.items) == 0):
		return nil, nil
	case w.pages == maxPages:
		return nil, short("it goes on behind page %d", w.pages)
	case t.after != "":
		on.Set("page[after]", t.after)
	case t.number == strconv.Itoa(w.pages+1):
		on.Set("page[number]", t.number)
	default:
		return nil, short("page %d says that there are more behind it, and not where", w.pages)
	}
	place := on.Encode()
	if w.been[place] {
		return nil, short("page %d leads to where an earlier one has led", w.pages)
	}
	w.been[place] = true
	on.Set("page[size]", strconv.Itoa(pageSize))
	return on, nil
}
