package apply_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/resource"
	"telnyxsync/internal/state"

	"pgregory.net/rapid"
)

// The part of a random world that has secrets, files and ends.

// filesOf puts files there, by the first letter of their content.
func filesOf(t *testing.T, contents ...string) map[string]resource.File {
	t.Helper()
	out, root := map[string]resource.File{}, t.TempDir()
	for _, content := range contents {
		name := content[:1] + ".wav"
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		out[content[:1]] = resource.File{
			Root: root, Name: name, Size: int64(len(content)), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(content))), Type: "audio/wav",
		}
	}
	return out
}

// secretMark begins what stands for the digest of a secret until there is a state to make it.
const secretMark = "digest of "

func digested(snap state.Snapshot, v any) any {
	switch v := v.(type) {
	case resource.Object:
		out := resource.Object{}
		for name, field := range v {
			out[name] = digested(snap, field)
		}
		return out
	case string:
		if text, ok := strings.CutPrefix(v, secretMark); ok {
			secret := snap.Secret(text)
			return secret.Digest()
		}
	}
	return v
}

func (w *world) secret(ref resource.SecretRef) (string, error) {
	text, ok := w.secrets[ref.Env]
	if !ok {
		return "", errors.New("the secret " + ref.String() + ": there is no such environment variable here")
	}
	return text, nil
}

func agentKey(n string) string { return `{"type":"service_account","private_key":"` + n + `"}` }

// drawStores fills the account with media, storage and agents, and the environment with secrets.
func (w *world) drawStores(t *rapid.T, ids []string) {
	for _, name := range []string{"A", "B"} {
		if rapid.IntRange(0, 5).Draw(t, "secret there") > 0 {
			w.secrets[name] = rapid.SampledFrom([]string{"one-secret", "another-secret"}).Draw(t, "secret")
			w.secrets["AGENT_"+name] = agentKey(w.secrets[name])
		}
	}
	w.secrets["NO_OBJECT"] = "[]"
	media, stores, agents := []any{}, []any{}, []any{}
	for _, n := range names {
		if !rapid.Bool().Draw(t, "medium there") {
			continue
		}
		m := map[string]any{
			"media_name": n, "content_type": "audio/wav", "expires_at": nil, "created_at": rapid.SampledFrom(moments).Draw(t, "medium made"),
			"_content": base64.StdEncoding.EncodeToString([]byte(rapid.SampledFrom([]string{"a content", "b content", "another"}).Draw(t, "content"))),
		}
		if end := drawTime(t, "expires"); !end.IsZero() {
			m["expires_at"] = end.UTC().Format(time.RFC3339)
		}
		media = append(media, m)
	}
	for _, id := range append([]string{"999"}, ids...) {
		if rapid.Bool().Draw(t, "storage there") {
			stores = append(stores, map[string]any{"connection_id": id, "backend": "s3", "configuration": map[string]any{
				"backend": "s3", "bucket": rapid.SampledFrom([]string{"b", "c"}).Draw(t, "bucket"), "region": "r", "aws_access_key_id": "AKIA", "aws_secret_access_key": "old-secret",
			}})
		}
		if rapid.Bool().Draw(t, "agent there") {
			agents = append(agents, map[string]any{"connection_id": id, "conversation_profile_id": "p", "environment": rapid.SampledFrom([]string{"x", "y"}).Draw(t, "environment")})
		}
	}
	w.account["media"], w.account["custom_storage_credentials"], w.account["dialogflow_connections"] = media, stores, agents
	for _, values := range [][]string{
		{"_media_expired", "gone", "shown"},
		{"_media_put_content", "optional", "required"},
		{"_media_put_ttl", "reset", "keep"},
		{"_media_post_existing", "refuse", "replace"},
		{"_storage_secrets", "returned", "masked", "omitted"},
		{"_dialogflow_service_account", "masked", "returned", "omitted"},
	} {
		w.account[values[0]] = rapid.SampledFrom(values[1:]).Draw(t, values[0])
	}
}

// drawTime is far from now on either side, near, or none.
func drawTime(t *rapid.T, what string) time.Time {
	hours := rapid.SampledFrom([]int{-24 * 1000, -1, 1, 24 * 1000, 0}).Draw(t, what)
	if hours == 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(hours) * time.Hour)
}

func (w *world) drawMedium(t *rapid.T, entry bool) resource.Object {
	o := resource.Object{}
	pick := func(what string, values ...string) string { return rapid.SampledFrom(values).Draw(t, what) }
	switch pick("made of", "file", "url", "nothing") {
	case "file":
		file := w.files[pick("file", "a", "b")]
		if o["file"] = file; !entry {
			o["file"] = file.Digest()
		} else if rapid.Bool().Draw(t, "verify") {
			o["verify_content"] = true
		}
	case "url":
		o["media_url"] = pick("url", "https://a.example.com/a.wav", "https://b.example.com/b.wav")
	}
	if ttl := pick("ttl", "", "10d", "400d"); ttl != "" {
		o["ttl"] = ttl
	}
	if entry {
		if name := pick("media name", "", "", "a", "e"); name != "" {
			o["media_name"] = name
		}
		if before := pick("before", "", "1d"); before != "" {
			o["renew_before"] = before
		}
	}
	return o
}

// secretOr is a reference in an entry, and in what was applied the mark of a secret.
func secretOr(entry bool, env, text string) any {
	if entry {
		return resource.SecretRef{Env: env}
	}
	return secretMark + text
}

func (w *world) drawStorage(t *rapid.T, ids []string, entry bool) resource.Object {
	pick := func(what string, values ...string) string { return rapid.SampledFrom(values).Draw(t, what) }
	secret := func() any { return secretOr(entry, pick("env", "A", "B"), pick("applied", "one-secret", "old-secret")) }
	o := resource.Object{"backend": pick("backend", "s3", "s3", "gcs")}
	configuration := resource.Object{"bucket": pick("bucket", "b", "c")}
	o["configuration"] = configuration
	if o["backend"] == "gcs" {
		configuration["credentials"] = secret()
	} else {
		configuration["aws_access_key_id"], configuration["aws_secret_access_key"] = secret(), secret()
		if region := pick("region", "", "r", "s"); region != "" {
			configuration["region"] = region
		}
	}
	if !entry {
		return o
	}
	if rapid.Bool().Draw(t, "by name") {
		o["connection"] = ref("external_connections", pick("connection", names...))
	} else {
		o["connection_id"] = pick("connection id", append([]string{"998", "999"}, ids...)...)
	}
	return o
}

func (w *world) drawAgent(t *rapid.T, ids []string, entry bool) resource.Object {
	pick := func(what string, values ...string) string { return rapid.SampledFrom(values).Draw(t, what) }
	o := resource.Object{
		"dialogflow_api": pick("api", "es", "cx"), "location": pick("location", "global", "europe"),
		"service_account": secretOr(entry, pick("env", "AGENT_A", "AGENT_B", "NO_OBJECT"), agentKey("one-secret")),
	}
	if profile := pick("profile", "", "p", "q"); profile != "" || o["dialogflow_api"] == "cx" {
		o["conversation_profile_id"] = profile + "p"
	}
	switch environment := pick("environment", "", "x", "y", "null"); environment {
	case "":
	case "null":
		o["environment"] = nil
	default:
		o["environment"] = environment
	}
	if entry {
		o["connection_id"] = pick("connection id", append([]string{"998", "999"}, ids...)...)
	}
	return o
}
