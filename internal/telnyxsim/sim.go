// Package telnyxsim is a Telnyx API v2 to develop, test and demonstrate against:
// an http.Handler that keeps an account in memory and answers as the public
// documentation of Telnyx says the service does, refusals included.
//
// The API is served under /v2. Under /_sim stand the controls, which need no key
// and leave no trace in the journal:
//
//	GET, DELETE        /_sim/journal   the requests that were made under /v2
//	POST               /_sim/clock     {"advance":"10m"} moves the clock
//	GET, POST, DELETE  /_sim/faults    faults to come, see [Fault]
//	GET, PUT           /_sim/account   the whole account as one JSON document
//
// The account's document has one key per collection, named as in the API, which
// holds its objects as the API returns them. What the API never returns stands in
// fields whose names begin with "_". Missing fields get the API's defaults.
//
//	external_connections, siprec_connectors, phone_numbers, media,
//	custom_storage_credentials, dialogflow_connections       objects
//	outbound_voice_profiles   objects; while absent, every profile id is accepted
//	connections               objects; while absent, only external connections are known
//	api_keys                  strings; while absent, every key is accepted
//	_operator_connect_pending objects: the connections that a refresh brings to light
//	_operator_connect_refresh "idle" (default) or "in_progress"
//	_tags_patch               "replace" (default) or "merge": what PATCH does with tags
//	_siprec_host_field        "host" (default) or "hostname": the field of the answers
//	_media_paging             "none" (default) or "pages": whether GET /media takes page parameters
//	_media_expired            "gone" (default) or "shown": what GET and the list say of expired media
//	_media_post_existing      "refuse" (default) or "replace": what POST does to media that are there
//	_media_put_ttl            "reset" (default) or "keep": what PUT without ttl_secs does to expires_at
//	_media_put_content        "optional" (default) or "required": media or media_url in PUT
//	_storage_secrets          "returned" (default), "masked" or "omitted": the secrets in the answers
//	_dialogflow_service_account  "masked" (default), "returned" or "omitted": the same
//
// POST and PUT of media take JSON or multipart/form-data. The bytes of media are
// "_content" in base64, their source "_media_url"; nothing is fetched from there.
// Media without expires_at live for two days, those in which it is null for ever and
// without showing it. Expired media stay in the document: the clock changes no account.
// Dialogflow's "_service_account", "_dialogflow_api" and "_location" are in the
// document too. Where there are connections, both kinds of credentials need one.
//
// Answers that are injected faults rather than the API's own carry the header
// X-Sim-Fault with the kind of the fault (status, short-page or html), so that a
// check of the answers against the contract can leave them out.
//
// It is stricter than the service where that catches a client's mistakes: unknown
// query parameters, repeated ones and unknown body fields are refused.
//
// The package knows nothing of its clients: it is written from the documented facts
// alone and imports nothing of this project. It persists nothing, and it
// authenticates nobody but by comparing keys.
package telnyxsim

import (
	"bytes"
	"errors"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxPage is the largest page that Telnyx serves.
const maxPage = 250

// Config configures a Sim. The zero value is an empty account that answers at once.
type Config struct {
	// Account is the account as GET /_sim/account shows it. Nil is an empty one.
	Account []byte
	// Now is the clock of timestamps and expiry; nil is time.Now. Advance adds to
	// it. The Date header and the rate limit always follow the real time.
	Now func() time.Time
	// Latency is added to every answer under /v2.
	Latency time.Duration
	// Rate is the number of requests per second allowed under /v2, counted in
	// windows of one second. Zero is unlimited.
	Rate int
	// PageCap is the largest page served; a request for more is answered with
	// this size in its meta. Zero is 250, the API's own maximum.
	PageCap int
}

// Sim is a simulated Telnyx account behind an http.Handler. It is safe for
// concurrent use.
type Sim struct {
	cfg     Config
	parts   []part
	routes  *node
	limiter limiter
	clock   clock
	journal journal
	faults  faults

	mu  sync.Mutex // guards acc; stored objects themselves are never changed in place
	acc *account
}

// New makes a simulator. It fails when the configuration or its account is invalid.
func New(cfg Config) (*Sim, error) {
	switch {
	case cfg.Latency < 0:
		return nil, errors.New("telnyxsim: Latency is negative")
	case cfg.Rate < 0:
		return nil, errors.New("telnyxsim: Rate is negative")
	case cfg.PageCap < 0 || cfg.PageCap > maxPage:
		return nil, errors.New("telnyxsim: PageCap is not within 0 and 250")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.PageCap == 0 {
		cfg.PageCap = maxPage
	}
	s := &Sim{
		cfg:     cfg,
		parts:   parts(),
		limiter: limiter{rate: cfg.Rate},
		clock:   clock{now: cfg.Now},
	}
	s.routes = plant(s.parts)
	if len(cfg.Account) == 0 {
		cfg.Account = []byte("{}")
	}
	if err := s.SetAccount(cfg.Account); err != nil {
		return nil, err
	}
	s.cfg.Account = nil // only the start needs it; it may be large
	return s, nil
}

// parts lists what is simulated: a new collection is one file and one line here.
func parts() []part {
	return []part{
		externalConnections(),
		siprecConnectors(),
		phoneNumbers(),
		outboundVoiceProfiles(),
		connections(),
		operatorConnect(),
		mediaStorage(),
		customStorageCredentials(),
		dialogflowConnections(),
	}
}

// ServeHTTP answers /v2 and /_sim. Paths are taken as they were sent: nothing is
// cleaned and nothing redirected, because names such as "../recordings" are legal.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/v2"); ok && (rest == "" || rest[0] == '/') {
		s.serveAPI(w, r, rest)
		return
	}
	if rest, ok := strings.CutPrefix(path, "/_sim"); ok {
		s.serveControl(w, r, rest)
		return
	}
	controlError(w, http.StatusNotFound, "the API is under /v2, the controls are under /_sim")
}

// Account returns the account as indented JSON with sorted keys. Handing it to
// SetAccount restores the same account.
func (s *Sim) Account() []byte {
	s.mu.Lock()
	doc := s.acc.document(s.parts)
	s.mu.Unlock()
	return append(bytes.TrimSpace(encode(doc, "  ")), '\n')
}

// SetAccount replaces the whole account. An error names what is wrong in the
// document and leaves the account as it was.
func (s *Sim) SetAccount(doc []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := firstID
	if s.acc != nil {
		next = s.acc.nextID // ids of objects that are gone are not given out again
	}
	acc, err := parseAccount(s.parts, doc, s.clock.Now(), next)
	if err != nil {
		return err
	}
	s.acc = acc
	return nil
}

// Advance moves the clock, by 292 years in all at most.
func (s *Sim) Advance(d time.Duration) { s.clock.Advance(d) }

// Now is the time on the simulator's clock.
func (s *Sim) Now() time.Time { return s.clock.Now() }

// clock is a source of time that can be moved.
type clock struct {
	now    func() time.Time
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(c.offset)
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := c.offset + d
	switch { // a sum that wrapped around would throw the clock into the past
	case d > 0 && sum < c.offset:
		sum = math.MaxInt64
	case d < 0 && sum > c.offset:
		sum = math.MinInt64
	}
	c.offset = sum
}
