package secret_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/secret"
)

// apiKey is as long as those of Telnyx nearly are.
const apiKey = "KEY0123456789ABCDEF0123456789"

const (
	noVariable = "the secret {env: A}: there is no such environment variable here"
	notListed  = "the secret {env: A}: references.env of the daemon's configuration does not list it"
	holdsKey   = "it holds the API key, which no field may hold: give the secret a place of its own"
)

// environment is one of a test's own.
func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestEnv(t *testing.T) {
	for name, c := range map[string]struct {
		reader    secret.Reader
		want, err string
	}{
		"there":               {reader: secret.Reader{Lookup: environment("A", "hunter2")}, want: "hunter2"},
		"as it stands":        {reader: secret.Reader{Lookup: environment("A", " x\ny\r\n\n")}, want: " x\ny\r\n\n"},
		"missing":             {reader: secret.Reader{Lookup: environment("AA", "secret", "a", "secret")}, err: noVariable},
		"empty":               {reader: secret.Reader{Lookup: environment("A", "")}, err: "the secret {env: A}: it is empty"},
		"listed":              {reader: secret.Reader{Lookup: environment("A", "secret"), Env: []string{"B", "A"}}, want: "secret"},
		"not listed":          {reader: secret.Reader{Lookup: environment("A", "secret"), Env: []string{"B", "AA", "a", "A "}}, err: notListed},
		"an empty list":       {reader: secret.Reader{Lookup: environment("A", "secret"), Env: []string{}}, err: notListed},
		"neither listed":      {reader: secret.Reader{Lookup: environment(), Env: []string{}}, err: notListed},
		"as large as allowed": {reader: secret.Reader{Lookup: environment("A", strings.Repeat("x", secret.MaxSize))}, want: strings.Repeat("x", secret.MaxSize)},
		"too large": {
			reader: secret.Reader{Lookup: environment("A", strings.Repeat("x", secret.MaxSize+1))},
			err:    "the secret {env: A}: it has more than 64 KB, which no secret has",
		},
	} {
		t.Run(name, func(t *testing.T) { check(t, &c.reader, resource.SecretRef{Env: "A"}, c.want, c.err) })
	}
}

// TestEnvOfTheProcess: without a Lookup it is the process's own.
func TestEnvOfTheProcess(t *testing.T) {
	t.Setenv("TELNYXSYNC_TEST_SECRET", "hunter2")
	check(t, &secret.Reader{}, resource.SecretRef{Env: "TELNYXSYNC_TEST_SECRET"}, "hunter2", "")
	must(t, os.Unsetenv("TELNYXSYNC_TEST_SECRET"))
	check(t, &secret.Reader{}, resource.SecretRef{Env: "TELNYXSYNC_TEST_SECRET"}, "",
		"the secret {env: TELNYXSYNC_TEST_SECRET}: there is no such environment variable here")
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "recordings"), "hunter2\n")
	ref := resource.SecretRef{Credential: "recordings"}
	check(t, &secret.Reader{Credentials: dir}, ref, "hunter2", "")
	// Each kind of reference has a list of its own.
	check(t, &secret.Reader{Credentials: dir, Env: []string{}, Directories: []string{}}, ref, "hunter2", "")
	check(t, &secret.Reader{Credentials: dir, Names: []string{"a", "recordings"}}, ref, "hunter2", "")
	for _, list := range [][]string{{}, {"recording", "recordings2", "Recordings"}} {
		check(t, &secret.Reader{Credentials: dir, Names: list}, ref, "",
			"the secret {credential: recordings}: references.credentials of the daemon's configuration does not list it")
	}
	check(t, &secret.Reader{}, ref, "",
		"the secret {credential: recordings}: no systemd credentials are here ($CREDENTIALS_DIRECTORY is not set): pass it with LoadCredential=")
	check(t, &secret.Reader{Credentials: dir}, resource.SecretRef{Credential: "other"}, "",
		"the secret {credential: other}: there is no such file here")
}

// TestAPIKey: whichever way a reference leads to the key, the key is not what it gives.
func TestAPIKey(t *testing.T) {
	for name, c := range map[string]struct{ key, text, want string }{
		"the key itself":         {key: apiKey, text: apiKey},
		"a short key itself":     {key: "KEY-01", text: "KEY-01"},
		"in a text":              {key: apiKey, text: `{"password": "` + apiKey + `"}`},
		"in a variable's line":   {key: apiKey, text: "TELNYX_API_KEY=" + apiKey + "\nA=b"},
		"with more behind":       {key: apiKey, text: apiKey + "0"},
		"with lines around":      {key: apiKey, text: "\n\n" + apiKey + "\r\n\r\n\n"},
		"a part of the key":      {key: apiKey, text: apiKey[1:], want: apiKey[1:]},
		"a short key in a text":  {key: "KEY", text: "MONKEYS", want: "MONKEYS"},
		"where there is none":    {key: "", text: "hunter2", want: "hunter2"},
		"one that is long or so": {key: "0123456789abcdef", text: "a0123456789abcdefg"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "a"), c.text+"\n")
			r := &secret.Reader{APIKey: c.key, Lookup: environment("A", c.text), Credentials: dir}
			for _, ref := range []resource.SecretRef{{Env: "A"}, {File: filepath.Join(dir, "a")}, {Credential: "a"}} {
				err := ""
				if c.want == "" {
					err = "the secret " + ref.String() + ": " + holdsKey
				}
				check(t, r, ref, c.want, err)
			}
		})
	}
}

// TestAPIKeyFile: the key's file is known by what it is, whatever it is called and whatever it holds by
// now.
func TestAPIKeyFile(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	put(t, key, "a new key that we have not read yet\n")
	must(t, os.Link(key, filepath.Join(dir, "hard")))
	must(t, os.Symlink("key", filepath.Join(dir, "soft")))
	must(t, os.Symlink("soft", filepath.Join(dir, "softer")))
	must(t, os.Symlink(dir, filepath.Join(dir, "around")))
	put(t, filepath.Join(dir, "copy"), "a new key that we have not read yet\n")
	refused := func(r *secret.Reader, ref resource.SecretRef) {
		t.Helper()
		check(t, r, ref, "", "the secret "+ref.String()+": it is the API key's file, which no field may hold: give the secret a place of its own")
	}
	for _, of := range []string{"key", "hard", "soft"} { // how the key's file was named to us
		r := &secret.Reader{APIKey: apiKey, APIKeyFile: filepath.Join(dir, of), Credentials: dir}
		for _, name := range []string{"key", "hard", "soft", "softer", "around/key", "around/around/softer"} {
			refused(r, resource.SecretRef{File: filepath.Join(dir, name)})
			refused(r, resource.SecretRef{Credential: name})
		}
		check(t, r, resource.SecretRef{File: filepath.Join(dir, "copy")}, "a new key that we have not read yet", "")
	}
	gone := &secret.Reader{APIKeyFile: filepath.Join(dir, "gone")}
	check(t, gone, resource.SecretRef{File: key}, "a new key that we have not read yet", "")
}

// check reads a reference and compares what comes of it: a text or an error.
func check(t testing.TB, r *secret.Reader, ref resource.SecretRef, want, wantErr string) {
	t.Helper()
	got, err := r.Read(ref)
	text := ""
	if err != nil {
		text = err.Error()
	}
	if got != want || text != wantErr {
		t.Errorf("%s\n got %.99q, %q\nwant %.99q, %q", ref, got, text, want, wantErr)
	}
}

func put(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
