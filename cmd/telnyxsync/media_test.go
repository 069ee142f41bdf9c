package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/daemon"
	"telnyxsync/internal/diff"
	"telnyxsync/internal/telnyxsim"
)

// raw is the whole simulated account, switches and all, for looking at it.
func (r *rig) raw(look func(account map[string]any)) map[string]any {
	r.t.Helper()
	account := map[string]any{}
	if err := json.Unmarshal(r.control("GET", "/account", nil), &account); err != nil {
		r.t.Fatal(err)
	}
	look(account)
	return account
}

// change lets edit change that account, and writes it back.
func (r *rig) change(edit func(account map[string]any)) {
	r.t.Helper()
	r.control("PUT", "/account", r.raw(edit))
}

// medium lets edit change the first medium of the account.
func (r *rig) medium(edit func(m map[string]any)) {
	r.t.Helper()
	r.change(func(account map[string]any) { edit(account["media"].([]any)[0].(map[string]any)) })
}

func in(d time.Duration) string { return time.Now().Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }

// content is what the medium of a name holds, "" where there is none.
func (r *rig) content(name string) (content string) {
	r.raw(func(account map[string]any) {
		for _, m := range account["media"].([]any) {
			if m := m.(map[string]any); m["media_name"] == name {
				text, _ := base64.StdEncoding.DecodeString(fmt.Sprint(m["_content"]))
				content = string(text)
			}
		}
	})
	return content
}

// The content of a medium is compared by downloading it, where that is asked for.
func TestContentDrift(t *testing.T) {
	t.Parallel()
	for _, verify := range []bool{false, true} {
		r, _ := newRig(t)
		r.writeMedia()
		r.write("a.yaml", fmt.Sprintf("media:\n  one: {file: audio/a.wav, verify_content: %v}\n", verify))
		r.run(0, "apply", "--yes")
		for range 4 { // more often than a value that does not stick is written
			r.medium(func(m map[string]any) { m["_content"] = base64.StdEncoding.EncodeToString([]byte("other")) })
			r.clear()
			if !verify {
				r.plan(0, "diff")
				if all, _ := r.calls(); !slices.Equal(all, []string{"GET /media"}) {
					t.Errorf("calls: %v, want the list alone", all)
				}
				continue
			}
			p := r.plan(3, "diff")
			if len(p.Changes) != 1 || len(p.Changes[0].Deltas) != 1 || p.Changes[0].Deltas[0].Path != "/file" || p.Changes[0].Deltas[0].Origin != "drift" {
				t.Errorf("plan: %+v", p.Changes)
			}
			r.run(0, "apply", "--yes")
			if r.content("one") != wav("a") {
				t.Error("the content was not repaired")
			}
			r.plan(0, "diff")
		}
	}
}

// Contents that Telnyx changes, as by transcoding them, are not uploaded for ever.
func TestContentThatDoesNotStick(t *testing.T) {
	t.Parallel()
	sim, err := telnyxsim.New(telnyxsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(contract.Wrap(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/download") {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write([]byte("transcoded"))
			return
		}
		sim.ServeHTTP(w, r)
	})))
	t.Cleanup(srv.Close)
	r := newRigAt(t, srv.URL)
	r.writeMedia()
	r.write("a.yaml", "media:\n  one: {file: audio/a.wav, verify_content: true}\n")
	r.run(0, "apply", "--yes")
	for range diff.StickLimit {
		r.plan(3, "diff")
		r.run(0, "apply", "--yes")
	}
	if p := r.plan(1, "diff"); len(p.Problems) != 1 || !strings.Contains(p.Problems[0].text(), "does not stick") || len(p.Changes) > 0 {
		t.Errorf("plan: %+v", p)
	}
}

