package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/contract"
	"telnyxsync/internal/numbers"
	"telnyxsync/internal/plan"
	"telnyxsync/internal/telnyxsim"
)

// teams is a simulated account with numbers on Microsoft Teams, and a witness of what is uploaded there.
type teams struct {
	*rig
	sim    *telnyxsim.Sim
	killer *killer
	key    string // the file of the API key
	times  numbers.Times

	killOnWrites atomic.Bool // the steps at which the killer kills are writes alone

	mu      sync.Mutex
	uploads []uploadCall
}

// uploadCall is a POST of an upload, or of a retry, as it arrived.
type uploadCall struct {
	place   string   // location or civic address
	retried string   // the ticket of a retry
	ids     []string // of the numbers
	taken   bool     // an upload came of it, whether or not the answer said so
}

// anOffice is a connection of Teams with two civic addresses, of which the first has two locations, and
// two more connections that numbers can be taken from.
const anOffice = `{
  "external_connections": [
    {"id": "100", "external_sip_connection": "operator_connect", "outbound": {"outbound_voice_profile_id": "1"}, "tags": ["telnyxsync:default:hq"]},
    {"id": "200", "external_sip_connection": "operator_connect", "outbound": {"outbound_voice_profile_id": "1"}},
    {"id": "300", "external_sip_connection": "zoom", "outbound": {"outbound_voice_profile_id": "1"}}
  ],
  "civic_addresses": {
    "100": [
      {"id": "congress", "company_name": "Contoso", "house_number": "311", "street_name": "Congress Avenue", "city_or_town": "Austin",
       "state_or_province": "TX", "postal_or_zip_code": "78701", "locations": [{"id": "floor-14", "description": "Floor 14"}, {"id": "floor-15", "description": "Floor 15"}]},
      {"id": "lamar", "company_name": "Contoso", "house_number": "9", "street_name": "Lamar Street", "city_or_town": "Houston",
       "state_or_province": "TX", "postal_or_zip_code": "77002", "locations": [{"id": "lobby", "description": "Lobby"}]}
    ],
    "200": [{"id": "elsewhere", "locations": [{"id": "attic"}]}]
  }
}`

// theOffice is what the files say of its connection.
const theOffice = "external_connections:\n  hq: {external_sip_connection: operator_connect, id: \"100\"}\n"

func newTeams(t testing.TB, cfg telnyxsim.Config) *teams {
	t.Helper()
	if cfg.Account == nil {
		cfg.Account = []byte(anOffice)
	}
	sim, err := telnyxsim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := &teams{sim: sim}
	r.killer = &killer{next: r.witness(contract.Wrap(t, sim))}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == "GET" && r.killOnWrites.Load() {
			r.killer.next.ServeHTTP(w, req)
			return
		}
		r.killer.ServeHTTP(w, req)
	}))
	t.Cleanup(srv.Close)
	r.rig = newRigAt(t, srv.URL)
	r.key = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(r.key, []byte("KEY-of-the-test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if v := sim.Violations(); len(v) > 0 {
			t.Errorf("violations: %q", v)
		}
	})
	return r
}

// witness takes down what is uploaded, and fails the test when a number is in two uploads that are not
// finished: asked for, or in fact.
func (r *teams) witness(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		segments := strings.Split(strings.TrimPrefix(req.URL.Path, "/v2/external_connections/"), "/")
		isRetry := len(segments) == 4 && segments[3] == "retry"
		if req.Method != "POST" || len(segments) < 2 || segments[1] != "uploads" || len(segments) > 2 && !isRetry {
			next.ServeHTTP(w, req)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		text, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(text))
		var body struct {
			IDs      []string `json:"number_ids"`
			Location string   `json:"location_id"`
			Civic    string   `json:"civic_address_id"`
		}
		_ = json.Unmarshal(text, &body) // what is no JSON the simulator refuses
		call := uploadCall{place: body.Location + body.Civic, ids: body.IDs}
		uploads := r.owned("uploads")
		before := onTheirWay(uploads)
		if isRetry {
			call.retried = segments[2]
			for _, u := range uploads[segments[0]] {
				if u["ticket_id"] == call.retried {
					call.place = fmt.Sprint(u["location_id"])
					for _, e := range u["tn_upload_entries"].([]any) {
						if e := e.(map[string]any); e["status"] == "error" {
							call.ids = append(call.ids, fmt.Sprint(e["number_id"]))
						}
					}
				}
			}
		}
		for _, id := range call.ids {
			if before[id] > 0 {
				r.t.Errorf("%s %s asks for the number %s, which is on its way", req.Method, req.URL.Path, id)
			}
		}
		defer func() { // also where the answer is dropped
			after := onTheirWay(r.owned("uploads"))
			for id, n := range after {
				if n > 1 {
					r.t.Errorf("after %s %s the number %s is in %d uploads that are not finished", req.Method, req.URL.Path, id, n)
				}
			}
			call.taken = len(after) > len(before)
			r.uploads = append(r.uploads, call)
		}()
		next.ServeHTTP(w, req)
	})
}

