package kinds_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
)

func digestOf(content string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(content))) }

// What is asked for is downloaded, and nothing else. One that cannot be read does not keep the others from it.
func TestMediaVerify(t *testing.T) {
	r := newRig(t, `{"_media_expired":"shown","media":[{"media_name":"a","_content":"b2xk"},{"media_name":"b/c","_content":""},{"media_name":"broken"},
		{"media_name":"expired","expires_at":"2001-01-01T00:00:00Z"},{"media_name":"other"}]}`)
	r.fail("GET /media/broken/download", "status", 422, -1)
	names := []string{"a", "b/c", "broken", "expired", "new"}
	seen, err := r.ops(media).Observe(t.Context(), resource.Want{IDs: []string{"other"}, Keys: names, Deep: names})
	must(t, err)
	if got := ids(seen); !slices.Equal(got, []string{"a", "b/c", "broken", "expired", "other"}) {
		t.Errorf("objects %q", got)
	}
	if err := seen.Doubts["broken"]; len(seen.Failed) != 0 || len(seen.Doubts) != 1 || err == nil || !strings.HasPrefix(err.Error(), "GET /media/broken/download: 422") {
		t.Errorf("failed %v, doubts %v", seen.Failed, seen.Doubts)
	}
	want := map[string]string{"a": digestOf("old"), "b/c": digestOf(""), "expired": "(no content)", "broken": "", "other": ""}
	for _, l := range seen.Objects {
		if got := resource.GetString(l.Object, "/file"); got != want[l.ID] {
			t.Errorf("%s holds %q, want %q", l.ID, got, want[l.ID])
		}
	}
	if got := r.reads(); !slices.Equal(got, []string{"/media", "/media/a/download", "/media/b%2Fc/download", "/media/broken/download", "/media/expired/download", "/media/new"}) {
		t.Errorf("reads %q", got)
	}
}

// A download that breaks off is no content that drifted.
func TestMediaVerifyBrokenOff(t *testing.T) {
	r := newRig(t, hold)
	cut := &cutOnce{RoundTripper: http.DefaultTransport}
	c := newClient(t, client.Config{BaseURL: r.client.BaseURL(), Transport: cut})
	seen, err := row(media).Open(c).Observe(t.Context(), resource.Want{Deep: []string{"hold"}})
	must(t, err)
	if got := resource.GetString(seen.Objects[0].Object, "/file"); got != digestOf("old") || len(seen.Failed)+len(seen.Doubts) > 0 || !cut.done.Load() {
		t.Errorf("it holds %q, doubts %v", got, seen.Doubts)
	}
}

// A key that is refused is refused for all: the rest is not tried.
func TestMediaVerifyUnauthorized(t *testing.T) {
	var account []string
	var want resource.Want
	for i := range 200 {
		account = append(account, fmt.Sprintf(`{"media_name":"%d"}`, i))
		want.Deep = append(want.Deep, fmt.Sprint(i))
	}
	r := newRig(t, `{"media":[`+strings.Join(account, ",")+`]}`)
	r.fail("GET /media/*/download", "status", 401, -1)
	var calls atomic.Int64
	c := newClient(t, client.Config{BaseURL: r.client.BaseURL(), Concurrency: 2, OnCall: func(client.Call) { calls.Add(1) }})
	if _, err := row(media).Open(c).Observe(t.Context(), want); !client.Unauthorized(err) {
		t.Errorf("error %v", err)
	}
	if n := calls.Load(); n > 50 {
		t.Errorf("%d calls with a key that was refused", n)
	}
	want.Keys, want.Deep = want.Deep, nil
	r.fail("GET /media", "status", 401, -1)
	if _, err := row(media).Open(c).Observe(t.Context(), want); !client.Unauthorized(err) {
		t.Errorf("error %v", err)
	}
}

// A key that may list media and not download them has no media that are in doubt but by their content.
func TestMediaVerifyForbidden(t *testing.T) {
	r := newRig(t, `{"_forbidden":["GET /media/*/download"],"media":[{"media_name":"a"},{"media_name":"b"}]}`)
	seen, err := r.ops(media).Observe(t.Context(), resource.Want{Deep: []string{"a", "b"}})
	must(t, err)
	if got := ids(seen); !slices.Equal(got, []string{"a", "b"}) || len(seen.Failed) != 0 || !client.Forbidden(seen.Doubts["a"]) || !client.Forbidden(seen.Doubts["b"]) {
		t.Errorf("objects %q, failed %v, doubts %v", got, seen.Failed, seen.Doubts)
	}
}