// What is about to expire is renewed, what has expired made again, and an end that is not known never
// taken for one that is far away.
func TestRenewal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		switches map[string]any
		expires  any
		entry    string
		op       string
		want     int // of the diff
		writes   []string
		after    int // the exit code of the diff after the apply
	}{
		"healthy":           {expires: in(48 * time.Hour), want: 0},
		"about to expire":   {expires: in(time.Hour), op: "renew", want: 2, writes: []string{"PUT /media/one"}},
		"expired and shown": {switches: map[string]any{"_media_expired": "shown"}, expires: in(-time.Hour), op: "renew", want: 2, writes: []string{"PUT /media/one", "POST /media"}},
		"expired and gone":  {expires: in(-time.Hour), op: "create", want: 3, writes: []string{"POST /media"}},
		"not said":          {expires: nil, want: 1},
		"only its life": {
			entry: "{ttl: 10d}", expires: in(time.Hour), op: "renew", want: 2, writes: []string{"PUT /media/one"},
		},
		"only its life, put needs content": {
			switches: map[string]any{"_media_put_content": "required"},
			entry:    "{ttl: 10d}", expires: in(time.Hour), op: "renew", want: 2, writes: []string{"PUT /media/one"},
		},
		"the address leads to nothing by now": {
			entry: "{ttl: 10d, media_url: \"https://media.example.com/a.mp3\"}", expires: in(time.Hour), op: "renew", want: 2, writes: []string{"PUT /media/one"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newRig(t)
			r.change(func(account map[string]any) { maps.Copy(account, c.switches) })
			r.writeMedia()
			entry := "{ttl: 10d, file: audio/a.wav}"
			if strings.Contains(c.entry, "media_url") {
				entry = c.entry
			}
			r.write("a.yaml", "media:\n  one: "+entry+"\n")
			r.run(0, "apply", "--yes")
			if c.entry != "" {
				r.write("a.yaml", "media:\n  one: "+c.entry+"\n")
				r.run(0, "apply", "--yes")
			}
			before := r.content("one")
			r.medium(func(m map[string]any) { m["expires_at"] = c.expires })
			r.clear()
			p := r.plan(c.want, "diff")
			if got := len(p.Changes); (c.op != "") != (got == 1) || got == 1 && p.Changes[0].Op != c.op {
				t.Fatalf("plan: %+v", p)
			}
			if _, writes := r.calls(); len(writes) > 0 {
				t.Errorf("diff wrote: %v", writes)
			}
			if c.op == "" {
				return
			}
			r.run(0, "apply", "--yes")
			if _, writes := r.calls(); !slices.Equal(writes, c.writes) {
				t.Errorf("writes: %v, want %v", writes, c.writes)
			}
			if r.content("one") != before {
				t.Error("the content is another now")
			}
			r.plan(0, "diff")
		})
	}
}

// An end that Telnyx never tells is kept by our own clock, and said in every diff.
func TestExpiryThatIsNeverTold(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.writeMedia()
	hide := func() { r.medium(func(m map[string]any) { m["expires_at"] = nil }) }
	r.change(func(account map[string]any) {
		account["media"] = []any{map[string]any{"media_name": "one", "content_type": "audio/wav", "expires_at": nil}}
	})
	r.write("a.yaml", "media:\n  one: {ttl: 10d}\n")
	p := r.plan(2, "diff")
	if len(p.Changes) != 1 || p.Changes[0].Op != "adopt" || len(p.Changes[0].Deltas) != 1 || p.Changes[0].Deltas[0].Path != "/expires_at" {
		t.Fatalf("plan: %+v", p)
	}
	r.run(0, "apply", "--yes")
	hide()
	p = r.plan(1, "diff")
	if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].text(), "does not say when it expires") || len(p.Changes) > 0 {
		t.Fatalf("plan: %+v", p)
	}
}

// Whatever the service does where it is undocumented, a medium ends up as it is written.
func TestUndocumentedSwitches(t *testing.T) {
	t.Parallel()
	for _, s := range []map[string]any{
		{"_media_paging": "pages"},
		{"_media_post_existing": "replace"},
		{"_media_put_ttl": "keep"},
		{"_media_put_created": "renew", "_siprec_put_created": "renew"},
		{"_media_put_content": "required"},
		{"_media_expired": "shown"},
		{"_storage_secrets": "masked"},
		{"_storage_secrets": "omitted"},
		{"_dialogflow_service_account": "returned"},
		{"_dialogflow_service_account": "omitted"},
	} {
		t.Run(strings.Trim(fmt.Sprint(s), "map[]"), func(t *testing.T) {
			t.Parallel()
			r, _ := newRig(t)
			r.change(func(account map[string]any) { maps.Copy(account, s) })
			r.writeMedia()
			var before, after strings.Builder
			for _, k := range kindCases() {
				tree := k.base("one")
				before.WriteString(yamlEntries(k.kind, map[string]map[string]any{"one": tree}))
				for _, f := range k.fields {
					tree = with(tree, f.path, f.v)
				}
				after.WriteString(yamlEntries(k.kind, map[string]map[string]any{"one": tree}))
			}
			for _, text := range []string{before.String(), after.String()} {
				r.write("a.yaml", text)
				r.run(0, "apply", "--yes")
				if p := r.plan(0, "diff"); p.Summary["unchanged"] != len(kindCases()) {
					t.Errorf("diff after apply: %+v", p)
				}
			}
			if r.content("one") != wav("b") {
				t.Error("the content is not the file's")
			}
		})
	}
}

