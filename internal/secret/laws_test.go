package secret_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/secret"

	"pgregory.net/rapid"
)

// TestErrorsSayNothingOfTheSecret: what is said depends on what is wrong alone. Two secrets with the same
// thing wrong get the same words, so that nothing of either can be in them.
func TestErrorsSayNothingOfTheSecret(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	wrong := map[string]func(t *rapid.T) string{
		"too large":     func(t *rapid.T) string { return strings.Repeat(anything(t)+"x", secret.MaxSize+1) },
		"the API key":   func(*rapid.T) string { return apiKey },
		"holds the key": func(t *rapid.T) string { return anything(t) + apiKey + anything(t) },
		"too short":     func(t *rapid.T) string { return rapid.StringMatching(`[a-z]{1,5}`).Draw(t, "short") },
		"not text": func(t *rapid.T) string {
			return "hunter2" + anything(t) + rapid.SampledFrom([]string{"\x00", "\xff", "\ufeff", "\xc3"}).Draw(t, "bad") + anything(t)
		},
	}
	rapid.Check(t, func(t *rapid.T) {
		what := rapid.SampledFrom([]string{"too large", "the API key", "holds the key", "too short", "not text"}).Draw(t, "what")
		lists := rapid.SampledFrom([]secret.Reader{{}, {Env: []string{"A"}, Directories: []string{dir}}, {Env: []string{}, Directories: []string{}}}).Draw(t, "lists")
		ref := rapid.SampledFrom([]resource.SecretRef{{Env: "A"}, {File: path}, {Credential: "a"}}).Draw(t, "ref")
		said := func() string {
			text := wrong[what](t)
			r := lists
			r.APIKey, r.Credentials, r.Lookup = apiKey, dir, environment("A", text)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := r.Read(ref)
			if got != "" || err == nil {
				t.Fatalf("%s: got %.99q, %v", what, got, err)
			}
			return err.Error()
		}
		if a, b := said(), said(); a != b || strings.Contains(a, apiKey) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

// TestReadIsWhatStandsThere, wherever it stands.
func TestReadIsWhatStandsThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	rapid.Check(t, func(t *rapid.T) {
		text := "secret" + anything(t)
		end := "\r\n"
		if !strings.HasSuffix(text, "\r") && rapid.Bool().Draw(t, "LF alone") {
			end = "\n"
		}
		if err := os.WriteFile(path, []byte(text+end), 0o600); err != nil {
			t.Fatal(err)
		}
		r := secret.Reader{APIKey: apiKey, Credentials: dir, Lookup: environment("A", text), Directories: []string{dir}}
		for _, ref := range []resource.SecretRef{{Env: "A"}, {File: path}, {Credential: "a"}} {
			if got, err := r.Read(ref); got != text || err != nil {
				t.Fatalf("%s: got %q, %v, want %q", ref, got, err, text)
			}
		}
	})
}

// anything draws text, which may be empty.
func anything(t *rapid.T) string {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"hunter2", "\n", "\r", "\r\n", "{env: A}", "%s%d%!"})).
		Filter(func(s string) bool { return !strings.ContainsAny(s, "\x00\ufeff") }).Draw(t, "text")
}
