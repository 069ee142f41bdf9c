package telnyxsim_test

import (
	"net/url"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

func TestSiprecLife(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	for _, name := range []string{"plain", "a?b", "../recordings", "..", "x/y", "ü", "100%", "a b", "%2F", "a#b"} {
		body := func(rest string) string { return `{"name":` + tree(name) + `,"host":"srs.example.com",` + rest + `}` }
		path := "/v2/siprec_connectors/" + url.PathEscape(name)
		a.want(404, "GET", path, "")
		got := a.want(201, "POST", "/v2/siprec_connectors", body(`"port":5060,"app_subdomain":"app"`)).data()
		want := `{"app_subdomain":"app","created_at":"` + stamp(a) + `","host":"srs.example.com","name":` + tree(name) +
			`,"port":5060,"record_type":"siprec_connector","updated_at":"` + stamp(a) + `"}`
		if tree(got) != want {
			t.Errorf("created\n%s, want\n%s", tree(got), want)
		}
		if e := a.want(422, "POST", "/v2/siprec_connectors", body(`"port":5060`)).errors(); e != "int 422 /name" {
			t.Errorf("creating it twice: %s", e)
		}
		created := stamp(a)
		a.sim.Advance(time.Second)
		got = a.want(200, "PUT", path, body(`"port":65535`)).data()
		want = `{"created_at":"` + created + `","host":"srs.example.com","name":` + tree(name) +
			`,"port":65535,"record_type":"siprec_connector","updated_at":"` + stamp(a) + `"}`
		if tree(got) != want {
			t.Errorf("put\n%s, want\n%s", tree(got), want)
		}
		if read := a.want(200, "GET", path, "").data(); tree(read) != want {
			t.Errorf("read\n%s, want\n%s", tree(read), want)
		}
		if got := a.want(204, "DELETE", path, ""); got.raw != "" {
			t.Errorf("DELETE answered %q", got.raw)
		}
		for method, body := range map[string]string{"GET": "", "DELETE": "", "PUT": body(`"port":1`)} {
			if e := a.want(404, method, path, body).errors(); e != "int 404" {
				t.Errorf("%s of a deleted connector: %s", method, e)
			}
		}
	}
}

func stamp(a *api) string { return a.sim.Now().Format("2006-01-02T15:04:05.000Z") }

func TestSiprecRefusals(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{Account: []byte(`{"siprec_connectors":[{"name":"a","host":"h","port":1}]}`)}, malformed)
	for body, want := range map[string]string{
		`{}`:                                   "int 422 /host; int 422 /name; int 422 /port",
		`{"name":"b","host":"h","port":0}`:     "int 422 /port",
		`{"name":"b","host":"h","port":65536}`: "int 422 /port",
		`{"name":"b","host":"h","port":"1"}`:   "int 422 /port",
		`{"name":"","host":"","port":1}`:       "int 422 /host; int 422 /name",
		`{"name":"b","host":"h","port":1,"app_subdomain":null,"hostname":"h"}`: "int 422 /app_subdomain; int 422 /hostname",
	} {
		for method, path := range map[string]string{"POST": "", "PUT": "/a"} {
			if got := a.want(422, method, "/v2/siprec_connectors"+path, body).errors(); got != want {
				t.Errorf("%s %s: %s, want %s", method, body, got, want)
			}
		}
	}
	if got := a.want(422, "PUT", "/v2/siprec_connectors/a", `{"name":"b","host":"h","port":1}`).errors(); got != "int 422 /name" {
		t.Errorf("rename: %s", got)
	}
	a.want(405, "GET", "/v2/siprec_connectors", "")
	a.key = ""
	if got := a.want(401, "GET", "/v2/siprec_connectors/a", "").errors(); got != "int 10009" {
		t.Errorf("without a key: %s", got)
	}
}

func TestSiprecHostname(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"_siprec_host_field":"hostname","siprec_connectors":[{"name":"a","host":"h","port":1,"_note":"x"}]}`)})
	for _, got := range []answer{
		a.want(200, "GET", "/v2/siprec_connectors/a", ""),
		a.want(200, "PUT", "/v2/siprec_connectors/a", `{"name":"a","host":"h","port":2}`),
	} {
		if d := got.data(); d["hostname"] != "h" || d["host"] != nil || d["_note"] != nil {
			t.Errorf("answered %s", got.raw)
		}
	}
}
