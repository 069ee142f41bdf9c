package telnyxsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
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
		`{"_forbidden":"media"}`:                                                                                                   "_forbidden must be an array",
		`{"_forbidden":["get /media"]}`:                                                                                            `_forbidden: "get /media": the method "get" must be in capitals`,
		`{"_forbidden":["GET media/"]}`:                                                                                            "METHOD PATH",
		`{"api_keys":[1]}`:                                                                                                         "api_keys",
		`{"_tags_patch":"x"}`:                                                                                                      "_tags_patch must be one of replace, merge",
		`{"civic_addresses":[]}`:                                                                                                   "civic_addresses must be an object that has an array of objects for each external connection's id",
		`{"civic_addresses":null}`:                                                                                                 "civic_addresses must be an object",
		`{"uploads":{"5":{}}}`:                                                                                                     "uploads/5 must be an array of objects",
		`{"uploads":{"a/b":[1]}}`:                                                                                                  "uploads/a~1b/0: it must be an object",
		`{"uploads":{"5":[],"6":[{},{"status":"lost"}]}}`:                                                                          "uploads/6/1/status: The field must be one of",
		`{"uploads":{"5":[{"ticket_id":"a"},{"ticket_id":"a"}]}}`:                                                                  `uploads/5/1/ticket_id: "a" is there twice`,
		`{"uploads":{"5":[{"tn_upload_entries":[{"number_id":"1"},{}]}]}}`:                                                         "uploads/5/0/tn_upload_entries/1/number_id: The field is required",
		`{"uploads":{"5":[{"tn_upload_entries":["1"]}]}}`:                                                                          "tn_upload_entries: The field must be an array of objects",
		`{"uploads":{"5":[{"available_usages":["fax"]}]}}`:                                                                         "available_usages: The field must be one of",
		`{"uploads":{"5":[{"_submitted_at":"soon"}]}}`:                                                                             "_submitted_at",
		`{"connection_phone_numbers":{"5":[{"number_id":"1"}]}}`:                                                                   "telephone_number: The field is required",
		`{"connection_phone_numbers":{"5":[{"telephone_number":"+15125550100","_changes":{"number_id":"2"}}]}}`:                    "_changes/number_id",
		`{"civic_addresses":{"5":[{"locations":[{"static_emergency_address_id":"E"}]}]}}`:                                          "locations/0/static_emergency_address_id",
		`{"releases":{"5":[{"status":"success"}]}}`:                                                                                "releases/5/0/status",
		`{"phone_numbers_jobs":[{"failed_operations":[{"errors":[{"code":1}]}]}]}`:                                                 "failed_operations/0/errors/0/code",
		`{"log_messages":[{"code":"1"}]}`:                                                                                          "title: The field is required",
		`{"_upload_failures":[{"match":"("}]}`:                                                                                     "_upload_failures/0/match: The field must be a regular expression",
		`{"_upload_failures":[{"times":-2}]}`:                                                                                      "times",
		`{"_upload_failures":[{"every":0}]}`:                                                                                       "every",
		`{"_upload_failures":[{"error_code":"lost"}]}`:                                                                             "error_code",
		`{"_numbers_lag":"soon"}`:                                                                                                  "_numbers_lag: It must be a duration",
		`{"_numbers_lag":90}`:                                                                                                      "_numbers_lag",
		`{"_operator_connect_started_at":"x"}`:                                                                                     "_operator_connect_started_at",
		`{"recordings":[{"id":""}]}`:                                                                                               "recordings/0/id",
		`{"recordings":[{"duration_millis":-1}]}`:                                                                                  "duration_millis",
		`{"recordings":[{"status":"deleted"}]}`:                                                                                    "status: The field must be one of",
		`{"recordings":[{"download_urls":{"ogg":"x"}}]}`:                                                                           "download_urls/ogg",
		`{"recordings":[{"_bytes":0}]}`:                                                                                            "_bytes",
		`{"recordings":[{"_content":"?"}]}`:                                                                                        "_content: The field must be base64",
		`{"recording_transcriptions":[{"status":"failed"}]}`:                                                                       "status: The field must be one of",
		`{"recording_transcriptions":[{"transcription_text":null}]}`:                                                               "transcription_text",
		`{"_transcription_paging":"both"}`:                                                                                         "_transcription_paging must be one of cursors, numbers",
		`{"_recordings_batch_missing":"keep"}`:                                                                                     "_recordings_batch_missing must be one of ignore, refuse, partial",
		`{"_date_ahead":"soon"}`:                                                                                                   "_date_ahead: It must be a duration",
		`{"_date_ahead":5}`:                                                                                                        "_date_ahead",
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

