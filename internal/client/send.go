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
	body   []byte // JSON; nil for none
	// read takes what it needs from a 2xx body and says why it cannot. nil: any body will do.
	read func(body []byte) error
}

// answer is what came back of one attempt.
type answer struct {
	status      int // 0: nothing came back
	header      http.Header
	body        []byte
	contentType string
	requestID   string
	sent        bool  // the request may have reached Telnyx
	err         error // of the transport, or of reading the body
}

var (
	errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)
	errTimeout  = errors.New("no whole answer in time")
)

// admit waits for everything that a request has to wait for: a free slot, the configured rate, and Telnyx's own limit.
// The slot comes first, since a place in a rate window is only good at the moment of sending.
func (c *Client) admit(ctx context.Context) (ticket, error) {
	// select picks at random among what is ready: a context that is done must not win a slot.
	if err := ctx.Err(); err != nil {
		return ticket{}, err
	}
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return ticket{}, ctx.Err()
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
	t, err := c.admit(ctx)
	if err != nil {
		a := answer{err: err}
		return a, c.judge(r, a)
	}
	start := time.Now()
	a := c.send(ctx, r, n)
	took := time.Since(start)
	c.pace.done(t, a)
	<-c.slots

	e := c.judge(r, a)
	c.trace.answer(r, a, took)
	if c.onCall != nil {
		call := Call{Method: r.method, Path: c.mask.text(r.path), Status: a.status, Attempt: n, Duration: took, RequestID: a.requestID}
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
	actx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeout)
	defer cancel()
	var wire wireTrace
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(actx, wire.hooks()), r.method, u.String(), nil)
	if err != nil {
		return answer{err: err}
	}
	if r.body != nil {
		req.Body = io.NopCloser(bytes.NewReader(r.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
		req.ContentLength = int64(len(r.body))
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	c.trace.request(r, u, n)

	resp, err := c.http.Do(req)
	if err != nil {
		return answer{err: c.cause(ctx, actx, err), sent: wire.sent(err)}
	}
	defer resp.Body.Close()
	a = answer{
		status:      resp.StatusCode,
		header:      resp.Header,
		contentType: resp.Header.Get("Content-Type"),
		requestID:   c.mask.clean(resp.Header.Get("X-Request-Id"), maxToken),
		sent:        true,
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		a.err = c.cause(ctx, actx, err)
	case len(a.body) > maxAnswer:
		a.body, a.err = nil, errTooLarge
	}
	return a
}

// cause names why a request ended: the caller's context, the attempt's time, or what the network said.
func (c *Client) cause(ctx, actx context.Context, err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // the URL is said better, and escaped, by Error
	}
	switch {
	case errors.Is(err, ErrReadOnly):
		return ErrReadOnly
	case ctx.Err() != nil:
		return ctx.Err()
	case actx.Err() != nil:
		return fmt.Errorf("%w (%v)", errTimeout, c.timeout)
	}
	return &quiet{text: c.mask.clean(err.Error(), maxText), err: err}
}

// quiet is a foreign error under a text that is safe to print. It hides the original from printing, not from errors.Is
// and errors.As: a broken answer may be quoted in it, and with it whatever the server echoed.
type quiet struct {
	text string
	err  error
}

func (q *quiet) Error() string        { return q.text }
func (q *quiet) Is(target error) bool { return errors.Is(q.err, target) }
func (q *quiet) As(target any) bool   { return errors.As(q.err, target) }

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
