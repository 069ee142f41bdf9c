package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"
)

func logged(id, code, title string, meta object) object {
	m := object{"id": id, "code": code, "title": title, "detail": "detail of " + title}
	if meta != nil {
		m["meta"] = meta
	}
	return m
}

// messages runs the job, and wants it to succeed.
func (k *keeper) messages(s apply.Situation) (lines []string, report apply.Report) {
	k.Helper()
	report, err := k.run(context.Background(), "log_messages", s)
	if err != nil || report.Failed {
		k.Fatalf("%v %q", err, linesOf(report))
	}
	return linesOf(report), report
}

func titles(r apply.Report) (out []string) {
	for _, m := range r.Messages {
		out = append(out, m.Title)
	}
	return out
}

const rulesYAML = `
external_connections:
  zoom: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1"}}
log_message_rules:
  a-known: {code: "10"}
  noise: {title_contains: "noise", dismiss: true}
  of-zoom: {connection: zoom, dismiss: true}
  of-number: {telephone_number: "+15125550100", detail_contains: "detail of"}
`

// Every message is said once, whoever runs the job; rules know some, and dismiss others.
func TestLogMessages(t *testing.T) {
	list := []any{
		logged("1", "10", "known", nil), logged("2", "20", "new", object{"ticket_id": "T", "external_connection_id": "9", "telephone_number": "+15125550199"}),
		logged("3", "20", "some noise", nil), logged("4", "10", "noise of a known code", nil), logged("5", "30", "of zoom", object{"external_connection_id": "77"}),
		logged("6", "30", "of a number", object{"telephone_number": "+15125550100"}), logged("7", "30", "Noise", nil),
	}
	account := func(list ...any) object {
		return object{"log_messages": list, "_log_message_ids": "shown", "external_connections": zoom("telnyxsync:default:zoom")}
	}
	k := plainly(t, account(list...))
	s := apply.Situation{Desired: k.load("a", rulesYAML)}

	// In mode observe nothing is changed, nor remembered.
	observe := s
	observe.Observe = true
	for range 2 {
		lines, report := k.messages(observe)
		same(t, "lines", lines, []string{
			"new: 20 new: detail of new (connection 9, number +15125550199, ticket T)", "new: 30 Noise: detail of Noise", "7 log messages, 7 of them new",
		})
		if len(report.Messages) != 7 || len(writes(k.sim)) > 0 || k.snapshot().Exists {
			t.Errorf("%v %v", titles(report), writes(k.sim))
		}
	}
	lines, report := k.messages(s)
	same(t, "lines", lines, []string{
		"dismissed by log_message_rules/noise: 20 some noise: detail of some noise",
		"dismissed by log_message_rules/noise: 10 noise of a known code: detail of noise of a known code",
		"dismissed by log_message_rules/of-zoom: 30 of zoom: detail of of zoom (connection 77)",
		"new: 20 new: detail of new (connection 9, number +15125550199, ticket T)",
		"new: 30 Noise: detail of Noise",
		"4 log messages, 4 of them new",
	})
	same(t, "there are", titles(report), []string{"known", "new", "of a number", "Noise"})
	if report.Messages[0].Rule != "log_message_rules/a-known" || report.Messages[1].Rule != "" || report.Messages[1].First.IsZero() {
		t.Errorf("%+v", report.Messages)
	}
	const dismiss = "DELETE /external_connections/log_messages/"
	same(t, "writes", writes(k.sim), []string{dismiss + "3", dismiss + "4", dismiss + "5"})
	events := k.history()
	if len(events) != 3 || events[0].Op != "dismiss" || events[0].ID != "3" || events[0].Addr.String() != "log_message_rules/noise" || events[0].RequestID == "" || events[0].Reason.IsZero() {
		t.Errorf("history %+v", events)
	}

	// Whoever runs it then says nothing of them.
	first := report.Messages[1].First
	for range 2 {
		k.connect(client.Config{})
		lines, report = k.messages(s)
		same(t, "lines", lines, []string{"4 log messages, 0 of them new"})
		if !report.Messages[1].First.Equal(first) {
			t.Errorf("first seen %v, want %v", report.Messages[1].First, first)
		}
	}
	// A rule that came since is taken down; what it dismisses is dismissed.
	s.Desired = k.load("a", rulesYAML+"  new: {code: \"20\"}\n  late: {title_contains: Noise, dismiss: true}\n")
	lines, report = k.messages(s)
	same(t, "lines", lines, []string{"dismissed by log_message_rules/late: 30 Noise: detail of Noise", "3 log messages, 0 of them new"})
	if report.Messages[1].Rule != "log_message_rules/new" || k.snapshot().Messages[1].Rule != "log_message_rules/new" || len(k.snapshot().Messages) != 3 {
		t.Errorf("%+v %+v", report.Messages, k.snapshot().Messages)
	}
	// One that goes and comes back is new.
	s.Desired = k.load("a", rulesYAML)
	for _, test := range []struct {
		list []any
		want []string
	}{
		{list[:1], []string{"1 log messages, 0 of them new"}},
		{list[:2], []string{"new: 20 new: detail of new (connection 9, number +15125550199, ticket T)", "2 log messages, 1 of them new"}},
		{[]any{}, []string{"0 log messages, 0 of them new"}},
	} {
		if err := k.sim.SetAccount(must(t, account(test.list...))); err != nil {
			t.Fatal(err)
		}
		lines, report = k.messages(s)
		same(t, "lines", lines, test.want)
		if report.Messages == nil || len(report.Messages) != len(test.list) || len(k.snapshot().Messages) != len(test.list) {
			t.Errorf("%v, state has %v", report.Messages, k.snapshot().Messages)
		}
	}
}

