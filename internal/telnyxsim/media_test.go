package telnyxsim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// medium is what the API shows of media with these times.
func medium(name, contentType string, created, updated, expires time.Time) string {
	const layout = "2006-01-02T15:04:05.000Z"
	return `{"content_type":"` + contentType + `","created_at":"` + created.Format(layout) + `","expires_at":"` + expires.Format(layout) +
		`","media_name":` + tree(name) + `,"updated_at":"` + updated.Format(layout) + `"}`
}

func TestMediaLife(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	const bytes = "\xff\x00--\r\nbytes"
	for _, name := range []string{"plain", "a?b", "../recordings", "..", "x/y", "x/download", "download", "ü", "100%", "a b", "%2F", "a#b"} {
		path := "/v2/media/" + url.PathEscape(name)
		created := a.sim.Now()
		a.want(404, "GET", path, "")
		a.want(404, "GET", path+"/download", "")

		got := a.upload(201, "POST", "/v2/media", map[string]string{"media_name": name, "ttl_secs": "630719999"}, "audio/mpeg", bytes).data()
		want := medium(name, "audio/mpeg", created, created, created.Add(630719999*time.Second))
		if tree(got) != want {
			t.Errorf("created\n%s, want\n%s", tree(got), want)
		}
		if read := a.want(200, "GET", path, "").data(); tree(read) != want {
			t.Errorf("read\n%s, want\n%s", tree(read), want)
		}
		if got := a.want(200, "GET", path+"/download", ""); got.raw != bytes || got.header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("downloaded %q, %v", got.raw, got.header)
		}

		a.sim.Advance(time.Second)
		now := a.sim.Now()
		got = a.want(200, "PUT", path, `{"media_url":"https://x.example/a.WAV?b=c","ttl_secs":1}`).data()
		if want = medium(name, "audio/wav", created, now, now.Add(time.Second)); tree(got) != want {
			t.Errorf("put\n%s, want\n%s", tree(got), want)
		}
		if got := a.want(200, "GET", path+"/download", ""); got.raw != "content of https://x.example/a.WAV?b=c\n" {
			t.Errorf("downloaded %q", got.raw)
		}
		got = a.upload(200, "PUT", path, nil, "text/plain; charset=utf-8", "").data()
		if want = medium(name, "text/plain; charset=utf-8", created, now, now.Add(48*time.Hour)); tree(got) != want {
			t.Errorf("put\n%s, want\n%s", tree(got), want)
		}
		if got := a.want(200, "GET", path+"/download", ""); got.raw != "" || strings.Contains(string(a.sim.Account()), "_media_url") {
			t.Errorf("downloaded %q of %s", got.raw, a.sim.Account())
		}
		if got := a.want(204, "DELETE", path, ""); got.raw != "" {
			t.Errorf("DELETE answered %q", got.raw)
		}
		for method, body := range map[string]string{"GET": "", "DELETE": "", "PUT": `{"ttl_secs":1}`} {
			if e := a.want(404, method, path, body).errors(); e != "10005" {
				t.Errorf("%s of deleted media: %s", method, e)
			}
		}
	}
}

func TestMediaNames(t *testing.T) {
	a := serve(t, telnyxsim.Config{})
	var names []string
	for range 2 {
		name, _ := a.want(201, "POST", "/v2/media", `{"media_url":"https://x.example/a"}`).data()["media_name"].(string)
		if len(name) != 36 || strings.Count(name, "-") != 4 || slices.Contains(names, name) {
			t.Errorf("the name %q is not another UUID than %v", name, names)
		}
		names = append(names, name)
	}
	if got := a.want(200, "GET", "/v2/media", "").column("media_name"); got != strings.Join(names, " ") {
		t.Errorf("listed are %s, not %v", got, names)
	}
}

func TestMediaRefusals(t *testing.T) {
	a := serveUnchecked(t, telnyxsim.Config{Account: []byte(`{"media":[{"media_name":"a","_content":"YQ=="}]}`)}, malformed)
	before := string(a.sim.Account())
	for body, want := range map[string][2]string{ // of POST and of PUT
		`{}`:                         {"10027 /media_url", ""},
		`{"media_url":"x.example"}`:  {"10027 /media_url", "10027 /media_url"},
		`{"media_url":1,"media":""}`: {"10027 /media; 10027 /media_url", "10027 /media; 10027 /media_url"},
		`{"media_url":"https://x.example","ttl_secs":0}`:                    {"10027 /ttl_secs", "10027 /ttl_secs"},
		`{"media_url":"https://x.example","ttl_secs":630720000}`:            {"10027 /ttl_secs", "10027 /ttl_secs"},
		`{"media_url":"https://x.example","ttl_secs":"5"}`:                  {"10027 /ttl_secs", "10027 /ttl_secs"},
		`{"media_url":"https://x.example","media_name":""}`:                 {"10027 /media_name", "10027 /media_name"},
		`{"media_url":"https://x.example","media_name":"a"}`:                {"10012 /media_name", "10027 /media_name"},
		`{"media_url":"https://x.example","expires_at":null,"_content":""}`: {"10027 /_content; 10027 /expires_at", "10027 /_content; 10027 /expires_at"},
	} {
		if got := a.want(422, "POST", "/v2/media", body).errors(); got != want[0] {
			t.Errorf("POST %s: %s, want %s", body, got, want[0])
		}
		if want[1] == "" {
			continue
		}
		if got := a.want(422, "PUT", "/v2/media/a", body).errors(); got != want[1] {
			t.Errorf("PUT %s: %s, want %s", body, got, want[1])
		}
	}
	if string(a.sim.Account()) != before {
		t.Errorf("what was refused changed the account to %s", a.sim.Account())
	}
	a.want(413, "POST", "/v2/media", `{"media_url":"https://x.example","x":"`+strings.Repeat("x", 1<<20)+`"}`)
	a.want(405, "PATCH", "/v2/media/a", `{}`)
	a.want(405, "POST", "/v2/media/a/download", `{}`)
	a.want(404, "GET", "/v2/media/%ff", "")
}

