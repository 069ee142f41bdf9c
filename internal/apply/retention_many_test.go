package apply_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/telnyxsim"
	"telnyxsync/internal/testrun"
)

const manyYAML = `
recording_retention:
  default: {delete_after: 90d}
  sales: {connection_id: "2", delete_after: 365d}
  trunk: {connection_id: "2", from: "+15125550107", delete_after: 30d}
  complaint: {sip_call_id: complaint, keep: true}
  inquiry: {connection_id: "3", created_at: {gte: %q, lte: %q}, keep: true}
`

// Of a hundred thousand recordings exactly those go that are due, each once, in the least number of calls.
func TestRetentionOfManyRecordings(t *testing.T) {
	many := 25_000
	wrap := func(h http.Handler) http.Handler { return h } // the contract is held against fewer
	switch {
	case testrun.Full():
		many = 100_000
	case raced:
		many, wrap = 4_000, checked(t)
	}
	now := time.Now().Truncate(time.Second)
	from, until := now.Add(-300*aDay), now.Add(-200*aDay)
	var text strings.Builder
	text.WriteString(`{"_recordings_batch_missing":"refuse","recordings":[`)
	due, listed, filtered, made := map[string]bool{}, 0, map[string]int{}, map[string]time.Time{}
	for i := range many {
		connection, party, call := fmt.Sprint(i%3+1), fmt.Sprintf("+15125550%03d", i%211), ""
		if i%97 == 0 {
			call = "complaint"
		}
		created := now.Add(-time.Duration(i%500) * aDay).Add(-time.Duration(i%1440) * time.Minute)
		age := now.Sub(created)
		made[fmt.Sprint(i)] = created
		if age >= 30*aDay {
			listed++
			if call != "" {
				filtered["filter[sip_call_id]"]++
			}
			if connection == "3" {
				filtered["filter[connection_id]"]++
			}
		}
		switch {
		case call == "complaint", connection == "3" && !created.Before(from) && !created.After(until): // held
		case connection == "2" && party == "+15125550107":
			due[fmt.Sprint(i)] = age >= 30*aDay
		case connection == "2":
			due[fmt.Sprint(i)] = age >= 365*aDay
		default:
			due[fmt.Sprint(i)] = age >= 90*aDay
		}
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"id":"%d","connection_id":%q,"from":%q,"to":"+4930123456789","_sip_call_id":%q,"created_at":%q}`,
			i, connection, party, call, created.UTC().Format(time.RFC3339))
	}
	text.WriteString(`]}`)
	maps.DeleteFunc(due, func(_ string, is bool) bool { return !is })
	var youngest time.Time
	for id := range due {
		if made[id].After(youngest) {
			youngest = made[id]
		}
	}

	k := newKeeper(t, wrap, []byte(text.String()), telnyxsim.Config{})
	defer k.close()
	desired := k.load("a", fmt.Sprintf(manyYAML, from.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339)))
	begun := time.Now()
	k.enforce(desired)
	took := time.Since(begun)

	left := k.ids("recordings")
	for i := range many {
		if id := fmt.Sprint(i); left[id] == due[id] {
			t.Errorf("%s: it is due: %v, and left: %v", id, due[id], left[id])
		}
	}
	once := map[string]bool{}
	for _, batch := range k.stage.deletes {
		if len(batch) > 100 {
			t.Errorf("a batch of %d", len(batch))
		}
		for _, id := range batch {
			if once[id] {
				t.Errorf("%s is deleted twice", id)
			}
			once[id] = true
		}
	}
	pages := func(n int) int { return max((n+249)/250, 1) }
	all, deletes, asked := 0, 0, 0
	for _, r := range k.sim.Journal() {
		q, err := url.ParseQuery(r.Query)
		switch {
		case err != nil || r.Status != http.StatusOK:
			t.Fatalf("%+v %v", r, err)
		case r.Method == http.MethodPost:
			deletes++
		case q.Has("filter[sip_call_id]") || q.Has("filter[connection_id]"):
			asked++
		default:
			all++
		}
	}
	// What was made after all that was deleted is not read again.
	left = maps.Clone(left)
	maps.DeleteFunc(left, func(id string, _ bool) bool { return made[id].After(youngest.Add(time.Second)) })
	if want := pages(listed) + pages(len(left)); all != want {
		t.Errorf("%d calls for pages of all, want %d", all, want)
	}
	if want := (len(due) + 99) / 100; deletes != want {
		t.Errorf("%d batches, want %d", deletes, want)
	}
	most := 0
	for _, n := range filtered {
		most += 2 * pages(n) // each is read until two readings agree
	}
	most++ // and the complaint's that are too young to be due, once
	if asked > most {
		t.Errorf("%d calls for what is held, want at most %d", asked, most)
	}
	t.Logf("%d due of %d: %v, %d calls", len(due), many, took.Round(time.Millisecond), all+deletes+asked)
	k.inHistory("after the run", due)

	k.sim.ClearJournal()
	has(t, linesOf(k.enforce(desired)), "nothing is due to be deleted")
	if got := writes(k.sim); len(got) > 0 {
		t.Errorf("the second run writes %v", got[0])
	}
}