// Without ids messages are told apart by what they say, and cannot be dismissed; that is said once.
func TestLogMessagesWithoutIDs(t *testing.T) {
	list := []any{
		logged("1", "10", "twice", nil), logged("2", "10", "twice", nil), logged("3", "10", "noise", nil), logged("4", "10", "noise", object{"ticket_id": "T"}),
		logged("5", "99", strings.Repeat("long ", 1000)+"1", nil), logged("6", "99", strings.Repeat("long ", 1000)+"2", nil),
	}
	k := plainly(t, object{"log_messages": list})
	s := apply.Situation{Desired: k.load("a", "log_message_rules:\n  noise: {title_contains: noise, dismiss: true}\n")}
	lines, report := k.messages(s)
	if len(lines) != 6 || len(lines[3]) > 2000 || lines[5] != "5 log messages, 5 of them new" || len(report.Messages) != 5 {
		t.Errorf("%d lines: %.200q", len(lines), lines)
	}
	same(t, "lines", lines[:3], []string{
		"new: 10 twice: detail of twice",
		"log_message_rules/noise: new: 10 noise: detail of noise; it has no id, so it cannot be dismissed, and is not said again",
		"log_message_rules/noise: new: 10 noise: detail of noise (ticket T); it has no id, so it cannot be dismissed, and is not said again",
	})
	slices.Reverse(list)
	if err := k.sim.SetAccount(must(t, object{"log_messages": list})); err != nil {
		t.Fatal(err)
	}
	k.connect(client.Config{})
	if lines, _ = k.messages(s); len(lines) != 1 {
		t.Errorf("%.300q", lines)
	}
	if len(writes(k.sim)) > 0 || len(k.history()) > 0 {
		t.Errorf("%v %v", writes(k.sim), k.history())
	}
}

