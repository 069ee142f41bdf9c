package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The filter finds all numbers that contain the digits; what is found is the one that is written so, or none.
func TestLookup(t *testing.T) {
	const number = "+15125550100"
	for name, tc := range map[string]struct {
		numbers []any
		id      string // of what is found; "": none
		wrong   string // in the error; "": none
	}{
		"none":             {nil, "", ""},
		"the one":          {[]any{number}, "0", ""},
		"among others":     {[]any{"+151255501001", "+115125550100", number, "+1512555010"}, "2", ""},
		"only others":      {[]any{"+151255501000", "+4915125550100"}, "", ""},
		"without its plus": {[]any{"15125550100"}, "0", ""},
		"as a number":      {[]any{json.Number("15125550100")}, "0", ""},
		"not written so":   {[]any{"+1 512 555 0100", "+1-512-555-0100", "++15125550100", "015125550100", "+15125550100\n"}, "", ""},
		"no number":        {[]any{nil, []any{number}, Object{"x": number}, true, ""}, "", ""},
		"twice":            {[]any{number, "+151255501001", number}, "", "is there twice, as 0 and as 2"},
	} {
		var query string
		c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			query = r.URL.RawQuery
			list := []any{}
			for i, n := range tc.numbers {
				list = append(list, Object{"id": fmt.Sprint(i), "phone_number": n})
			}
			return respond(200, jsonText(t, Object{"data": list, "meta": Object{"total_results": len(list), "total_pages": 1, "page_number": 1}})), nil
		})})
		o, err := c.PhoneNumbers().Lookup(t.Context(), number)
		if (err == nil) != (tc.wrong == "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
			t.Errorf("%s: %v", name, err)
		}
		if (o == nil) != (tc.id == "") || o != nil && o["id"] != tc.id {
			t.Errorf("%s: %v", name, o)
		}
		if query != "filter%5Bphone_number%5D=15125550100&page%5Bnumber%5D=1&page%5Bsize%5D=250" {
			t.Errorf("%s: query %s", name, query)
		}
	}
}

// That there is none is known only when all that the filter finds was read.
func TestLookupReadsAllPages(t *testing.T) {
	s := &shelf{ids: ids(700)}
	s.after = func(n, page int, o Object) *http.Response {
		for _, v := range o["data"].([]any) {
			v.(Object)["phone_number"] = "+" + v.(Object)["id"].(string)[:14]
		}
		if page == 3 {
			o["data"].([]any)[199].(Object)["phone_number"] = "+15125550100"
		}
		return nil
	}
	c := newClient(t, Config{Transport: s})
	if o, err := c.PhoneNumbers().Lookup(t.Context(), "+15125550100"); err != nil || o["id"] != s.ids[699] || len(s.requests) != 3 {
		t.Errorf("%v, %v by %d requests", o, err, len(s.requests))
	}
	s.after = func(_, _ int, o Object) *http.Response {
		o["data"] = o["data"].([]any)[:5]
		return nil
	}
	if o, err := c.PhoneNumbers().Lookup(t.Context(), "+15125550100"); o != nil || !errors.Is(err, ErrIncomplete) {
		t.Errorf("%v, %v", o, err)
	}
}

func TestLookupOfWhatIsNoNumber(t *testing.T) {
	c, n := always(t, 200, `{"data":[],"meta":{"total_results":0}}`)
	for _, s := range []string{
		"", "+", "15125550100", "0015125550100", "+12", "+1234567890123456", "+1 512 555 0100", "+1512555010O", "++15125550100",
		"+15125550100 ", "+١٢٣٤٥٦٧", "+1512555\x1b[2J", "sip:+15125550100",
	} {
		o, err := c.PhoneNumbers().Lookup(t.Context(), s)
		if o != nil || err == nil || n.Load() != 0 || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%q: %v, %v", s, o, err)
		}
	}
	for _, s := range []string{"+123", "+123456789012345"} {
		if o, err := c.PhoneNumbers().Lookup(t.Context(), s); o != nil || err != nil {
			t.Errorf("%q: %v, %v", s, o, err)
		}
	}
}

func TestAssignMany(t *testing.T) {
	var uri string
	var body struct {
		ConnectionID string   `json:"connection_id"`
		PhoneNumbers []string `json:"phone_numbers"`
	}
	sent, answer := 0, `{"data":{"id":"j"}}`
	c := newClient(t, Config{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		sent++
		uri = r.Method + " " + r.URL.RequestURI()
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		return respond(202, answer), nil
	})})
	for _, n := range []int{1, 2, MaxAssign} {
		// Without a query: with filters Telnyx would take other numbers than those named.
		job, m, err := c.PhoneNumbers().AssignMany(t.Context(), ids(n), "9")
		if err != nil || job != "j" || m.Status != 202 || !slices.Equal(body.PhoneNumbers, ids(n)) || body.ConnectionID != "9" ||
			uri != "POST /v2/phone_numbers/jobs/update_phone_numbers" {
			t.Errorf("%d: %q, %+v, %v, %s", n, job, m, err, uri)
		}
	}
	sent = 0
	for name, tc := range map[string]struct {
		ids        []string
		connection string
	}{
		"none":          {nil, "9"},
		"empty":         {[]string{}, "9"},
		"too many":      {ids(MaxAssign + 1), "9"},
		"no id":         {[]string{"1", ""}, "9"},
		"no connection": {[]string{"1"}, ""},
	} {
		if job, m, err := c.PhoneNumbers().AssignMany(t.Context(), tc.ids, tc.connection); err == nil || Unknown(err) || job != "" || m != (Meta{}) || sent != 0 {
			t.Errorf("%s: %q, %+v, %v", name, job, m, err)
		}
	}
	if _, _, err := c.PhoneNumbers().Assign(t.Context(), "1", ""); err == nil || Unknown(err) || sent != 0 {
		t.Errorf("assigned to nothing: %v", err)
	}
	for text, want := range map[string]string{
		`{"data":{"id":1911630617284445511,"status":"odd"}}`: "1911630617284445511",
		`{"data":{"id":""}}`: "", `{"data":{"id":null}}`: "", `{"data":{"id":["j"]}}`: "", `{"data":{"job":"j"}}`: "", `{"id":"j"}`: "",
	} {
		answer = text
		job, m, err := c.PhoneNumbers().AssignMany(t.Context(), []string{"1"}, "9")
		if job != want || (err == nil) != (want != "") || Unknown(err) != (want == "") || m.Status != 202 {
			t.Errorf("%s: %q, %v", text, job, err)
		}
	}
}

// The PIN that keeps a number from being ported away is in every answer about numbers.
func TestTraceShowsNoPIN(t *testing.T) {
	var out bytes.Buffer
	c := newClient(t, Config{Trace: &out, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return respond(200, `{"data":[{"id":"7","external_pin":"904412"}],"meta":{"total_results":1}}`), nil
	})})
	items, err := c.PhoneNumbers().Slim(context.Background())
	if err != nil || items[0]["external_pin"] != "904412" || strings.Contains(out.String(), "904412") || !strings.Contains(out.String(), `"external_pin":"••••"`) {
		t.Errorf("%v, %v\n%s", items, err, out.String())
	}
}
