// Package client is telnyxsync's own client of the Telnyx API v2: transport, paging, errors, pacing and retries, and one
// file for each collection.
//
// It moves JSON objects and the content of media and recordings, and nothing more. It knows nothing of YAML, of what is
// desired, of diffs, of ownership or of what a field means: an [Object] comes back as Telnyx wrote it, numbers as
// [json.Number], so that ids keep their digits.
//
// What it promises to its callers:
//
//   - A listing is complete or an error ([ErrIncomplete]). A short list never looks like deletions.
//   - A POST that may have reached Telnyx is never sent again, unless it was refused for its rate (429): none of its
//     operations takes an idempotency key, so a blind repeat makes a duplicate. [Unknown] tells such an error from a
//     definite refusal.
//   - A client with [Config.ReadOnly] cannot send anything but GET, whatever is called on it.
//   - The API key leaves it in the Authorization header, to the host of the base URL, and in no other way. What is secret
//     in a body that is sent does not come back in an error or in the trace, though the server should echo it.
//   - What people said on the phone, and the URLs where it can be heard, are shown in no error and no trace.
package client

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync/atomic"
	"time"
	"unicode"

	"golang.org/x/time/rate"
)

// DefaultBaseURL is where Telnyx serves its API.
const DefaultBaseURL = "https://api.telnyx.com/v2"

const (
	defaultConcurrency = 10
	defaultTimeout     = 30 * time.Second
	defaultUserAgent   = "telnyxsync"
	// maxAnswer bounds what one answer may cost in memory. The largest page of 250 entries is far below it.
	maxAnswer = 32 << 20
)

// Object is a decoded JSON object. Its numbers are [json.Number].
type Object = map[string]any

// Meta is what an answer says about itself.
type Meta struct {
	Status    int    // the HTTP status; 404 for a DELETE of what is gone already
	RequestID string // x-request-id, which Telnyx's support asks for
}

// Config describes a client. Only Key is required.
type Config struct {
	BaseURL     string            // "" means DefaultBaseURL; https, or http on a loopback address
	Key         string            // the API key, sent as Authorization: Bearer
	UserAgent   string            // "" means telnyxsync
	ReadOnly    bool              // refuse everything but GET with ErrReadOnly, before anything is sent
	Concurrency int               // requests in flight at once; 0 means 10
	Rate        float64           // requests per second; 0 means as many as x-ratelimit-* permits
	Timeout     time.Duration     // of one attempt, to the answer's last byte; files get more by their size; 0 means 30s
	Trace       io.Writer         // every request and answer, masked; nil for none
	Transport   http.RoundTripper // nil means a tuned copy of http.DefaultTransport, with the environment's proxies
	OnCall      func(Call)        // told of every attempt, from many goroutines at once; nil for none
}

// Call is one attempt, as [Config.OnCall] sees it.
type Call struct {
	Method    string
	Path      string // below the base URL, escaped, without the query
	Status    int    // 0 without an answer
	Attempt   int    // 1 for the first
	Duration  time.Duration
	RequestID string
	Err       error // nil or an *Error
}

// Client speaks to one account. It is safe for concurrent use, and all its calls share one limit of requests in flight,
// one rate and one budget of retries.
type Client struct {
	base        endpoint
	key         string
	userAgent   string
	concurrency int
	timeout     time.Duration
	http        *http.Client
	slots       chan struct{}
	limiter     *rate.Limiter // nil without Config.Rate
	pace        *pacer
	budget      *budget
	mask        *masker
	trace       *tracer // nil without Config.Trace
	onCall      func(Call)
	skew        atomic.Pointer[time.Duration] // see ClockSkew
}

// New checks the configuration and makes a client. Nothing is sent. The errors say what to do and never show the key.
func New(cfg Config) (*Client, error) {
	if err := checkKey(cfg.Key); err != nil {
		return nil, err
	}
	base, err := parseEndpoint(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if cfg.Rate < 0 || math.IsNaN(cfg.Rate) || math.IsInf(cfg.Rate, 0) {
		return nil, fmt.Errorf("rate %v: want requests per second, or 0 for what Telnyx allows", cfg.Rate)
	}
	c := &Client{
		base:        base,
		key:         cfg.Key,
		userAgent:   cfg.UserAgent,
		concurrency: cfg.Concurrency,
		timeout:     cfg.Timeout,
		pace:        newPacer(),
		budget:      newBudget(),
		mask:        newMasker(cfg.Key),
		onCall:      cfg.OnCall,
	}
	if c.userAgent == "" {
		c.userAgent = defaultUserAgent
	}
	if c.concurrency <= 0 {
		c.concurrency = defaultConcurrency
	}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	if cfg.Rate > 0 {
		// A burst of one spaces the requests evenly: the rate then also holds within the first second.
		c.limiter = rate.NewLimiter(rate.Limit(cfg.Rate), 1)
	}
	if cfg.Trace != nil {
		c.trace = &tracer{w: cfg.Trace}
	}
	c.slots = make(chan struct{}, c.concurrency)
	c.http = &http.Client{
		Transport:     transport(cfg.Transport, c.concurrency, cfg.ReadOnly),
		CheckRedirect: checkRedirect,
	}
	return c, nil
}

// BaseURL is the base URL in its normal form: lower-case host, no default port, no trailing slash.
func (c *Client) BaseURL() string { return c.base.String() }

// Close closes idle connections. Calls under way are not disturbed.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func checkKey(key string) error {
	if key == "" {
		return errors.New("no API key: make one at https://portal.telnyx.com (API Keys) and pass it by environment, file or credential")
	}
	for _, r := range key {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return errors.New("the API key holds whitespace or control characters: copy it again, alone and on one line, from https://portal.telnyx.com (API Keys)")
		}
	}
	return nil
}
