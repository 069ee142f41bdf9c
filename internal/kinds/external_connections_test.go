package kinds_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

const connections = "external_connections"

// zoom is an account with one connection of id 7.
const zoom = `{"external_connections":[{"id":"7","external_sip_connection":"zoom","active":true,
	"inbound":{"channel_limit":5},"outbound":{"channel_limit":6,"outbound_voice_profile_id":"11"},
	"tags":["b","a","telnyxsync:other:x","telnyxsync:default:former"],
	"webhook_event_url":"https://a.example.com","webhook_event_failover_url":"https://b.example.com","webhook_timeout_secs":5}]}`

func TestConnectionLive(t *testing.T) {
	l := newRig(t, zoom).read(connections, "7")
	want := `{"active":true,"external_sip_connection":"zoom","inbound":{"channel_limit":5},` +
		`"outbound":{"channel_limit":6,"outbound_voice_profile_id":"11"},"tags":["a","b"],` +
		`"webhook_event_failover_url":"https://b.example.com","webhook_event_url":"https://a.example.com","webhook_timeout_secs":5}`
	if got := resource.Text(l.Object); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	owners := []resource.Owner{{Instance: "default", Name: "former"}, {Instance: "other", Name: "x"}}
	if l.ID != "7" || !slices.Equal(l.Keys, []string{"id=7"}) || !slices.Equal(l.Owners, owners) || !strings.HasPrefix(l.Label, "zoom, created 2") {
		t.Errorf("%+v", l)
	}
}

// What Telnyx may leave out, or send as another type, is the same nothing or the same value.
func TestConnectionLiveLenient(t *testing.T) {
	for answer, want := range map[string]string{
		`{"id":1293384261075731499,"external_sip_connection":"operator_connect","outbound":{"outbound_voice_profile_id":1911630617284445511}}`: `{"external_sip_connection":"operator_connect","outbound":{"outbound_voice_profile_id":"1911630617284445511"},"tags":[]}`,
		`{"id":"1","inbound":null,"outbound":{"channel_limit":null},"tags":null,"webhook_timeout_secs":"7"}`:                                   `{"outbound":{},"tags":[],"webhook_timeout_secs":7}`,
	} {
		c := newClient(t, client.Config{Transport: answers{http.StatusOK, `{"data":` + answer + `}`}})
		l, err := row(connections).Open(c).Read(t.Context(), "1")
		must(t, err)
		if got := resource.Text(l.Object); got != want {
			t.Errorf("%s became %s", answer, got)
		}
		if strings.Contains(answer, "operator_connect") && !slices.Equal(l.Keys, []string{"id=1293384261075731499", "operator_connect"}) {
			t.Errorf("keys %q", l.Keys)
		}
	}
}

