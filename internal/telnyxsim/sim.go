// Package telnyxsim is a Telnyx API v2 to develop, test and demonstrate against:
// an http.Handler that keeps an account in memory and answers as the public
// documentation of Telnyx says the service does, refusals included.
//
// The API is served under /v2. Under /_sim stand the controls, which need no key
// and leave no trace in the journal:
//
//	GET, DELETE        /_sim/journal     the requests that were made under /v2
//	GET, DELETE        /_sim/violations  what no client should ask for, see [Sim.Violations]
//	POST               /_sim/clock       {"advance":"10m"} moves the clock
//	GET, POST, DELETE  /_sim/faults      faults to come, see [Fault]
//	GET, PUT           /_sim/account     the whole account as one JSON document
//	GET                /_sim/recordings  the content of recordings, by their download_urls
//
// The account's document has one key per collection, named as in the API, which
// holds its objects as the API returns them. What the API never returns stands in
// fields whose names begin with "_". Missing fields get the API's defaults.
//
//	external_connections, siprec_connectors, phone_numbers, media,
//	custom_storage_credentials, dialogflow_connections,
//	phone_numbers_jobs, log_messages, recordings,
//	recording_transcriptions                                 objects
//	civic_addresses, connection_phone_numbers,
//	uploads, releases         objects by the id of the external connection: {"5": [{…}]}
//	outbound_voice_profiles   objects; while absent, every profile id is accepted
//	connections               objects; while absent, only external connections are known
//	api_keys                  strings; while absent, every key is accepted
//	_forbidden                strings: what is answered with 403, "GET /media" or, with all below it, "media"
//	_operator_connect_pending objects: the connections that a refresh brings to light
//	_operator_connect_log_messages  objects: the log messages that a refresh brings
//	_operator_connect_refresh "idle" (default) or "in_progress"
//	_operator_connect_started_at  the time of the last refresh
//	_log_message_ids          "hidden" (default) or "shown": whether answers have the ids
//	_location_orders          "none" (default, 200) or "pending" (202): of PATCH of a location
//	_location_repatch         "refuse" (default) or "accept": an address where there is one
//	_numbers_listed           "after_upload" (default) or "when_assigned": a connection's numbers
//	_numbers_lag              a duration such as "90s": how far that list is behind an upload
//	_upload_failures          objects: the rules for numbers that fail, see below
//	_upload_refresh           "idle" (default) or "in_progress"
//	_retry_ticket             "new" (default) or "same": the upload that a retry answers with
//	_recordings_batch_missing "ignore" (default, "ok"), "refuse" (404, nothing is deleted) or "partial"
//	                          (404, the others are deleted): what a batch does with ids that are not there
//	_transcription_paging     "cursors" (default) or "numbers": the pages of recording_transcriptions
//	_date_ahead               a duration such as "10m" or "-10m": how far the Date header is from the real time
//	_tags_patch               "replace" (default) or "merge": what PATCH does with tags
//	_siprec_host_field        "host" (default) or "hostname": the field of the answers
//	_siprec_put_created       "keep" (default) or "renew": what PUT does to created_at
//	_media_paging             "none" (default) or "pages": whether GET /media takes page parameters
//	_media_expired            "gone" (default) or "shown": what GET and the list say of expired media
//	_media_post_existing      "refuse" (default) or "replace": what POST does to media that are there
//	_media_put_ttl            "reset" (default) or "keep": what PUT without ttl_secs does to expires_at
//	_media_put_content        "optional" (default) or "required": media or media_url in PUT
//	_media_put_created        "keep" (default) or "renew": what PUT does to created_at
//	_storage_secrets          "returned" (default), "masked" or "omitted": the secrets in the answers
//	_dialogflow_service_account  "masked" (default), "returned" or "omitted": the same
//
// POST and PUT of media take JSON or multipart/form-data. The bytes of media are
// "_content" in base64, their source "_media_url"; nothing is fetched from there.
// Media without expires_at live for two days, those in which it is null for ever and
// without showing it. Expired media stay in the document.
// Dialogflow's "_service_account", "_dialogflow_api" and "_location" are in the
// document too. Where there are connections, both kinds of credentials need one, and
// numbers can be assigned to no others.
//
// Dates of recordings and transcriptions may be any text. The content of a recording is its
// "_content" in base64, or else "_bytes" bytes (4096 if absent) that follow from its id. Its
// download_urls are made when it is read, signed as those of S3 look, and hold for ten minutes
// on the simulator's clock; those that are handed in with the account stay as they are. It is
// filtered by "_sip_call_id" and "_conference_region", which are never returned.
//
// What Telnyx and Microsoft do in the background takes Config.UploadTime on the
// simulator's clock. It begins with the request; for what is handed in with an account,
// at its "_submitted_at" or else when it is handed in: a time far in the future makes it
// hang. Uploads, their entries and releases are pending_upload in the first quarter of the
// time, pending in the second and in_progress in the second half; jobs are pending in the
// first half. At the end they are done, numbers have their new location, and a refresh
// brings what it finds. Each thing happens at its own time, and shows when the next request
// or Account looks.
//
// A number fails in an upload by the first rule of "_upload_failures" that says so: it is
// for one "telephone_number", for those that "match" a regular expression, or for all, and
// has an "error_code" (internal_error if absent). It holds as many "times" as it says: once
// if absent, -1 for ever. With "every", one in so many of its numbers fails, for ever if
// "times" is absent. A number that was taken from the connection meanwhile fails, and one
// for a civic address without a default location. One with a "_job_error" fails in jobs,
// with that for an explanation.
//
// What numbers of connections are going to be stands in their "_changes" and "_changed_at",
// what jobs do in their "_changes", what was last written to a location in its
// "_static_emergency_address_id".
//
// Answers that are injected faults rather than the API's own carry the header
// X-Sim-Fault with the kind of the fault (status, commit-late, short-page or html), so
// that a check of the answers against the contract can leave them out.
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
	// it. The Date header and the rate limit follow the real time.
	Now func() time.Time
	// Latency is added to every answer under /v2.
	Latency time.Duration
	// Rate is the number of requests per second allowed under /v2, counted in
	// windows of one second. Zero is unlimited.
	Rate int
	// UploadTime is how long everything takes that Telnyx and Microsoft do in the
	// background, on the simulator's clock. Zero is done by the next look.
	UploadTime time.Duration
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
	late    late
	broken  violations

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
	case cfg.UploadTime < 0:
		return nil, errors.New("telnyxsim: UploadTime is negative")
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
		phoneNumbersJobs(),
		outboundVoiceProfiles(),
		connections(),
		operatorConnect(),
		operatorConnectLog(),
		logMessages(),
		recordings(),
		recordingTranscriptions(),
		date(),
		civicAddresses(),
		connectionPhoneNumbers(),
		uploads(),
		uploadFailures(),
		releases(),
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

// Account returns the account as indented JSON with sorted keys, with all done that is
// due by now. Handing it to SetAccount restores the same account.
func (s *Sim) Account() []byte {
	s.late.catchUp(s.clock.Now())
	s.mu.Lock()
	s.acc.settle(s.clock.Now())
	doc := s.acc.document(s.parts)
	s.mu.Unlock()
	return append(bytes.TrimSpace(encode(doc, "  ")), '\n')
}

// Part is one part of the account, such as phone_numbers or one of the switches, as compact JSON; null where
// there is none.
func (s *Sim) Part(name string) []byte {
	s.late.catchUp(s.clock.Now())
	s.mu.Lock()
	s.acc.settle(s.clock.Now())
	v := s.acc.document(s.parts)[name]
	s.mu.Unlock()
	return encode(v, "")
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
	acc.uploadTime = s.cfg.UploadTime
	acc.findOnWay()
	acc.planAll()
	s.acc = acc
	return nil
}
