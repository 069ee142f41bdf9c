package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/kinds"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"pgregory.net/rapid"
)

// world is a random account, a random state and random files. Little of it fits together: that is
// the point.
type world struct {
	account map[string]any
	owned   []resource.Owned
	desired resource.Config
	options apply.Options
	limits  apply.Limits
	secrets map[string]string // of the environment; what is not there cannot be read
	files   map[string]resource.File
}

var worldKinds = []string{
	"external_connections", "siprec_connectors", "media", "custom_storage_credentials", "dialogflow_connections",
}

var names = []string{"a", "b", "c", "d"}

// moments are when things came to be.
var moments = []string{"2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"}

func drawWorld(t *rapid.T, files map[string]resource.File) world {
	w := world{account: map[string]any{}, files: files, secrets: map[string]string{}}
	ids := []string{}
	connections, connectors, numbers := []any{}, []any{}, []any{}
	for i := range rapid.IntRange(0, 5).Draw(t, "connections") {
		id := fmt.Sprint(100 + i)
		ids = append(ids, id)
		connections = append(connections, drawConnection(t, id))
		if rapid.IntRange(0, 3).Draw(t, "has number") == 0 {
			numbers = append(numbers, map[string]any{"phone_number": fmt.Sprintf("+1512555%04d", i), "connection_id": id})
		}
	}
	for _, n := range names {
		if rapid.Bool().Draw(t, "connector there") {
			connectors = append(connectors, map[string]any{
				"name": n, "created_at": rapid.SampledFrom(moments).Draw(t, "connector made"), "host": rapid.SampledFrom([]string{"h1.example.com", "h2.example.com"}).Draw(t, "host"), "port": 5060,
			})
		}
	}
	w.account["external_connections"], w.account["siprec_connectors"], w.account["phone_numbers"] = connections, connectors, numbers
	if rapid.IntRange(0, 4).Draw(t, "tags merge") == 0 {
		w.account["_tags_patch"] = "merge"
	}
	w.drawStores(t, ids)
	for _, s := range []string{"_siprec_put_created", "_media_put_created"} {
		w.account[s] = rapid.SampledFrom([]string{"keep", "renew"}).Draw(t, s)
	}
	w.owned = w.drawOwned(t, ids)
	w.desired = w.drawDesired(t, ids)
	w.options = apply.Options{Writing: true, Prune: rapid.Bool().Draw(t, "prune"), Foreign: rapid.Bool().Draw(t, "foreign")}
	w.limits = unlimited()
	if most := rapid.SampledFrom([]int{10, 1, 2, 0}).Draw(t, "max deletes"); most < 10 {
		w.limits[plan.Deletes], w.limits[plan.Vanished] = apply.Limit{Max: most, Percent: 20}, apply.Limit{Max: most, Percent: 100}
	}
	return w
}

func drawConnection(t *rapid.T, id string) map[string]any {
	c := map[string]any{
		"id":                      id,
		"external_sip_connection": rapid.SampledFrom([]string{"zoom", "zoom", "operator_connect"}).Draw(t, "type"),
		"active":                  rapid.Bool().Draw(t, "active"),
		"outbound":                map[string]any{"outbound_voice_profile_id": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "profile")},
	}
	tags := rapid.SliceOfDistinct(rapid.SampledFrom([]string{
		"x", "y", "telnyxsync:default:a", "telnyxsync:default:b", "telnyxsync:other:a",
	}), rapid.ID).Draw(t, "tags")
	list := []any{}
	for _, tag := range tags {
		list = append(list, tag)
	}
	c["tags"] = list
	return c
}

func (w *world) drawOwned(t *rapid.T, ids []string) (owned []resource.Owned) {
	usedIDs := map[string]bool{}
	for _, kind := range worldKinds {
		for _, n := range names {
			if rapid.IntRange(0, 2).Draw(t, "owned") != 0 {
				continue
			}
			pool := append([]string{"999"}, ids...)
			if kind == "siprec_connectors" || kind == "media" {
				pool = names
			}
			id := rapid.SampledFrom(pool).Draw(t, "owned id")
			if usedIDs[kind+id] {
				continue
			}
			usedIDs[kind+id] = true
			o := resource.Owned{
				Addr: resource.Addr{Kind: kind, Name: n}, ID: id,
				Root:    rapid.SampledFrom([]string{"/root", "/root", "/other"}).Draw(t, "root"),
				Protect: rapid.IntRange(0, 4).Draw(t, "protected") == 0,
			}
			o.Applied = w.drawObject(t, kind, ids, false)
			if kind == "media" {
				o.Renewed = drawTime(t, "renewed")
			}
			if kind == "media" || kind == "siprec_connectors" {
				o.Incarnation = rapid.SampledFrom([]string{"", "?", moments[0], moments[0] + "?", moments[1]}).Draw(t, "incarnation")
			}
			owned = append(owned, o)
		}
	}
	return owned
}