// keptDocument is the account before anything happens by itself.
func (s *Sim) keptDocument(t *rapid.T) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, err := decode(encode(s.acc.document(s.parts), ""))
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// Whatever the account: it keeps what it is given, it is its own document, it becomes the
// same whether it is looked at meanwhile or not, and what the API shows of it keeps to the
// contract.
func TestAccountProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		given := drawAccount(rt)
		doc, err := json.Marshal(given)
		if err != nil {
			rt.Fatal(err)
		}
		cfg := Config{
			Account: doc, Now: func() time.Time { return time.Date(2026, 7, 16, 12, 0, 0, 0, time.UTC) },
			UploadTime: rapid.SampledFrom([]time.Duration{0, 3, time.Minute, 1 << 62}).Draw(rt, "upload time"),
		}
		sim, err := New(cfg)
		if err != nil {
			rt.Fatalf("%v in %s", err, doc)
		}
		if kept := sim.keptDocument(rt); !contains(kept, given) {
			rt.Fatalf("given %s, kept %s", doc, encode(kept, ""))
		}
		first := sim.Account()
		if err := sim.SetAccount(first); err != nil {
			rt.Fatal(err)
		}
		if second := sim.Account(); !bytes.Equal(first, second) {
			rt.Fatalf("first %s\nthen %s", first, second)
		}
		cfg.Account = sim.Account()
		often, err := New(cfg)
		if err != nil {
			rt.Fatal(err)
		}
		for range 6 {
			often.Advance(20 * time.Second)
			if err := often.SetAccount(often.Account()); err != nil {
				rt.Fatal(err)
			}
		}
		sim.Advance(2 * time.Minute)
		if once, many := sim.Account(), often.Account(); !bytes.Equal(once, many) {
			rt.Fatalf("looked at once %s\nand often %s", once, many)
		}
		h := contract.Wrap(t, sim)
		for _, path := range []string{
			"external_connections", "phone_numbers", "phone_numbers/slim", "phone_numbers/jobs/key%200",
			"external_connections/log_messages", "external_connections/log_messages/key%200",
			"external_connections/key%200/civic_addresses", "external_connections/key%200/civic_addresses/key%200",
			"external_connections/key%200/phone_numbers", "external_connections/key%200/phone_numbers/key%200",
			"external_connections/key%200/uploads", "external_connections/key%200/uploads/key%200",
			"external_connections/key%200/uploads/status",
			"external_connections/key%200/releases", "external_connections/key%200/releases/key%200",
			"outbound_voice_profiles", "connections/key%200", "siprec_connectors/key%200",
			"recordings", "recordings/key%200", "recording_transcriptions", "recording_transcriptions/key%200",
			"media", "media/key%200", "media/key%200/download", "custom_storage_credentials/key%200", "dialogflow_connections/key%200",
		} {
			r := httptest.NewRequest("GET", "/v2/"+path, nil)
			r.Header.Set("Authorization", "Bearer k")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 404 || strings.Contains(w.Body.String(), `"_`) {
				rt.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
			}
		}
		if v := sim.Violations(); len(v) != 0 {
			rt.Fatalf("reading violated %q", v)
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
		`{"civic_addresses":{"1":[{"locations":[{},{"is_default":true,"_static_emergency_address_id":"E"}]}]},"_numbers_lag":"90s","_numbers_listed":"when_assigned"}`,
		`{"uploads":{"1":[{"_submitted_at":"0000-01-01T00:00:00+23:59","tn_upload_entries":[{"number_id":"1"}]}]},"phone_numbers":[{"id":"1","phone_number":"+15125550100","connection_id":"1"}],"_upload_failures":[{"every":2,"match":"1"}]}`,
		`{"phone_numbers_jobs":[{"_submitted_at":"0000-01-01T00:00:00+23:59","_changes":{"connection_id":""},"pending_operations":[{"id":"1"}]}],"phone_numbers":[{"id":"1","phone_number":"+15125550100","connection_id":"1"}],"connection_phone_numbers":{"1":[{"number_id":"1","telephone_number":"+15125550100"}]}}`,
		`{"_operator_connect_pending":[{"_arrives_at":"2000-01-01T00:00:00Z"}],"_operator_connect_log_messages":[{"code":"1","title":"x","_arrives_at":"2000-01-01T00:00:00Z"}],"releases":{"1":[{}]}}`,
		`{"recordings":[{"created_at":"yesterday","_bytes":5},{"recording_ended_at":"9999-12-31T23:59:59-23:59","duration_millis":2147483647}],"_date_ahead":"-10m","_recordings_batch_missing":"partial"}`,
		`{"recording_transcriptions":[{"recording_id":"r","status":"in-progress"},{}],"_transcription_paging":"numbers"}`,
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
