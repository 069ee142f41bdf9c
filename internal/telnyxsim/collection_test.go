package telnyxsim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

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
	f.Add("GET", "/v2/external_connections/1/uploads?filter[status][eq][0]=error&filter[phone_number][contains]=1", "", "")
	f.Add("POST", "/v2/external_connections/1/uploads", "application/json", `{"location_id":"L","number_ids":["n"],"usage":"calling_user_assignment","additional_usages":[]}`)
	f.Add("POST", "/v2/external_connections/1/uploads/T/retry", "", "")
	f.Add("PATCH", "/v2/external_connections/1/locations/L", "application/json", `{"static_emergency_address_id":"E"}`)
	f.Add("PATCH", "/v2/external_connections/1/phone_numbers/live", "application/json", `{"location_id":"L"}`)
	f.Add("PATCH", "/v2/phone_numbers/live", "application/json", `{"connection_id":""}`)
	f.Add("POST", "/v2/phone_numbers/jobs/update_phone_numbers", "application/json", `{"phone_numbers":["+15125550101"],"connection_id":"2"}`)
	f.Add("POST", "/v2/operator_connect/actions/refresh", "", "")
	f.Add("GET", "/v2/recordings?filter[created_at][lte]=2026-07-16T12:00:00Z&filter[connection_id]=1", "", "")
	f.Add("POST", "/v2/recordings/actions/delete", "application/json", `{"ids":["r","x"]}`)
	f.Add("DELETE", "/v2/recording_transcriptions/t", "", "")
	f.Add("GET", "/v2/recording_transcriptions?page[after]=v1:g3Q%2BdGVsbnl4PzE=&page[size]=1", "", "")
	f.Add("GET", "/v2/recording_transcriptions?page[before]=v1:g3Q%2BdGVsbnl4PzI=", "", "")
	f.Add("GET", "/_sim/recordings/r.mp3?X-Amz-Date=20260716T120000Z", "", "")
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
		sim, err := New(Config{Account: []byte(`{"external_connections":[{"id":"1","inbound":null,"external_sip_connection":"operator_connect"}],
			"civic_addresses":{"1":[{"id":"A","locations":[{"id":"L"}]}]},"uploads":{"1":[{"ticket_id":"T","status":"error","tn_upload_entries":[{"number_id":"n"}]}]},
			"connection_phone_numbers":{"1":[{"number_id":"live","telephone_number":"+15125550101"}]},"_operator_connect_pending":[{}],
			"siprec_connectors":[{"name":"a"}],"media":[{"media_name":"a"}],"recordings":[{"id":"r"}],"recording_transcriptions":[{"id":"t"},{}],"dialogflow_connections":[{"connection_id":"1"}],
			"phone_numbers":[{"id":"n","phone_number":"+15125550100","connection_id":"1"},{"id":"live","phone_number":"+15125550101","connection_id":"1"}]}`)})
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

// bigTeams is an account of 100 connections with 1,000 numbers each on Teams, and 2,500
// numbers more of the first connection that are not.
func bigTeams(b *testing.B, cfg Config) *Sim {
	b.Helper()
	var conns, civic, live, phones []string
	for c := range 100 {
		conns = append(conns, fmt.Sprintf(`{"id":"%d","external_sip_connection":"operator_connect"}`, c))
		civic = append(civic, fmt.Sprintf(`"%d":[{"id":"A","locations":[{"id":"L"}]}]`, c))
		var on []string
		for i := range 1000 {
			id := c*1000 + i
			on = append(on, fmt.Sprintf(`{"number_id":"%d","telephone_number":"+1512%07d","location_id":"L"}`, id, id))
			phones = append(phones, fmt.Sprintf(`{"id":"%d","phone_number":"+1512%07d","connection_id":"%d"}`, id, id, c))
		}
		live = append(live, fmt.Sprintf(`"%d":[%s]`, c, strings.Join(on, ",")))
	}
	for i := range 2500 {
		phones = append(phones, fmt.Sprintf(`{"id":"u%d","phone_number":"+1513%07d","connection_id":"0"}`, i, i))
	}
	cfg.Account = []byte(fmt.Sprintf(`{"external_connections":[%s],"civic_addresses":{%s},"connection_phone_numbers":{%s},"phone_numbers":[%s]}`,
		strings.Join(conns, ","), strings.Join(civic, ","), strings.Join(live, ","), strings.Join(phones, ",")))
	sim, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	return sim
}

// ask sends a request that must be answered with the status.
func ask(b *testing.B, sim *Sim, status int, method, path, body string) {
	b.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer k")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if sim.ServeHTTP(w, r); w.Code != status {
		b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	sim.ClearJournal()
}

func BenchmarkTeams(b *testing.B) {
	sim := bigTeams(b, Config{UploadTime: time.Hour})
	b.Run("no-op pass", func(b *testing.B) { // 401 requests
		for b.Loop() {
			ask(b, sim, 200, "GET", "/v2/external_connections", "")
			for c := range 100 {
				for page := range 4 {
					ask(b, sim, 200, "GET", fmt.Sprintf("/v2/external_connections/%d/phone_numbers?page[number]=%d", c, page+1), "")
				}
			}
		}
	})
	b.Run("look-up", func(b *testing.B) {
		for b.Loop() {
			ask(b, sim, 200, "GET", "/v2/phone_numbers/slim?filter[phone_number]=15120099999", "")
		}
	})
	b.Run("uploads", func(b *testing.B) { // of 2,500 numbers, and all that becomes of them
		for b.Loop() {
			for i := 0; i < 2500; i += 500 {
				var ids []string
				for n := range 500 {
					ids = append(ids, fmt.Sprintf(`"u%d"`, i+n))
				}
				ask(b, sim, 202, "POST", "/v2/external_connections/0/uploads", `{"location_id":"L","number_ids":[`+strings.Join(ids, ",")+`]}`)
			}
			for range 4 {
				sim.Advance(15 * time.Minute)
				ask(b, sim, 200, "GET", "/v2/external_connections/0/uploads/status", "")
			}
		}
	})
	b.Run("account", func(b *testing.B) {
		for b.Loop() {
			if err := sim.SetAccount(sim.Account()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
