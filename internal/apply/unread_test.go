package apply_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"
)

const (
	aCivic, aFloor, anotherFloor = "07a4dc5d-9b3b-4ba2-88a4-6ba172316c65", "18ded4bb-b694-44c1-a89b-a35b7acd4c90", "18ded4bb-b694-44c1-a89b-a35b7acd4c91"
	anAddress                    = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"
)

// everyKind has an entry of each kind that is changed by everyKindEdited, and one that is gone from there.
const everyKind = `
external_connections:
  teams: {external_sip_connection: operator_connect, outbound: {outbound_voice_profile_id: "1"}}
  zoom: {external_sip_connection: zoom, outbound: {outbound_voice_profile_id: "1", channel_limit: 5}}
  gone: {external_sip_connection: zoom, active: false, outbound: {outbound_voice_profile_id: "1"}}
locations:
  hq: {connection: teams, location_id: ` + aFloor + `, static_emergency_address_id: ` + anAddress + `}
phone_numbers:
  users: {connection: teams, location: hq, usage: calling_user_assignment, numbers: ["+15125550000-+15125550001"]}
siprec_connectors:
  recorder: {host: srs.example.com, port: 5060}
  gone: {host: srs.example.com, port: 5060}
media:
  tone: {media_url: "https://media.example.com/a.mp3", ttl: 20d}
  gone: {media_url: "https://media.example.com/a.mp3", ttl: 20d}
custom_storage_credentials:
  calls: {connection_id: "77", backend: gcs, configuration: {bucket: calls, credentials: {env: ACCOUNT}}}
  gone: {connection_id: "78", backend: gcs, configuration: {bucket: calls, credentials: {env: ACCOUNT}}}
dialogflow_connections:
  bot: {connection_id: "77", dialogflow_api: es, location: global, conversation_profile_id: p, environment: test, service_account: {env: ACCOUNT}}
  gone: {connection_id: "78", dialogflow_api: es, location: global, conversation_profile_id: p, environment: test, service_account: {env: ACCOUNT}}
`

func everyKindEdited() string {
	var kept []string
	for line := range strings.Lines(everyKind) {
		if !strings.Contains(line, "gone:") {
			kept = append(kept, line)
		}
	}
	return strings.NewReplacer("channel_limit: 5", "channel_limit: 6", "port: 5060", "port: 5061", "ttl: 20d", "ttl: 30d", "bucket: calls", "bucket: others",
		"environment: test", "environment: production", "location: hq", "location_id: "+anotherFloor).Replace(strings.Join(kept, ""))
}

func everyKindAccount() object {
	return object{
		"external_connections": []any{teamsConnection("7")},
		"civic_addresses": object{"7": []any{object{"id": aCivic, "default_location_id": aFloor, "locations": []any{
			object{"id": aFloor, "is_default": true}, object{"id": anotherFloor, "is_default": false},
		}}}},
		"phone_numbers": []any{object{"id": "5000", "phone_number": "+15125550000"}, object{"id": "5001", "phone_number": "+15125550001"}},
	}
}

// unreadable is a kind whose collection cannot be read, and what comes of that.
type unreadable struct {
	kind     string
	refuse   []string // requests
	problems []string // address and code, with the edited files
	writes   []string // those that are made of the kind, with the edited files, where it can be read; ids of what was made are *
}

func unreadables() []unreadable {
	return []unreadable{
		{
			"external_connections",
			[]string{"GET /external_connections", "GET /external_connections/*"},
			[]string{"external_connections/: kind_unread", "locations/hq: key_not_known", "phone_numbers/users: group_connection_unread"},
			[]string{"DELETE /external_connections/*", "PATCH /external_connections/*"},
		},
		{
			"phone_numbers",
			[]string{"GET /external_connections/*/phone_numbers", "GET /phone_numbers/slim"},
			[]string{"phone_numbers/users: group_unread"},
			[]string{"PATCH /external_connections/7/phone_numbers/5000", "PATCH /external_connections/7/phone_numbers/5001"},
		},
		{
			"siprec_connectors",
			[]string{"GET /siprec_connectors/*"},
			[]string{"siprec_connectors/gone: orphan_unread", "siprec_connectors/recorder: entry_unread"},
			[]string{"DELETE /siprec_connectors/gone", "PUT /siprec_connectors/recorder"},
		},
		{
			"media",
			[]string{"GET /media", "GET /media/*"},
			[]string{"media/: kind_unread"},
			[]string{"DELETE /media/gone", "PUT /media/tone"},
		},
		{
			"custom_storage_credentials",
			[]string{"GET /custom_storage_credentials/*"},
			[]string{"custom_storage_credentials/calls: entry_unread", "custom_storage_credentials/gone: orphan_unread"},
			[]string{"DELETE /custom_storage_credentials/78", "PUT /custom_storage_credentials/77"},
		},
		{
			"dialogflow_connections",
			[]string{"GET /dialogflow_connections/*"},
			[]string{"dialogflow_connections/bot: entry_unread", "dialogflow_connections/gone: orphan_unread"},
			[]string{"DELETE /dialogflow_connections/78", "PUT /dialogflow_connections/77"},
		},
	}
}