func TestMediaExpiry(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"media":[
		{"media_name":"two days","created_at":"2026-07-15T12:00:00+02:00"}, {"media_name":"for ever","expires_at":null},
		{"media_name":"past","expires_at":"2026-07-16T12:00:00Z"}]}`)})
	if got := a.want(200, "GET", "/v2/media/two%20days", "").data()["expires_at"]; got != "2026-07-17T10:00:00.000Z" {
		t.Errorf("expires at %v", got)
	}
	a.want(404, "GET", "/v2/media/past", "")
	a.sim.Advance(22*time.Hour - time.Second)
	a.want(200, "GET", "/v2/media/two%20days/download", "")
	a.sim.Advance(time.Second)
	a.sim.Advance(-time.Second)
	a.want(200, "GET", "/v2/media/two%20days", "")
	a.sim.Advance(time.Second)
	for method, target := range map[string]string{"GET": "", "PUT": "", "DELETE": "", "GET ": "/download"} {
		body := map[string]string{"PUT": `{"ttl_secs":5}`}[method]
		a.want(404, strings.TrimSpace(method), "/v2/media/two%20days"+target, body)
	}
	a.sim.Advance(100 * 365 * 24 * time.Hour)
	got := a.want(200, "GET", "/v2/media", "")
	if got.column("media_name") != "for ever" || strings.Contains(got.raw, "expires_at") {
		t.Errorf("after a century: %s", got.raw)
	}
	a.want(201, "POST", "/v2/media", `{"media_name":"past","media_url":"https://x.example/a.ogg"}`)
	if got := a.want(200, "GET", "/v2/media", "").column("media_name"); got != "for ever past" {
		t.Errorf("made anew: %s", got)
	}
}

func TestMediaExpiredShown(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: []byte(`{"_media_expired":"shown","media":[{"media_name":"a","expires_at":"2026-07-16T12:00:00Z"}]}`)})
	if got := a.want(200, "GET", "/v2/media/a", "").data()["expires_at"]; got != "2026-07-16T12:00:00Z" {
		t.Errorf("expires at %v", got)
	}
	if got := a.want(200, "GET", "/v2/media", "").column("media_name"); got != "a" {
		t.Errorf("listed are %s", got)
	}
	a.want(404, "GET", "/v2/media/a/download", "")
	a.want(404, "PUT", "/v2/media/a", `{"ttl_secs":5}`)
	a.want(404, "DELETE", "/v2/media/a", "")
	got := a.want(201, "POST", "/v2/media", `{"media_name":"a","media_url":"https://x.example/a.mp3"}`).data()
	if want := medium("a", "audio/mpeg", start(), start(), start().Add(48*time.Hour)); tree(got) != want {
		t.Errorf("made anew\n%s, want\n%s", tree(got), want)
	}
	a.want(204, "DELETE", "/v2/media/a", "")
}

func TestMediaSwitches(t *testing.T) {
	account := func(switches string) *api {
		return serve(t, telnyxsim.Config{Account: []byte(`{` + switches + `"media":[{"media_name":"a","content_type":"x/y","_content":"YQ==",
			"created_at":"2026-07-16T00:00:00.000Z","expires_at":"2026-07-16T13:00:00.000Z"}]}`)})
	}
	midnight, soon := start().Add(-12*time.Hour), start().Add(time.Hour)
	for _, put := range []string{"reset", "keep"} {
		a := account(`"_media_put_ttl":"` + put + `","_media_post_existing":"replace",`)
		unsaid := map[string]time.Time{"reset": start().Add(48 * time.Hour), "keep": soon}[put]
		for _, step := range []struct {
			status       int
			method, body string
			want         string
		}{
			{200, "PUT", `{}`, medium("a", "x/y", midnight, start(), unsaid)},
			{201, "POST", `{"media_name":"a","media_url":"https://x.example/a.xml"}`, medium("a", "application/xml", midnight, start(), unsaid)},
			{200, "PUT", `{"ttl_secs":60}`, medium("a", "application/xml", midnight, start(), start().Add(time.Minute))},
		} {
			path := map[string]string{"PUT": "/v2/media/a", "POST": "/v2/media"}[step.method]
			if got := a.want(step.status, step.method, path, step.body).data(); tree(got) != step.want {
				t.Errorf("%s, %s %s\n%s, want\n%s", put, step.method, step.body, tree(got), step.want)
			}
		}
	}
	a := account("")
	a.upload(200, "PUT", "/v2/media/a", map[string]string{"ttl_secs": "60"}, "", "")
	if got := a.want(200, "GET", "/v2/media/a/download", "").raw; got != "a" {
		t.Errorf("a lifetime changed the content to %q", got)
	}
	a = account(`"_media_put_content":"required",`)
	if got := a.want(422, "PUT", "/v2/media/a", `{"ttl_secs":60}`).errors(); got != "10027 /media_url" {
		t.Errorf("without media: %s", got)
	}
	if got := a.upload(422, "PUT", "/v2/media/a", map[string]string{"ttl_secs": "60"}, "", "").errors(); got != "10027 /media" {
		t.Errorf("without media: %s", got)
	}
	a.upload(200, "PUT", "/v2/media/a", nil, "x/y", "b")
}

func manyMedia(n int, switches string) []byte {
	var objs []string
	for i := range n {
		objs = append(objs, fmt.Sprintf(`{"media_name":"%d","content_type":"t/%d"}`, i, i%2))
	}
	return []byte(`{` + switches + `"media":[{"media_name":"past","expires_at":"2000-01-01T00:00:00Z"},` + strings.Join(objs, ",") + `]}`)
}

func TestMediaUnpaged(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: manyMedia(300, ""), PageCap: 10})
	got := a.want(200, "GET", "/v2/media", "")
	if s := mediaPage(got); s != `300 from 0, {"page_number":1,"page_size":300,"total_pages":1,"total_results":300}` {
		t.Errorf("listed are %s", s)
	}
	for query, want := range map[string]string{"page[size]=5": "10015 page[size]", "page[number]=1&page[size]=5": "10015 page[number]"} {
		if got := a.want(400, "GET", "/v2/media?"+query, "").errors(); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	a.fault(`[{"match":"GET /media","do":"short-page"}]`)
	got = a.want(200, "GET", "/v2/media", "")
	if s := mediaPage(got); s != `299 from 0, {"page_number":1,"page_size":300,"total_pages":1,"total_results":300}` {
		t.Errorf("short page: %s", s)
	}
	a = serve(t, telnyxsim.Config{})
	if s := mediaPage(a.want(200, "GET", "/v2/media", "")); s != `0 from , {"page_number":1,"page_size":1,"total_pages":1,"total_results":0}` {
		t.Errorf("without media, listed are %s", s)
	}
}

// mediaPage shows how many media are in a list's answer, which is the first, and the meta.
func mediaPage(got answer) string {
	names := strings.Fields(got.column("media_name"))
	first, _, _ := strings.Cut(got.column("media_name"), " ")
	return fmt.Sprintf("%d from %s, %s", len(names), first, tree(got.body["meta"]))
}

// The filter is documented as it is here; the check of the contract can only read it
// with indexes.
func TestMediaFilter(t *testing.T) {
	for switches, want := range map[string]map[string]string{
		"": {
			"filter[content_type][]=t/1":       `150 from 1, {"page_number":1,"page_size":150,"total_pages":1,"total_results":150}`,
			"filter%5Bcontent_type%5D%5B%5D=t": `0 from , {"page_number":1,"page_size":1,"total_pages":1,"total_results":0}`,
		},
		`"_media_paging":"pages",`: {
			"filter[content_type][]=t/1&page[size]=100&page[number]=2": `50 from 201, {"page_number":2,"page_size":100,"total_pages":2,"total_results":150}`,
		},
	} {
		a := serveUnchecked(t, telnyxsim.Config{Account: manyMedia(300, switches)}, malformed)
		for query, want := range want {
			if s := mediaPage(a.want(200, "GET", "/v2/media?"+query, "")); s != want {
				t.Errorf("%s: %s, want %s", query, s, want)
			}
		}
	}
}

func TestMediaPages(t *testing.T) {
	a := serve(t, telnyxsim.Config{Account: manyMedia(300, `"_media_paging":"pages",`)})
	for query, want := range map[string]string{
		"":                              `20 from 0, {"page_number":1,"page_size":20,"total_pages":15,"total_results":300}`,
		"page[size]=250&page[number]=2": `50 from 250, {"page_number":2,"page_size":250,"total_pages":2,"total_results":300}`,
		"page[number]=16":               `0 from , {"page_number":16,"page_size":20,"total_pages":15,"total_results":300}`,
	} {
		if s := mediaPage(a.want(200, "GET", "/v2/media?"+query, "")); s != want {
			t.Errorf("%s: %s, want %s", query, s, want)
		}
	}
}
