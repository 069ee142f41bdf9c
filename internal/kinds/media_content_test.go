package kinds_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

func TestMediumCreate(t *testing.T) {
	file := fileOf(t, t.TempDir(), "audio/a.wav", "RIFF\xff\x00")
	const year = "31536000"
	for name, test := range map[string]struct {
		desired resource.Object
		want    string
		expires time.Duration
	}{
		"of a file": {
			resource.Object{"file": file}, `{"media":"a.wav audio/wav: RIFF\ufffd\u0000","media_name":"n","ttl_secs":"` + year + `"}`, 365 * 24 * time.Hour,
		},
		"of an address": {
			resource.Object{"media_url": "https://a.example.com/a.wav?b=c"},
			`{"media_name":"n","media_url":"https://a.example.com/a.wav?b=c","ttl_secs":` + year + `}`, 365 * 24 * time.Hour,
		},
		"its life": {
			resource.Object{"file": file, "ttl": "90d"}, `{"media":"a.wav audio/wav: RIFF\ufffd\u0000","media_name":"n","ttl_secs":"7776000"}`, 90 * 24 * time.Hour,
		},
		// 630720000 s are documented, and reported to be refused.
		"the longest life": {
			resource.Object{"media_url": "https://a.example.com/a.wav", "ttl": "7300d"},
			`{"media_name":"n","media_url":"https://a.example.com/a.wav","ttl_secs":630719999}`, 630719999 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, `{}`)
			w := write(nil, test.desired, nil)
			w.Key = "n"
			receipt, err := r.ops(media).Create(t.Context(), w)
			must(t, err)
			r.wrote("POST /media " + test.want)
			if receipt.RequestID == "" || receipt.Live.ID != "n" || resource.Text(receipt.Live.Object) != `{}` {
				t.Errorf("receipt %+v", receipt)
			}
			if left := time.Until(receipt.Live.Expires); left > test.expires || left < test.expires-time.Minute {
				t.Errorf("it lives for %v, want %v", left, test.expires)
			}
		})
	}
	// A replace makes the new medium of what the old one is, where nothing else is known or the address may lead to nothing.
	for name, desired := range map[string]resource.Object{"of nothing": {}, "of an old address": {"media_url": "https://a.example.com/gone"}} {
		r := newRig(t, hold)
		w := write(r.read(media, "hold"), desired, nil)
		w.Key = "new"
		_, err := r.ops(media).Create(t.Context(), w)
		must(t, err)
		r.wrote(`POST /media {"media":"hold audio/wav: old","media_name":"new","ttl_secs":"` + year + `"}`)
		if name == "of nothing" {
			w.Live = nil
			if _, err = r.ops(media).Create(t.Context(), w); err == nil || !strings.Contains(err.Error(), "write file or media_url") || client.Unknown(err) {
				t.Errorf("error %v", err)
			}
			r.wrote()
		}
	}
}

// Whatever changes, content and life are both sent: a PUT without ttl_secs may shorten the life.
func TestMediumUpdate(t *testing.T) {
	file := fileOf(t, t.TempDir(), "new.wav", "new")
	const address = "https://a.example.com/a.mp3"
	const again = `PUT /media/hold {"media":"hold audio/wav: old","ttl_secs":"864000"}`
	for name, test := range map[string]struct {
		desired, patch resource.Object
		want           string
		downloads      bool
	}{
		"another file":    {resource.Object{"file": file, "ttl": "10d"}, resource.Object{"file": file}, `PUT /media/hold {"media":"new.wav audio/wav: new","ttl_secs":"864000"}`, false},
		"the same file":   {resource.Object{"file": file}, resource.Object{"ttl": "365d"}, `PUT /media/hold {"media":"new.wav audio/wav: new","ttl_secs":"31536000"}`, false},
		"a renewal":       {resource.Object{"file": file, "ttl": "10d"}, resource.Object{}, `PUT /media/hold {"media":"new.wav audio/wav: new","ttl_secs":"864000"}`, false},
		"another address": {resource.Object{"media_url": address, "ttl": "10d"}, resource.Object{"media_url": address}, `PUT /media/hold {"media_url":"` + address + `","ttl_secs":864000}`, false},
		// By the time of a renewal the address may lead to nothing.
		"the same address":          {resource.Object{"media_url": address, "ttl": "10d"}, resource.Object{"ttl": "10d"}, again, true},
		"a renewal of an address":   {resource.Object{"media_url": address, "ttl": "10d"}, resource.Object{}, again, true},
		"the life alone is managed": {resource.Object{"ttl": "10d"}, resource.Object{"ttl": "10d"}, again, true},
	} {
		for _, required := range []string{"optional", "required"} { // whether Telnyx wants a content in every PUT is not known
			t.Run(name+", content "+required, func(t *testing.T) {
				r := newRig(t, strings.Replace(hold, `{`, `{"_media_put_content":"`+required+`",`, 1))
				w := write(r.read(media, "hold"), test.desired, test.patch)
				before := resource.Text([]any{w.Desired, w.Patch, w.Live.Object})
				r.sim.ClearJournal()
				receipt, err := r.ops(media).Update(t.Context(), w)
				must(t, err)
				r.wrote(test.want)
				if got := r.reads(); slices.Equal(got, []string{"/media/hold/download"}) != test.downloads || !test.downloads && len(got) > 0 {
					t.Errorf("reads %q", got)
				}
				if receipt.RequestID == "" || receipt.Live.ID != "hold" || !receipt.Live.Expires.After(time.Now()) {
					t.Errorf("receipt %+v", receipt)
				}
				if after := resource.Text([]any{w.Desired, w.Patch, w.Live.Object}); after != before {
					t.Errorf("what was given was changed: %s", after)
				}
			})
		}
	}
}

