package kinds_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

const media = "media"

// hold is an account with one medium, which was written on the 10th and lives until the 20th.
const hold = `{"media":[{"media_name":"hold","content_type":"audio/wav","_content":"b2xk","created_at":"2100-01-01T00:00:00Z",
	"updated_at":"2100-01-10T00:00:00Z","expires_at":"2100-01-20T00:00:00Z"}]}`

func TestMediumLive(t *testing.T) {
	l := newRig(t, hold).read(media, "hold")
	if l.ID != "hold" || !slices.Equal(l.Keys, []string{"hold"}) || l.Label != "audio/wav, expires 2100-01-20T00:00:00Z" || l.Owners != nil {
		t.Errorf("%+v", l)
	}
	if !l.Expires.Equal(time.Date(2100, 1, 20, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("expires %v", l.Expires)
	}
	// What it is made of and how long it was to live are not what a GET returns: they are no drift.
	if resource.Text(l.Object) != `{}` || resource.Text(l.Hints) != `{"content_type":"audio/wav","ttl":"10d"}` {
		t.Errorf("object %s, hints %s", resource.Text(l.Object), resource.Text(l.Hints))
	}
}

// An end that cannot be read is one that is not known, never one that is far away.
func TestMediumLiveLenient(t *testing.T) {
	for answer, want := range map[string]string{ // when it expires, what the ttl seems to be, the label
		`{}`: "never, , ",
		`{"expires_at":null,"created_at":null,"updated_at":null,"content_type":null}`: "never, , ",
		`{"expires_at":"","content_type":7}`:                                          "never, , ",
		`{"expires_at":"soon","content_type":"audio/wav"}`:                            "never, , audio/wav",
		`{"expires_at":4102444800,"updated_at":1}`:                                    "never, , ",
		`{"expires_at":["2100-01-20T00:00:00Z"]}`:                                     "never, , ",
		`{"expires_at":"2100-13-41T00:00:00Z"}`:                                       "never, , ",
		// The shapes in which a time may come.
		`{"expires_at":"2100-01-20T02:00:00.574+02:00"}`: "2100-01-20T00:00:00.574Z, , , expires 2100-01-20T00:00:00Z",
		`{"expires_at":"2100-01-20T00:00:00.123456"}`:    "2100-01-20T00:00:00.123456Z, , , expires 2100-01-20T00:00:00Z",
		`{"expires_at":"2100-01-20 00:00:00.5Z"}`:        "2100-01-20T00:00:00.5Z, , , expires 2100-01-20T00:00:00Z",
		`{"expires_at":"2100-01-20 02:00:00+02:00"}`:     "2100-01-20T00:00:00Z, , , expires 2100-01-20T00:00:00Z",
		// How long it was to live is the time since it was written, or else made; nonsense is none.
		`{"expires_at":"2100-01-20T00:00:00Z","created_at":"2100-01-10T00:00:00.4Z"}`:                                                     "2100-01-20T00:00:00Z, 10d, , expires 2100-01-20T00:00:00Z",
		`{"expires_at":"2100-01-20T00:00:00Z","created_at":"2100-01-10T00:00:00Z","updated_at":"x"}`:                                      "2100-01-20T00:00:00Z, 10d, , expires 2100-01-20T00:00:00Z",
		`{"expires_at":"2100-01-20T00:00:00Z","created_at":"2100-01-10T00:00:00Z","updated_at":"2100-01-19T12:00:01Z"}`:                   "2100-01-20T00:00:00Z, 12h, , expires 2100-01-20T00:00:00Z",
		`{"expires_at":"2100-01-20T00:00:00Z","updated_at":"2100-01-21T00:00:00Z"}`:                                                       "2100-01-20T00:00:00Z, , , expires 2100-01-20T00:00:00Z",
		`{"expires_at":"2100-01-20T00:00:00Z","updated_at":"2100-01-19T23:59:45Z"}`:                                                       "2100-01-20T00:00:00Z, , , expires 2100-01-20T00:00:00Z",
		`{"expires_at":"9999-12-31T23:59:59Z","updated_at":"2100-01-01T00:00:00Z"}`:                                                       "9999-12-31T23:59:59Z, , , expires 9999-12-31T23:59:59Z",
		`{"expires_at":"2100-01-20T00:00:00Z","media_name":"another","media_url":"https://a.example.com","file":"a","ttl":"1d","size":5}`: "2100-01-20T00:00:00Z, , , expires 2100-01-20T00:00:00Z",
	} {
		c := newClient(t, client.Config{Transport: answers{http.StatusOK, `{"data":` + answer + `}`}})
		l, err := row(media).Open(c).Read(t.Context(), "n")
		must(t, err)
		expires := "never"
		if !l.Expires.IsZero() {
			expires = l.Expires.UTC().Format(time.RFC3339Nano)
		}
		if got := fmt.Sprintf("%s, %s, %s", expires, resource.GetString(l.Hints, "/ttl"), l.Label); got != want {
			t.Errorf("%s became %q, want %q", answer, got, want)
		}
		if l.ID != "n" || !slices.Equal(l.Keys, []string{"n"}) || resource.Text(l.Object) != `{}` {
			t.Errorf("%s became %+v", answer, l)
		}
	}
}

// What is wanted and not in the list is read by its name: whether it is there decides between POST and PUT.
func TestMediaObserve(t *testing.T) {
	r := newRig(t, `{"media":[{"media_name":"a"},{"media_name":"b"},{"media_name":"c/d"},{"media_name":"gone","expires_at":"2001-01-01T00:00:00Z"}]}`)
	ops := r.ops(media)
	r.fail("GET /media/broken", "status", 400, 1)
	seen, err := ops.Observe(t.Context(), resource.Want{IDs: []string{"a", "gone", "c/d"}, Keys: []string{"a", "new", "broken", "c/d"}})
	must(t, err)
	if got := ids(seen); !slices.Equal(got, []string{"a", "b", "c/d"}) || len(seen.Failed) != 1 || seen.Failed["broken"] == nil {
		t.Errorf("objects %q, failed %v", got, seen.Failed)
	}
	if got := r.reads(); !slices.Equal(got, []string{"/media", "/media/broken", "/media/gone", "/media/new"}) {
		t.Errorf("reads %q", got)
	}

	// A list that misses one is made up for: making it anew would be a POST to a name that is there.
	c := newClient(t, client.Config{BaseURL: r.client.BaseURL(), Transport: emptyList{http.DefaultTransport}})
	seen, err = row(media).Open(c).Observe(t.Context(), resource.Want{IDs: []string{"a"}, Keys: []string{"b"}})
	must(t, err)
	if got := ids(seen); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("objects %q", got)
	}

	r.fail("GET /media", "status", 400, 1)
	if seen, err = ops.Observe(t.Context(), resource.Want{}); err == nil {
		t.Errorf("a list that failed is not an empty one: %+v", seen)
	}
}

