package telnyxsim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// firstID begins the ids that the simulator gives out: int64s of 19 digits.
const firstID int64 = 1930000000000000001

// account is everything that can be seen or changed through the API.
type account struct {
	collections map[string]*collection // optional ones are missing while absent
	keys        []any                  // api_keys; nil: any key will do
	switches    map[string]string      // those that were given
	nextID      int64
}

// newID gives out an id that nothing in the collection has.
func (a *account) newID(c *collection) string {
	for {
		id := strconv.FormatInt(a.nextID, 10)
		a.nextID++
		if c.index[id] == nil {
			return id
		}
	}
}

// newName gives out a name that nothing in the collection has. It has the shape of a
// UUID.
func (a *account) newName(c *collection) string {
	for {
		name := fmt.Sprintf("f5586561-8ff0-4291-a0ac-%012x", a.nextID&(1<<48-1))
		a.nextID++
		if c.index[name] == nil {
			return name
		}
	}
}

// create stores a new object with a new id.
func (a *account) create(name string, obj map[string]any, now string) {
	c := a.collections[name]
	obj[c.kind.key] = a.newID(c)
	c.kind.defaults(obj, now)
	c.put(obj)
}

// knowsKey checks an Authorization header.
func (a *account) knowsKey(header string) bool {
	scheme, key, _ := strings.Cut(header, " ")
	if key = strings.TrimSpace(key); key == "" || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	return a.keys == nil || slices.Contains(a.keys, any(key))
}

// parseAccount reads an account's document and fills in what it leaves out.
func parseAccount(parts []part, doc []byte, now time.Time, nextID int64) (*account, error) {
	v, err := decode(doc)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	top, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("account: it must be a JSON object")
	}
	a := &account{collections: map[string]*collection{}, switches: map[string]string{}, nextID: nextID}
	known := []string{"api_keys"}
	for _, p := range parts {
		if p.kind.name != "" {
			known = append(known, p.kind.name)
			if err := a.load(p.kind, top, stamp(now)); err != nil {
				return nil, fmt.Errorf("account: %w", err)
			}
		}
		for name, values := range p.switches {
			known = append(known, name)
			v, given := top[name]
			if !given {
				continue
			}
			s, _ := v.(string)
			if !slices.Contains(values, s) {
				return nil, fmt.Errorf("account: %s must be one of %s", name, strings.Join(values, ", "))
			}
			a.switches[name] = s
		}
	}
	if v, given := top["api_keys"]; given {
		if a.keys, ok = v.([]any); !ok || !texts.holds(v) || slices.Contains(a.keys, any("")) {
			return nil, errors.New("account: api_keys must be an array of strings that are not empty")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(top)) {
		if !slices.Contains(known, name) {
			slices.Sort(known)
			return nil, fmt.Errorf("account: unknown key %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return a, nil
}

// load reads one collection. Ids that are given are taken before others are given
// out.
func (a *account) load(k kind, top map[string]any, now string) error {
	v, given := top[k.name]
	if !given && k.optional {
		return nil
	}
	list, ok := v.([]any)
	if given && !ok {
		return fmt.Errorf("%s must be an array of objects", k.name)
	}
	c := newCollection(k)
	taken := map[string]bool{}
	for i, v := range list {
		at := fmt.Sprintf("%s/%d", k.name, i)
		obj, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: it must be an object", at)
		}
		if ps := k.fields.problems("", obj, true); len(ps) > 0 {
			return fmt.Errorf("%s%s: %s", at, ps[0].pointer, ps[0].detail)
		}
		id, given := obj[k.key].(string)
		if !given {
			continue
		}
		if taken[id] {
			return fmt.Errorf("%s/%s: %q is there twice", at, k.key, id)
		}
		taken[id] = true
	}
	for _, v := range list {
		obj := v.(map[string]any)
		if _, given := obj[k.key]; !given {
			for ok := true; ok; ok = taken[obj[k.key].(string)] {
				obj[k.key] = a.newID(c)
			}
		}
		k.defaults(obj, now)
		c.put(obj)
	}
	a.collections[k.name] = c
	return nil
}

// document is the account as JSON can write it.
func (a *account) document(parts []part) map[string]any {
	doc := map[string]any{}
	for _, p := range parts {
		c := a.collections[p.kind.name]
		if c == nil {
			continue
		}
		objs := make([]map[string]any, len(c.records))
		for i, r := range c.records {
			objs[i] = r.fields
		}
		doc[p.kind.name] = objs
	}
	for name, value := range a.switches {
		doc[name] = value
	}
	if a.keys != nil {
		doc["api_keys"] = a.keys
	}
	return doc
}
