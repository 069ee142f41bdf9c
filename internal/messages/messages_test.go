package messages_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/messages"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/render"
	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

const kind = "log_message_rules"

var (
	zoom = resource.Addr{Kind: "external_connections", Name: "zoom"}
	now  = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
)

func entry(name string, o resource.Object) resource.Entry {
	return resource.Entry{Addr: resource.Addr{Kind: kind, Name: name}, Object: o}
}

func message(id, code, title string) resource.Message {
	return resource.Message{Key: "id " + id, ID: id, Code: code, Title: title, Detail: "detail of " + title}
}

func said(l *messages.Looked) (out []string) {
	words := render.NewWords(nil)
	for _, n := range l.Notes {
		out = append(out, words.Of(n.Reason))
	}
	return out
}

func dismissed(list []plan.Change) (out []string) {
	for _, c := range list {
		out = append(out, c.Addr.Name+": "+strings.Join(slices.Collect(c.Items.IDs()), " "))
	}
	return out
}

func TestLook(t *testing.T) {
	of := message("5", "30", "of zoom")
	of.Connection = "77"
	fresh := message("2", "20", "new")
	fresh.Connection, fresh.Number, fresh.Ticket = "9", "+15125550199", "T"
	without := message("", "1", "noise")
	without.Key = "content x"
	in := messages.Input{
		Kind: kind, Now: now, List: []resource.Message{
			message("1", "10", "known"), fresh, message("3", "20", "some noise"), message("4", "10", "noise of a known code"), of, without, message("6", "60", "observed"),
		},
	}
	in.Whose.Has(zoom, "77")
	in.Desired.Entries = []resource.Entry{
		entry("a-known", resource.Object{"code": "10"}), entry("gone", resource.Object{"connection": resource.Ref{Addr: resource.Addr{Kind: "external_connections", Name: "gone"}}, "dismiss": true}),
		entry("noise", resource.Object{"title_contains": "noise", "dismiss": true}), entry("of-zoom", resource.Object{"connection": resource.Ref{Addr: zoom}, "dismiss": true}),
		entry("observes", resource.Object{"code": "60", "dismiss": true}),
	}
	in.Desired.Entries[4].Observe = true
	l := messages.Look(in)
	if got, want := dismissed(l.Changes), []string{"noise: 3 4", "of-zoom: 5"}; !slices.Equal(got, want) {
		t.Errorf("dismissed %q, want %q", got, want)
	}
	if got, want := dismissed(l.Observed), []string{"observes: 6"}; !slices.Equal(got, want) {
		t.Errorf("observed %q, want %q", got, want)
	}
	if got, want := said(l), []string{
		"new: 20 new: detail of new (connection 9, number +15125550199, ticket T)",
		"new: 1 noise: detail of noise; it has no id, so it cannot be dismissed, and is not said again",
	}; !slices.Equal(got, want) {
		t.Errorf("said %q, want %q", got, want)
	}
	left := l.After(map[string]bool{"3": true, "4": true})
	if left.New != 5 || len(left.Messages) != 5 || len(left.Remember.Messages) != 5 || left.Messages[0].Rule != kind+"/a-known" || !left.Messages[0].First.Equal(now) {
		t.Errorf("%+v", left)
	}

	// The next run says nothing; what is gone is forgotten, and a rule that came since is taken down.
	in.Known, in.Now = left.Remember.Messages, now.Add(time.Hour)
	in.List = slices.Clone(left.Messages[1:])
	in.Desired.Entries = append(in.Desired.Entries, entry("z", resource.Object{"code": "20"}))
	l = messages.Look(in)
	again := l.After(map[string]bool{"5": true})
	if got := said(l); len(got) > 0 || again.New > 0 || len(again.Remember.Messages) != 1 || again.Remember.Messages[0].Rule != kind+"/z" || !again.Messages[0].First.Equal(now) {
		t.Errorf("%q %+v", got, again)
	}
	if got, want := again.Remember.EndMessages, []string{"id 1", "id 5"}; !slices.Equal(got, want) {
		t.Errorf("ends %q, want %q", got, want)
	}
	in.Only = []resource.Addr{{Kind: kind, Name: "z"}}
	if l = messages.Look(in); len(l.Changes) > 0 {
		t.Errorf("dismissed %q, and none is asked for", dismissed(l.Changes))
	}
}

// Each message is dismissed or left; what was left is not new again.
func TestEachMessageOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := messages.Input{Kind: kind, Now: now}
		for i := range rapid.IntRange(0, 8).Draw(t, "messages") {
			m := message(fmt.Sprint(i), rapid.SampledFrom([]string{"10", "20", "30"}).Draw(t, "code"), rapid.SampledFrom([]string{"a", "ab", "b"}).Draw(t, "title"))
			if rapid.IntRange(0, 4).Draw(t, "id") == 0 {
				m.ID = ""
			}
			in.List = append(in.List, m)
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "rules") {
			e := entry(fmt.Sprint(i), resource.Object{"dismiss": rapid.Bool().Draw(t, "dismiss"), "title_contains": rapid.SampledFrom([]string{"a", "b"}).Draw(t, "contains")})
			e.Observe = rapid.IntRange(0, 3).Draw(t, "observe") == 0
			in.Desired.Entries = append(in.Desired.Entries, e)
		}
		l := messages.Look(in)
		gone := map[string]bool{}
		for _, c := range l.Changes {
			for id := range c.Items.IDs() {
				if gone[id] || id == "" {
					t.Fatalf("%q is dismissed twice", id)
				}
				gone[id] = true
			}
		}
		left := l.After(gone)
		if len(left.Messages)+len(gone) != len(in.List) || left.New != len(left.Messages) {
			t.Fatalf("%d left and %d dismissed, of %d", len(left.Messages), len(gone), len(in.List))
		}
		in.Known, in.List = left.Remember.Messages, left.Messages
		if again := messages.Look(in); len(again.Notes)+len(again.Changes)+again.After(nil).New+len(again.After(nil).Remember.EndMessages) > 0 {
			t.Fatalf("%+v", again)
		}
	})
}

func TestEveryReason(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	first := func(l *messages.Looked) resource.Reason { return l.Notes[0].Reason }
	minimal := map[resource.Code]func() resource.Reason{
		messages.About: func() resource.Reason { return messages.Because(&resource.Message{Code: "1"}) },
		messages.New: func() resource.Reason {
			return first(messages.Look(messages.Input{Kind: kind, List: []resource.Message{{Title: "x"}}}))
		},
		messages.NotDismissing: func() resource.Reason {
			in := messages.Input{Kind: kind, List: []resource.Message{{Title: "x"}}}
			in.Desired.Entries = []resource.Entry{entry("x", resource.Object{"dismiss": true})}
			return first(messages.Look(in))
		},
	}
	ast.Inspect(file, func(n ast.Node) bool {
		v, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		text, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		code := resource.Code(text)
		if minimal[code] == nil {
			t.Errorf("no input is known for %s", v.Names[0])
			return false
		}
		r := minimal[code]()
		if said := render.NewWords(nil).Of(resource.ParseReason(r.Key())); r.Code != code || strings.HasPrefix(said, text) || strings.Contains(said, "<no value>") {
			t.Errorf("%s: %+v, %s", v.Names[0], r, said)
		}
		return false
	})
}
