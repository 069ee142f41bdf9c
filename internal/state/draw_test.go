package state_test

import (
	"encoding/json"
	"fmt"

	"pgregory.net/rapid"

	"telnyxsync/internal/resource"
)

func addrs() *rapid.Generator[resource.Addr] {
	return rapid.Custom(func(t *rapid.T) resource.Addr {
		return resource.Addr{
			Kind: rapid.SampledFrom([]string{"trunks", "routes"}).Draw(t, "kind"),
			Name: rapid.SampledFrom([]string{"a", "b", "ü/x", "'; DROP TABLE owned; --", "%"}).Draw(t, "name"),
		}
	})
}

func trees() *rapid.Generator[resource.Object] {
	leaf := rapid.OneOf(rapid.Just(any(nil)), rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just(any([]any{"a", int64(1)})), rapid.Just(any(resource.Object{"deep": nil})))
	return rapid.MapOfN(rapid.String(), leaf, 0, 3)
}

func attempts() *rapid.Generator[map[string]resource.Attempt] {
	return rapid.OneOf(rapid.Just(map[string]resource.Attempt(nil)), rapid.MapOfN(rapid.SampledFrom([]string{"/a", "/b/c"}),
		rapid.Custom(func(t *rapid.T) resource.Attempt {
			return resource.Attempt{Value: `"x"`, Count: rapid.IntRange(0, 9).Draw(t, "count"), Note: reasons().Draw(t, "note")}
		}), 0, 2))
}

// reasons are read as they were written, but for whole numbers among their arguments.
func reasons() *rapid.Generator[resource.Reason] {
	arg := rapid.OneOf(rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64(), func(n int64) any { return json.Number(fmt.Sprint(n)) }), rapid.Just(any([]any{"a", "b"})))
	return rapid.OneOf(rapid.Just(resource.Reason{}), rapid.Map(rapid.String(), resource.Said), rapid.Custom(func(t *rapid.T) resource.Reason {
		r := resource.Reason{Code: resource.Code(rapid.StringMatching("[a-z_]+").Draw(t, "code"))}
		if args := rapid.MapOfN(rapid.String(), arg, 0, 3).Draw(t, "arguments"); len(args) > 0 {
			r.Args = args
		}
		return r
	}))
}

func events() *rapid.Generator[resource.Event] {
	return rapid.Custom(func(t *rapid.T) resource.Event {
		text := rapid.String()
		e := resource.Event{
			Addr: addrs().Draw(t, "changed"), Op: text.Draw(t, "op"), ID: text.Draw(t, "object"), Reason: reasons().Draw(t, "reason"),
			Outcome: "done", Error: text.Draw(t, "error"), RequestID: text.Draw(t, "request"), Fingerprint: text.Draw(t, "fingerprint"),
		}
		if rapid.Bool().Draw(t, "deltas") {
			e.Deltas = json.RawMessage(`[{"path":"/a","from":null}]`)
		}
		return e
	})
}

