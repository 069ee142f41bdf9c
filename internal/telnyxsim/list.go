package telnyxsim

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// predicate tells whether an object passes a filter.
type predicate func(obj map[string]any) bool

// filter is a filter[…] parameter of a list.
type filter struct {
	// key is as in the query: filter[id]. With [] behind it, it takes several values,
	// as listOf explains.
	key   string
	enum  []string
	check func(value string) string // says what is wrong with a value, or ""
	// match prepares the test of every object against the value.
	match func(a *account, value string) predicate
	// narrow returns the objects that can pass, where they are found faster than by
	// testing them all.
	narrow func(a *account, value string) []*record
	// needs names a parameter without which the filter cannot be used, as "true".
	needs string
	// group says that the value is that of the collection's grouping field, so
	// that only the group needs to be looked at.
	group bool
}

// listing is the list operation of a collection.
type listing struct {
	collection string
	owned      bool   // of the external connection that the path names as id
	data       string // the field of the answer that the list stands in; "" is data
	refusal    int    // the status of wrong parameters; 0 is 400
	size       int    // of a page that is not asked for
	filters    []filter
	sorts      []string // values of sort; "-" in front is descending
	ignored    []filter // parameters that are checked and have no effect here
	// records is what the list is made of; nil is all of the collection.
	records func(c *call) []*record
	// only tells what the list is confined to, whatever the filters; nil is all.
	only func(c *call) predicate
	// keep remembers what was found for the pages to come, until the collection changes:
	// filters may look at nothing but the object then.
	keep bool
	// show turns an object into what the API returns; nil is public.
	show func(obj map[string]any) map[string]any
}

// route is the listing as an operation.
func (l listing) route(pattern string) route {
	query := []string{"page[number]", "page[size]"}
	for _, f := range slices.Concat(l.filters, l.ignored) {
		query = append(query, f.key)
	}
	if l.sorts != nil {
		query = append(query, "sort")
	}
	return route{method: http.MethodGet, pattern: pattern, query: query, handle: l.answer}
}

func (l listing) answer(c *call) reply {
	found, refused := l.find(c)
	if refused != nil {
		return *refused
	}
	number, wrong := pageParam(c, "page[number]", 1, 1<<31-1)
	if wrong != nil {
		return *l.refuse(wrong)
	}
	size, wrong := pageParam(c, "page[size]", l.size, maxPage)
	if wrong != nil {
		return *l.refuse(wrong)
	}
	size = min(size, c.page)
	total := len(found)
	pages := (total + size - 1) / size
	var page []*record
	if number <= pages {
		page = found[(number-1)*size : min(number*size, total)]
	}
	return l.reply(page, number, size, pages, total)
}

// reply answers with one page.
func (l listing) reply(page []*record, number, size, pages, total int) reply {
	show := l.show
	if show == nil {
		show = public
	}
	data := make([]map[string]any, len(page))
	for i, r := range page {
		data[i] = show(r.fields)
	}
	return ok(map[string]any{cmp.Or(l.data, "data"): data, "meta": map[string]any{
		"page_number": number, "page_size": size, "total_pages": pages, "total_results": total,
	}})
}

// refuse gives a refusal the status that the operation has for it.
func (l listing) refuse(r *reply) *reply {
	r.status = cmp.Or(l.refusal, r.status)
	return r
}

func pageParam(c *call, key string, def, most int) (int, *reply) {
	v, given := c.query[key]
	if !given {
		return def, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		r := badQuery(key, fmt.Sprintf("The parameter must be an integer within 1 and %d.", most))
		return 0, &r
	}
	return n, nil
}

// find returns the records that pass the filters, sorted if that was asked for.
func (l listing) find(c *call) ([]*record, *reply) {
	owner := ""
	if l.owned {
		if refused := noExtConn(c); refused != nil {
			return nil, refused
		}
		owner = c.params["id"]
	}
	for _, f := range slices.Concat(l.filters, l.ignored) {
		if v, given := c.query[f.key]; given {
			if wrong := f.wrong(v); wrong != "" {
				r := badQuery(f.key, wrong)
				return nil, l.refuse(&r)
			}
			if f.needs != "" && c.query[f.needs] != "true" {
				r := badQuery(f.key, "The parameter requires "+f.needs+".")
				return nil, l.refuse(&r)
			}
		}
	}
	coll := c.acc.of(l.collection, owner)
	asked := ""
	if l.keep {
		if asked = l.question(c); coll.found.known && coll.found.asked == asked {
			return coll.found.records, nil
		}
	}
	found := coll.records
	if l.records != nil {
		found = l.records(c)
	}
	for _, f := range l.filters {
		if v, given := c.query[f.key]; given && f.narrow != nil {
			found = f.narrow(c.acc, v)
		}
	}
	var tests []predicate
	for _, f := range l.filters {
		v, given := c.query[f.key]
		switch {
		case !given:
		case f.group:
			found = coll.in(v)
		default:
			tests = append(tests, f.match(c.acc, v))
		}
	}
	if l.only != nil {
		tests = append(tests, l.only(c))
	}
	if len(tests) > 0 {
		var passed []*record
		for _, r := range found {
			if !slices.ContainsFunc(tests, func(p predicate) bool { return !p(r.fields) }) {
				passed = append(passed, r)
			}
		}
		found = passed
	}
	if l.keep {
		coll.found = search{known: true, asked: asked, records: found}
	}
	by, given := c.query["sort"]
	if !given {
		return found, nil
	}
	if !slices.Contains(l.sorts, by) {
		r := badQuery("sort", "The parameter must be one of "+strings.Join(l.sorts, ", ")+".")
		return nil, l.refuse(&r)
	}
	name, descending := strings.CutPrefix(by, "-")
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b *record) int {
		order := cmp.Compare(fmt.Sprint(a.fields[name]), fmt.Sprint(b.fields[name]))
		if descending {
			return -order
		}
		return order
	})
	return found, nil
}

// question is what a request asks of a collection, whichever page of it.
func (l listing) question(c *call) string {
	q := url.Values{}
	for _, f := range l.filters {
		if v, given := c.query[f.key]; given {
			q.Set(f.key, v)
		}
	}
	return q.Encode()
}

func (f filter) wrong(v string) string {
	for _, one := range f.values(v) {
		if f.enum != nil && !slices.Contains(f.enum, one) {
			return "The parameter must be one of " + strings.Join(f.enum, ", ") + "."
		}
	}
	if f.check != nil {
		return f.check(v)
	}
	return ""
}

// values takes apart what the query has for a filter.
func (f filter) values(v string) []string {
	if strings.HasSuffix(f.key, "[]") {
		return strings.Split(v, separator)
	}
	return []string{v}
}
