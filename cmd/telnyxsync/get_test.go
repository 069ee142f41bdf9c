package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"telnyxsync/internal/client"

	"gopkg.in/yaml.v3"
)

// getAccount has something in every collection that can be listed, and texts that would act on a terminal.
func getAccount(a map[string][]map[string]any) {
	a["external_connections"] = []map[string]any{
		{"id": "20", "external_sip_connection": "zoom", "outbound": map[string]any{"outbound_voice_profile_id": "1"}, "tags": []string{"b", "a\x1b[31m\u202e"}, "created_at": "2026-01-02T03:04:05Z"},
		{"id": "10", "external_sip_connection": "operator_connect", "outbound": map[string]any{"outbound_voice_profile_id": "1"}},
	}
	a["siprec_connectors"] = []map[string]any{{"name": "rec", "host": "srs.example.com", "port": 5060}}
	a["custom_storage_credentials"] = []map[string]any{{"connection_id": "77", "backend": "s3", "configuration": map[string]any{
		"backend": "s3", "bucket": "calls", "region": "eu", "aws_access_key_id": "AKIA-CANARY", "aws_secret_access_key": "SECRET-CANARY",
	}}}
	for i := range 300 {
		a["recordings"] = append(a["recordings"], map[string]any{
			"id": fmt.Sprintf("%08d-7af4-4bcb-b7f5-5013ef9657c1", i), "created_at": fmt.Sprintf("2026-01-%02dT00:00:00Z", 1+i%28), "from": "+15125550100", "to": fmt.Sprintf("+1512555%04d", i), "duration_millis": 61000,
		})
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.account(getAccount)
	objects := func(args ...string) (list []map[string]any) {
		t.Helper()
		out, _ := r.run(0, append(append([]string{"get"}, args...), "--output", "json")...)
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		var again []map[string]any
		text, _ := r.run(0, append(append([]string{"get"}, args...), "--output", "yaml")...)
		if err := yaml.Unmarshal([]byte(text), &again); err != nil || len(again) != len(list) {
			t.Fatalf("%v: %d objects in YAML, %d in JSON", err, len(again), len(list))
		}
		for _, s := range []string{out, text} {
			if strings.ContainsAny(s, "\x1b\u202e") || strings.Contains(s, "CANARY") || strings.Contains(s, "X-Amz") {
				t.Errorf("%v writes what it must not:\n%.600s", args, s)
			}
		}
		return list
	}
	// Pages and all, as the API returns them.
	if list := objects("recordings"); len(list) != 300 || list[0]["duration_millis"] != 61000.0 {
		t.Errorf("%d recordings, %v", len(list), list[0])
	}
	if list := objects("recordings", "--to", "+15125550007", "--created-before", "2026-02-01"); len(list) != 1 || list[0]["id"] != "00000007-7af4-4bcb-b7f5-5013ef9657c1" {
		t.Errorf("filtered: %v", list)
	}
	if list := objects("recordings", "--created-after", "2026-03-01"); list == nil || len(list) != 0 {
		t.Errorf("none are %v, not an empty list", list)
	}
	if list := objects("external-connections"); len(list) != 2 || fmt.Sprint(list[0]["tags"]) == "" {
		t.Errorf("%v", list)
	}
	if list := objects("storage-credentials", "77"); len(list) != 1 || list[0]["configuration"].(map[string]any)["bucket"] != "calls" {
		t.Errorf("%v", list)
	}
	// A table is sorted and escaped, and says when.
	out, _ := r.run(0, "get", "external-connections")
	lines := strings.Split(out, "\n")
	if !strings.HasPrefix(lines[0], "ID  TYPE") || !strings.HasPrefix(lines[1], "10") || !strings.HasPrefix(lines[2], "20") || !strings.Contains(lines[2], "ago)") ||
		strings.ContainsAny(out, "\x1b\u202e") || lines[3] != "2 objects" {
		t.Errorf("the table is\n%s", out)
	}
	for want, args := range map[string][]string{
		"Telnyx has no list of them: write the NAME of one":    {"siprec-connectors"},
		"belong to a connection: give --connection NAME or ID": {"uploads"},
		`--created-after: "soon" is no date and no time`:       {"recordings", "--created-after", "soon"},
		"404":                            {"external-connections", "99"},
		`--output "xml": choose one of`:  {"media", "--output", "xml"},
		"neither the id of a connection": {"recordings", "--connection", "nobody"},
		"too many arguments: write":      {"locations", "a", "--connection", "10"},
	} {
		if _, stderr := r.run(1, append([]string{"get"}, args...)...); !strings.Contains(stderr, want) {
			t.Errorf("get %v says %s, want %s", args, stderr, want)
		}
	}
}

// Where something goes wrong on the way, the JSON is cut off, so that nobody takes it for all.
func TestGetThatFailsHalfWay(t *testing.T) {
	t.Parallel()
	r := newRigBehind(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if req.URL.Query().Get("page[number]") == "2" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, req)
	})
	r.account(getAccount)
	out, stderr := r.run(1, "get", "recordings", "--output", "json")
	if json.Valid([]byte(out)) || !strings.HasPrefix(out, "[\n") || !strings.Contains(stderr, "403") {
		t.Errorf("%d bytes of JSON, valid %t; %s", len(out), json.Valid([]byte(out)), stderr)
	}
	if table, _ := r.run(1, "get", "recordings"); table != "" {
		t.Errorf("a table of what could not be read:\n%s", table)
	}
}

