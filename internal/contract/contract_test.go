package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	d := Open(t)
	get := func(target string, status int, answer string) exchange {
		return exchange{method: "GET", target: target, status: status, answer: answer}
	}
	post := func(body string, status int, answer string) exchange {
		return exchange{method: "POST", target: "/v2/external_connections", contentType: "application/json", body: body, status: status, answer: answer}
	}
	created := `{"data":` + conn + `}`
	for name, test := range map[string]struct {
		exchange
		want string // part of the first violation; "" none
	}{
		"list":                       {get("/v2/external_connections?page[size]=250&page[number]=1&filter[external_sip_connection]=zoom", 200, empty), ""},
		"escaped brackets":           {get("/v2/external_connections?page%5Bsize%5D=250", 200, empty), ""},
		"get":                        {get("/v2/external_connections/1", 200, `{"data":`+conn+`}`), ""},
		"escaped name":               {get("/v2/siprec_connectors/..%2Frecordings%3F", 200, `{"data":{"name":"../recordings?"}}`), ""},
		"create":                     {post(creation, 201, created), ""},
		"refused without a body":     {post(creation, 422, `{"errors":[]}`), ""},
		"not the API":                {get("/_sim/journal?what=ever", 200, `[]`), ""},
		"one of several types":       {get("/v2/phone_numbers?filter[country_iso_alpha2]=US&filter[voice.connection_name][contains]=abc", 200, empty), ""},
		"array with index":           {get("/v2/phone_numbers?filter[country_iso_alpha2][0]=US", 200, empty), ""},
		"unknown path":               {get("/v2/external_connection", 404, ``), "no such operation"},
		"unknown method":             {exchange{method: "PUT", target: "/v2/external_connections", status: 405}, "no such operation"},
		"unknown parameter":          {get("/v2/external_connections?limit=3", 200, empty), `no parameter "limit"`},
		"unknown key":                {get("/v2/external_connections?page[bogus]=3", 200, empty), `"page[bogus]" is no key`},
		"unknown nested key":         {get("/v2/external_connections?filter[phone_number][is]=1", 200, empty), `is no key`},
		"scalar for object":          {get("/v2/external_connections?page=3", 200, empty), `"page" is no key`},
		"key of a scalar":            {get("/v2/external_connections?filter[id][eq]=3", 200, empty), `is no key`},
		"not an index":               {get("/v2/phone_numbers?filter[country_iso_alpha2][x]=US", 200, empty), `is no key`},
		"repeated":                   {get("/v2/external_connections?filter[id]=1&filter[id]=2", 200, empty), `2 times`},
		"bad query":                  {get("/v2/external_connections?%zz", 200, empty), `query:`},
		"page too large":             {get("/v2/external_connections?page[size]=251", 200, empty), "/size"},
		"page zero":                  {get("/v2/external_connections?page[number]=0", 200, empty), "/number"},
		"page a word":                {get("/v2/external_connections?page[number]=first", 200, empty), "number"},
		"unknown filter value":       {get("/v2/external_connections?filter[external_sip_connection]=teams", 200, empty), "external_sip_connection"},
		"unknown status filter":      {get("/v2/phone_numbers?filter[status]=lost", 200, empty), "status"},
		"body where there is none":   {exchange{method: "GET", target: "/v2/external_connections", contentType: "application/json", body: `{}`, status: 200, answer: empty}, "not allowed"},
		"missing field":              {post(`{"external_sip_connection":"zoom"}`, 422, ``), "outbound"},
		"missing field with default": {post(`{"outbound":{}}`, 422, ``), "external_sip_connection"},
		"unknown field":              {post(`{"name":"x",`+creation[1:], 422, ``), "name"},
		"wrong type":                 {post(`{"active":"yes",`+creation[1:], 422, ``), "active"},
		"no body":                    {post(``, 400, ``), "request body"},
		"not JSON":                   {exchange{method: "POST", target: "/v2/external_connections", contentType: "text/plain", body: creation, status: 415}, "Content-Type"},
		"unlisted status":            {get("/v2/external_connections/1", 202, `{}`), "no such status"},
		"unlisted refusal":           {post(creation, 409, ``), "no such status"},
		"answer's unknown field":     {get("/v2/external_connections/1", 200, `{"data":{"name":"x"}}`), "name"},
		"answer's wrong type":        {get("/v2/external_connections/1", 200, `{"data":{"id":1}}`), "/data/id"},
		"answer's null":              {get("/v2/external_connections/1", 200, `{"data":{"webhook_event_url":null}}`), "/data/webhook_event_url"},
		"answer's missing field":     {get("/v2/siprec_connectors/x", 200, `{}`), "data"},
		"answer is no JSON":          {get("/v2/external_connections/1", 200, `<html>`), "decode"},
		"SIPREC code as a string":    {get("/v2/siprec_connectors/x", 404, `{"errors":[{"code":"404","title":"x"}]}`), "/errors/0/code"},
		"SIPREC code":                {get("/v2/siprec_connectors/x", 404, `{"errors":[{"code":404,"title":"x"}]}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := violations(t, d, test.exchange)
			switch {
			case test.want == "" && len(got) == 0:
			case test.want != "" && len(got) > 0 && strings.Contains(got[0], test.want) && strings.HasPrefix(got[0], "contract: "+test.method):
			default:
				t.Errorf("violations %q, want %q", got, test.want)
			}
		})
	}
}

func TestInjectedFault(t *testing.T) {
	d := Open(t)
	x := exchange{
		method: "GET", target: "/v2/external_connections", status: 200, answer: "<html>",
		header: map[string]string{"Content-Type": "text/html", faultHeader: "html"},
	}
	if got := violations(t, d, x); got != nil {
		t.Errorf("the injected answer was checked: %q", got)
	}
	x.target += "?limit=1"
	if got := violations(t, d, x); len(got) != 1 {
		t.Errorf("the request was not checked: %q", got)
	}
}

func TestDroppedRequest(t *testing.T) {
	d := Open(t)
	p := &probe{TB: t}
	h := d.Check(p, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the drop did not reach the server")
		}
		if p.errors != nil {
			t.Errorf("violations: %q", p.errors)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v2/external_connections", nil))
}

func TestAfterTheTest(t *testing.T) {
	d := Open(t)
	p := &probe{TB: t}
	h := d.Check(p, http.NotFoundHandler())
	for _, f := range p.cleanups {
		f()
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v2/nothing", nil))
	if p.errors != nil {
		t.Errorf("reported after the end of the test: %q", p.errors)
	}
}

// Forms are held against the document part by part, whatever their files are.
func TestForms(t *testing.T) {
	d := Open(t)
	const file = "--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n\xff\x00--\r\n"
	field := func(name, value string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	for name, test := range map[string]struct{ method, path, parts, want string }{
		"right":              {"POST", "", field("media_name", "a") + field("ttl_secs", "5") + file, ""},
		"file alone":         {"POST", "", file, ""},
		"lifetime alone":     {"PUT", "/a", field("ttl_secs", "5"), ""},
		"no file":            {"POST", "", field("media_name", "a"), "media"},
		"unknown part":       {"POST", "", file + field("name", "a"), "name"},
		"URL beside a file":  {"PUT", "/a", file + field("media_url", "https://x.example/a"), "media_url"},
		"rename":             {"PUT", "/a", file + field("media_name", "b"), "media_name"},
		"lifetime in words":  {"PUT", "/a", file + field("ttl_secs", "long"), "ttl_secs"},
		"not what it claims": {"POST", "", "{}", "decode"},
	} {
		t.Run(name, func(t *testing.T) {
			status := map[string]int{"POST": 201, "PUT": 200}[test.method]
			got := violations(t, d, exchange{
				method: test.method, target: "/v2/media" + test.path, contentType: "multipart/form-data; boundary=b",
				body: test.parts + "--b--\r\n", status: status, answer: `{"data":{}}`,
			})
			if test.want == "" && got != nil || test.want != "" && (len(got) == 0 || !strings.Contains(got[0], test.want)) {
				t.Errorf("violations %q, want %q", got, test.want)
			}
		})
	}
	download := exchange{
		method: "GET", target: "/v2/media/a%2Fb/download", status: 200, answer: "\xff\x00",
		header: map[string]string{"Content-Type": "application/octet-stream"},
	}
	if got := violations(t, d, download); got != nil {
		t.Errorf("download: %q", got)
	}
}

func TestMissingDocument(t *testing.T) {
	t.Setenv(env, filepath.Join(t.TempDir(), "none.json"))
	p := &probe{TB: t}
	func() {
		defer func() { _ = recover() }()
		Open(p)
	}()
	if !strings.Contains(p.skipped, "none.json") || !strings.Contains(p.skipped, env) {
		t.Errorf("skipped with %q", p.skipped)
	}
	h := http.NotFoundHandler()
	if got := Wrap(p, h); fmt.Sprintf("%p", got) != fmt.Sprintf("%p", h) || len(p.logs) != 1 {
		t.Errorf("Wrap gave %T and logged %q", got, p.logs)
	}
}

func TestLocate(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "project", "internal", "x")
	doc := filepath.Join(root, "shared", "telnyx-openapi.json")
	for _, dir := range []string{deep, filepath.Dir(doc)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{doc, filepath.Join(root, "project", "go.mod")} {
		if err := os.WriteFile(f, []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(env, "")
	t.Chdir(deep)
	got, err := locate()
	if want, _ := filepath.EvalSymlinks(doc); err != nil || got != doc && got != want {
		t.Errorf("found %q, %v; want %q", got, err, doc)
	}
	if _, err := load(doc, Deviations()); err == nil {
		t.Error("an empty document was accepted")
	}
}

func TestExamples(t *testing.T) {
	d := Open(t)
	got := d.Examples("GET /external_connections")
	for name, want := range map[string]string{
		"200/application/json/schema":     `"1930241863466354012"`,
		"200/application/json/properties": `"webhook_event_failover_url":"https://failover.example.com"`,
	} {
		if !strings.Contains(string(got[name]), want) {
			t.Errorf("%s is %s, without %s", name, got[name], want)
		}
	}
	if d.Examples("GET /nothing") != nil || d.Examples("PUT /external_connections") != nil {
		t.Error("there are examples of operations that do not exist")
	}
	for path, item := range d.doc.Paths.Map() {
		for method, op := range item.Operations() {
			examples := d.Examples(method + " " + path)
			for status, r := range op.Responses.Map() {
				if status[0] == '2' && r.Value.Content["application/json"] != nil && examples == nil {
					t.Errorf("%s %s has no example", method, path)
				}
			}
			for name, raw := range examples {
				if !json.Valid(raw) {
					t.Errorf("%s %s: %s is no JSON", method, path, name)
				}
			}
		}
	}
}
