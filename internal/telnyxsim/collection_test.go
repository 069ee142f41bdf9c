package telnyxsim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A collection behaves as a plain list of objects does.
func TestCollectionProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCollection(kind{key: "id", group: "g"})
		var model []map[string]any
		keys, groups := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), rapid.SampledFrom([]any{"x", "y", nil})
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			key := keys.Draw(t, "key")
			at := slices.IndexFunc(model, func(o map[string]any) bool { return o["id"] == key })
			if rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
				c.remove(key)
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
			} else {
				obj := map[string]any{"id": key, "g": groups.Draw(t, "group")}
				c.put(obj)
				if at >= 0 {
					model[at] = obj
				} else {
					model = append(model, obj)
				}
			}
			show := func(rs []*record) string {
				var s []string
				for _, r := range rs {
					s = append(s, fmt.Sprint(r.fields["id"], r.fields["g"]))
				}
				return strings.Join(s, " ")
			}
			want := map[any]string{}
			for _, o := range model {
				line := fmt.Sprint(o["id"], o["g"])
				want["all"] = strings.TrimSpace(want["all"] + " " + line)
				want[o["g"]] = strings.TrimSpace(want[o["g"]] + " " + line)
				if got, ok := c.get(o["id"].(string)); !ok || got["g"] != o["g"] {
					t.Fatalf("%v is stored as %v", o, got)
				}
			}
			if got := show(c.records); got != want["all"] || len(c.index) != len(model) {
				t.Fatalf("stored %q, want %q", got, want["all"])
			}
			for _, g := range []string{"x", "y"} {
				if got := show(c.in(g)); got != want[g] {
					t.Fatalf("in %s %q, want %q", g, got, want[g])
				}
			}
		}
	})
}

// Whatever is sent, the simulator answers, and never with a failure of its own.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/v2/external_connections?page[size]=3&filter[id]=1", "application/json", "")
	f.Add("POST", "/v2/external_connections", "application/json", `{"external_sip_connection":"zoom","inbound":{"outbound_voice_profile_id":"1"},"outbound":{"outbound_voice_profile_id":"1"}}`)
	f.Add("PATCH", "/v2/external_connections/1", "application/json", `{"tags":["x"],"inbound":{"channel_limit":1},"outbound":{"outbound_voice_profile_id":"1"}}`)
	f.Add("DELETE", "/v2/external_connections/1", "", "")
	f.Add("PUT", "/v2/siprec_connectors/a", "application/json", `{"name":"a","host":"h","port":1}`)
	f.Add("GET", "/v2/phone_numbers?filter[phone_number]=512&filter[source]=ported&sort=phone_number", "", "")
	f.Add("POST", "/v2/media", "application/json", `{"media_url":"https://x.example/a.mp3","ttl_secs":5}`)
	f.Add("POST", "/v2/media", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\"\r\n\r\nx\r\n--b--\r\n")
	f.Add("PUT", "/v2/media/a", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"ttl_secs\"\r\n\r\n5\r\n--b--\r\n")
	f.Add("GET", "/v2/media/a/download", "", "")
	f.Add("POST", "/v2/custom_storage_credentials/1", "application/json", `{"backend":"gcs","configuration":{"backend":"gcs","bucket":"b","credentials":"c"}}`)
	f.Add("PUT", "/v2/dialogflow_connections/1", "application/json", `{"service_account":{"type":"service_account"},"dialogflow_api":"es"}`)
	f.Add("POST", "/_sim/faults", "", `[{"match":"GET /x","do":"delay","delay":"1ms"}]`)
	f.Add("POST", "/_sim/clock", "", `{"advance":"1h"}`)
	f.Add("PUT", "/_sim/account", "", `{"connections":[{}]}`)
	f.Fuzz(func(t *testing.T, method, target, contentType, body string) {
		if !strings.HasPrefix(target, "/") {
			return
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "http://sim"+target, strings.NewReader(body))
		if err != nil {
			return
		}
		sim, err := New(Config{Account: []byte(`{"external_connections":[{"id":"1","inbound":null}],
			"siprec_connectors":[{"name":"a"}],"media":[{"media_name":"a"}],"dialogflow_connections":[{"connection_id":"1"}],"phone_numbers":[{"phone_number":"+15125550100","connection_id":"1"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer k")
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if err := sim.SetAccount(sim.Account()); err != nil {
			t.Errorf("the account is no longer valid: %v", err)
		}
	})
}

func BenchmarkList(b *testing.B) {
	var objs []string
	for i := range 10_000 {
		objs = append(objs, fmt.Sprintf(`{"id":"%d"}`, i))
	}
	sim, err := New(Config{Account: []byte(`{"external_connections":[` + strings.Join(objs, ",") + `]}`)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for page := range 40 {
			r := httptest.NewRequest("GET", fmt.Sprintf("/v2/external_connections?page[size]=250&page[number]=%d", page+1), nil)
			r.Header.Set("Authorization", "Bearer k")
			sim.ServeHTTP(httptest.NewRecorder(), r)
		}
		sim.ClearJournal()
	}
}

func BenchmarkMedia(b *testing.B) {
	var objs []string
	for i := range 10_000 {
		objs = append(objs, fmt.Sprintf(`{"media_name":"%d"}`, i))
	}
	sim, err := New(Config{Account: []byte(`{"media":[` + strings.Join(objs, ",") + `]}`)})
	if err != nil {
		b.Fatal(err)
	}
	for name, path := range map[string]string{"list": "/v2/media", "one": "/v2/media/9999"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequest("GET", path, nil)
				r.Header.Set("Authorization", "Bearer k")
				sim.ServeHTTP(httptest.NewRecorder(), r)
				sim.ClearJournal()
			}
		})
	}
}
