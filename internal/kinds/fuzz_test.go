package kinds_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

// Whatever Telnyx answers, reading it does not panic, and what was read can be compared.
func FuzzLive(f *testing.F) {
	for _, seed := range []string{
		`{"id":"1","external_sip_connection":"zoom","active":true,"inbound":null,"outbound":{"channel_limit":null},"tags":["a","telnyxsync:default:a"],"created_at":"2026-01-02"}`,
		`{"id":1293384261075731499,"tags":"a","outbound":[1],"inbound":{"channel_limit":1e99},"active":"no"}`,
		`{"tags":[null,1,{"a":[]},["telnyxsync:a:b"]],"created_at":7}`,
		`{"name":"n","hostname":"h","port":"5060"}`,
		`{"host":null,"hostname":{"a":1},"port":5060.5,"app_subdomain":[]}`,
		`{}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if o := map[string]any{}; json.Unmarshal([]byte(data), &o) != nil || o == nil {
			t.Skip("no object: that is the client's to refuse, after some attempts")
		}
		c := newClient(t, client.Config{Transport: answers{http.StatusOK, `{"data":` + data + `}`}})
		for _, kind := range []string{"external_connections", "siprec_connectors"} {
			l, err := row(kind).Open(c).Read(t.Context(), "x")
			if err != nil {
				continue
			}
			schema := row(kind).Schema
			if again := schema.Canon(l.Object); resource.Text(again) != resource.Text(l.Object) {
				t.Errorf("read again it is %s, not %s", resource.Text(again), resource.Text(l.Object))
			}
			schema.Leaves(l.Object, func(path string, _ *resource.Schema, v any) {
				if !resource.Equal(v, v) {
					t.Errorf("%s is not equal to itself", path)
				}
			})
			for _, o := range l.Owners {
				if _, ok := resource.ParseOwner(o.Tag()); !ok {
					t.Errorf("%q is no owner tag", o.Tag())
				}
			}
		}
	})
}