func ids(seen resource.Observation) (out []string) {
	for _, l := range seen.Objects {
		out = append(out, l.ID)
	}
	slices.Sort(out)
	return out
}

// emptyList answers that there are no media, whatever there is.
type emptyList struct{ http.RoundTripper }

func (e emptyList) RoundTrip(q *http.Request) (*http.Response, error) {
	if strings.HasSuffix(q.URL.Path, "/media") {
		return answers{http.StatusOK, `{"data":[],"meta":{"page_number":1,"page_size":20,"total_pages":1,"total_results":0}}`}.RoundTrip(q)
	}
	return e.RoundTripper.RoundTrip(q)
}

func TestMediumKind(t *testing.T) {
	k := row(media)
	if a, b := k.Key("entry", resource.Object{}), k.Key("entry", resource.Object{"media_name": "n"}); a != "entry" || b != "n" || !k.Rekeying || k.KeyField != "/media_name" {
		t.Errorf("keys %q, %q", a, b)
	}
	file := resource.File{Name: "a.wav", Type: "audio/wav"}
	for _, o := range []resource.Object{{"file": file}, {"media_url": "https://a.example.com/a"}} {
		if why := k.Uncreatable(o); !why.IsZero() {
			t.Errorf("%v: %s", o, why)
		}
	}
	if k.Uncreatable(resource.Object{"ttl": "10d"}).IsZero() {
		t.Error("a medium is made of something")
	}
	for _, test := range []struct {
		o    resource.Object
		want bool
	}{
		{resource.Object{"file": file, "verify_content": true}, true},
		{resource.Object{"file": file, "verify_content": false}, false},
		{resource.Object{"file": file}, false},
		{resource.Object{"verify_content": true, "media_url": "https://a.example.com"}, false},
	} {
		if got := k.Deep(test.o); got != test.want {
			t.Errorf("%v: deep %v", test.o, got)
		}
	}
	const day = 24 * time.Hour
	for _, test := range []struct {
		o            resource.Object
		life, before time.Duration
	}{
		{resource.Object{}, 365 * day, 36*day + 12*time.Hour},
		{resource.Object{"ttl": "90d"}, 90 * day, 9 * day},
		{resource.Object{"ttl": "90d", "renew_before": "1d12h"}, 90 * day, 36 * time.Hour},
		{resource.Object{"renew_before": "30d"}, 365 * day, 30 * day},
	} {
		if life, before := k.Renewal(test.o); life != test.life || before != test.before {
			t.Errorf("%v: lives for %v, is renewed %v before its end", test.o, life, before)
		}
	}
	l := &resource.Live{ID: "hold"}
	if a, b := k.Export.Identity("hold", l), k.Export.Identity("other", l); a != nil || resource.Text(b) != `{"media_name":"hold"}` || k.Export.Stem(l) != "hold" {
		t.Errorf("exported as %v, %v", a, b)
	}
}