func (w *world) drawObject(t *rapid.T, kind string, ids []string, entry bool) resource.Object {
	switch kind {
	case "media":
		return w.drawMedium(t, entry)
	case "custom_storage_credentials":
		return w.drawStorage(t, ids, entry)
	case "dialogflow_connections":
		return w.drawAgent(t, ids, entry)
	}
	o := resource.Object{}
	maybe := func(path string, values ...any) {
		if rapid.Bool().Draw(t, path) {
			resource.Put(o, path, rapid.SampledFrom(values).Draw(t, path+" value"))
		}
	}
	if kind == "siprec_connectors" {
		o["host"] = rapid.SampledFrom([]any{"h1.example.com", "h2.example.com"}).Draw(t, "host")
		o["port"] = rapid.SampledFrom([]any{int64(5060), int64(5061)}).Draw(t, "port")
		maybe("/app_subdomain", "app", nil)
		if entry {
			maybe("/name", "a", "b", "e")
		}
		return o
	}
	typ := rapid.SampledFrom([]string{"zoom", "zoom", "zoom", "operator_connect"}).Draw(t, "type")
	o["external_sip_connection"] = typ
	resource.Put(o, "/outbound/outbound_voice_profile_id", rapid.SampledFrom([]any{"1", "2"}).Draw(t, "profile"))
	maybe("/active", true, false)
	maybe("/outbound/channel_limit", int64(1), int64(2))
	maybe("/inbound/channel_limit", int64(1), int64(2))
	maybe("/inbound/outbound_voice_profile_id", "1", "2")
	maybe("/tags", []any{"x"}, []any{}, []any{"x", "y"}, nil)
	maybe("/webhook_timeout_secs", int64(0), int64(5), nil)
	maybe("/webhook_event_failover_url", "https://a.example.com", "", nil)
	if entry && len(ids) > 0 && rapid.IntRange(0, 3).Draw(t, "by id") == 0 {
		o["id"] = rapid.SampledFrom(ids).Draw(t, "id")
	}
	return o
}

func (w *world) drawDesired(t *rapid.T, ids []string) resource.Config {
	var entries []resource.Entry
	keys := map[string]bool{}
	for _, kind := range worldKinds {
		for _, n := range names {
			if rapid.Bool().Draw(t, "desired") {
				continue
			}
			e := resource.Entry{Addr: resource.Addr{Kind: kind, Name: n}, Object: w.drawObject(t, kind, ids, true)}
			if ref, ok := e.Object["connection"].(resource.Ref); ok && !slices.ContainsFunc(entries, func(o resource.Entry) bool { return o.Addr == ref.Addr }) {
				delete(e.Object, "connection") // spec lets nothing refer to what is not written
				e.Object["connection_id"] = "999"
			}
			// spec lets no two entries mean one object.
			key := identity(kind, n, e.Object)
			if key != "" && keys[kind+key] {
				continue
			}
			keys[kind+key] = true
			if rapid.IntRange(0, 3).Draw(t, "protect written") == 0 {
				p := rapid.Bool().Draw(t, "protect")
				e.Protect = &p
			}
			e.Observe = rapid.IntRange(0, 5).Draw(t, "observe") == 0
			if rapid.IntRange(0, 4).Draw(t, "ignores") == 0 {
				e.Ignore = []string{rapid.SampledFrom(ignorable[kind]).Draw(t, "ignore")}
			}
			entries = append(entries, e)
		}
	}
	var sections []string
	for _, s := range worldKinds {
		if rapid.Bool().Draw(t, "section "+s) {
			sections = append(sections, s)
		}
	}
	return config("/root", sections, entries...)
}

// ignorable are fields that an entry may leave out of the comparison.
var ignorable = map[string][]string{
	"external_connections":       {"/tags", "/active", "/outbound"},
	"siprec_connectors":          {"/app_subdomain", "/port"},
	"media":                      {"/file", "/ttl"},
	"custom_storage_credentials": {"/backend", "/configuration", "/configuration/region", "/configuration/aws_secret_access_key"},
	"dialogflow_connections":     {"/environment", "/location", "/service_account"},
}

// identity is the natural key of an entry.
func identity(kind, name string, o resource.Object) string {
	table := kinds.Table()
	return table[slices.IndexFunc(table, func(r kinds.Row) bool { return r.Name == kind })].Key(name, o)
}

func (w *world) rig(t tb, wrap func(http.Handler) http.Handler) *rig {
	r := newRig(t, wrap, w.account)
	r.engine.Limits, r.engine.Secret = w.limits, w.secret
	r.db(func(ctx context.Context, db *state.DB) {
		snap, err := db.Snapshot(ctx)
		if err != nil {
			r.Fatal(err)
		}
		for i := range w.owned {
			w.owned[i].Applied, _ = digested(snap, w.owned[i].Applied).(resource.Object)
			if err := db.Commit(ctx, resource.Record{Own: []resource.Owned{w.owned[i]}}); err != nil {
				r.Fatal(err)
			}
		}
	})
	return r
}
