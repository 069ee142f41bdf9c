package spec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/spec"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// bases are entries that load as they stand, or would with one field more.
var bases = map[string][]string{
	"trunks":                  {"{host: a.example.com}"},
	"routes":                  {"{trunk: {id: 5}, prefix: '1'}"},
	"samples":                 {"{home: 'https://a.example', peer: {id: 5}}"},
	"external_connections":    {"{external_sip_connection: operator_connect}"},
	"siprec_connectors":       {"{host: a.example.com, port: 1}"},
	"media":                   {"{ttl: 365d}", "{file: sound.wav}"},
	"locations":               {"{connection: {id: 5}, location_id: 5}"},
	"phone_numbers":           {"{connection: {id: 5}, numbers: [+15125550100]}", "{connection: {id: 5}}"},
	"dialogflow_connections":  {"{connection_id: 5, dialogflow_api: es, location: us, service_account: {env: A}}"},
	"recording_retention":     {"{delete_after: 90d}", "{keep: true}"},
	"transcription_retention": {"{delete_after: 90d}", "{keep: true}"},
	"log_message_rules":       {"{code: 5}"},
	"custom_storage_credentials": {
		"{backend: gcs, connection_id: 5, configuration: {bucket: a, credentials: {env: A}}}",
		"{backend: gcs, configuration: {bucket: a, credentials: {env: A}}}",
	},
}

// written are values in all the ways that somebody might write them.
var written = []string{
	"5", "-5", "+5", "0", "9", "100", "007", "08", "0x1F", "1_000", "0b11", "0o17", "99999999999999999999999", "+15125550100", "1.5", "1e3", ".inf", "'5'",
	"true", "True", "FALSE", "yes", "null", "~", "", "''", "a", "2026-01-02", "'2026-01-02'", "é", "'a b'", "' a'", ".", "..", "...", `"\u2028"`, `"a\nb"`, "日本",
	"a.example.com", "a.example.com.", "192.0.2.1", "_a-b._c", "xn--bcher-kva.example", strings.Repeat("a", 63) + ".example", strings.Repeat("a", 255), strings.Repeat("é", 127),
	"https://x.example", "'HTTPS://[::1]:8443/x?y#z'", "http://user@x", "'http://é/a\u2029b'", "'https://x/?:'",
	"90d", "1d12h", "24h", "0h5s", "inbound", "b", "operator_connect", "es", "gcs", "keep", "sound.wav", "./sound.wav",
	"{}", "{id: 5}", "{id: 0x1F}", "{id: a_b-c}", "{env: _A1}", "{file: b}", "{file: 5}", "{credential: 5}", "{credential: a.b}", "{user: 5, password: {env: A}}",
	"15125550100", "'+15125550100'", "+15125550100-+15125550199", "'+15125550100  -  +15125550199'", "'+1 512 555 0100'", "[+15125550100, '+15125550101']", "['+15125550100-+15125550199', +441632960001]", "[15125550100]", "numbers.txt",
	"first_party_app_assignment", "[calling_user_assignment]",
	"[]", "[5]", "[a, a, '5', 08]", "[{}]", "[{name: 5, value: ~}]", "{channel_limit: 0}", "{outbound_voice_profile_id: 08}", "{size: 1}", "{gte: 2026-01-31T00:00:00Z}", "{lte: '2026-01-31T00:00:00+02:00'}", "/var/archive", "{bucket: 5, credentials: {file: a}}",
}

// TestJSONSchemaTakesWhatLoadTakes: every field with every value, wherever Load takes it.
func TestJSONSchemaTakesWhatLoadTakes(t *testing.T) {
	for _, kinds := range [][]resource.Kind{realKinds(), moreToys()} {
		s := compiled(t, kinds)
		for _, k := range kinds {
			t.Run(k.Name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "a.yaml")
				must(t, os.WriteFile(filepath.Join(filepath.Dir(path), "sound.wav"), []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"), 0o600))
				must(t, os.WriteFile(filepath.Join(filepath.Dir(path), "numbers.txt"), []byte("+15125550100\n"), 0o600))
				for _, field := range append(k.Schema.Names(), "protect", "observe", "ignore") {
					taken := 0
					for _, value := range append(written, "[/"+field+"]") {
						for _, base := range bases[k.Name] {
							text := with(t, k.Name, base, field, value)
							must(t, os.WriteFile(path, text, 0o600))
							if _, err := spec.Load(kinds, path); err != nil {
								continue
							}
							taken++
							if err := validate(s, text); err != nil {
								t.Errorf("%v\n%s", err, text)
							}
						}
					}
					if taken == 0 {
						t.Errorf("Load takes none of the values of this test for %s: write one that it takes", field)
					}
				}
			})
		}
	}
}

// with is a document with an entry, one of whose fields is written so.
func with(t *testing.T, kind, base, field, value string) []byte {
	t.Helper()
	var entry, v yaml.Node
	must(t, yaml.Unmarshal([]byte(base), &entry))
	must(t, yaml.Unmarshal([]byte("v: "+value), &v))
	set(entry.Content[0], field, v.Content[0].Content[1])
	text, err := yaml.Marshal(map[string]map[string]*yaml.Node{kind: {"a": entry.Content[0]}})
	must(t, err)
	return text
}

// TestJSONSchemaTakesWhatIsDrawn: whole documents, where Load takes them.
func TestJSONSchemaTakesWhatIsDrawn(t *testing.T) {
	s := compiled(t, toys())
	path := filepath.Join(t.TempDir(), "a.yaml")
	rapid.Check(t, func(t *rapid.T) {
		text := document(t, entries(t, toys()))
		must2(t, os.WriteFile(path, text, 0o600))
		if _, err := spec.Load(toys(), path); err != nil {
			t.Skip("Load does not take it")
		}
		if err := validate(s, text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}

// FuzzJSONSchema feeds one file's bytes, which are valid wherever Load takes them.
func FuzzJSONSchema(f *testing.F) {
	archives, err := filepath.Glob("../../examples/*/*.yaml")
	must(f, err)
	for _, name := range archives {
		text, err := os.ReadFile(name)
		must(f, err)
		f.Add(text)
	}
	f.Add([]byte("external_connections: {}\n"))
	f.Add([]byte("siprec_connectors:\n  007: {host: 0x1F, port: 8, app_subdomain: 08}\n"))
	s := compiled(f, realKinds())
	path := filepath.Join(f.TempDir(), "a.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		must(t, os.WriteFile(path, text, 0o600))
		if _, err := spec.Load(realKinds(), path); err != nil {
			return
		}
		if err := validate(s, text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
