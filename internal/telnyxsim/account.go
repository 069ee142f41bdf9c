package telnyxsim

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// firstID begins the ids that the simulator gives out: int64s of 19 digits.
const firstID int64 = 1930000000000000001

// account is everything that can be seen or changed through the API.
type account struct {
	kinds       map[string]kind
	collections map[string]*collection // optional ones are missing while absent
	// owned has the collections of what belongs to an external connection: by kind,
	// then by the connection's id.
	owned    map[string]map[string]*collection
	keys     []any             // api_keys; nil: any key will do
	switches map[string]string // those that were given, settings too

	forbids   []any // _forbidden, as it was given
	forbidden []forbidden

	nextID int64

	uploadTime time.Duration
	agenda     agenda
	onWay      map[string][]string // tickets of unfinished uploads, by number id
	digits     *digits             // nil until it is needed
}

// of returns a collection to read: that of a connection if the kind is owned. One that
// is absent is empty.
func (a *account) of(name, owner string) *collection {
	c := a.collections[name]
	if a.kinds[name].owned {
		c = a.owned[name][owner]
	}
	if c == nil {
		return newCollection(a.kinds[name])
	}
	return c
}

// put stores an object, and puts what is going to happen to it on the agenda.
func (a *account) put(name, owner string, obj map[string]any) {
	c := a.of(name, owner)
	c.put(obj)
	if a.kinds[name].owned {
		a.owned[name][owner] = c
	} else {
		a.collections[name] = c
	}
	a.plan(name, owner, obj)
}

// newKey gives out a key that nothing in the collection has.
func (a *account) newKey(c *collection) string {
	if c.kind.uuid {
		return a.newName(c)
	}
	return a.newID(c)
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

// uuidOf makes a UUID of texts: for what comes into being on the clock, which must not
// depend on how often anybody looks.
func uuidOf(texts ...string) string {
	h := fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(texts, "\n"))))
	return h[:8] + "-" + h[8:12] + "-5" + h[13:16] + "-a" + h[17:20] + "-" + h[20:32]
}

// create stores a new object with a new id.
func (a *account) create(name string, obj map[string]any, now string) {
	c := a.collections[name]
	obj[c.kind.key] = a.newKey(c)
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