// Whether what was sent is what is there decides whether it is sent again: the receipt tells, where
// that was asked for and could be read.
func TestMediumReceiptLooksCloser(t *testing.T) {
	file := fileOf(t, t.TempDir(), "new.wav", "new")
	for name, test := range map[string]struct {
		deep bool
		fail func(r *rig)
		want string
	}{
		"not asked for": {},
		"as sent":       {deep: true, want: digestOf("new")},
		"unreadable":    {deep: true, fail: func(r *rig) { r.fail("GET /media/*/download", "status", 422, -1) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, hold)
			w := write(r.read(media, "hold"), resource.Object{"file": file}, resource.Object{"file": file})
			w.Deep = test.deep
			if test.fail != nil {
				test.fail(r)
			}
			updated, err := r.ops(media).Update(t.Context(), w)
			must(t, err)
			w.Key, w.Live, w.Patch = "made", nil, nil
			made, err := r.ops(media).Create(t.Context(), w)
			must(t, err)
			for _, receipt := range []resource.Receipt{updated, made} {
				if got := resource.GetString(receipt.Live.Object, "/file"); got != test.want {
					t.Errorf("the receipt of %s shows %q, want %q", receipt.Live.ID, got, test.want)
				}
			}
		})
	}
}

// A name is a single segment of the path, whatever stands in it, and comes back as it was.
func TestMediaNames(t *testing.T) {
	file := fileOf(t, t.TempDir(), "a.wav", "content")
	for _, name := range []string{"a/b", "a?b", "../recordings", "a/..", "x/download", "%2F", "a#b", "a b", "ü", `"quoted"`, "back\\slash"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, `{}`)
			ops := r.ops(media)
			if l, err := ops.Read(t.Context(), name); l != nil || err != nil {
				t.Errorf("one that is not there: %v, %v", l, err)
			}
			w := write(nil, resource.Object{"file": file}, nil)
			w.Key = name
			receipt, err := ops.Create(t.Context(), w)
			must(t, err)
			if receipt.Live.ID != name {
				t.Errorf("made %q", receipt.Live.ID)
			}
			seen, err := ops.Observe(t.Context(), resource.Want{Keys: []string{name}, Deep: []string{name}})
			must(t, err)
			if got := ids(seen); !slices.Equal(got, []string{name}) || seen.Objects[0].Object["file"] != digestOf("content") {
				t.Errorf("observed %+v", seen.Objects)
			}
			l := r.read(media, name)
			if _, err = ops.Update(t.Context(), write(l, resource.Object{"ttl": "1d"}, resource.Object{"ttl": "1d"})); err != nil {
				t.Errorf("its content is sent again: %v", err)
			}
			for range 2 { // the second time it is gone already
				receipt, err = ops.Delete(t.Context(), l)
				must(t, err)
				if receipt.RequestID == "" {
					t.Error("no request id")
				}
			}
			if n, err := ops.Numbers(t.Context(), l); n != 0 || err != nil {
				t.Errorf("%d numbers, %v", n, err)
			}
			if strings.Contains(string(r.sim.Account()), "media_name") {
				t.Errorf("left: %s", r.sim.Account())
			}
		})
	}
	// These would name the collection, or something above it.
	for _, name := range []string{"..", ".", ""} {
		r := newRig(t, `{}`)
		w := write(nil, resource.Object{"file": file}, nil)
		w.Key = name
		_, made := r.ops(media).Create(t.Context(), w)
		_, read := r.ops(media).Read(t.Context(), name)
		_, deleted := r.ops(media).Delete(t.Context(), &resource.Live{ID: name})
		for _, err := range []error{made, read, deleted} {
			if err == nil || client.Unknown(err) || client.NotFound(err) {
				t.Errorf("%q: %v", name, err)
			}
		}
		r.wrote()
		if got := r.reads(); len(got) > 0 {
			t.Errorf("%q read %q", name, got)
		}
	}
}
