package contract

import (
	"strings"
	"testing"
)

// Every deviation turns an exchange that would be a violation into none.
func TestDeviations(t *testing.T) {
	d := Open(t)
	one := func(data string) exchange {
		return exchange{method: "GET", target: "/v2/external_connections/1", status: 200, answer: `{"data":` + data + `}`}
	}
	samples := []exchange{
		{method: "POST", target: "/v2/external_connections", contentType: "application/json", body: creation, status: 401},
		{method: "GET", target: "/v2/external_connections", status: 403, answer: `{"errors":[{"code":"10010","title":"Not authorized"}]}`},
		{method: "GET", target: "/v2/external_connections", status: 429},
		{method: "GET", target: "/v2/external_connections", status: 503},
		{method: "GET", target: "/v2/siprec_connectors/x", status: 200, answer: `{"data":{"name":"x","hostname":"h"}}`},
		one(`{"inbound":null}`),
		one(`{"inbound":{"channel_limit":null}}`),
		one(`{"outbound":{"channel_limit":null}}`),
		{method: "GET", target: "/v2/media?page[number]=2&page[size]=250", status: 200, answer: empty},
		{
			method: "PUT", target: "/v2/custom_storage_credentials/1", contentType: "application/json", body: s3Generic, status: 200,
			answer: `{"connection_id":"1","record_type":"custom_storage_credentials","data":` + s3Generic + `}`,
		},
		{
			method: "GET", target: "/v2/external_connections/log_messages/1", status: 200,
			answer: `{"log_messages":[{"id":"1","code":"10015","title":"x"}]}`,
		},
		{
			method: "GET", target: "/v2/recording_transcriptions?page[after]=v1:g3Q=&page[size]=250", status: 200,
			answer: `{"data":[],"meta":{"cursors":{},"previous":"/v2/recording_transcriptions?page[before]=v1:g3Q="}}`,
		},
		{method: "GET", target: "/v2/recording_transcriptions?page[number]=2", status: 200, answer: empty},
	}
	all := Deviations()
	if len(samples) != len(all) {
		t.Fatalf("%d deviations, %d samples: each needs one, in the same order", len(all), len(samples))
	}
	for i, x := range samples {
		if all[i].Reason == "" {
			t.Errorf("deviation %d has no reason", i)
		}
		for _, op := range all[i].Operations {
			method, path, _ := strings.Cut(op, " ")
			if item := d.doc.Paths.Value(path); item == nil || item.GetOperation(method) == nil {
				t.Errorf("deviation %d: the document has no operation %s", i, op)
			}
		}
		if got := violations(t, d, x); got != nil {
			t.Errorf("deviation %d is not applied: %q", i, got)
		}
		fewer := *d
		fewer.valid = newAnswers()
		fewer.deviations = append(append([]Deviation{}, all[:i]...), all[i+1:]...)
		if all[i].Amend != nil { // it is in the document already
			other, err := load(d.path, fewer.deviations)
			if err != nil {
				t.Fatal(err)
			}
			fewer = *other
		}
		if got := violations(t, &fewer, x); got == nil || all[i].Amend == nil && len(got) != 1 {
			t.Errorf("deviation %d is not needed: without it %q", i, got)
		}
	}
	for name, body := range map[string]string{
		"an unknown field": strings.Replace(s3Generic, "region", "zone", 1),
		"s3's endpoint":    strings.ReplaceAll(s3Generic, "s3-generic", "s3"),
		"unknown backend":  strings.ReplaceAll(s3Generic, "s3-generic", "s4"),
	} {
		if got := violations(t, d, exchange{
			method: "POST", target: "/v2/custom_storage_credentials/1", contentType: "application/json", body: body, status: 422, answer: `{}`,
		}); got == nil {
			t.Errorf("%s is no violation", name)
		}
	}
	if got := violations(t, d, exchange{method: "GET", target: "/v2/media?page[size]=251", status: 200, answer: empty}); got == nil {
		t.Error("a page that is too large is no violation")
	}
	list := exchange{
		method: "GET", target: "/v2/external_connections", status: 200,
		answer: `{"data":[{"inbound":null,"outbound":{"channel_limit":null}},{"id":"1"}]}`,
	}
	if got := violations(t, d, list); got != nil {
		t.Errorf("deviations do not reach into lists: %q", got)
	}
}