// What Telnyx does not dismiss is told, each time, and the others go on. With a key that is refused, all are said and none is tried.
func TestLogMessagesThatAreNotDismissed(t *testing.T) {
	account := object{"_log_message_ids": "shown", "log_messages": []any{
		logged("1", "10", "noise 1", nil), logged("2", "10", "noise 2", nil), logged("3", "10", "noise 3", nil), logged("4", "20", "new", nil),
	}}
	for status, want := range map[int][]string{
		422: {"noise 1", "new"}, 403: {"noise 1", "new"}, 401: {"noise 1", "noise 2", "noise 3", "new"}, 500: {"new"}, 404: {"new"},
	} {
		k := plainly(t, account)
		s := apply.Situation{Desired: k.load("a", "log_message_rules:\n  noise: {title_contains: noise, dismiss: true}\n")}
		if err := k.sim.AddFaults(telnyxsim.Fault{Match: "DELETE /external_connections/log_messages/1", Do: "status", Status: status}); err != nil {
			t.Fatal(err)
		}
		report, err := k.run(context.Background(), "log_messages", s)
		if failed := len(want) > 1; err != nil || report.Failed != failed {
			t.Errorf("%d: %v %q", status, err, linesOf(report))
		}
		same(t, fmt.Sprint(status), titles(report), want)
		has(t, linesOf(report), "new: 20 new: detail of new")
		if len(want) > 1 {
			has(t, linesOf(report), "not dismissed: 10 noise 1: detail of noise 1: DELETE /external_connections/log_messages/1: ")
		}
		if n := len(writes(k.sim)); status == 401 && n != 1 {
			t.Errorf("%d: %v", status, writes(k.sim))
		}
		if got := len(k.snapshot().Messages); got != len(want) {
			t.Errorf("%d: state has %d messages", status, got)
		}
		if status == 404 {
			continue // it is there still, as nobody else is asked
		}
		if _, report = k.messages(s); !slices.Equal(titles(report), []string{"new"}) || len(k.snapshot().Messages) != 1 {
			t.Errorf("%d: then %v", status, titles(report))
		}
		dismissed := 0
		for _, e := range k.history() {
			if e.Op == "dismiss" {
				dismissed++
			}
		}
		if dismissed != 3 {
			t.Errorf("%d: the history has %d dismissals", status, dismissed)
		}
	}
}

// A list that is not whole makes nothing new, and nothing gone.
func TestLogMessagesThatCannotBeRead(t *testing.T) {
	var list []any
	for i := range 7 {
		list = append(list, logged(fmt.Sprint("m", i), "10", fmt.Sprint("title ", i), nil))
	}
	for _, ids := range []string{"shown", "hidden"} {
		k := plainly(t, object{"_log_message_ids": ids, "log_messages": list})
		k.stage.size = 3
		s := apply.Situation{Desired: k.load("a", "log_message_rules: {}\n")}
		k.messages(s)
		for _, f := range []telnyxsim.Fault{{Do: "short-page", Times: -1}, {Do: "status", Status: 422}} {
			f.Match = "GET /external_connections/log_messages"
			if err := k.sim.AddFaults(f); err != nil {
				t.Fatal(err)
			}
			report, err := k.run(context.Background(), "log_messages", s)
			if err == nil || report.Messages != nil || len(k.snapshot().Messages) != 7 {
				t.Errorf("%s: %v %q", f.Do, err, linesOf(report))
			}
			k.sim.ClearFaults()
		}
		if lines, _ := k.messages(s); !slices.Equal(lines, []string{"7 log messages, 0 of them new"}) {
			t.Errorf("then %q", lines)
		}
	}
}

// A rule of a connection that is not there means nothing; one that is not asked for dismisses nothing.
func TestLogMessageRulesThatDoNotAct(t *testing.T) {
	account := object{"_log_message_ids": "shown", "log_messages": []any{logged("1", "10", "noise", object{"external_connection_id": "77"})}}
	k := plainly(t, account)
	const zoomRule = "log_message_rules:\n  of-zoom: {connection: zoom, dismiss: true}\n"
	lines, _ := k.messages(apply.Situation{Desired: k.load("a", zoomYAML+zoomRule)})
	has(t, lines, "new: 10 noise")
	k.messages(apply.Situation{Desired: k.load("a", "log_message_rules:\n  x: {connection: {id: \"77\"}, dismiss: true, observe: true}\n")})
	only := apply.Options{Only: []resource.Addr{{Kind: "log_message_rules", Name: "another"}}}
	k.messages(apply.Situation{Desired: k.load("a", "log_message_rules:\n  x: {connection: {id: \"77\"}, dismiss: true}\n"), Options: only})
	if len(writes(k.sim)) > 0 {
		t.Errorf("%v", writes(k.sim))
	}
	only.Only[0].Name = "x"
	k.messages(apply.Situation{Desired: k.load("a", "log_message_rules:\n  x: {connection: {id: \"77\"}, dismiss: true}\n"), Options: only})
	same(t, "writes", writes(k.sim), []string{"DELETE /external_connections/log_messages/1"})
}