func TestMediumCheck(t *testing.T) {
	wav := resource.File{Name: "a.wav", Type: "audio/wav"}
	of := func(typ string) resource.File { return resource.File{Name: "a", Type: typ} }
	for _, test := range []struct {
		o    resource.Object
		want string // PATH: part of the text; "" where nothing is wrong
	}{
		{resource.Object{}, ""},
		{resource.Object{"file": wav, "ttl": "7300d", "renew_before": "7299d23h59m59s", "verify_content": true}, ""},
		{resource.Object{"media_url": "https://a.example.com/a.mp3?signature=x", "verify_content": false}, ""},
		{resource.Object{"ttl": "1s"}, ""},
		{resource.Object{"file": wav, "media_url": "https://a.example.com"}, "/media_url: not of both"},
		{resource.Object{"media_url": ""}, "/media_url: it is empty"},
		{resource.Object{"media_url": "https://user@a.example.com"}, "/media_url: a user or password"},
		{resource.Object{"media_url": "https://:word@a.example.com"}, "/media_url: a user or password"},
		{resource.Object{"verify_content": true}, "/verify_content: nothing to compare"},
		{resource.Object{"verify_content": true, "media_url": "https://a.example.com"}, "/verify_content: nothing to compare"},
		{resource.Object{"ttl": "7300d1s"}, "/ttl: 7300d or less"},
		{resource.Object{"ttl": "10d", "renew_before": "10d"}, "/renew_before: must be smaller than ttl (10d)"},
		{resource.Object{"renew_before": "365d"}, "/renew_before: must be smaller than ttl (365d)"},
		{resource.Object{"file": of("image/png")}, ""},
		{resource.Object{"file": of("video/mp4")}, ""},
		{resource.Object{"file": of("application/ogg")}, ""},
		{resource.Object{"file": of("application/pdf")}, ""},
		{resource.Object{"file": of("text/xml")}, ""},
		{resource.Object{"file": of("application/xml")}, ""},
		{resource.Object{"file": of("text/html")}, "/file: is it the page of an error"},
		{resource.Object{"file": of("text/plain")}, "/file: is it the right file"},
		{resource.Object{"file": of("application/octet-stream")}, "/file: is it the right file"},
		{resource.Object{"file": of("application/zip")}, "/file: which is nothing that Telnyx plays"},
	} {
		bad := row(media).Check("n", test.o)
		path, text, _ := strings.Cut(test.want, ": ")
		if (test.want == "") != (len(bad) == 0) || len(bad) > 1 || len(bad) == 1 && (bad[0].Path != path || !strings.Contains(bad[0].Text, text)) {
			t.Errorf("%v: %+v, want %q", test.o, bad, test.want)
		}
	}
	// All that is wrong is said at once.
	if bad := row(media).Check("n", resource.Object{"file": of("text/html"), "media_url": "", "ttl": "8000d", "renew_before": "8000d"}); len(bad) != 5 {
		t.Errorf("%+v", bad)
	}
}
