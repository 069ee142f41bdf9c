package telnyxsim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// The content of recordings lies in a storage that is not the API: under /_sim/recordings,
// behind URLs that are signed as those of S3 look, hold for ten minutes on the simulator's
// clock, and want no key: one that comes with a request is a violation.
//
// A content is what stands in the recording's "_content", in base64, or else as many bytes
// as "_bytes" says, 4096 if absent, which follow from the id and the format.
const (
	storagePath  = "/recordings/" // below /_sim
	storageLife  = 10 * time.Minute
	storageStamp = "20060102T150405Z"
	contentBytes = 4096
)

// storageTypes are the formats of a recording.
func storageTypes() map[string]string {
	return map[string]string{"mp3": "audio/mpeg", "wav": "audio/x-wav"}
}

// downloadURLs makes the URLs of recordings' contents, at the host that was asked.
func downloadURLs(c *call) func(id string) map[string]any {
	date := c.now.UTC().Format(storageStamp)
	q := url.Values{
		"X-Amz-Algorithm":     {"AWS4-HMAC-SHA256"},
		"X-Amz-Credential":    {"AKIASIMULATEDKEY0000/" + date[:8] + "/us-east-1/s3/aws4_request"},
		"X-Amz-Date":          {date},
		"X-Amz-Expires":       {strconv.Itoa(int(storageLife / time.Second))},
		"X-Amz-SignedHeaders": {"host"},
	}.Encode() + "&X-Amz-Signature="
	return func(id string) map[string]any {
		urls := map[string]any{}
		for format := range storageTypes() {
			urls[format] = c.host + "/_sim" + storagePath + url.PathEscape(id) + "." + format + "?" + q + signature(id, format, date)
		}
		return urls
	}
}

func signature(id, format, date string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"telnyxsim", id, format, date}, "\n")))
	return hex.EncodeToString(sum[:])
}

// serveStorage answers for the content of a recording. name is escaped.
func (s *Sim) serveStorage(w http.ResponseWriter, r *http.Request, name string) {
	if r.Header.Get("Authorization") != "" {
		s.broken.add("%s /_sim%s: an API key is sent to where the content of recordings lies", r.Method, storagePath)
		storageError(w, http.StatusBadRequest, "InvalidArgument")
		return
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		storageError(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
		return
	}
	format := strings.TrimPrefix(path.Ext(name), ".")
	id, err := url.PathUnescape(strings.TrimSuffix(name, "."+format))
	q := r.URL.Query()
	date := q.Get("X-Amz-Date")
	begun, wrong := time.Parse(storageStamp, date)
	now := s.clock.Now()
	if err != nil || wrong != nil || q.Get("X-Amz-Signature") != signature(id, format, date) ||
		now.After(begun.Add(storageLife)) || now.Before(begun.Add(-storageLife)) {
		storageError(w, http.StatusForbidden, "AccessDenied")
		return
	}
	s.mu.Lock()
	obj, found := s.acc.of(recordingColl, "").get(id)
	s.mu.Unlock()
	if !found || storageTypes()[format] == "" {
		storageError(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	content, size := contentOf(obj, format)
	w.Header().Set("Content-Type", storageTypes()[format])
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	_, _ = io.Copy(w, content) // an error here is a client that has gone away
}

// contentOf is the content of a recording and its size.
func contentOf(obj map[string]any, format string) (io.Reader, int64) {
	if text, ok := obj["_content"].(string); ok {
		b, _ := base64.StdEncoding.DecodeString(text) // fields checked it
		return strings.NewReader(string(b)), int64(len(b))
	}
	size := int64(contentBytes)
	if n, ok := obj["_bytes"].(json.Number); ok {
		size, _ = n.Int64() // fields checked it
	}
	line := obj["id"].(string) + " as " + format + "\n"
	return io.LimitReader(&repeat{text: []byte(line)}, size), size
}

// repeat is a text over and over.
type repeat struct {
	text []byte
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.text[r.at]
		r.at = (r.at + 1) % len(r.text)
	}
	return len(p), nil
}

// storageError answers as S3 does.
func storageError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code></Error>\n", code)
}