func TestConnectionCreate(t *testing.T) {
	out := resource.Object{"outbound_voice_profile_id": "11"}
	for name, test := range map[string]struct {
		desired resource.Object
		want    string
	}{
		"the least": {
			resource.Object{"external_sip_connection": "zoom", "outbound": out},
			`{"external_sip_connection":"zoom","outbound":{"outbound_voice_profile_id":"11"},"tags":["telnyxsync:default:mine"]}`,
		},
		"inbound needs a profile, and takes that of outbound": {
			resource.Object{"external_sip_connection": "zoom", "outbound": out, "inbound": resource.Object{"channel_limit": int64(3)}},
			`{"external_sip_connection":"zoom","inbound":{"channel_limit":3,"outbound_voice_profile_id":"11"},"outbound":{"outbound_voice_profile_id":"11"},"tags":["telnyxsync:default:mine"]}`,
		},
		"or its own": {
			resource.Object{"external_sip_connection": "zoom", "outbound": out, "inbound": resource.Object{"outbound_voice_profile_id": "12"}},
			`{"external_sip_connection":"zoom","inbound":{"outbound_voice_profile_id":"12"},"outbound":{"outbound_voice_profile_id":"11"},"tags":["telnyxsync:default:mine"]}`,
		},
		"nulls are left out": {
			resource.Object{
				"external_sip_connection": "zoom", "outbound": out, "active": false, "tags": []any{"x"},
				"webhook_event_failover_url": nil, "webhook_timeout_secs": nil,
			},
			`{"active":false,"external_sip_connection":"zoom","outbound":{"outbound_voice_profile_id":"11"},"tags":["x","telnyxsync:default:mine"]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, `{}`)
			before := resource.Text(test.desired)
			receipt, err := r.ops(connections).Create(t.Context(), write(nil, test.desired, nil))
			must(t, err)
			r.wrote("POST /external_connections " + test.want)
			if receipt.RequestID == "" || receipt.Live == nil || receipt.Live.ID == "" || !receipt.Live.OwnedBy(resource.Owner{Instance: "default", Name: "mine"}) {
				t.Errorf("receipt %+v", receipt)
			}
			if after := resource.Text(test.desired); after != before {
				t.Errorf("what is desired was changed: %s", after)
			}
		})
	}
}

func TestConnectionUpdate(t *testing.T) {
	o := func(pairs ...any) resource.Object {
		out := resource.Object{}
		for i := 0; i < len(pairs); i += 2 {
			resource.Put(out, pairs[i].(string), pairs[i+1])
		}
		return out
	}
	const profile = `"outbound":{"outbound_voice_profile_id":"11"}`
	for name, test := range map[string]struct {
		desired, patch resource.Object
		retag          bool
		want           string
	}{
		"the profile goes with everything": {o("/active", false), o("/active", false), false, `{"active":false,` + profile + `}`},
		"beside a limit": {
			o("/outbound/channel_limit", int64(9)), o("/outbound/channel_limit", int64(9)), false,
			`{"outbound":{"channel_limit":9,"outbound_voice_profile_id":"11"}}`,
		},
		"another profile": {
			o("/outbound/outbound_voice_profile_id", "12"), o("/outbound/outbound_voice_profile_id", "12"), false,
			`{"outbound":{"outbound_voice_profile_id":"12"}}`,
		},
		"inbound has none": {o("/inbound/channel_limit", int64(9)), o("/inbound/channel_limit", int64(9)), false, `{"inbound":{"channel_limit":9},` + profile + `}`},
		"null clears": {
			o("/webhook_event_failover_url", nil, "/webhook_timeout_secs", nil), o("/webhook_event_failover_url", nil, "/webhook_timeout_secs", nil), false,
			`{` + profile + `,"webhook_event_failover_url":null,"webhook_timeout_secs":null}`,
		},
		"tags keep those of other instances": {
			o("/tags", []any{"c"}), o("/tags", []any{"c"}), false, `{` + profile + `,"tags":["c","telnyxsync:other:x","telnyxsync:default:mine"]}`,
		},
		"no tags": {o("/tags", nil), o("/tags", nil), false, `{` + profile + `,"tags":["telnyxsync:other:x","telnyxsync:default:mine"]}`},
		"the owner tag joins those that stand there": {
			o("/active", true), o(), true, `{` + profile + `,"tags":["a","b","telnyxsync:other:x","telnyxsync:default:mine"]}`,
		},
		"the owner tag joins those that are written": {
			o("/tags", []any{"a", "b"}), o(), true, `{` + profile + `,"tags":["a","b","telnyxsync:other:x","telnyxsync:default:mine"]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, zoom)
			w := write(r.read(connections, "7"), test.desired, test.patch)
			w.Retag = test.retag
			before := resource.Text([]any{w.Desired, w.Patch, w.Live.Object})
			receipt, err := r.ops(connections).Update(t.Context(), w)
			must(t, err)
			r.wrote("PATCH /external_connections/7 " + test.want)
			if after := resource.Text([]any{w.Desired, w.Patch, w.Live.Object}); after != before {
				t.Errorf("what was given was changed: %s", after)
			}
			if want := resource.Text(resource.Overlay(w.Live.Object, test.patch)["active"]); receipt.RequestID == "" || resource.Text(receipt.Live.Object["active"]) != want {
				t.Errorf("receipt %+v", receipt)
			}
		})
	}
}