func owned() *rapid.Generator[resource.Owned] {
	return rapid.Custom(func(t *rapid.T) resource.Owned {
		return resource.Owned{
			Addr: addrs().Draw(t, "owned"), ID: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "id"), Root: rapid.String().Draw(t, "root"),
			File: rapid.String().Draw(t, "file"), Applied: trees().Draw(t, "applied"), Protect: rapid.Bool().Draw(t, "protect"),
			TakenDown: rapid.Bool().Draw(t, "taken down"), Attempts: attempts().Draw(t, "attempts"), Renewed: times().Draw(t, "renewed"), Ends: times().Draw(t, "ends"),
			Incarnation: rapid.SampledFrom([]string{"", "?", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z?"}).Draw(t, "incarnation"),
		}
	})
}

func groups() *rapid.Generator[resource.Group] {
	return rapid.Custom(func(t *rapid.T) resource.Group {
		return resource.Group{
			Addr: addrs().Draw(t, "group"), Root: rapid.String().Draw(t, "root"), File: rapid.String().Draw(t, "file"), Protect: rapid.Bool().Draw(t, "protect"),
			Target:   targets().Draw(t, "target"),
			Uploaded: rapid.OneOf(rapid.Just(map[string]resource.Numbers(nil)), rapid.MapOfN(rapid.String(), sets(), 0, 3)).Draw(t, "uploaded"),
			Placed:   sets().Draw(t, "placed"),
		}
	})
}

func roots() *rapid.Generator[string] { return rapid.SampledFrom([]string{"", "/a", "/b"}) }

func rules() *rapid.Generator[resource.Rule] {
	return rapid.Custom(func(t *rapid.T) resource.Rule {
		return resource.Rule{
			Addr: addrs().Draw(t, "rule"), Root: roots().Draw(t, "root"), File: rapid.String().Draw(t, "file"), Hold: rapid.Bool().Draw(t, "hold"),
			Says: trees().Draw(t, "says"),
		}
	})
}

func ruleKeys() *rapid.Generator[resource.RuleKey] {
	return rapid.Custom(func(t *rapid.T) resource.RuleKey {
		return resource.RuleKey{Addr: addrs().Draw(t, "rule"), Root: roots().Draw(t, "root")}
	})
}

func deletions() *rapid.Generator[resource.Deletion] {
	item := rapid.Custom(func(t *rapid.T) resource.Deleted {
		text := rapid.String()
		return resource.Deleted{
			ID: text.Draw(t, "id"), Rule: addrs().Draw(t, "policy"), Created: times().Draw(t, "created"), From: text.Draw(t, "from"), To: text.Draw(t, "to"),
			Age: text.Draw(t, "age"),
		}
	})
	return rapid.Custom(func(t *rapid.T) resource.Deletion {
		return resource.Deletion{
			ID: orderIDs().Draw(t, "id"), Unit: rapid.SampledFrom([]string{"recording", "transcription"}).Draw(t, "unit"), At: times().Draw(t, "at"),
			Items: rapid.OneOf(rapid.Just([]resource.Deleted(nil)), rapid.SliceOfN(item, 1, 3)).Draw(t, "items"),
		}
	})
}

func messages() *rapid.Generator[resource.Message] {
	return rapid.Custom(func(t *rapid.T) resource.Message {
		text := rapid.String()
		return resource.Message{
			Key: orderIDs().Draw(t, "key"), ID: text.Draw(t, "id"), Code: text.Draw(t, "code"), Title: text.Draw(t, "title"), Detail: text.Draw(t, "detail"),
			Pointer: text.Draw(t, "pointer"), Connection: text.Draw(t, "connection"), Number: text.Draw(t, "number"), Ticket: text.Draw(t, "ticket"),
			First: times().Draw(t, "first"), Rule: text.Draw(t, "rule"),
		}
	})
}

// records have some of all that there is.
func records() *rapid.Generator[resource.Record] {
	return rapid.Custom(func(t *rapid.T) (r resource.Record) {
		coin := func(label string) bool { return rapid.Bool().Draw(t, label) }
		if coin("objects") {
			r.Forget, r.Own = some(t, "forgotten", addrs()), some(t, "owned", owned())
			r.EndIntents = some(t, "ended", addrs())
		}
		if coin("groups") {
			r.ForgetGroups, r.Groups = some(t, "forgotten groups", addrs()), some(t, "groups", groups())
		}
		if coin("rules") {
			r.ForgetRules, r.Rules = some(t, "forgotten rules", ruleKeys()), some(t, "rules", rules())
			r.EndDeletions, r.Deletions = some(t, "ended deletions", orderIDs()), some(t, "deletions", deletions())
		}
		if coin("numbers") {
			r.EndOrders, r.Orders = some(t, "ended orders", orderIDs()), some(t, "orders", orders())
			r.EndTroubles, r.Troubles = some(t, "ended troubles", numbers()), some(t, "troubles", troubles())
		}
		if coin("messages") {
			r.EndMessages, r.Messages = some(t, "ended messages", orderIDs()), some(t, "messages", messages())
		}
		if coin("events") {
			r.Events = some(t, "events", events())
		}
		return r
	})
}

func some[T any](t *rapid.T, label string, of *rapid.Generator[T]) []T {
	return rapid.SliceOfN(of, 0, 3).Draw(t, label)
}
