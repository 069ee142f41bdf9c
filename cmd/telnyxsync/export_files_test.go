package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
)

// TestExportOverwritesNothing: where any of the files is there already, none is written.
func TestExportOverwritesNothing(t *testing.T) {
	t.Parallel()
	account := map[string]any{
		"siprec_connectors":          []any{map[string]any{"name": "rec", "host": "srs.example.com", "port": 5060}},
		"media":                      []any{map[string]any{"media_name": "hold"}},
		"custom_storage_credentials": []any{map[string]any{"connection_id": "1", "backend": "gcs", "configuration": map[string]any{"backend": "gcs", "bucket": "b"}}},
	}
	const mine = "mine\n"
	for name, put := range map[string]func(path string) error{
		"media.yaml":                      func(path string) error { return os.WriteFile(path, []byte(mine), 0o400) },
		"siprec_connectors.yaml":          func(path string) error { return os.Symlink("nowhere", path) },
		envExample:                        func(path string) error { return os.WriteFile(path, []byte(mine), 0o600) },
		"custom_storage_credentials.yaml": func(path string) error { return os.Symlink("../key", path) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newInside(t)
			r.begin(t, t.TempDir(), account)
			if err := os.MkdirAll(r.out(), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := put(filepath.Join(r.out(), name)); err != nil {
				t.Fatal(err)
			}
			args := []string{"export", "--out", r.out(), "--siprec", "rec", "--storage", "1"}
			_, stderr := r.run(t, 1, 1, args...)
			if want := name + " is there already in " + r.out(); !strings.Contains(stderr, want) || !strings.Contains(stderr, "nothing was written") {
				t.Errorf("got %s, want %s", stderr, want)
			}
			if got := fileNames(t, r.out()); !slices.Equal(got, []string{name}) {
				t.Errorf("files: %q", got)
			}
			// With --force a link is replaced: what it led to stays as it is.
			r.run(t, 0, 0, append(args, "--force")...)
			all := []string{envExample, "custom_storage_credentials.yaml", "media.yaml", "siprec_connectors.yaml"}
			if got := fileNames(t, r.out()); !slices.Equal(got, all) {
				t.Errorf("files: %q, want %q", got, all)
			}
			info, err := os.Lstat(filepath.Join(r.out(), name))
			if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o644 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			if text := r.exported(t); strings.Contains(text, mine) {
				t.Errorf("what was there is there still:\n%s", text)
			}
			if key, err := os.ReadFile(filepath.Join(r.dir, "key")); err != nil || string(key) != "KEY-of-the-test\n" {
				t.Errorf("the file that a link led to: %q, %v", key, err)
			}
			r.run(t, 0, 0, "validate", r.out())
		})
	}
}

func fileNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

// TestExportFailsAsAWhole: an account that cannot be read whole is not exported in part.
func TestExportFailsAsAWhole(t *testing.T) {
	t.Parallel()
	r := newInside(t)
	r.begin(t, t.TempDir(), map[string]any{"media": []any{map[string]any{"media_name": "hold"}}})
	for _, c := range []struct{ match, do string }{{"GET /media", "short-page"}, {"GET /external_connections", "html"}} {
		if err := r.sim.AddFaults(telnyxsim.Fault{Match: c.match, Do: c.do, Times: -1}); err != nil {
			t.Fatal(err)
		}
		r.run(t, 1, 1, "export", "--out", r.out())
		if _, err := os.Stat(r.out()); !os.IsNotExist(err) {
			t.Errorf("%s %s: something was written: %v", c.match, c.do, err)
		}
		r.sim.ClearFaults()
	}
	for _, flag := range []string{"--siprec=no\nbody", "--siprec=a/../b", "--storage=17", "--dialogflow=17"} {
		_, name, _ := strings.Cut(flag, "=")
		_, stderr := r.run(t, 1, 1, "export", "--out", r.out(), flag)
		if want := fmt.Sprintf("elnyx has no object %q of ", name); !strings.Contains(stderr, want) {
			t.Errorf("%s: got %s, want %s", flag, stderr, want)
		}
		if _, err := os.Stat(r.out()); !os.IsNotExist(err) {
			t.Errorf("%s: something was written: %v", flag, err)
		}
	}
}

// TestExportOfTwoOwners: what owner tags say of several entries is for a person to decide.
func TestExportOfTwoOwners(t *testing.T) {
	t.Parallel()
	connection := func(id string, tags ...any) map[string]any {
		return map[string]any{"id": id, "tags": tags, "outbound": map[string]any{"outbound_voice_profile_id": "5"}}
	}
	account := func(second string) map[string]any {
		return map[string]any{"external_connections": []any{
			connection("1", "telnyxsync:default:a", "telnyxsync:default:"+second),
			connection("2", "telnyxsync:default:b"),
			connection("3", "telnyxsync:default:b"),
			connection("4", "telnyxsync:other:b"),
		}}
	}
	r := newInside(t)
	r.begin(t, t.TempDir(), account("c"))
	ids, _ := r.adopts(t, false)
	if want := []string{"external_connections 2", "external_connections 3"}; !slices.Equal(ids, want) {
		t.Errorf("adopted %q, want %q\n%s", ids, want, r.exported(t))
	}
	// Of an entry that is exported there may be another object.
	r.begin(t, t.TempDir(), account("b"))
	r.run(t, 0, 0, "export", "--out", r.out())
	p := r.plan(t, 1, 1, "diff", r.out())
	if len(p.Problems) != 1 || p.Problems[0].Address != "external_connections/b" || p.Problems[0].Reason.Code != "duplicate" {
		t.Errorf("%+v\n%s", p.Problems, r.exported(t))
	}
}

// TestExportOfManyMedia: an account of three thousand media, however its list is paged.
func TestExportOfManyMedia(t *testing.T) {
	t.Parallel()
	const n = 3_000
	now := time.Now().UTC()
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{
			"media_name": fmt.Sprintf("announcement %05d?.mp3", i), "content_type": "audio/mpeg",
			"created_at": now.Format(time.RFC3339), "expires_at": now.AddDate(0, 0, 1+i%300).Format(time.RFC3339),
		}
	}
	for _, paging := range []string{"none", "pages"} {
		t.Run(paging, func(t *testing.T) {
			r := newInside(t)
			r.begin(t, t.TempDir(), map[string]any{"_media_paging": paging, "media": list})
			ids, _ := r.adopts(t, false)
			if len(ids) != n {
				t.Errorf("%d are adopted, of %d", len(ids), n)
			}
			if got := fileNames(t, r.out()); !slices.Equal(got, []string{"media.yaml"}) {
				t.Errorf("files: %q", got)
			}
			for _, q := range r.sim.Journal() {
				if q.Method != "GET" || !strings.HasPrefix(q.Path, "/media") && !strings.HasPrefix(q.Path, "/external_connections") {
					t.Fatalf("%s %s", q.Method, q.Path)
				}
			}
		})
	}
}
