package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"
)

// cause names why a request ended: our own side, the caller's context, the attempt's time, or what the network said.
func (c *Client) cause(ctx, actx context.Context, patience time.Duration, r request, err error) error {
	if isOurs(err) {
		return err
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // the URL is said better, and escaped, by Error
	}
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errSize), errors.Is(err, ErrHTML), errors.Is(err, ErrUnreadable):
		return err
	case errors.Is(err, ErrReadOnly):
		return ErrReadOnly
	case ctx.Err() != nil:
		return ctx.Err()
	case actx.Err() != nil:
		return fmt.Errorf("%w (%v)", errTimeout, patience)
	}
	text := err.Error()
	if r.private || r.elsewhere != nil {
		text = plainly(err)
	}
	return &quiet{text: r.mask.clean(text, maxText), err: err}
}

// plainly says what went wrong on the way without the rest of the error: a broken answer may be quoted there, and it is one
// that must not be shown.
func plainly(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &op):
		return op.Error()
	case errors.As(err, &dns):
		return dns.Error()
	case errors.As(err, &cert):
		return cert.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed too early"
	}
	return "what came is no readable answer"
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

// ours is a failure on our side of a call, of the file that is sent or of what reads the answer. Another attempt would
// only meet it again.
type ours struct{ quiet }

func (m *masker) ours(what string, err error) error {
	return &ours{quiet{text: m.clean(what+": "+err.Error(), maxText), err: err}}
}

func isOurs(err error) bool {
	var o *ours
	return errors.As(err, &o)
}
