package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"
	"sync"
	"time"
)

// maxTraceBody bounds a body in the trace, in bytes.
const maxTraceBody = 4 << 10

// tracer writes requests and answers for --debug. Each is one Write, so lines of concurrent requests do not mix; an answer
// repeats its method and path so that it can be told whose it is. A nil tracer writes nothing.
//
// Of headers only the request id and the limits are shown. Bodies are decoded, masked by field and written again, never
// printed as they came; what is not JSON is described by type and length.
type tracer struct {
	mu   sync.Mutex
	w    io.Writer
	mask *masker
}

func (t *tracer) request(r request, u *url.URL, attempt int) {
	if t == nil {
		return
	}
	line := "→ " + r.method + " " + u.RequestURI()
	if attempt > 1 {
		line += fmt.Sprintf(" (attempt %d)", attempt)
	}
	t.write(line, t.body("application/json", r.body))
}

func (t *tracer) answer(r request, a answer, took time.Duration) {
	if t == nil {
		return
	}
	took = took.Round(time.Millisecond)
	if a.status == 0 {
		text := "no answer"
		if a.err != nil {
			text = a.err.Error()
		}
		t.write(fmt.Sprintf("✗ %v %s %s: %s", took, r.method, r.path, text), "")
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "← %d %v", a.status, took)
	if a.requestID != "" {
		b.WriteString(" request-id " + a.requestID)
	}
	for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Retry-After"} {
		if v := a.header.Get(name); v != "" {
			fmt.Fprintf(&b, " %s %s", strings.ToLower(name), t.mask.clean(v, maxToken))
		}
	}
	b.WriteString(" " + r.method + " " + r.path)
	if a.err != nil {
		b.WriteString(": " + a.err.Error())
	}
	t.write(b.String(), t.body(a.contentType, a.body))
}

func (t *tracer) write(line, body string) {
	var b strings.Builder
	b.WriteString(escape(t.mask.text(line)) + "\n")
	if body != "" {
		b.WriteString("  " + body + "\n")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// A trace that cannot be written must not stop the work.
	_, _ = io.WriteString(t.w, b.String())
}

func (t *tracer) body(contentType string, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	v, err := decode(body)
	if err != nil {
		kind, _, err := mime.ParseMediaType(contentType)
		if err != nil {
			kind = "unknown type"
		}
		return escape(fmt.Sprintf("(%s, %d bytes)", cut(t.mask.text(kind), maxToken), len(body)))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(t.mask.fields(v)); err != nil {
		return fmt.Sprintf("(JSON, %d bytes)", len(body))
	}
	s := escape(t.mask.text(strings.TrimSpace(b.String())))
	if len(s) <= maxTraceBody {
		return s
	}
	return strings.ToValidUTF8(s[:maxTraceBody], "") + fmt.Sprintf("… (%d bytes)", len(body))
}
