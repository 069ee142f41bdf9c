package apply_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/client"
	"telnyxsync/internal/resource"
	"telnyxsync/internal/telnyxsim"
)

// archiver is an account of which some is archived before it is deleted.
type archiver struct {
	*keeper
	desired resource.Config
	account object
}

// shelf is where it is archived.
func (a *archiver) shelf() string { return filepath.Join(a.dir, "archive", "calls") }

func newArchiver(t *testing.T, wrap func(http.Handler) http.Handler, recordings ...any) *archiver {
	t.Helper()
	if recordings == nil {
		recordings = []any{
			object{"id": "a", "created_at": "2026-01-31T23:30:00-01:00", "from": "+15125550100", "_content": base64.StdEncoding.EncodeToString([]byte("RIFF of a"))},
			object{"id": "b", "created_at": "2026-01-31T10:00:00Z", "_bytes": 100_000},
		}
	}
	account := object{"recordings": recordings, "_recordings_batch_missing": "refuse"}
	k := newKeeper(t, wrap, account, telnyxsim.Config{})
	t.Cleanup(k.close)
	k.connect(client.Config{Concurrency: 1})
	a := &archiver{keeper: k, account: account}
	a.desired = k.load("a", fmt.Sprintf("recording_retention:\n  all: {delete_after: 1d, archive: %q}\n", a.shelf()))
	return a
}

func (a *archiver) reset() {
	a.Helper()
	a.stage.before, a.stage.after, a.stage.n = nil, nil, 0
	a.sim.ClearFaults()
	if err := errors.Join(a.sim.SetAccount(must(a, a.account)), os.RemoveAll(filepath.Join(a.dir, "archive")), os.RemoveAll(a.state)); err != nil {
		a.Fatal(err)
	}
	a.connect(client.Config{Concurrency: 1})
}

// files are the files of the archive, with their sizes.
func (a *archiver) files() map[string]int64 {
	a.Helper()
	out := map[string]int64{}
	err := filepath.WalkDir(filepath.Join(a.dir, "archive"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if want := map[bool]fs.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; err == nil && info.Mode().Perm() != want {
			a.Errorf("%s has the mode %v", path, info.Mode())
		}
		if !d.IsDir() {
			name, _ := filepath.Rel(a.shelf(), path)
			out[name] = info.Size()
		}
		return err
	})
	if err != nil {
		a.Fatal(err)
	}
	return out
}

// whole wants both recordings in the archive, and nothing else, and none of them on Telnyx.
func (a *archiver) whole(what string) {
	a.Helper()
	files := a.files()
	for _, name := range []string{"2026-02-01/a.json", "2026-01-31/b.json"} {
		if files[name] < 200 {
			a.Errorf("%s: %s has %d bytes", what, name, files[name])
		}
		delete(files, name)
	}
	if want := map[string]int64{"2026-02-01/a.mp3": 9, "2026-02-01/a.wav": 9, "2026-01-31/b.mp3": 100_000, "2026-01-31/b.wav": 100_000}; !maps.Equal(files, want) {
		a.Errorf("%s: the archive has %v", what, files)
	}
	if left := a.ids("recordings"); len(left) > 0 {
		a.Errorf("%s: left %v", what, sorted(left))
	}
}

// keeps runs it and wants that exactly these are left.
func (a *archiver) keeps(what, why string, want ...string) {
	a.Helper()
	report, err := a.run(context.Background(), recordingJob, apply.Situation{Desired: a.desired, Enforce: true})
	if err != nil || !report.Failed {
		a.Errorf("%s: %v %q", what, err, linesOf(report))
	}
	has(a, linesOf(report), "not archived, and so not deleted: ")
	has(a, linesOf(report), why)
	if left := a.ids("recordings"); !maps.Equal(left, setOf(want...)) {
		a.Errorf("%s: left %v", what, sorted(left))
	}
	for name := range a.files() {
		if strings.HasSuffix(name, ".part") {
			a.Errorf("%s: it leaves %s", what, name)
		}
	}
}

