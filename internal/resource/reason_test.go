package resource_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"telnyxsync/internal/resource"

	"pgregory.net/rapid"
)

// What a key says is read again, and nothing else passes for one.
func TestReasonKeys(t *testing.T) {
	for _, r := range []resource.Reason{
		{},
		resource.Said("new"),
		resource.Said(`{"code":"x"}`),
		{Code: "drift"},
		{Code: "parked", Args: resource.Args{"attempts": json.Number("3"), "list": []any{"<a>", "b"}, "last": true}},
	} {
		if got := resource.ParseReason(r.Key()); !reflect.DeepEqual(got, r) {
			t.Errorf("%s became %+v", r.Key(), got)
		}
		var got resource.Reason
		if err := json.Unmarshal([]byte(resource.Text(r)), &got); err != nil || got.Key() != r.Key() {
			t.Errorf("%s became %+v, %v", resource.Text(r), got, err)
		}
	}
	for _, text := range []string{
		"it is written", "{", `{"code":""}`, `{"code":"x","more":1}`, `{"code":"x"}}`, `{"code":"x"} {"code":"y"}`, `{"code":1}`, "null", `"x"`, "[]",
	} {
		if got := resource.ParseReason(text); got.Code != resource.Plain || got.String() != text {
			t.Errorf("%s became %+v", text, got)
		}
	}
}

// In the place of a reason, older states hold a text.
func TestReasonThatIsAText(t *testing.T) {
	var a struct {
		Note  resource.Reason `json:"note,omitzero"`
		Other resource.Reason `json:"other,omitzero"`
	}
	if err := json.Unmarshal([]byte(`{"note":"it does not last","other":null}`), &a); err != nil {
		t.Fatal(err)
	}
	if a.Note.String() != "it does not last" || !a.Other.IsZero() {
		t.Errorf("got %+v", a)
	}
	if text := resource.Text(a); text != `{"note":{"code":"text","args":{"text":"it does not last"}}}` {
		t.Error(text)
	}
	if err := json.Unmarshal([]byte(`{"note":{"code":"x","more":1}}`), &a); err == nil {
		t.Errorf("got %+v", a)
	}
}

// Every text is some reason, and stays the same one.
func TestAnyTextIsAReason(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := resource.ParseReason(text().Draw(t, "text"))
		if again := resource.ParseReason(r.Key()); !reflect.DeepEqual(again, r) {
			t.Errorf("%+v became %+v", r, again)
		}
	})
}
