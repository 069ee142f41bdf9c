package telnyxsim_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// urls reads where a recording can be downloaded.
func (a *api) urls(id string) map[string]any {
	a.t.Helper()
	urls, _ := a.want(200, "GET", "/v2/recordings/"+id, "").data()["download_urls"].(map[string]any)
	return urls
}

// download asks a URL for its content.
func (a *api) download(method, url, key string) answer {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, url, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	got, err := a.send(req)
	if err != nil {
		a.t.Fatal(err)
	}
	return got
}

func TestContentOfRecordings(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"recordings":[{"id":"a/b.c","_content":"SUQz/w=="},{"id":"r"},{"id":"large","_bytes":1000000}]}`)})
	for id, content := range map[string]func(format string) string{
		"a%2Fb.c": func(string) string { return "ID3\xff" },
		"r":       func(format string) string { return strings.Repeat("r as "+format+"\n", 500)[:4096] },
		"large":   func(format string) string { return strings.Repeat("large as "+format+"\n", 80_000)[:1_000_000] },
	} {
		urls := a.urls(id)
		for format, kind := range map[string]string{"mp3": "audio/mpeg", "wav": "audio/x-wav"} {
			url, _ := urls[format].(string)
			shape := "^" + regexp.QuoteMeta(a.url+"/_sim/recordings/"+id+"."+format) + `\?X-Amz-Algorithm=.*&X-Amz-Date=20260716T120000Z&X-Amz-Expires=600&.*&X-Amz-Signature=[0-9a-f]{64}$`
			if !regexp.MustCompile(shape).MatchString(url) {
				t.Errorf("%s of %s: %s", format, id, url)
			}
			got := a.download("GET", url, "")
			if got.raw != content(format) || got.status != 200 || got.header.Get("Content-Type") != kind {
				t.Errorf("%s of %s: %d, %d bytes, %v", format, id, got.status, len(got.raw), got.header)
			}
			if again := a.download("GET", url, ""); again.raw != got.raw {
				t.Errorf("%s of %s is another one", format, id)
			}
		}
	}
	for _, r := range a.sim.Journal() {
		if !strings.HasPrefix(r.Path, "/recordings/") || strings.Contains(r.Query, "X-Amz") {
			t.Errorf("journal: %+v", r)
		}
	}
}

func TestStorageRefuses(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"recordings":[{"id":"r"},{"id":"s"}]}`)})
	url := a.urls("r")["mp3"].(string)
	bare, query, _ := strings.Cut(url, "?")
	for name, test := range map[string]struct {
		method, url, key string
		status           int
		code             string
	}{
		"another recording": {"GET", strings.Replace(url, "r.mp3", "s.mp3", 1), "", 403, "AccessDenied"},
		"another format":    {"GET", strings.Replace(url, "r.mp3", "r.wav", 1), "", 403, "AccessDenied"},
		"another time":      {"GET", strings.Replace(url, "T120000Z", "T120001Z", 1), "", 403, "AccessDenied"},
		"unsigned":          {"GET", bare, "", 403, "AccessDenied"},
		"no name":           {"GET", a.url + "/_sim/recordings/?" + query, "", 403, "AccessDenied"},
		"badly escaped":     {"GET", strings.Replace(url, "r.mp3", "%ff.mp3", 1), "", 403, "AccessDenied"},
		"another method":    {"POST", url, "", 405, "MethodNotAllowed"},
	} {
		if got := a.download(test.method, test.url, test.key); got.status != test.status || !strings.Contains(got.raw, "<Code>"+test.code+"</Code>") ||
			got.header.Get("Content-Type") != "application/xml" {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	if v := a.sim.Violations(); len(v) != 0 {
		t.Errorf("violations: %q", v)
	}
	if got := a.download("GET", url, "KEY"); got.status != 400 {
		t.Errorf("with a key: %d %s", got.status, got.raw)
	}
	same(t, "violations", strings.Join(a.sim.Violations(), "; "), "GET /_sim/recordings/: an API key is sent to where the content of recordings lies")

	a.sim.Advance(10 * time.Minute)
	a.download("GET", url, "")
	same(t, "after ten minutes", fmt.Sprint(a.download("GET", url, "").status), "200")
	a.sim.Advance(time.Second)
	same(t, "then", fmt.Sprint(a.download("GET", url, "").status), "403")
	url = a.urls("r")["mp3"].(string)
	same(t, "made anew", fmt.Sprint(a.download("GET", url, "").status), "200")
	a.want(200, "DELETE", "/v2/recordings/r", "")
	same(t, "deleted", fmt.Sprint(a.download("GET", url, "").status), "404")
}

// URLs that the account has are answered as they are.
func TestURLsOfTheAccount(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"recordings":[{"id":"r","download_urls":{"wav":"https://s3.example.com/r.wav?x=y"}}]}`)})
	same(t, "URLs", tree(a.urls("r")), `{"wav":"https://s3.example.com/r.wav?x=y"}`)
	if doc := string(a.sim.Account()); !strings.Contains(doc, `"https://s3.example.com/r.wav?x=y"`) {
		t.Errorf("the account is %s", doc)
	}
}