func stored(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/_sim/recordings/") }

func TestArchive(t *testing.T) {
	a := newArchiver(t, checked(t))
	downloads := 0
	a.stage.before = func(_ int, r *http.Request) error {
		if stored(r) {
			downloads++
			if r.Header.Get("Authorization") != "" {
				t.Error("the key goes to the storage")
			}
			if len(a.ids("recordings")) < 2 {
				t.Error("one is deleted before all are archived")
			}
		}
		return nil
	}
	// A report archives nothing.
	if _, err := a.run(context.Background(), recordingJob, apply.Situation{Desired: a.desired}); err != nil || downloads > 0 || len(a.files()) > 0 {
		t.Fatalf("%v, %d downloads, %v", err, downloads, a.files())
	}
	// It was archived, and then could not be deleted.
	if err := a.sim.AddFaults(telnyxsim.Fault{Match: batchCall, Do: "status", Status: 422}); err != nil {
		t.Fatal(err)
	}
	report, err := a.run(context.Background(), recordingJob, apply.Situation{Desired: a.desired, Enforce: true})
	if err != nil || !report.Failed || downloads != 4 {
		t.Fatalf("%v %q, %d downloads", err, linesOf(report), downloads)
	}
	has(t, linesOf(report), "archived: 2 recordings")
	kept := a.files()

	// Then it is not downloaded again.
	a.sim.ClearJournal()
	a.enforce(a.desired)
	if downloads != 4 {
		t.Errorf("%d downloads", downloads)
	}
	for _, r := range a.sim.Journal() {
		if r.Method == http.MethodGet && r.Path != "/recordings" {
			t.Errorf("it asks for %s", r.Path)
		}
	}
	a.whole("archived")
	if !maps.Equal(a.files(), kept) {
		t.Errorf("the archive was %v and is %v", kept, a.files())
	}
	audio, err := os.ReadFile(filepath.Join(a.shelf(), "2026-02-01", "a.wav"))
	if err != nil || string(audio) != "RIFF of a" {
		t.Errorf("%q %v", audio, err)
	}
	text, err := os.ReadFile(filepath.Join(a.shelf(), "2026-02-01", "a.json"))
	var about map[string]any
	if err := errors.Join(err, json.Unmarshal(text, &about)); err != nil {
		t.Fatal(err)
	}
	if about["id"] != "a" || about["created_at"] != "2026-01-31T23:30:00-01:00" || about["from"] != "+15125550100" || about["download_urls"] != nil ||
		resource.Text(about["archived_bytes"]) != `{"mp3":9,"wav":9}` || bytes.Contains(text, []byte("X-Amz")) {
		t.Errorf("%s", text)
	}
}

// An archive that is no longer what it was is made anew before anything is deleted.
func TestAnArchiveThatWasDamaged(t *testing.T) {
	a := newArchiver(t, checked(t))
	for name, damage := range map[string]func(dir string) error{
		"the audio is gone":    func(dir string) error { return os.Remove(dir + "/a.mp3") },
		"the audio is cut off": func(dir string) error { return os.Truncate(dir+"/a.wav", 3) },
		"it is empty":          func(dir string) error { return os.Truncate(dir+"/a.json", 0) },
		"it says nothing":      func(dir string) error { return os.WriteFile(dir+"/a.json", []byte(`{"id":"a"}`), 0o600) },
		"it is gone":           func(dir string) error { return os.Remove(dir + "/a.json") },
		"all of it is gone":    func(dir string) error { return os.RemoveAll(dir) },
	} {
		a.reset()
		if err := a.sim.AddFaults(telnyxsim.Fault{Match: batchCall, Do: "status", Status: 422}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.run(context.Background(), recordingJob, apply.Situation{Desired: a.desired, Enforce: true}); err != nil {
			t.Fatal(err)
		}
		if err := damage(filepath.Join(a.shelf(), "2026-02-01")); err != nil {
			t.Fatal(err)
		}
		a.enforce(a.desired)
		a.whole(name)
	}
}

// Whatever goes wrong with an archive, the recording stays, and the others go.
func TestWhatIsNotArchivedIsNotDeleted(t *testing.T) {
	t.Parallel()
	a := newArchiver(t, checked(t))
	body := func(edit func(res *http.Response, text []byte) []byte) func(int, *http.Request, *http.Response) (*http.Response, error) {
		return func(_ int, r *http.Request, res *http.Response) (*http.Response, error) {
			if !stored(r) || !strings.Contains(r.URL.Path, "/b.wav") {
				return res, nil
			}
			text, err := io.ReadAll(res.Body)
			res.Body = io.NopCloser(bytes.NewReader(edit(res, text)))
			return res, err
		}
	}
	for name, test := range map[string]struct {
		why   string
		after func(int, *http.Request, *http.Response) (*http.Response, error)
	}{
		"short": {"the content has not the size that its answer says", body(func(_ *http.Response, b []byte) []byte { return b[:len(b)-1] })},
		"long":  {"the content has not the size that its answer says", body(func(_ *http.Response, b []byte) []byte { return append(b, 'x') })},
		"of no size": {"it does not say its size", body(func(res *http.Response, b []byte) []byte {
			res.ContentLength = -1
			return b
		})},
		"empty": {"it does not say its size, or is empty", body(func(res *http.Response, _ []byte) []byte {
			res.ContentLength = 0
			return nil
		})},
		"a page": {"HTML", body(func(res *http.Response, b []byte) []byte {
			res.Header.Set("Content-Type", "text/html")
			return b
		})},
		"refused": {"403", body(func(res *http.Response, b []byte) []byte {
			res.StatusCode = http.StatusForbidden
			return b
		})},
		"gone": {"404", body(func(res *http.Response, b []byte) []byte {
			res.StatusCode = http.StatusNotFound
			return b
		})},
		"another recording": {`in its place Telnyx answers with the recording "a"`, func(_ int, r *http.Request, res *http.Response) (*http.Response, error) {
			if r.URL.Path == "/v2/recordings/b" {
				text, err := io.ReadAll(res.Body)
				res.Body = io.NopCloser(strings.NewReader(strings.Replace(string(text), `"id":"b"`, `"id":"a"`, 1)))
				return res, err
			}
			return res, nil
		}},
		"no content": {"no content of it is on Telnyx to be downloaded", func(_ int, r *http.Request, res *http.Response) (*http.Response, error) {
			if r.URL.Path == "/v2/recordings/b" {
				res.Body = io.NopCloser(strings.NewReader(`{"data":{"id":"b"}}`))
			}
			return res, nil
		}},
		"a format that is none": {`"json" is no format of a recording`, func(_ int, r *http.Request, res *http.Response) (*http.Response, error) {
			if r.URL.Path == "/v2/recordings/b" {
				text, err := io.ReadAll(res.Body)
				res.Body = io.NopCloser(strings.NewReader(strings.Replace(string(text), `"mp3":`, `"json":`, 1)))
				return res, err
			}
			return res, nil
		}},
		"a format that leads elsewhere": {`"../x" is no format of a recording`, func(_ int, r *http.Request, res *http.Response) (*http.Response, error) {
			if r.URL.Path == "/v2/recordings/b" {
				text, err := io.ReadAll(res.Body)
				res.Body = io.NopCloser(strings.NewReader(strings.Replace(string(text), `"mp3":`, `"../x":`, 1)))
				return res, err
			}
			return res, nil
		}},
	} {
		a.reset()
		a.stage.after = test.after
		a.keeps(name, test.why, "b")
		if files := a.files(); files["2026-01-31/b.json"] > 0 || files["2026-02-01/a.json"] == 0 {
			t.Errorf("%s: the archive has %v", name, files)
		}
		a.stage.after = nil
		a.connect(client.Config{Concurrency: 1})
		a.enforce(a.desired)
		a.whole(name)
	}
}

// Where there is no place for it, or none to write to. Nobody keeps root from writing, so there are files in the way.
func TestNoPlaceForAnArchive(t *testing.T) {
	a := newArchiver(t, checked(t))
	for name, inTheWay := range map[string]string{
		"the directory": filepath.Join(a.dir, "archive"), "the day": filepath.Join(a.shelf(), "2026-01-31"),
	} {
		a.reset()
		if err := errors.Join(os.MkdirAll(filepath.Dir(inTheWay), 0o700), os.WriteFile(inTheWay, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		left := map[string][]string{"the directory": {"a", "b"}, "the day": {"b"}}[name]
		a.keeps(name, "not a directory", left...)
	}
	for _, name := range []string{"b.mp3", "b.json", ".b.wav.part"} { // a directory where the file is to be
		a.reset()
		if err := os.MkdirAll(filepath.Join(a.shelf(), "2026-01-31", name, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		report, err := a.run(context.Background(), recordingJob, apply.Situation{Desired: a.desired, Enforce: true})
		if left := a.ids("recordings"); err != nil || !report.Failed || !maps.Equal(left, setOf("b")) {
			t.Errorf("%s: %v %q, left %v", name, err, linesOf(report), sorted(left))
		}
	}
	if os.Getuid() == 0 {
		return
	}
	a.reset()
	if err := os.MkdirAll(a.shelf(), 0o500); err != nil {
		t.Fatal(err)
	}
	a.keeps("read only", "permission denied", "a", "b")
}

// Ids that are no names of files are archived nowhere, and so stay.
func TestIDsThatAreNoNames(t *testing.T) {
	unsafe := []string{"../x", "a/b", "..", ".", "/etc/x", "a/../../b", "x/", "x\x00y", strings.Repeat("x", 300)}
	recordings := []any{object{"id": "plain", "created_at": "2026-01-31T10:00:00Z"}}
	for _, id := range unsafe {
		recordings = append(recordings, object{"id": id, "created_at": "2026-01-31T10:00:00Z"})
	}
	a := newArchiver(t, func(h http.Handler) http.Handler { return h }, recordings...)
	a.keeps("unsafe ids", "not archived, and so not deleted: 9 recordings", unsafe...)
	files := slices.Sorted(maps.Keys(a.files()))
	same(t, "files", files, []string{"2026-01-31/plain.json", "2026-01-31/plain.mp3", "2026-01-31/plain.wav"})
	for _, name := range []string{"archive", "."} {
		list, err := os.ReadDir(filepath.Join(a.dir, name))
		if want := map[string]int{"archive": 1, ".": 3}[name]; err != nil || len(list) != want {
			t.Errorf("%s has %v, %v", name, list, err)
		}
	}
	// Without an archive an id is only an id.
	a.enforce(a.load("a", "recording_retention:\n  all: {delete_after: 1d}\n"))
	if left := a.ids("recordings"); len(left) > 0 {
		t.Errorf("left %v", sorted(left))
	}
}

// Killed between any two requests, and in the middle of a file: another run makes it whole.
func TestArchiveKilledAtEveryStep(t *testing.T) {
	a := newArchiver(t, checked(t))
	for n := 1; ; n++ {
		a.reset()
		ctx, cancel := context.WithCancel(context.Background())
		a.stage.before = func(i int, _ *http.Request) error {
			if i >= n {
				cancel()
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		_, err := a.run(ctx, recordingJob, apply.Situation{Desired: a.desired, Enforce: true})
		stopped := ctx.Err() != nil
		cancel()
		if !stopped {
			if n < 12 {
				t.Errorf("only %d steps: %v", n, err)
			}
			return
		}
		files := a.files()
		for _, id := range []string{"a", "b"} {
			day := map[string]string{"a": "2026-02-01/", "b": "2026-01-31/"}[id]
			if whole := files[day+id+".mp3"] > 0 && files[day+id+".wav"] > 0; files[day+id+".json"] > 0 && !whole {
				t.Errorf("step %d: it claims more than is there: %v", n, files)
			}
			if !a.ids("recordings")[id] && files[day+id+".json"] == 0 {
				t.Errorf("step %d: %s was deleted, and the archive has %v", n, id, files)
			}
			// What a process leaves that is killed while it writes.
			if err := errors.Join(os.MkdirAll(filepath.Join(a.shelf(), day), 0o700), os.WriteFile(filepath.Join(a.shelf(), day, "."+id+".mp3.part"), []byte("RI"), 0o600)); err != nil {
				t.Fatal(err)
			}
			if files[day+id+".json"] > 0 {
				_ = os.Remove(filepath.Join(a.shelf(), day, "."+id+".mp3.part")) // it was done with that one
			}
		}
		a.stage.before = nil
		a.connect(client.Config{Concurrency: 1})
		a.enforce(a.desired)
		a.whole(fmt.Sprint("killed at step ", n))
		a.inHistory(fmt.Sprint("killed at step ", n), setOf("a", "b"))
	}
}
