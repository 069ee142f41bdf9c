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
	mu sync.Mutex
	w  io.Writer
}

func (t *tracer) request(r request, u *url.URL, attempt int) {
	if t == nil {
		return
	}
	line := "→ " + r.method + " "
	if r.elsewhere == nil {
		line += u.RequestURI()
	} else {
		line += r.path
	}
	if attempt > 1 {
		line += fmt.Sprintf(" (attempt %d)", attempt)
	}
	body := traceBody(r.mask, "application/json", r.body)
	if r.form != nil {
		body = traceSize(r.mask, r.form.contentType, r.form.size())
	}
	t.write(r.mask, line, body)
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
		t.write(r.mask, fmt.Sprintf("✗ %v %s %s: %s", took, r.method, r.path, text), "")
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "← %d %v", a.status, took)
	if a.requestID != "" {
		b.WriteString(" request-id " + a.requestID)
	}
	for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Retry-After"} {
		if v := a.header.Get(name); v != "" && r.elsewhere == nil {
			fmt.Fprintf(&b, " %s %s", strings.ToLower(name), r.mask.clean(v, maxToken))
		}
	}
	b.WriteString(" " + r.method + " " + r.path)
	if a.err != nil {
		b.WriteString(": " + a.err.Error())
	}
	body := traceBody(r.mask, a.contentType, a.body)
	switch {
	case r.stream != nil && a.status/100 == 2:
		body = traceSize(r.mask, a.contentType, a.size)
	case len(a.body) > 0 && (r.elsewhere != nil || r.private && !isObject(a.body)):
		body = traceSize(r.mask, a.contentType, int64(len(a.body)))
	}
	t.write(r.mask, b.String(), body)
}

func (t *tracer) write(m *masker, line, body string) {
	var b strings.Builder
	b.WriteString(escape(m.text(line)) + "\n")
	if body != "" {
		b.WriteString("  " + body + "\n")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// A trace that cannot be written must not stop the work.
	_, _ = io.WriteString(t.w, b.String())
}

func traceBody(m *masker, contentType string, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	v, err := decode(body)
	if err != nil {
		return traceSize(m, contentType, int64(len(body)))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m.fields(v)); err != nil {
		return fmt.Sprintf("(JSON, %d bytes)", len(body))
	}
	s := escape(m.text(strings.TrimSpace(b.String())))
	if len(s) <= maxTraceBody {
		return s
	}
	return strings.ToValidUTF8(s[:maxTraceBody], "") + fmt.Sprintf("… (%d bytes)", len(body))
}

// traceSize describes a body that is not shown.
func traceSize(m *masker, contentType string, size int64) string {
	// Masked before it is parsed, which changes its case.
	kind, _, err := mime.ParseMediaType(m.text(contentType))
	if err != nil {
		kind = "unknown type"
	}
	return escape(fmt.Sprintf("(%s, %d bytes)", cut(kind, maxToken), size))
}
