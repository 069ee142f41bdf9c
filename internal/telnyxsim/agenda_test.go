package telnyxsim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"telnyxsync/internal/contract"
	"telnyxsync/internal/telnyxsim"

	"pgregory.net/rapid"
)

// Whatever is asked for: an account that is looked at and handed in again all the time
// becomes the same as one that is left alone, and answers the same; no number is ever in
// two unfinished uploads; what is on Teams is assigned; and nobody is told what is private.
func TestTeamsProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(rt, label) }
		more := `"_retry_ticket":"` + draw("retry", "new", "same") + `","_numbers_lag":"` + draw("lag", "0s", "7m") +
			`","_numbers_listed":"` + draw("listed", "after_upload", "when_assigned") + `",` +
			`"_operator_connect_pending":[{"id":"8"}],` +
			draw("failures", ``, `"_upload_failures":[{"every":3},{"match":"1$","times":2,"error_code":"unknown_country_code"}],`)
		cfg := telnyxsim.Config{
			Account: teams(more), Now: start,
			UploadTime: rapid.SampledFrom([]time.Duration{0, 10 * time.Minute}).Draw(rt, "upload time"),
		}
		var sims [2]*telnyxsim.Sim // the second is left alone
		for i := range sims {
			var err error
			if sims[i], err = telnyxsim.New(cfg); err != nil {
				rt.Fatal(err)
			}
		}
		handlers := [2]http.Handler{contract.Wrap(t, sims[0]), sims[1]}
		send := func(method, path, body string) {
			var answers [2]string
			for i, h := range handlers {
				r := httptest.NewRequest(method, path, strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer k")
				if body != "" {
					r.Header.Set("Content-Type", "application/json")
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				answers[i] = fmt.Sprint(w.Code, " ", w.Body)
			}
			if answers[0] != answers[1] {
				rt.Fatalf("%s %s answered %s\nand %s", method, path, answers[0], answers[1])
			}
			if strings.Contains(answers[0], `"_`) || answers[0][0] == '5' {
				rt.Fatalf("%s %s answered %s", method, path, answers[0])
			}
		}
		tickets := func(conn string) []string {
			return append(ticketsOf(rt, sims[0])[conn], "none")
		}
		numbers := rapid.SampledFrom([]string{"n1", "n2", "n3", "n4", "free", "m1", "u1"})
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			conn := draw("connection", "5", "6")
			one := numbers.Draw(rt, "number")
			some := `["` + strings.Join(rapid.SliceOfNDistinct(numbers, 1, 4, rapid.ID).Draw(rt, "numbers"), `","`) + `"]`
			location := map[string]string{"5": draw("location", "L1", "L2", "L3"), "6": "M1"}[conn]
			switch path := "/v2/external_connections/" + conn; draw("step", "look", "upload", "upload", "retry", "move", "job", "relocate", "refresh", "wait") {
			case "look":
				send("GET", path+draw("what", "/phone_numbers", "/uploads", "/releases", "/uploads/status", "/civic_addresses"), "")
			case "upload":
				send("POST", path+"/uploads", `{"location_id":"`+location+`","number_ids":`+some+`}`)
			case "retry":
				send("POST", path+"/uploads/"+rapid.SampledFrom(tickets(conn)).Draw(rt, "ticket")+"/retry", "")
			case "move":
				send("PATCH", "/v2/phone_numbers/"+one, `{"connection_id":"`+draw("to", "5", "6", "")+`"}`)
			case "job":
				send("POST", "/v2/phone_numbers/jobs/update_phone_numbers", `{"connection_id":"`+conn+`","phone_numbers":`+some+`}`)
			case "relocate":
				send("PATCH", path+"/phone_numbers/"+one, `{"location_id":"`+location+`"}`)
			case "refresh":
				send("POST", draw("which", path+"/uploads/refresh", "/v2/operator_connect/actions/refresh"), "")
			case "wait":
				d := rapid.SampledFrom([]time.Duration{time.Second, 2*time.Minute + 30*time.Second, 7 * time.Minute, time.Hour}).Draw(rt, "time")
				sims[0].Advance(d)
				sims[1].Advance(d)
			}
			if err := sims[0].SetAccount(sims[0].Account()); err != nil {
				rt.Fatal(err)
			}
			ticketsOf(rt, sims[0])
		}
		if a, b := sims[0].Account(), sims[1].Account(); !bytes.Equal(a, b) {
			rt.Fatalf("looked at often %s\nand left alone %s", a, b)
		}
		if a, b := tree(sims[0].Violations()), tree(sims[1].Violations()); a != b {
			rt.Fatalf("violations %s and %s", a, b)
		}
		if t.Failed() {
			rt.Fatal("the contract was violated")
		}
	})
}

// ticketsOf returns the tickets of an account by connection, and checks what must always
// hold.
func ticketsOf(rt *rapid.T, sim *telnyxsim.Sim) map[string][]string {
	doc := struct {
		Uploads map[string][]struct {
			Ticket  string `json:"ticket_id"`
			Status  string
			Entries []struct {
				Number string `json:"number_id"`
				Status string
			} `json:"tn_upload_entries"`
		}
		Live map[string][]struct {
			Number string `json:"number_id"`
		} `json:"connection_phone_numbers"`
		Numbers []map[string]any `json:"phone_numbers"`
	}{}
	raw := sim.Account()
	if err := json.Unmarshal(raw, &doc); err != nil {
		rt.Fatal(err)
	}
	tickets := map[string][]string{}
	flying := map[string]string{}
	for conn, list := range doc.Uploads {
		for _, u := range list {
			tickets[conn] = append(tickets[conn], u.Ticket)
			states := map[bool]int{}
			for _, e := range u.Entries {
				finished := e.Status == "success" || e.Status == "error"
				states[finished]++
				if finished {
					continue
				}
				if other := flying[e.Number]; other != "" {
					rt.Fatalf("%s is in the unfinished uploads %s and %s: %s", e.Number, other, u.Ticket, raw)
				}
				flying[e.Number] = u.Ticket
			}
			if done := u.Status == "success" || u.Status == "error" || u.Status == "partial_success"; done != (states[false] == 0) {
				rt.Fatalf("the upload %s is in %s: %s", u.Ticket, u.Status, raw)
			}
		}
	}
	assigned := map[any]any{}
	for _, n := range doc.Numbers {
		assigned[n["id"]] = n["connection_id"]
	}
	for conn, list := range doc.Live {
		for _, n := range list {
			if assigned[n.Number] != conn {
				rt.Fatalf("%s is on Teams by %s and assigned to %v: %s", n.Number, conn, assigned[n.Number], raw)
			}
		}
	}
	return tickets
}