// onTheirWay counts the unfinished uploads that each number is in.
func onTheirWay(uploads map[string][]map[string]any) map[string]int {
	found := map[string]int{}
	unfinished := []any{"pending_upload", "pending", "in_progress"}
	for _, list := range uploads {
		for _, u := range list {
			for _, e := range u["tn_upload_entries"].([]any) {
				if e := e.(map[string]any); slices.Contains(unfinished, u["status"]) && slices.Contains(unfinished, e["status"]) {
					found[fmt.Sprint(e["number_id"])]++
				}
			}
		}
	}
	return found
}

// seen are the uploads and retries so far.
func (r *teams) seen() []uploadCall {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.uploads)
}

// uploaded counts, for each number, how many uploads have been made of it.
func (r *teams) uploaded() map[string]int {
	found := map[string]int{}
	for _, u := range r.seen() {
		if u.taken {
			for _, id := range u.ids {
				found[id]++
			}
		}
	}
	return found
}

// whole is the account as one tree.
func (r *teams) whole() (account map[string]json.RawMessage) {
	r.t.Helper()
	if err := json.Unmarshal(r.sim.Account(), &account); err != nil {
		r.t.Fatal(err)
	}
	return account
}

// edit changes the account's tree.
func (r *teams) edit(name string, v any) {
	r.t.Helper()
	account := r.whole()
	text, err := json.Marshal(v)
	if err != nil {
		r.t.Fatal(err)
	}
	account[name] = text
	if text, err = json.Marshal(account); err == nil {
		err = r.sim.SetAccount(text)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// owned is what belongs to connections, by their ids.
func (r *teams) owned(name string) (out map[string][]map[string]any) {
	r.t.Helper()
	if err := json.Unmarshal(r.sim.Part(name), &out); err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *teams) objects(name, connection string) []map[string]any { return r.owned(name)[connection] }

// own puts unassigned numbers into the account, each with its digits for an id; those of more than one
// connection are given as "ID=+NUMBER".
func (r *teams) own(e164 ...string) {
	r.t.Helper()
	var list []map[string]any
	if err := json.Unmarshal(r.sim.Part("phone_numbers"), &list); err != nil {
		r.t.Fatal(err)
	}
	for _, text := range e164 {
		n := map[string]any{}
		number, connection, assigned := strings.Cut(text, "@")
		if assigned {
			n["connection_id"] = connection
		}
		n["id"], n["phone_number"] = strings.TrimPrefix(number, "+"), number
		list = append(list, n)
	}
	r.edit("phone_numbers", list)
}

// from makes n numbers that follow one another.
func from(first, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "+" + strconv.Itoa(first+i)
	}
	return out
}

// placed are the numbers that are on Teams by a connection, with their locations.
func (r *teams) placed(connection string) map[string]string {
	out := map[string]string{}
	for _, n := range r.objects("connection_phone_numbers", connection) {
		if n["_unlisted"] != true {
			out[fmt.Sprint(n["telephone_number"])] = fmt.Sprint(n["location_id"])
		}
	}
	return out
}

// assigned are the numbers that the account has on a connection.
func (r *teams) assigned(connection string) (out []string) {
	for _, n := range r.account(nil)["phone_numbers"] {
		if n["connection_id"] == connection {
			out = append(out, fmt.Sprint(n["phone_number"]))
		}
	}
	slices.Sort(out)
	return out
}

// here runs a command in this process.
func (r *teams) here(args ...string) (out string, code int) {
	var stdout, stderr bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &stdout, err: &stderr}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	where := []string{"--api-url", r.url, "--api-key-file", r.key, "--state", r.state}
	if args[0] == "diff" || args[0] == "apply" {
		where = append(where, r.dir)
	}
	code = a.execute(ctx, append(args, where...))
	return stdout.String() + stderr.String(), code
}

