package telnyxsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/contract"

	"pgregory.net/rapid"
)

func TestBadAccounts(t *testing.T) {
	for doc, want := range map[string]string{
		``:                              "EOF",
		`{} {}`:                         "after",
		`[]`:                            "object",
		`{"externals":[]}`:              `unknown key "externals"`,
		`{"_other":1}`:                  `unknown key "_other"`,
		`{"external_connections":{}}`:   "external_connections must be an array",
		`{"external_connections":null}`: "external_connections must be an array",
		`{"external_connections":[1]}`:  "external_connections/0: it must be an object",
		`{"external_connections":[{},{"name":"x"}]}`:                                                                               "external_connections/1/name: There is no such field",
		`{"external_connections":[{"id":""}]}`:                                                                                     "external_connections/0/id",
		`{"external_connections":[{"id":"1"},{"id":"1"}]}`:                                                                         `external_connections/1/id: "1" is there twice`,
		`{"external_connections":[{"outbound":{"_x":1}}]}`:                                                                         "/outbound/_x",
		`{"external_connections":[{"created_at":"today"}]}`:                                                                        "created_at",
		`{"external_connections":[{"external_sip_connection":"teams"}]}`:                                                           "external_sip_connection",
		`{"siprec_connectors":[{"host":"h"}]}`:                                                                                     "siprec_connectors/0/name: The field is required",
		`{"siprec_connectors":[{"name":"a","hostname":"h"}]}`:                                                                      "hostname",
		`{"phone_numbers":[{"id":"1"}]}`:                                                                                           "phone_number: The field is required",
		`{"phone_numbers":[{"phone_number":"15125550100"}]}`:                                                                       "is not a number such as",
		`{"outbound_voice_profiles":[{"name":"ab"}]}`:                                                                              "at least 3",
		`{"outbound_voice_profiles":[{"billing_group_id":"1-2-3-4-5"}]}`:                                                           "UUID",
		`{"connections":[{"anchorsite_override":"Mars"}]}`:                                                                         "anchorsite_override",
		`{"media":[{"content_type":"audio/mpeg"}]}`:                                                                                "media/0/media_name: The field is required",
		`{"media":[{"media_name":"a","expires_at":"never"}]}`:                                                                      "expires_at",
		`{"media":[{"media_name":"a","_content":"?"}]}`:                                                                            "_content: The field must be base64",
		`{"media":[{"media_name":"a","_media_url":null}]}`:                                                                         "_media_url",
		`{"custom_storage_credentials":[{"connection_id":"1","backend":"gcs"}]}`:                                                   "configuration: The field is required",
		`{"custom_storage_credentials":[{"connection_id":"1","backend":"ftp","configuration":{}}]}`:                                "backend: The field must be one of",
		`{"custom_storage_credentials":[{"connection_id":"1","backend":"s3","configuration":{"backend":"gcs"}}]}`:                  "configuration/backend",
		`{"custom_storage_credentials":[{"connection_id":"1","backend":"s3","configuration":{"backend":"s3","account_key":"x"}}]}`: "configuration/account_key",
		`{"dialogflow_connections":[{"connection_id":"1","service_account":"****"}]}`:                                              "service_account: There is no such field",
		`{"dialogflow_connections":[{"connection_id":"1","_service_account":{}}]}`:                                                 "_service_account: The field must not be empty",
		`{"dialogflow_connections":[{"connection_id":"1","_dialogflow_api":"xs"}]}`:                                                "_dialogflow_api",
		`{"_media_expired":"hidden"}`:                                                                                              "_media_expired must be one of gone, shown",
		`{"api_keys":"x"}`:                                                                                                         "api_keys",
		`{"api_keys":[""]}`:                                                                                                        "api_keys",
		`{"api_keys":[1]}`:                                                                                                         "api_keys",
		`{"_tags_patch":"x"}`:                                                                                                      "_tags_patch must be one of replace, merge",
		`{"_siprec_host_field":true}`:                                                                                              "_siprec_host_field",
	} {
		sim, err := New(Config{Account: []byte(`{"external_connections":[{"id":"1"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		before := string(sim.Account())
		if err := sim.SetAccount([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", doc, err, want)
		}
		if string(sim.Account()) != before {
			t.Errorf("%s changed the account", doc)
		}
	}
}

// Ids that are missing are given out around those that are there.
func TestIDs(t *testing.T) {
	doc := fmt.Sprintf(`{"external_connections":[{},{"id":"%d"},{}],"connections":[{}]}`, firstID)
	sim, err := New(Config{Account: []byte(doc)})
	if err != nil {
		t.Fatal(err)
	}
	again, err := New(Config{Account: sim.Account()})
	if err != nil {
		t.Fatal(err)
	}
	again.mu.Lock()
	again.acc.create(extConns, map[string]any{}, "")
	again.mu.Unlock()
	ids := map[string]bool{}
	for _, r := range again.acc.collections[extConns].records {
		ids[r.fields["id"].(string)] = true
	}
	if len(ids) != 4 {
		t.Errorf("the ids are %v", ids)
	}
}

// value draws a valid value of a field.
func value(t *rapid.T, f field, label string) any {
	if f.null && rapid.IntRange(0, 3).Draw(t, label+" null") == 0 {
		return nil
	}
	var pool []any
	switch f.form {
	case text:
		for _, s := range append([]string{
			"", "abc", "1930000000000000001", "https://x.example/<a>&b", "+15125550100",
			"2026-01-02T03:04:05.678Z", "6a09cdc3-8948-47f0-aa62-74ac943d6c58", "ü / \u2028",
		}, f.enum...) {
			if f.enum == nil || slices.Contains(f.enum, s) {
				pool = append(pool, s)
			}
		}
	case boolean:
		pool = []any{true, false}
	case integer:
		pool = []any{json.Number("0"), json.Number("1"), json.Number("30"), json.Number("5060"), json.Number("9007199254740993")}
	case number:
		pool = []any{json.Number("0.10"), json.Number("1e3")}
	case texts:
		pool = []any{[]any{}, []any{"b", "a"}}
	case object:
		if f.fields != nil {
			return properties(t, f.fields, label)
		}
		pool = []any{map[string]any{}, map[string]any{"type": "service_account", "deep": map[string]any{"a/b": []any{nil}}}}
	}
	if f.check != nil {
		pool = slices.DeleteFunc(pool, func(v any) bool { return f.check(v) != "" })
	}
	return rapid.SampledFrom(pool).Draw(t, label)
}

// properties draws some of an object's fields, and all that are required.
func properties(t *rapid.T, fs fields, label string) map[string]any {
	obj := map[string]any{}
	for name, f := range fs {
		if f.variant == nil && (f.required || rapid.Bool().Draw(t, label+name+"?")) {
			obj[name] = value(t, f, label+name)
		}
	}
	for name, f := range fs { // once it is clear which variant it is
		if f.variant != nil {
			obj[name] = properties(t, f.variant(obj), label+name)
		}
	}
	return obj
}

// drawAccount draws an account's document.
func drawAccount(t *rapid.T) map[string]any {
	doc := map[string]any{}
	for _, p := range parts() {
		for name, values := range p.switches {
			if rapid.Bool().Draw(t, name+"?") {
				doc[name] = rapid.SampledFrom(values).Draw(t, name)
			}
		}
		if !rapid.Bool().Draw(t, p.kind.name+"?") {
			continue
		}
		list := []any{}
		for i := range rapid.IntRange(0, 4).Draw(t, p.kind.name) {
			obj := properties(t, p.kind.fields, p.kind.name)
			if _, given := obj[p.kind.key]; given {
				obj[p.kind.key] = fmt.Sprint("key ", i)
			}
			obj["_note"] = map[string]any{"kept": true}
			list = append(list, obj)
		}
		doc[p.kind.name] = list
	}
	if rapid.Bool().Draw(t, "keys?") {
		doc["api_keys"] = []any{"k"}
	}
	return doc
}

// contains tells whether all that is in part is in whole.
func contains(whole, part any) bool {
	switch part := part.(type) {
	case map[string]any:
		w, ok := whole.(map[string]any)
		for k, v := range part {
			wv, there := w[k]
			ok = ok && there && contains(wv, v)
		}
		return ok
	case []any:
		w, ok := whole.([]any)
		ok = ok && len(w) == len(part)
		for i := range part {
			ok = ok && contains(w[i], part[i])
		}
		return ok
	default:
		return whole == part
	}
}

// Whatever the account: it keeps what it is given, it is its own document, and what
// the API shows of it keeps to the contract.
func TestAccountProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		given := drawAccount(rt)
		doc, err := json.Marshal(given)
		if err != nil {
			rt.Fatal(err)
		}
		sim, err := New(Config{Account: doc})
		if err != nil {
			rt.Fatalf("%v in %s", err, doc)
		}
		first := sim.Account()
		kept, err := decode(first)
		if err != nil {
			rt.Fatal(err)
		}
		if !contains(kept, given) {
			rt.Fatalf("given %s, kept %s", doc, first)
		}
		sim.Advance(time.Hour)
		if err := sim.SetAccount(first); err != nil {
			rt.Fatal(err)
		}
		if second := sim.Account(); !bytes.Equal(first, second) {
			rt.Fatalf("first %s\nthen %s", first, second)
		}
		h := contract.Wrap(t, sim)
		for _, path := range []string{
			"external_connections", "phone_numbers", "outbound_voice_profiles", "connections/key%200", "siprec_connectors/key%200",
			"media", "media/key%200", "media/key%200/download", "custom_storage_credentials/key%200", "dialogflow_connections/key%200",
		} {
			r := httptest.NewRequest("GET", "/v2/"+path, nil)
			r.Header.Set("Authorization", "Bearer k")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 404 || strings.Contains(w.Body.String(), "_note") {
				rt.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
			}
		}
		if t.Failed() {
			rt.Fatalf("the account was %s", first)
		}
	})
}

func FuzzSetAccount(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"external_connections":[{}]}`, `{"siprec_connectors":[{"name":"a"}]}`, `{"phone_numbers":[{"phone_number":"+15125550100"}]}`,
		`{"connections":[{}],"outbound_voice_profiles":[{}],"api_keys":["k"],"_tags_patch":"merge"}`, `{"external_connections":[{"id":"1"},{"id":"1"}]}`,
		`{"outbound_voice_profiles":[{"billing_group_id":"1-2-3-4-5","max_destination_rate":1e999}]}`,
		`{"media":[{"media_name":"a","created_at":"9999-12-31T23:59:59-23:59"},{"media_name":"b","expires_at":null,"_media_url":"x"}]}`,
		`{"custom_storage_credentials":[{"connection_id":"1","backend":"s3","configuration":{"backend":"s3"}}],"_storage_secrets":"masked"}`,
		`{"dialogflow_connections":[{"connection_id":"1","_service_account":{"a":1e99}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		sim, err := New(Config{Account: []byte(`{"external_connections":[{"id":"1"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		before := sim.Account()
		err = sim.SetAccount(doc)
		after := sim.Account()
		if err != nil {
			if !bytes.Equal(before, after) {
				t.Errorf("%v, yet the account changed to %s", err, after)
			}
			return
		}
		if err := sim.SetAccount(after); err != nil || !bytes.Equal(sim.Account(), after) {
			t.Errorf("the account %s is not its own document: %v", after, err)
		}
	})
}
