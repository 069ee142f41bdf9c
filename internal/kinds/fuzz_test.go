package kinds_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/kinds"
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
		`{"media_name":"n","content_type":"audio/wav","created_at":"2026-01-02T03:04:05.678Z","updated_at":null,"expires_at":"2026-01-04 03:04:05+02:00"}`,
		`{"media_name":7,"content_type":["a"],"expires_at":1e99,"updated_at":"0000-00-00T00:00:00Z","file":"sha256:"}`,
		`{"expires_at":"9999-12-31T23:59:59Z","updated_at":"0001-01-01T00:00:00Z"}`,
		`{"connection_id":"7","backend":"s3","configuration":{"backend":"gcs","bucket":null,"aws_access_key_id":"AKIA","aws_secret_access_key":{"a":["b"]}}}`,
		`{"connection":"zoom","backend":{"s3":1},"configuration":["bucket"]}`,
		`{"service_account":"****","conversation_profile_id":12345678901234567890,"environment":[],"location":null}`,
		`{}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if o := map[string]any{}; json.Unmarshal([]byte(data), &o) != nil || o == nil {
			t.Skip("no object: that is the client's to refuse, after some attempts")
		}
		c := newClient(t, client.Config{Transport: answers{http.StatusOK, `{"data":` + data + `}`}})
		for _, k := range kinds.Table() {
			if k.Open == nil || k.Blind {
				continue // there is no object that an answer could show
			}
			l, err := k.Open(c).Read(t.Context(), "x")
			if err != nil {
				continue
			}
			schema := k.Schema
			if again := schema.Canon(l.Object); resource.Text(again) != resource.Text(l.Object) {
				t.Errorf("read again it is %s, not %s", resource.Text(again), resource.Text(l.Object))
			}
			if !k.IDs && (l.ID != "x" || !slices.Equal(l.Keys, []string{"x"})) { // where Telnyx makes ids, the answer has it
				t.Errorf("what was asked for is x, what came back is %+v", l)
			}
			if ttl, written := l.Hints["ttl"].(string); written {
				if d, err := resource.ParseDuration(ttl); err != nil || d > 7300*24*time.Hour || l.Expires.IsZero() {
					t.Errorf("a ttl of %q would be exported", ttl)
				}
			}
			schema.Leaves(l.Object, func(path string, s *resource.Schema, v any) {
				if s.Type == resource.SecretType || s.Type == resource.FileType {
					t.Errorf("%s came back as %v", path, v)
				}
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
