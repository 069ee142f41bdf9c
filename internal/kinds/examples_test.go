package kinds_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/contract"
	"telnyxsync/internal/resource"
)

// answers hands each request the same answer, without a network.
type answers struct {
	status int
	body   string
}

func (a answers) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Body != nil {
		_, _ = io.Copy(io.Discard, q.Body)
		_ = q.Body.Close()
	}
	return &http.Response{
		StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: q,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

// telling are fields without which an object would be of no use.
var telling = map[string][]string{
	"external_connections":       {"/outbound/outbound_voice_profile_id"},
	"siprec_connectors":          {"/host", "/port"},
	"custom_storage_credentials": {"/backend", "/configuration/bucket"},
	"dialogflow_connections":     {"/conversation_profile_id", "/environment"},
}

// All that the document shows as an answer can be read, and makes sense.
func TestExamplesOfAnswers(t *testing.T) {
	doc := contract.Open(t)
	for op, kind := range map[string]string{
		"GET /external_connections":               "external_connections",
		"POST /external_connections":              "external_connections",
		"GET /external_connections/{id}":          "external_connections",
		"PATCH /external_connections/{id}":        "external_connections",
		"DELETE /external_connections/{id}":       "external_connections",
		"POST /siprec_connectors":                 "siprec_connectors",
		"GET /siprec_connectors/{connector_name}": "siprec_connectors",
		"PUT /siprec_connectors/{connector_name}": "siprec_connectors",
		"GET /media":              "media",
		"POST /media":             "media",
		"GET /media/{media_name}": "media",
		"PUT /media/{media_name}": "media",

		"GET /custom_storage_credentials/{connection_id}":  "custom_storage_credentials",
		"POST /custom_storage_credentials/{connection_id}": "custom_storage_credentials",
		"PUT /custom_storage_credentials/{connection_id}":  "custom_storage_credentials",
		"GET /dialogflow_connections/{connection_id}":      "dialogflow_connections",
		"POST /dialogflow_connections/{connection_id}":     "dialogflow_connections",
		"PUT /dialogflow_connections/{connection_id}":      "dialogflow_connections",
	} {
		examples := doc.Examples(op)
		if len(examples) == 0 {
			t.Errorf("%s: the document has no example", op)
		}
		for name, raw := range examples {
			t.Run(op+"/"+name, func(t *testing.T) {
				l := through(t, op, kind, string(raw))
				if l == nil {
					return
				}
				if l.ID == "" {
					t.Errorf("no id: %s", raw)
				}
				schema := row(kind).Schema
				if again := schema.Canon(l.Object); resource.Text(again) != resource.Text(l.Object) {
					t.Errorf("not canonical: %s", resource.Text(l.Object))
				}
				schema.Leaves(l.Object, func(path string, s *resource.Schema, v any) {
					got := map[string]resource.Type{"string": resource.String, "int64": resource.Int, "bool": resource.Bool, "[]interface {}": resource.List}
					if typ, ok := got[fmt.Sprintf("%T", v)]; !ok || typ != s.Type {
						t.Errorf("%s is %T %v", path, v, v)
					}
				})
				for _, id := range []string{"id", "name", "media_name", "connection_id"} {
					if _, there := l.Object[id]; there {
						t.Errorf("%s is the identity, not a setting", id)
					}
				}
				for _, path := range telling[kind] {
					if v, _ := resource.Get(l.Object, path); v == nil || v == "" {
						t.Errorf("no %s: %s of %s", path, resource.Text(l.Object), raw)
					}
				}
				if kind == "media" && (l.Expires.IsZero() || l.Hints["content_type"] == "" || l.Hints["ttl"] == nil) {
					t.Errorf("when it expires, or what it is, was not read: %+v of %s", l, raw)
				}
			})
		}
	}
}

// through reads an answer the way the operation that it belongs to does.
func through(t *testing.T, op, kind, body string) *resource.Live {
	t.Helper()
	ops := row(kind).Open(newClient(t, client.Config{Transport: answers{http.StatusOK, body}}))
	l := &resource.Live{ID: "my-siprec-connector", Object: resource.Object{"active": false, "outbound": resource.Object{"outbound_voice_profile_id": "1"}}}
	switch kind { // what it is made of decides how it is sent
	case "media":
		l.Object = resource.Object{"media_url": "https://a.example.com/a.wav"}
	case "custom_storage_credentials":
		l.Object = resource.Object{"backend": "gcs"}
	}
	var receipt resource.Receipt
	var err error
	switch method, path, _ := strings.Cut(op, " "); {
	case method == http.MethodPost:
		w := write(nil, l.Object, nil)
		w.Key = l.ID
		receipt, err = ops.Create(t.Context(), w)
	case method == http.MethodPatch, method == http.MethodPut:
		receipt, err = ops.Update(t.Context(), write(l, l.Object, l.Object))
	case method == http.MethodDelete:
		_, err = ops.Delete(t.Context(), l)
	case path == "/external_connections", path == "/media":
		var seen resource.Observation
		if seen, err = ops.Observe(t.Context(), resource.Want{}); client.Unknown(err) {
			t.Fatal(err)
		}
		if err != nil { // an example's pages need not add up
			t.Logf("%v", err)
			return nil
		}
		receipt.Live = &seen.Objects[0]
	default:
		receipt.Live, err = ops.Read(t.Context(), l.ID)
	}
	must(t, err)
	return receipt.Live
}