func TestConnectionWithoutProfile(t *testing.T) {
	r := newRig(t, `{"external_connections":[{"id":"7","external_sip_connection":"zoom","outbound":{}}]}`)
	l := r.read(connections, "7")
	_, err := r.ops(connections).Update(t.Context(), write(l, nil, resource.Object{"active": false}))
	if err == nil || !strings.Contains(err.Error(), "write outbound.outbound_voice_profile_id") {
		t.Errorf("error %v", err)
	}
	r.wrote()
}

func TestConnectionDelete(t *testing.T) {
	const inactive = `PATCH /external_connections/7 {"active":false,"outbound":{"outbound_voice_profile_id":"11"}}`
	const remove = "DELETE /external_connections/7"
	for name, test := range map[string]struct {
		active  bool
		prepare func(r *rig)
		want    []string
		err     string // part of the error
	}{
		"inactive":        {false, nil, []string{remove}, ""},
		"active":          {true, nil, []string{inactive, remove}, ""},
		"gone since":      {false, func(r *rig) { must(r, r.sim.SetAccount([]byte(`{}`))) }, []string{remove}, ""},
		"gone, active":    {true, func(r *rig) { must(r, r.sim.SetAccount([]byte(`{}`))) }, []string{inactive}, ""},
		"gone in between": {true, func(r *rig) { r.fail("DELETE /external_connections/7", "status", 404, 1) }, []string{inactive, remove}, ""},
		"stays active":    {true, func(r *rig) { r.fail("PATCH /external_connections/7", "status", 422, 1) }, []string{inactive}, "set inactive: PATCH /external_connections/7: 422"},
		"stays inactive": {
			true, func(r *rig) { r.fail("DELETE /external_connections/7", "status", 422, 1) },
			[]string{inactive, remove, strings.Replace(inactive, `"active":false`, `"active":true`, 1)},
			"the connection was not deleted and is active again: DELETE /external_connections/7: 422",
		},
		"refused, was inactive": {
			false, func(r *rig) { r.fail("DELETE /external_connections/7", "status", 422, 1) },
			[]string{remove},
			"DELETE /external_connections/7: 422",
		},
	} {
		t.Run(name, func(t *testing.T) {
			account := zoom
			if !test.active {
				account = strings.Replace(zoom, `"active":true`, `"active":false`, 1)
			}
			r := newRig(t, account)
			l := r.read(connections, "7")
			if test.prepare != nil {
				test.prepare(r)
			}
			receipt, err := r.ops(connections).Delete(t.Context(), l)
			r.wrote(test.want...)
			if receipt.RequestID == "" {
				t.Error("no request id")
			}
			if test.err == "" {
				must(t, err)
				return
			}
			var api *client.Error
			if err == nil || !strings.HasPrefix(err.Error(), test.err) || !errors.As(err, &api) {
				t.Errorf("error %v, want %s", err, test.err)
			}
		})
	}
}

