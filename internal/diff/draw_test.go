package diff_test

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"telnyxsync/internal/diff"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

var names = []string{"a", "b", "c", "d"}

// moments are when things came to be.
var moments = []string{"2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"}

// drawInput is a random world of toys, of which little fits together.
func drawInput(t *rapid.T) diff.Input {
	in := diff.Input{
		Kinds: toys(), Live: map[string]diff.Observed{},
		Prune: rapid.Bool().Draw(t, "prune"), Foreign: rapid.Bool().Draw(t, "foreign"), Stateless: rapid.IntRange(0, 9).Draw(t, "stateless") == 0,
		NeedSecrets: rapid.Bool().Draw(t, "need secrets"), Secrets: drawSecrets(t), Now: now,
	}
	var all []resource.Entry
	for _, k := range in.Kinds {
		ids := []string{"1", "2", "3", "4", "5"}
		if k.Name == "boxes" || k.Name == "tapes" {
			ids = []string{"a", "b", "c", "d", "e"}
		}
		seen := diff.Observed{Observation: resource.Observation{Failed: map[string]error{}}}
		for _, id := range ids {
			switch rapid.IntRange(0, 5).Draw(t, "there") {
			case 0:
				seen.Failed[id] = fmt.Errorf("GET %s: 500", id)
			case 1, 2:
			default:
				o := drawObject(t, k.Name, "live")
				if k.Name == "trunks" {
					o["tags"] = rapid.SliceOfDistinct(rapid.SampledFrom([]any{
						"x", "telnyxsync:default:a", "telnyxsync:default:b", "telnyxsync:other:a",
					}), rapid.ID).Draw(t, "tags")
				}
				l := live(k.Name, id, o)
				if k.Renewal != nil {
					l.Expires = drawTime(t, "expires")
				}
				if rapid.IntRange(0, 3).Draw(t, "created shown") == 0 {
					l.Created = drawTime(t, "created")
				}
				if k.Incarnation != "" {
					l.Incarnation = rapid.SampledFrom([]string{"", moments[0], moments[1]}).Draw(t, "born")
				}
				seen.Objects = append(seen.Objects, l)
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "kind fails") == 0 {
			seen = diff.Observed{Err: fmt.Errorf("GET /%s: 500", k.Name)}
		}
		in.Live[k.Name] = seen
		rows := rapid.Permutation(ids).Draw(t, "rows")
		for i, n := range names {
			if rapid.Bool().Draw(t, "owned") {
				o := resource.Owned{Addr: resource.Addr{Kind: k.Name, Name: n}, ID: rows[i], Root: "/root", Applied: drawObject(t, k.Name, "applied")}
				o.Protect = rapid.IntRange(0, 4).Draw(t, "protected") == 0
				if k.Renewal != nil {
					o.Renewed, o.Ends = drawTime(t, "renewed"), drawTime(t, "ended then")
				}
				if k.Incarnation != "" {
					o.Incarnation = rapid.SampledFrom([]string{"", "?", moments[0], moments[0] + "?", moments[1]}).Draw(t, "known to be born")
				}
				in.Owned = append(in.Owned, o)
			}
			if rapid.IntRange(0, 9).Draw(t, "intent") == 0 {
				in.Intents = append(in.Intents, resource.Intent{
					Addr: resource.Addr{Kind: k.Name, Name: n}, Key: rapid.SampledFrom([]string{"", "e", "5"}).Draw(t, "key"),
					Root: rapid.SampledFrom([]string{"/root", "/root", "/other"}).Draw(t, "intent of"), At: now.Add(-time.Hour),
				})
			}
			if rapid.IntRange(0, 2).Draw(t, "desired") == 0 {
				continue
			}
			e := resource.Entry{Addr: resource.Addr{Kind: k.Name, Name: n}, Object: drawObject(t, k.Name, "entry")}
			e.Observe = rapid.IntRange(0, 9).Draw(t, "observe") == 0
			if rapid.IntRange(0, 9).Draw(t, "protect") == 0 {
				e.Protect = new(bool)
			}
			if rapid.IntRange(0, 9).Draw(t, "ignores") == 0 {
				e.Ignore = rapid.SliceOfN(rapid.SampledFrom([]string{"/on", "/tags", "/locks", "/locks/key", "/place", "/file", "/ttl", "/title"}), 1, 2).Draw(t, "ignore")
			}
			all = append(all, e)
		}
	}
	in.Desired = config([]string{"trunks", "boxes", "routes", "tapes", "vaults"}, all...)
	for _, e := range all { // spec lets nothing refer to what is not written
		maps.DeleteFunc(e.Object, func(_ string, v any) bool {
			ref, ok := v.(resource.Ref)
			return ok && ref.ID == "" && in.Desired.Find(ref.Addr) == nil
		})
		if e.Kind == "vaults" && e.Object["trunk"] == nil && e.Object["trunk_id"] == nil { // nor leaves open what is meant
			e.Object["trunk_id"] = "5"
		}
	}
	return in
}

// The texts of all secrets begin so, and so does nothing else.
const canary = "SECRET-"

// drawSecrets are what references lead to: some cannot be read, some are no JSON object, and what
// they lead to changes.
func drawSecrets(t *rapid.T) map[resource.SecretRef]resource.Resolved {
	out := map[resource.SecretRef]resource.Resolved{}
	for _, name := range []string{"A", "B", "C"} {
		ref := resource.SecretRef{Env: name}
		switch rapid.IntRange(0, 5).Draw(t, "secret") {
		case 0: // it was not read
		case 1:
			out[ref] = resource.Resolved{Err: fmt.Errorf("the secret %s: it is not there", ref)}
		default:
			text := rapid.SampledFrom([]string{canary + "1", canary + "2", `{"a": "` + canary + `3"}`}).Draw(t, "text")
			out[ref] = resource.Resolved{Secret: resource.NewSecret(text, digest(text[len(text)-3:]))}
		}
	}
	return out
}

// drawTime is around now, or none.
func drawTime(t *rapid.T, what string) time.Time {
	days := rapid.SampledFrom([]int{-100, -20, -9, -1, 0, 1, 2, 5, 10, 11, 30, 100}).Draw(t, what)
	if days == 100 {
		return time.Time{}
	}
	return now.Add(time.Duration(days) * day)
}

func drawObject(t *rapid.T, kind, what string) resource.Object {
	o := resource.Object{}
	maybe := func(path string, values ...any) {
		if rapid.Bool().Draw(t, path) {
			v := rapid.SampledFrom(values).Draw(t, path+" value")
			if v != nil || what != "live" {
				resource.Put(o, path, v)
			}
		}
	}
	to := func(kind string) []any {
		if what != "entry" {
			return []any{"1", "a", nil}
		}
		return []any{resource.Ref{Addr: resource.Addr{Kind: kind, Name: "a"}}, resource.Ref{Addr: resource.Addr{Kind: kind, Name: "b"}}, resource.Ref{ID: "1"}}
	}
	switch kind {
	case "trunks":
		maybe("/mode", "own", "shared")
		maybe("/on", true, false)
		maybe("/limits/in", int64(1), int64(2), nil)
		maybe("/limits/out", int64(1), int64(2))
		maybe("/codecs", []any{"x", "y"}, []any{}, nil)
		maybe("/tags", []any{"x"}, []any{}, nil)
		if what != "live" {
			maybe("/limits/profile", "p", "q")
		}
		if what == "entry" {
			maybe("/id", "1", "2")
		}
	case "boxes":
		o["host"] = rapid.SampledFrom([]any{"h1", "h2"}).Draw(t, "host")
		maybe("/app", "x", nil)
		if what == "entry" {
			maybe("/name", "a", "e")
		}
	case "tapes":
		maybe("/title", "x", "y")
		switch what {
		case "live":
			maybe("/file", fileDigest("a"), fileDigest("b"), "(no content)")
			return o
		case "applied":
			maybe("/file", fileDigest("a"), fileDigest("b"))
		default:
			maybe("/file", resource.File{Name: "a", SHA256: strings.Repeat("a", 64)}, resource.File{Name: "b", SHA256: strings.Repeat("b", 64)})
			maybe("/name", "a", "e")
			maybe("/before", "1d", "9d")
			maybe("/verify", true, false)
		}
		if o["file"] == nil {
			maybe("/url", "https://a.example.com", "https://b.example.com")
		}
		maybe("/ttl", "10d", "20d")
	case "vaults":
		maybe("/door", "red", "blue")
		maybe("/locks/maker", "m", "n")
		switch what {
		case "live":
			maybe("/place", "here", "there") // should it be shown after all
			return o
		case "applied":
			for _, path := range []string{"/locks/key", "/locks/code", "/deed"} {
				maybe(path, digest("T-1"), digest("T-2"), digest("3\"}"))
			}
		default:
			for _, path := range []string{"/locks/key", "/locks/code", "/deed"} {
				maybe(path, resource.SecretRef{Env: "A"}, resource.SecretRef{Env: "B"}, resource.SecretRef{Env: "C"})
			}
			if rapid.Bool().Draw(t, "by name") {
				o["trunk"] = rapid.SampledFrom(to("trunks")).Draw(t, "trunk")
			} else {
				o["trunk_id"] = rapid.SampledFrom([]any{"1", "2", "3", "4", "5"}).Draw(t, "trunk id")
			}
		}
		maybe("/place", "here", "there")
	case "routes":
		maybe("/trunk", to("trunks")...)
		maybe("/box", to("boxes")...)
		maybe("/prefix", "1", "2")
	}
	return o
}