// altered serves a simulator whose answers another hand may change.
func altered(t *testing.T, alter func(r *http.Request, answer *httptest.ResponseRecorder)) *rig {
	t.Helper()
	sim, err := telnyxsim.New(telnyxsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		sim.ServeHTTP(rec, r)
		if strings.HasPrefix(r.URL.Path, "/v2") {
			alter(r, rec)
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	t.Cleanup(srv.Close)
	return newRigAt(t, srv.URL)
}

// A field that the answer of a write shows and no reading does is not written for ever.
func TestAFieldThatReadingsLackIsHeld(t *testing.T) {
	t.Parallel()
	r := altered(t, func(r *http.Request, answer *httptest.ResponseRecorder) {
		if r.Method == http.MethodGet {
			answer.Body = bytes.NewBuffer(bytes.ReplaceAll(answer.Body.Bytes(), []byte(`"environment":"production",`), nil))
		}
	})
	r.write("a.yaml", yamlEntries("dialogflow_connections", map[string]map[string]any{"one": kindCases()[4].base("one")}))
	r.run(0, "apply", "--yes")
	for range diff.StickLimit {
		r.run(0, "apply", "--yes")
	}
	r.clear()
	r.run(1, "apply", "--yes")
	if _, writes := r.calls(); len(writes) > 0 {
		t.Errorf("writes: %v", writes)
	}
}

// While the file of a medium is gone or half changed, what Telnyx has goes on living.
func TestRenewalWithoutTheFile(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.writeMedia()
	r.write("a.yaml", "media:\n  one: {ttl: 10d, file: audio/a.wav}\n")
	r.run(0, "apply", "--yes")
	d := startDaemon(t, r, "prune: never")
	d.untilStatus("a pass", func(s *daemon.Status) bool { return s.LastPass != nil && s.Ready })
	r.write("a.yaml", "media: [broken\n")
	r.write("audio/a.wav", wav("another"))
	d.untilStatus("the error", func(s *daemon.Status) bool { return len(s.Config.Errors) > 0 })
	r.medium(func(m map[string]any) { m["expires_at"] = in(time.Hour) })
	d.signal(syscall.SIGUSR1)
	until(t, "the renewal", func() bool {
		_, writes := r.calls()
		return slices.Contains(writes[1:], "PUT /media/one")
	})
	if r.content("one") != wav("a") {
		t.Error("the content is another now")
	}
	d.stop()
}

// A content that cannot be looked at is said, and keeps no medium from being renewed.
func TestRenewalOfWhatCannotBeVerified(t *testing.T) {
	t.Parallel()
	r, _ := newRig(t)
	r.writeMedia()
	r.write("a.yaml", "media:\n  one: {ttl: 10d, file: audio/a.wav, verify_content: true}\n")
	r.run(0, "apply", "--yes")
	r.medium(func(m map[string]any) { m["expires_at"] = in(time.Hour) })
	r.fault("GET /media/one/download", "html", "times", "-1")
	p := r.plan(1, "diff")
	if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].text(), "its content could not be read") || p.Summary["renew"] != 1 {
		t.Fatalf("plan: %+v", p)
	}
	r.run(1, "apply", "--yes")
	r.control("DELETE", "/faults", nil)
	r.plan(0, "diff")
}

// A service that grants less than what is asked for is not asked again at once, and never let go.
func TestRenewalWhereLessIsGranted(t *testing.T) {
	t.Parallel()
	var granted atomic.Pointer[string]
	r := altered(t, func(r *http.Request, answer *httptest.ResponseRecorder) {
		if end := granted.Load(); end != nil && strings.HasPrefix(r.URL.Path, "/v2/media") {
			answer.Body = bytes.NewBuffer(regexp.MustCompile(`"expires_at":"[^"]*"`).ReplaceAll(answer.Body.Bytes(), []byte(`"expires_at":"`+*end+`"`)))
		}
	})
	grant := func(d time.Duration) { end := in(d); granted.Store(&end) }
	r.writeMedia()
	r.write("a.yaml", "media:\n  one: {ttl: 365d, file: audio/a.wav}\n")
	grant(48 * time.Hour)
	r.run(0, "apply", "--yes")
	for range 5 {
		r.clear()
		p := r.plan(1, "diff")
		if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].text(), "not the ttl of 365d") || len(p.Changes) > 0 {
			t.Fatalf("plan: %+v", p)
		}
	}
	grant(10 * time.Second) // as if the time had come
	if p := r.plan(1, "diff"); p.Summary["renew"] != 1 {
		t.Fatalf("plan: %+v", p)
	}
}