// Told to stop, it ends what is under way and records it. The rest is not tried, and is there still.
func TestLogMessagesStopped(t *testing.T) {
	account := object{"_log_message_ids": "shown", "log_messages": []any{
		logged("1", "10", "noise 1", nil), logged("2", "10", "noise 2", nil), logged("3", "20", "din", nil), logged("4", "30", "new", nil),
	}}
	k := plainly(t, account)
	s := apply.Situation{Desired: k.load("a", "log_message_rules:\n  a: {code: \"10\", dismiss: true}\n  b: {code: \"20\", dismiss: true}\n")}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	k.stage.before = func(_ int, r *http.Request) error {
		if r.Method == http.MethodDelete {
			cancel()
		}
		return nil
	}
	report, err := k.run(ctx, "log_messages", s)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "writes", writes(k.sim), []string{"DELETE /external_connections/log_messages/1"})
	same(t, "there are", titles(report), []string{"noise 2", "din", "new"})
	same(t, "outcomes", outcomes(*report.Result), []string{"dismiss log_message_rules/a: not started", "dismiss log_message_rules/b: not started"})
	if events := k.history(); len(events) != 1 || events[0].ID != "1" || len(k.snapshot().Messages) != 3 {
		t.Errorf("%+v, state has %+v", events, k.snapshot().Messages)
	}
	k.stage.before = nil
	if _, report = k.messages(s); !slices.Equal(titles(report), []string{"new"}) || len(k.history()) != 3 {
		t.Errorf("then %v, %+v", titles(report), k.history())
	}
}

// A refused key is not tried for another rule's messages either.
func TestLogMessagesOfARefusedKey(t *testing.T) {
	k := plainly(t, object{"_log_message_ids": "shown", "log_messages": []any{logged("1", "10", "noise", nil), logged("2", "20", "din", nil)}})
	s := apply.Situation{Desired: k.load("a", "log_message_rules:\n  a: {code: \"10\", dismiss: true}\n  b: {code: \"20\", dismiss: true}\n")}
	if err := k.sim.AddFaults(telnyxsim.Fault{Match: "DELETE /external_connections/log_messages/*", Do: "status", Status: 401, Times: -1}); err != nil {
		t.Fatal(err)
	}
	report, err := k.run(context.Background(), "log_messages", s)
	if err != nil || report.Exit() != plan.ExitProblems || len(writes(k.sim)) != 1 {
		t.Errorf("%v, exit code %d, sent %v", err, report.Exit(), writes(k.sim))
	}
	same(t, "outcomes", outcomes(*report.Result), []string{"dismiss log_message_rules/a: failed", "dismiss log_message_rules/b: not started"})
	same(t, "there are", titles(report), []string{"noise", "din"})
}

// Where no answer tells whether a message is gone, the next run finds out, and the history has it once.
func TestLostDismissals(t *testing.T) {
	for name, arrives := range map[string]bool{"it arrived": true, "it did not arrive": false} {
		t.Run(name, func(t *testing.T) {
			k := plainly(t, object{"log_messages": []any{logged("1", "10", "noise", nil)}, "_log_message_ids": "shown"})
			s := apply.Situation{Desired: k.load("a", "log_message_rules:\n  noise: {code: \"10\", dismiss: true}\n")}
			lost := errors.New("lost")
			k.stage.before = func(_ int, r *http.Request) error {
				if r.Method == http.MethodDelete && !arrives {
					return lost
				}
				return nil
			}
			k.stage.after = func(_ int, r *http.Request, res *http.Response) (*http.Response, error) {
				if r.Method == http.MethodDelete {
					return nil, lost
				}
				return res, nil
			}
			report, err := k.run(context.Background(), "log_messages", s)
			if err != nil || !report.Failed || len(k.history()) > 0 || len(k.snapshot().Deletions) != 1 {
				t.Errorf("%v %+v, history %+v", err, report, k.history())
			}
			k.stage.before, k.stage.after = nil, nil
			gone := "0 of them are gone, and in the history now"
			if arrives {
				gone = "1 of them are gone, and in the history now"
			}
			lines, _ := k.messages(s)
			has(t, lines, "an earlier run was cut off while it deleted 1 log message: "+gone)
			events := k.history()
			if len(events) != 1 || events[0].Op != "dismiss" || events[0].ID != "1" || events[0].Reason.IsZero() || len(k.snapshot().Deletions) > 0 {
				t.Errorf("history %+v, begun %+v", events, k.snapshot().Deletions)
			}
		})
	}
}