// A listing can miss one that is there; what we own is looked for by its id before it counts as gone.
func TestConnectionObserve(t *testing.T) {
	r := newRig(t, `{"external_connections":[{"id":"1"},{"id":"2"},{"id":"3"}]}`)
	ops := r.ops(connections)
	seen, err := ops.Observe(t.Context(), resource.Want{IDs: []string{"3", "9"}, Keys: []string{"id=1"}})
	must(t, err)
	if len(seen.Objects) != 3 || len(seen.Failed) != 0 {
		t.Errorf("%+v", seen)
	}
	if got := r.reads(); !slices.Equal(got, []string{"/external_connections", "/external_connections/9"}) {
		t.Errorf("reads %q", got)
	}

	miss := missing{http.DefaultTransport}
	c := newClient(t, client.Config{BaseURL: r.client.BaseURL(), Transport: miss})
	r.fail("GET /external_connections/2", "status", 400, 1)
	seen, err = row(connections).Open(c).Observe(t.Context(), resource.Want{IDs: []string{"1", "2", "3"}})
	must(t, err)
	ids := []string{}
	for _, l := range seen.Objects {
		ids = append(ids, l.ID)
	}
	if slices.Sort(ids); !slices.Equal(ids, []string{"1", "3"}) || len(seen.Failed) != 1 || seen.Failed["2"] == nil {
		t.Errorf("objects %q, failed %v", ids, seen.Failed)
	}

	r.fail("GET /external_connections", "status", 400, 1)
	if _, err = ops.Observe(t.Context(), resource.Want{IDs: []string{"1"}}); err == nil {
		t.Error("a listing that failed is not an empty one")
	}
}

// missing takes all out of a listing as if each had moved to the page before at the wrong moment.
type missing struct{ http.RoundTripper }

func (m missing) RoundTrip(q *http.Request) (*http.Response, error) {
	if strings.HasSuffix(q.URL.Path, "/external_connections") {
		return answers{http.StatusOK, `{"data":[],"meta":{"page_number":1,"page_size":250,"total_pages":0,"total_results":0}}`}.RoundTrip(q)
	}
	return m.RoundTripper.RoundTrip(q)
}

func TestConnectionNumbers(t *testing.T) {
	r := newRig(t, `{"external_connections":[{"id":"7"}],"phone_numbers":[
		{"phone_number":"+15125550100","connection_id":"7"},{"phone_number":"+15125550101","connection_id":"7"},{"phone_number":"+15125550102"}]}`)
	if n, err := r.ops(connections).Numbers(t.Context(), r.read(connections, "7")); n != 2 || err != nil {
		t.Errorf("%d numbers, %v", n, err)
	}
	r.fail("GET /phone_numbers", "status", 400, 1)
	if _, err := r.ops(connections).Numbers(t.Context(), &resource.Live{ID: "7"}); err == nil {
		t.Error("what cannot be read is not zero")
	}
}

func TestConnectionKind(t *testing.T) {
	k := row(connections)
	oc, byID := resource.Object{"external_sip_connection": "operator_connect"}, resource.Object{"id": "7"}
	if a, b, c := k.Key("n", oc), k.Key("n", byID), k.Key("n", resource.Object{"external_sip_connection": "zoom"}); a != "operator_connect" || b != "id=7" || c != "" {
		t.Errorf("keys %q, %q, %q", a, b, c)
	}
	if k.Uncreatable(oc).IsZero() || k.Uncreatable(byID).Args["id"] != "7" || !k.Uncreatable(resource.Object{"external_sip_connection": "zoom"}).IsZero() {
		t.Error("only zoom connections without an id can be made")
	}
	if k.Forgotten(&resource.Live{Object: oc}).IsZero() || !k.Forgotten(&resource.Live{Object: byID}).IsZero() {
		t.Error("only Operator Connect is forgotten")
	}
	for _, test := range []struct {
		o    resource.Object
		want int
	}{{resource.Object{"active": false}, 1}, {resource.Object{"active": true}, 3}, {resource.Object{}, 3}} {
		if got := k.DeleteCalls(&resource.Live{Object: test.o}); got != test.want {
			t.Errorf("%v takes %d calls, want %d", test.o, got, test.want)
		}
	}
	bad := k.Check("n", resource.Object{"external_sip_connection": "zoom", "tags": []any{"x", "telnyxsync:default:n", "telnyxsync:"}})
	if len(bad) != 2 || bad[0].Path != "/outbound" || bad[1].Path != "/tags" {
		t.Errorf("%+v", bad)
	}
}
