package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/contract"
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
	if p := r.plan(1, "diff"); len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Text, "does not stick") || len(p.Changes) > 0 {
		t.Errorf("plan: %+v", p)
	}
}

// What is about to expire is renewed, what has expired made again, and an end that is not known never
// taken for one that is far away.
func TestRenewal(t *testing.T) {
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
	if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Text, "does not say when it expires") || len(p.Changes) > 0 {
		t.Fatalf("plan: %+v", p)
	}
}

// Whatever the service does where it is undocumented, a medium ends up as it is written.
func TestUndocumentedSwitches(t *testing.T) {
	for _, s := range []map[string]any{
		{"_media_paging": "pages"},
		{"_media_post_existing": "replace"},
		{"_media_put_ttl": "keep"},
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