// A download that breaks off is begun anew, and nothing of the first attempt is left in what comes out.
func TestGetDownload(t *testing.T) {
	t.Parallel()
	var broken atomic.Int32
	r := newRigBehind(t, func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if !strings.HasSuffix(req.URL.Path, "/download") || broken.Add(1)%2 == 0 {
			next.ServeHTTP(w, req)
			return
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, req)
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		w.Header().Set("Content-Length", fmt.Sprint(rec.Body.Len()))
		_, _ = w.Write(rec.Body.Bytes()[:rec.Body.Len()/2])
	})
	r.account(func(a map[string][]map[string]any) { a["media"] = []map[string]any{{"media_name": "tone"}} })
	first, _ := r.run(0, "get", "media", "download", "tone")
	file := filepath.Join(t.TempDir(), "tone")
	r.run(0, "get", "media", "download", "tone", "--file", file)
	if text, err := os.ReadFile(file); err != nil || first == "" || string(text) != first {
		t.Errorf("%v: %d bytes on stdout, %d in the file", err, len(first), len(text))
	}
	if broken.Load() != 4 {
		t.Errorf("%d downloads, want 4", broken.Load())
	}
	if _, stderr := r.run(1, "get", "media", "download", "nothing", "--file", file); !strings.Contains(stderr, "404") {
		t.Error(stderr)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
		t.Errorf("%v stay behind", left)
	}
	if _, stderr := r.run(1, "get", "media", "download", "tone", "--file", filepath.Join(file, "x")); stderr == "" {
		t.Error("a file within a file")
	}
}

// Every collection has a way to be read, and its flags are those that its reading uses.
func TestCollections(t *testing.T) {
	t.Parallel()
	var names []string
	for _, c := range collections() {
		names = append(names, c.name)
		if c.list == nil && c.one == nil || (c.one != nil) != (c.key != "") || len(c.columns) == 0 || c.about == "" {
			t.Errorf("%s cannot be read", c.name)
		}
		for _, col := range c.columns { // whatever an object holds or lacks
			for _, o := range []client.Object{{}, {"created_at": 5, "id": []any{"a", nil}, "meta": "x", "locations": true}} {
				_ = col.text(o, time.Now())
			}
		}
	}
	want := []string{
		"civic-addresses", "dialogflow-connections", "external-connections", "locations", "log-messages", "media", "phone-numbers",
		"recording-transcriptions", "recordings", "releases", "siprec-connectors", "storage-credentials", "uploads",
	}
	if slices.Sort(names); !slices.Equal(names, want) {
		t.Errorf("the collections are %v", names)
	}
}
