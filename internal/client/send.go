package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// request is a call before it is sent.
type request struct {
	method string
	path   string // escaped, below the base URL
	query  url.Values
	body   []byte  // JSON; nil for none
	form   *form   // a file and what goes with it, in the place of a body
	mask   *masker // of the key and of what is secret in the body; nil: of the key alone
	// private says that the answer holds what people have said, or URLs where it can be heard: nothing of it is quoted that
	// has not the shape of an error.
	private bool
	// elsewhere is a presigned URL, where the request goes in the place of path, which then only names it. It goes without
	// the key, and Telnyx's limits do not count it.
	elsewhere *url.URL
	// read takes what it needs from a 2xx body and says why it cannot. nil: any body will do.
	read func(body []byte) error
	// stream is given a 2xx body as it comes, in the place of read.
	stream func(io.Reader) error
}

// answer is what came back of one attempt.
type answer struct {
	status      int // 0: nothing came back
	header      http.Header
	body        []byte
	contentType string
	size        int64 // of a body that was streamed
	requestID   string
	sent        bool  // the request may have reached Telnyx
	err         error // of the transport, or of reading the body
}

var (
	errTooLarge = errors.New("the answer is too large")
	errTimeout  = errors.New("no whole answer in time")
)

// tooLarge is errTooLarge with the limit in bytes.
func tooLarge(limit int64) error { return fmt.Errorf("%w: more than %d MiB", errTooLarge, limit>>20) }

// slowest is the rate, in bytes per second, at which a file has to come or go. An attempt gets as much more time.
const slowest = 64 << 10

// patience is the time that an attempt may take.
func (c *Client) patience(r request) time.Duration {
	switch {
	case r.form != nil:
		return c.timeout + bulk(r.form.size())
	case r.stream != nil && r.elsewhere == nil:
		return c.timeout + bulk(MaxMedia)
	}
	return c.timeout
}

// bulk is the time that so many bytes may take.
func bulk(size int64) time.Duration { return time.Duration(max(size, 0)/slowest) * time.Second }

// admit waits for everything that a request has to wait for: a free slot, the configured rate, and Telnyx's own limit.
// The slot comes first, since a place in a rate window is only good at the moment of sending.
func (c *Client) admit(ctx context.Context, r request) (ticket, error) {
	// select picks at random among what is ready: a context that is done must not win a slot.
	if err := ctx.Err(); err != nil {
		return ticket{}, err
	}
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return ticket{}, ctx.Err()
	}
	if r.elsewhere != nil {
		return ticket{}, nil
	}
	if c.limiter != nil {
		r := c.limiter.Reserve()
		if err := sleep(ctx, r.Delay()); err != nil {
			r.Cancel()
			<-c.slots
			return ticket{}, err
		}
	}
	t, err := c.pace.acquire(ctx)
	if err != nil {
		<-c.slots
	}
	return t, err
}

// attempt sends a request once and judges what came back.
func (c *Client) attempt(ctx context.Context, r request, n int) (answer, *Error) {
	t, err := c.admit(ctx, r)
	if err != nil {
		a := answer{err: err}
		return a, judge(r, a)
	}
	start := time.Now()
	a := c.send(ctx, r, n)
	took := time.Since(start)
	if r.elsewhere == nil {
		c.pace.done(t, a)
	}
	<-c.slots

	e := judge(r, a)
	if e == nil && r.elsewhere == nil {
		c.skew.Store(skewOf(a.header, start, start.Add(took)))
	}
	c.trace.answer(r, a, took)
	if c.onCall != nil {
		call := Call{Method: r.method, Path: r.mask.text(r.path), Status: a.status, Attempt: n, Duration: took, RequestID: a.requestID}
		if e != nil {
			call.Err = e
		}
		c.onCall(call)
	}
	return a, e
}

func (c *Client) send(ctx context.Context, r request, n int) (a answer) {
	u, err := c.base.resolve(r.path, r.query)
	if err != nil {
		return answer{err: err}
	}
	if r.elsewhere != nil {
		u = r.elsewhere
	}
	actx, cancel := context.WithCancel(ctx)
	defer cancel()
	patience := c.patience(r)
	alarm := time.AfterFunc(patience, cancel)
	defer alarm.Stop()
	var wire wireTrace
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(actx, wire.hooks()), r.method, u.String(), nil)
	if err != nil {
		return answer{err: err}
	}
	var up atomic.Pointer[upload] // what is being sent of a form
	switch {
	case r.form != nil:
		if err := r.form.attach(req, &up); err != nil {
			return answer{err: err}
		}
	case r.body != nil:
		req.Body = io.NopCloser(bytes.NewReader(r.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
		req.ContentLength = int64(len(r.body))
		req.Header.Set("Content-Type", "application/json")
	}
	if r.elsewhere == nil {
		req.Header.Set("Authorization", "Bearer "+c.key)
	} else {
		req.Header.Set("Accept-Encoding", "identity") // compressed on the way, it would not tell its size
	}
	if r.stream == nil {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Set("User-Agent", c.userAgent)
	c.trace.request(r, u, n)

	resp, err := c.http.Do(req)
	if err != nil {
		a = answer{err: c.cause(ctx, actx, patience, r, err), sent: wire.sent(err)}
		if failed := up.Load().failure(); failed != nil && actx.Err() == nil {
			a.err, a.sent = failed, true
		}
		return a
	}
	defer resp.Body.Close()
	a = answer{
		status:      resp.StatusCode,
		header:      resp.Header,
		contentType: resp.Header.Get("Content-Type"),
		sent:        true,
	}
	if r.elsewhere == nil {
		a.requestID = r.mask.clean(resp.Header.Get("X-Request-Id"), maxToken)
	}
	if r.stream != nil && a.status/100 == 2 {
		if r.elsewhere != nil {
			patience += bulk(resp.ContentLength)
			alarm.Reset(patience)
		}
		a.size, err = stream(r, resp)
		if err != nil {
			a.err = c.cause(ctx, actx, patience, r, err)
		}
		return a
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		a.err = c.cause(ctx, actx, patience, r, err)
	case len(a.body) > maxAnswer:
		a.body, a.err = nil, tooLarge(maxAnswer)
	case a.status/100 == 2:
		a.err = up.Load().unfinished()
	}
	return a
}

// wireTrace learns whether a request can have reached the server.
type wireTrace struct{ asked, got atomic.Bool }

func (w *wireTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.got.Store(true) },
	}
}

// sent is false only where it is certain that not one byte of the request was written: no connection was had. With a
// connection it may have been written in part, and a transport that does not report connections leaves it open.
func (w *wireTrace) sent(err error) bool {
	switch {
	case errors.Is(err, ErrReadOnly):
		return false
	case w.got.Load():
		return true
	case w.asked.Load():
		return false
	}
	var op *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	dial := errors.As(err, &op) && op.Op == "dial"
	return !dial && !errors.As(err, &dns) && !errors.As(err, &cert)
}

// sleep waits, or returns the context's error at once when that is done.
func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
