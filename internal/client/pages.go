package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// ErrIncomplete marks a listing that could not be read whole: its pages do not add up to what Telnyx says there is, and
// did not after reading it again either.
var ErrIncomplete = errors.New("incomplete listing")

const (
	pageSize     = 250 // the largest that Telnyx takes; defaults differ from collection to collection
	maxPages     = 100_000
	listReadings = 3
)

// listing is a paged collection: page[number] and page[size] in, meta with page_number, page_size, total_pages and
// total_results out.
type listing struct {
	path  string     // escaped, below the base URL
	query url.Values // filters
	data  string     // the answer's key of the entries, mostly "data"
	key   string     // the field that tells entries apart, mostly "id"; "" where they have none
	plain bool       // no paging is documented: asked without first, and in pages only where the answer is not all

	keyless bool // entries may lack the key
	cursors bool // the answer may have cursors in the place of page numbers
	private bool // see request
}

// list reads all pages. The result is complete and in the order of the pages, or there is an error.
//
// Page numbers shift when entries come and go during the reading: one is then seen twice or not at all. So the pages must
// agree on the total, add up to it, be the ones that were asked for, and name nothing twice. Otherwise all is read again.
func (c *Client) list(ctx context.Context, l listing) ([]Object, error) {
	var short *shortfall
	for range listReadings {
		items, err := c.readAll(ctx, l)
		if !errors.As(err, &short) {
			return items, err
		}
	}
	return nil, fmt.Errorf("GET %s: %w: %s, in each of %d readings; a short list is never taken for deletions",
		c.mask.clean(l.path, maxText), ErrIncomplete, short.why, listReadings)
}

// shortfall is why one reading is not complete.
type shortfall struct{ why string }

func (s *shortfall) Error() string { return s.why }

func short(format string, args ...any) error { return &shortfall{fmt.Sprintf(format, args...)} }

func (c *Client) readAll(ctx context.Context, l listing) ([]Object, error) {
	if l.plain {
		p, err := c.readPage(ctx, l, 0)
		if err != nil {
			return nil, err
		}
		if p.bare {
			p.total = len(p.items)
		}
		if p.total <= len(p.items) && p.pages <= 1 {
			return c.join(l, []pageOf{p})
		}
	}
	first, err := c.readPage(ctx, l, 1)
	if err != nil {
		return nil, err
	}
	if l.cursors && first.leads() {
		items := []Object{}
		if err := c.follow(ctx, l, first, func(o Object) error { items = append(items, o); return nil }); err != nil {
			return nil, err
		}
		return items, nil
	}
	count, err := first.count()
	if err != nil {
		return nil, err
	}
	pages := make([]pageOf, count)
	pages[0] = first
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(c.concurrency)
	for i := 1; i < count; i++ {
		g.Go(func() (err error) {
			// A group's later functions run even when it has failed already.
			if err := gctx.Err(); err != nil {
				return err
			}
			pages[i], err = c.readPage(gctx, l, i+1)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return c.join(l, pages)
}

// join checks the pages against each other and puts them together.
func (c *Client) join(l listing, pages []pageOf) ([]Object, error) {
	t := c.tally(l)
	items := []Object{}
	for _, p := range pages {
		if err := t.add(p); err != nil {
			return nil, err
		}
		items = append(items, p.items...)
	}
	if err := t.end(); err != nil {
		return nil, err
	}
	return items, nil
}

// pageOf is one page.
type pageOf struct {
	items  []Object
	number int  // as echoed; 0: not said
	size   int  // as served, which may be less than asked for; 0: not said
	pages  int  // -1: not said
	total  int  // -1: not said, and then nothing tells whether this is all
	bare   bool // there is no meta at all
	trail  trail
}

// count is the number of pages to read, of which there is always a first.
func (p pageOf) count() (int, error) {
	if p.total < 0 {
		return 1, nil // join says what is wrong
	}
	n := p.pages
	if n < 0 {
		size := p.size
		if size < 1 {
			size = max(len(p.items), 1)
		}
		n = p.total/size + min(p.total%size, 1)
	}
	if n = max(n, 1); n > max(p.total, 1) || n > maxPages {
		return 0, short("it claims %d pages for %d entries", n, p.total)
	}
	return n, nil
}

// readPage reads one page, or with number 0 what is given without asking for one.
func (c *Client) readPage(ctx context.Context, l listing, number int) (pageOf, error) {
	at := url.Values{}
	if number > 0 {
		at.Set("page[number]", strconv.Itoa(number))
		at.Set("page[size]", strconv.Itoa(pageSize))
	}
	return c.readPageAt(ctx, l, at)
}

// readPageAt reads the page that the parameters say.
func (c *Client) readPageAt(ctx context.Context, l listing, at url.Values) (pageOf, error) {
	q := maps.Clone(at)
	maps.Copy(q, l.query)
	var p pageOf
	err := c.page(ctx, request{path: l.path, query: q, private: l.private}, func(o Object) (err error) {
		p, err = readPageOf(o, l.data)
		return err
	})
	return p, err
}

// readPageOf takes an answer apart. Entries in the wrong shape are an error; what is missing in meta is for the caller to
// judge.
func readPageOf(o Object, dataKey string) (pageOf, error) {
	list, ok := o[dataKey].([]any)
	if !ok {
		return pageOf{}, fmt.Errorf("%s is %s, not a list", dataKey, typeName(o[dataKey]))
	}
	p := pageOf{items: make([]Object, len(list))}
	for i, v := range list {
		if p.items[i], ok = v.(Object); !ok {
			return pageOf{}, fmt.Errorf("%s[%d] is %s, not an object", dataKey, i, typeName(v))
		}
	}
	_, said := o["meta"]
	p.bare = !said
	meta, _ := o["meta"].(Object)
	if p.total, ok = count(meta["total_results"]); !ok {
		p.total = -1
	}
	p.number, _ = count(meta["page_number"])
	p.size, _ = count(meta["page_size"])
	if p.pages, ok = count(meta["total_pages"]); !ok {
		p.pages = -1
	}
	p.trail = readTrail(meta)
	return p, nil
}

// count reads a number of things: an integer, or the text of one.
func count(v any) (int, bool) {
	var s string
	switch v := v.(type) {
	case json.Number:
		s = v.String()
	case string:
		s = v
	}
	n, err := strconv.ParseInt(s, 10, 32)
	return int(n), err == nil && n >= 0
}

// keyText is a key's text; ids come as text and, in places, as numbers.
func keyText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}
