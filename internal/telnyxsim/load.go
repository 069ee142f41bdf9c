package telnyxsim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

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
	a := &account{
		kinds: map[string]kind{}, collections: map[string]*collection{}, owned: map[string]map[string]*collection{},
		switches: map[string]string{}, nextID: nextID, onWay: map[string][]string{},
	}
	known := []string{"api_keys", "_forbidden"}
	for _, p := range parts {
		if p.kind.name != "" {
			known = append(known, p.kind.name)
			a.kinds[p.kind.name] = p.kind
			if err := a.load(p.kind, top, stamp(now)); err != nil {
				return nil, fmt.Errorf("account: %w", err)
			}
		}
		names, err := a.loadSwitches(p, top)
		if err != nil {
			return nil, fmt.Errorf("account: %w", err)
		}
		known = append(known, names...)
	}
	if v, given := top["api_keys"]; given {
		if a.keys, ok = v.([]any); !ok || !texts.holds(v) || slices.Contains(a.keys, any("")) {
			return nil, errors.New("account: api_keys must be an array of strings that are not empty")
		}
	}
	if err := a.loadForbidden(top); err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(top)) {
		if !slices.Contains(known, name) {
			slices.Sort(known)
			return nil, fmt.Errorf("account: unknown key %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return a, nil
}

// loadSwitches reads the switches and settings of a part, and returns their names.
func (a *account) loadSwitches(p part, top map[string]any) ([]string, error) {
	var names []string
	for name, values := range p.switches {
		names = append(names, name)
		v, given := top[name]
		s, _ := v.(string)
		if given && !slices.Contains(values, s) {
			return nil, fmt.Errorf("%s must be one of %s", name, strings.Join(values, ", "))
		}
		if given {
			a.switches[name] = s
		}
	}
	for name, check := range p.settings {
		names = append(names, name)
		v, given := top[name]
		s, isText := v.(string)
		if given && (!isText || check(s) != "") {
			return nil, fmt.Errorf("%s: %s", name, check(s))
		}
		if given {
			a.switches[name] = s
		}
	}
	return names, nil
}

// load reads the objects of a kind.
func (a *account) load(k kind, top map[string]any, now string) error {
	v, given := top[k.name]
	if !k.owned {
		if !given && k.optional {
			return nil
		}
		list, ok := v.([]any)
		if given && !ok {
			return fmt.Errorf("%s must be an array of objects", k.name)
		}
		c, err := a.loadList(k, k.name, list, now)
		a.collections[k.name] = c
		return err
	}
	a.owned[k.name] = map[string]*collection{}
	owners, ok := v.(map[string]any)
	if given && !ok {
		return fmt.Errorf("%s must be an object that has an array of objects for each external connection's id", k.name)
	}
	for _, owner := range slices.Sorted(maps.Keys(owners)) {
		at := k.name + "/" + escapePointer(owner)
		list, ok := owners[owner].([]any)
		if !ok {
			return fmt.Errorf("%s must be an array of objects", at)
		}
		c, err := a.loadList(k, at, list, now)
		if err != nil {
			return err
		}
		a.owned[k.name][owner] = c
	}
	return nil
}

// loadList reads one collection. Keys that are given are taken before others are given
// out.
func (a *account) loadList(k kind, at string, list []any, now string) (*collection, error) {
	c := newCollection(k)
	taken := map[string]bool{}
	for i, v := range list {
		at := fmt.Sprintf("%s/%d", at, i)
		obj, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: it must be an object", at)
		}
		if ps := k.fields.problems("", obj, true); len(ps) > 0 {
			return nil, fmt.Errorf("%s%s: %s", at, ps[0].pointer, ps[0].detail)
		}
		key, given := obj[k.key].(string)
		if !given {
			continue
		}
		if taken[key] {
			return nil, fmt.Errorf("%s/%s: %q is there twice", at, k.key, key)
		}
		taken[key] = true
	}
	for _, v := range list {
		obj := v.(map[string]any)
		if _, given := obj[k.key]; !given {
			for ok := true; ok; ok = taken[obj[k.key].(string)] {
				obj[k.key] = a.newKey(c)
			}
		}
		k.defaults(obj, now)
		c.put(obj)
	}
	return c, nil
}

// document is the account as JSON can write it.
func (a *account) document(parts []part) map[string]any {
	doc := map[string]any{}
	for _, p := range parts {
		if p.kind.owned {
			owners := map[string]any{}
			for owner, c := range a.owned[p.kind.name] {
				owners[owner] = c.document()
			}
			doc[p.kind.name] = owners
		} else if c := a.collections[p.kind.name]; c != nil {
			doc[p.kind.name] = c.document()
		}
	}
	for name, value := range a.switches {
		doc[name] = value
	}
	if a.keys != nil {
		doc["api_keys"] = a.keys
	}
	if a.forbids != nil {
		doc["_forbidden"] = a.forbids
	}
	return doc
}

func (c *collection) document() []map[string]any {
	objs := make([]map[string]any, len(c.records))
	for i, r := range c.records {
		objs[i] = r.fields
	}
	return objs
}