// ends runs a command in this process and wants an exit code.
func (r *teams) ends(want int, args ...string) (out string) {
	r.t.Helper()
	out, code := r.here(args...)
	if code != want {
		r.t.Fatalf("telnyxsync %q: exit code %d, want %d\n%s", args, code, want, out)
	}
	return out
}

// apply runs one pass of apply in this process, with the rig's times.
func (r *teams) apply() (out string, code int) {
	var stdout, stderr bytes.Buffer
	a := &app{
		in: strings.NewReader(""), out: &stdout, err: &stderr,
		apiURL: r.url, keyFile: r.key, stateDir: r.state, instance: "default", concurrency: 10,
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	flags := applyFlags{
		planFlags: planFlags{output: "text", maxDeletes: apply.DefaultLimits()[plan.Deletes].Max, maxPercent: apply.DefaultLimits()[plan.Deletes].Percent},
		yes:       true, settle: 5 * time.Millisecond, lockWait: lockWait, times: r.times,
	}
	var ended exit
	switch err := a.apply(ctx, []string{r.dir}, nil, &flags); {
	case errors.As(err, &ended):
		code = int(ended)
	case err != nil:
		code = exitError
		fmt.Fprintln(&stderr, "telnyxsync:", err)
	}
	return stdout.String() + stderr.String(), code
}

// until applies until a diff has nothing left to do or to wait for; it may take so many passes.
func (r *teams) until(passes int) {
	r.t.Helper()
	var said []string
	for range passes {
		out, _ := r.apply()
		said = append(said, out)
		if p, code := r.look(); code == exitOK && len(p.PhoneNumbers.Waiting)+len(p.Orphans) == 0 {
			return
		}
		time.Sleep(2 * time.Millisecond) // what is to be tried again is due
	}
	diff, _ := r.here("diff")
	r.t.Errorf("after %d passes something is left:\n%s\nThe passes:\n%s", passes, diff, strings.Join(said, "\n"))
}

// teamsPlan is what a test reads of the JSON plan where phone numbers are told apart from objects.
type teamsPlan struct {
	planDoc      // the changes of objects
	PhoneNumbers struct {
		Changes, Waiting, Observed []changeDoc
		Counts                     plan.Counts
	}
}

// teamsPlanOf reads a plan.
func teamsPlanOf(text string) (p teamsPlan, err error) {
	if err = json.Unmarshal([]byte(text), &p.planDoc); err != nil {
		return p, fmt.Errorf("%w in %s", err, text)
	}
	n := &p.PhoneNumbers
	n.Counts = p.Numbers
	p.Changes, n.Changes = apart(p.Changes)
	p.Waiting, n.Waiting = apart(p.Waiting)
	p.Observed, n.Observed = apart(p.Observed)
	return p, nil
}

// apart tells changes of objects from those of phone numbers.
func apart(all []changeDoc) (objects, numbers []changeDoc) {
	for _, c := range all {
		if c.Items == nil {
			objects = append(objects, c)
		} else {
			numbers = append(numbers, c)
		}
	}
	return objects, numbers
}

// look is a diff.
func (r *teams) look(args ...string) (p teamsPlan, code int) {
	r.t.Helper()
	out, code := r.here(append([]string{"diff", "--output", "json"}, args...)...)
	p, err := teamsPlanOf(out)
	if err != nil {
		r.t.Fatal(err)
	}
	return p, code
}

// posts counts the writing calls since the journal was last cleared, without what is new in each run.
func (r *teams) posts() map[string]int {
	found := map[string]int{}
	_, writes := r.calls()
	for _, call := range writes {
		segments := strings.Split(call, "/")
		if n := len(segments); n > 4 && (segments[n-1] == "retry" || segments[n-2] == "phone_numbers") {
			segments[4] = "*" // of a ticket, of a number
		}
		found[strings.Join(segments, "/")]++
	}
	return found
}

func (r *teams) wantPosts(want map[string]int) {
	r.t.Helper()
	if got := r.posts(); !maps.Equal(got, want) {
		r.t.Errorf("writes: %v, want %v", got, want)
	}
}

// approveAll lets all through that apply withholds, as a person would: by the codes that it shows.
func (r *teams) approveAll() {
	r.t.Helper()
	out, _ := r.here("apply", "--yes")
	for _, m := range regexp.MustCompile(`telnyxsync approve ([A-Z2-7]{10})`).FindAllStringSubmatch(out, -1) {
		if out, code := r.here("approve", "--yes", m[1]); code != 0 {
			r.t.Fatalf("approve %s: exit code %d\n%s", m[1], code, out)
		}
	}
}