// What is still shown, and is refused because it has expired, is made anew. What is refused without
// having expired is a mistake of ours or of Telnyx, and stays one.
func TestMediumThatExpired(t *testing.T) {
	file := fileOf(t, t.TempDir(), "new.wav", "new")
	const put, post = `PUT /media/hold {"media":"new.wav audio/wav: new","ttl_secs":"864000"}`, `POST /media {"media":"new.wav audio/wav: new","media_name":"hold","ttl_secs":"864000"}`
	const address = "https://a.example.com/a.mp3"
	for name, test := range map[string]struct {
		desired resource.Object
		expires string // of the medium, as JSON
		gone    bool   // although it has not expired
		want    []string
		err     string
	}{
		"shown":      {desired: resource.Object{"file": file}, expires: `"2001-01-01T00:00:00Z"`, want: []string{put, post}},
		"not at all": {desired: resource.Object{"file": file}, expires: `"2100-01-01T00:00:00Z"`, want: []string{put}},
		"its address is followed": {
			desired: resource.Object{"media_url": address}, expires: `"2001-01-01T00:00:00Z"`,
			want: []string{`PUT /media/hold {"media_url":"` + address + `","ttl_secs":864000}`, `POST /media {"media_name":"hold","media_url":"` + address + `","ttl_secs":864000}`},
		},
		"nothing is left of it": {desired: resource.Object{}, expires: `"2001-01-01T00:00:00Z"`, err: "its content, to be sent again: GET /media/hold/download: 404"},
		"gone, and had time": {
			desired: resource.Object{"file": file}, expires: `"2100-01-01T00:00:00Z"`, gone: true, want: []string{put}, err: "PUT /media/hold: 404",
		},
		"gone, and nobody knows when": {desired: resource.Object{"file": file}, expires: `null`, gone: true, want: []string{put}, err: "PUT /media/hold: 404"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, `{"_media_expired":"shown","media":[{"media_name":"hold","expires_at":`+test.expires+`}]}`)
			l := r.read(media, "hold")
			if test.gone {
				must(t, r.sim.SetAccount([]byte(`{}`)))
			}
			test.desired["ttl"] = "10d"
			receipt, err := r.ops(media).Update(t.Context(), write(l, test.desired, resource.Object{}))
			r.wrote(test.want...)
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.err) || client.Unknown(err) {
					t.Errorf("error %v, want %s", err, test.err)
				}
				return
			}
			must(t, err)
			if !receipt.Live.Expires.After(time.Now()) || receipt.RequestID == "" {
				t.Errorf("receipt %+v", receipt)
			}
		})
	}
}

// Sending again what Telnyx has needs the whole of it: nothing, or a part, never takes its place.
func TestMediumThatCannotBeSentAgain(t *testing.T) {
	for name, prepare := range map[string]func(r *rig){
		"empty":       func(r *rig) { must(r, r.sim.SetAccount([]byte(strings.Replace(hold, "b2xk", "", 1)))) },
		"refused":     func(r *rig) { r.fail("GET /media/hold/download", "status", 403, -1) },
		"a web page":  func(r *rig) { r.fail("GET /media/hold/download", "html", 0, -1) },
		"not allowed": func(r *rig) { r.fail("GET /media/hold/download", "status", 422, -1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // some are tried more than once
			r := newRig(t, hold)
			l := r.read(media, "hold")
			prepare(r)
			_, err := r.ops(media).Update(t.Context(), write(l, resource.Object{"media_url": "https://a.example.com/a"}, resource.Object{"ttl": "1d"}))
			if err == nil || client.Unknown(err) {
				t.Errorf("error %v", err)
			}
			r.wrote()
		})
	}
	// An attempt that broke off leaves nothing behind in what is sent.
	r := newRig(t, hold)
	l := r.read(media, "hold")
	cut := &cutOnce{RoundTripper: http.DefaultTransport}
	c := newClient(t, client.Config{BaseURL: r.client.BaseURL(), Transport: cut})
	_, err := row(media).Open(c).Update(t.Context(), write(l, resource.Object{"ttl": "10d"}, resource.Object{}))
	must(t, err)
	r.wrote(`PUT /media/hold {"media":"hold audio/wav: old","ttl_secs":"864000"}`)
	if !cut.done.Load() {
		t.Error("nothing was cut off")
	}
}

// cutOnce breaks off the first download, having given more than there is.
type cutOnce struct {
	http.RoundTripper
	done atomic.Bool
}

func (c *cutOnce) RoundTrip(q *http.Request) (*http.Response, error) {
	res, err := c.RoundTripper.RoundTrip(q)
	if err == nil && strings.HasSuffix(q.URL.Path, "/download") && !c.done.Swap(true) {
		res.Body.Close()
		res.ContentLength = -1
		res.Body = io.NopCloser(io.MultiReader(strings.NewReader("something longer than what is there"), broken{}))
	}
	return res, err
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