// A kind that cannot be read, be it that the key may not or that Telnyx fails, is a problem and nothing of it is
// written or deleted; all others are compared, written and deleted as if nothing were wrong.
func TestAKindThatCannotBeReadBlocksOnlyItself(t *testing.T) {
	for _, c := range unreadables() {
		for _, status := range []int{http.StatusForbidden, http.StatusInternalServerError} {
			t.Run(fmt.Sprint(c.kind, " ", status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { blocksOnlyItself(t, c, status) })
			})
		}
	}
}

func blocksOnlyItself(t *testing.T, c unreadable, status int) {
	k := newKeeper(t, func(h http.Handler) http.Handler { return h }, everyKindAccount(), telnyxsim.Config{})
	defer k.close()
	k.engine.Secret = func(resource.SecretRef) (string, error) {
		return `{"type":"service_account","private_key":"a-key"}`, nil
	}
	s := apply.Situation{Options: apply.Options{Prune: true}, Desired: k.load("a", everyKind)}
	for range 3 { // numbers are assigned, then uploaded, then in place
		if report, err := k.run(t.Context(), "reconcile", s); err != nil || report.Exit() != 0 {
			t.Fatalf("%v %q", err, linesOf(report))
		}
	}
	k.sim.ClearJournal()
	for _, match := range c.refuse {
		if err := k.sim.AddFaults(telnyxsim.Fault{Match: match, Do: "status", Status: status, Times: -1}); err != nil {
			t.Fatal(err)
		}
	}
	s.Desired = k.load("a", everyKindEdited())
	report, err := k.run(t.Context(), "reconcile", s)
	if err != nil || report.Exit() != 1 {
		t.Fatalf("exit code %d, %v", report.Exit(), err)
	}
	var problems, want []string
	for i := range report.Plan.Problems {
		p := &report.Plan.Problems[i]
		problems = append(problems, p.Addr.String()+": "+string(p.Reason.Code))
		if text := words.Problem(p); p.Addr.Kind == c.kind && (!strings.Contains(text, fmt.Sprint(status)) || !strings.Contains(text, "An injected fault.") || client.Forbidden(p.Err) != (status == 403)) {
			t.Errorf("%s says %q", p.Addr, text)
		}
	}
	same(t, "problems", problems, c.problems)
	for _, other := range unreadables() {
		blocked := slices.ContainsFunc(c.problems, func(p string) bool { return strings.HasPrefix(p, other.kind+"/") })
		if !blocked {
			want = append(want, other.writes...)
		}
	}
	slices.Sort(want)
	same(t, "writes", generalWrites(k.sim), want)

	k.sim.ClearFaults()
	if report, err = k.run(t.Context(), "reconcile", s); err != nil || report.Exit() != 0 {
		t.Errorf("once it can be read: %v %q", err, linesOf(report))
	}
	if report, err = k.run(t.Context(), "reconcile", s); err != nil || report.Exit() != 0 || len(report.Plan.Changes) > 0 {
		t.Errorf("in the end: %v %q", err, linesOf(report))
	}
}

// generalWrites are the writes, sorted, with * in the place of an id of a connection that Telnyx has made.
func generalWrites(sim *telnyxsim.Sim) []string {
	out := writes(sim)
	for i := range out {
		head, id, _ := strings.Cut(out[i], " /external_connections/")
		if len(id) == len("1930000000000000001") {
			out[i] = head + " /external_connections/*"
		}
	}
	slices.Sort(out)
	return out
}
