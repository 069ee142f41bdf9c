package client

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
)

func TestEmergencyAddresses(t *testing.T) {
	for _, tc := range []struct {
		status int
		body   string
		ok     bool
	}{
		{200, `{"data":{"location_id":"l","static_emergency_address_id":"e","accepted_address_suggestions":false}}`, true},
		{202, `{"data":{"location_id":"l","accepted_address_suggestions":true}}`, true},
		{202, `{"data":{}}`, true},
		{200, `{}`, true},
		{200, ``, false},
		{200, `<html>`, false},
		{200, `[]`, false},
		{202, `accepted`, false},
		{204, ``, false},
	} {
		c, n := always(t, tc.status, tc.body)
		m, err := c.Locations().SetEmergencyAddress(t.Context(), "1", "l", "e")
		if m.Status != tc.status || (err == nil) != tc.ok || Unknown(err) == tc.ok || n.Load() != 1 {
			t.Errorf("%d %s: %+v, %v after %d requests", tc.status, tc.body, m, err, n.Load())
		}
	}
	c, n := always(t, 200, `{"data":{}}`)
	if _, err := c.Locations().SetEmergencyAddress(t.Context(), "1", "l", ""); err == nil || Unknown(err) || n.Load() != 0 {
		t.Errorf("no address: %v", err)
	}
	if _, _, err := c.ConnectionPhoneNumbers().SetLocation(t.Context(), "1", "7", ""); err == nil || Unknown(err) || n.Load() != 0 {
		t.Errorf("no location: %v", err)
	}
}

func TestAlreadyAccepted(t *testing.T) {
	detail := func(s string) string {
		return fmt.Sprintf(`{"errors":[{"code":"10027","title":"Unprocessable Entity","detail":%q}]}`, s)
	}
	for body, want := range map[string]bool{
		detail("Location already has an accepted emergency address"):                       true,
		detail("Location already has an accepted static emergency address; it stays."):     true,
		detail("the location ALREADY  has\nan Accepted emergency address"):                 true,
		detail("An address was already accepted for this location"):                        true,
		detail("Emergency address has already been accepted"):                              true,
		detail("An accepted emergency address already exists"):                             true,
		detail("The accepted static emergency address is already in place"):                true,
		`{"errors":[{"code":"10027","title":"Location already has an accepted address"}]}`: true,
		`{"errors":[{"code":"emergency_address_already_accepted","title":"No"}]}`:          true,
		`{"errors":{"location":["already has an accepted emergency address"]}}`:            true,
		`{"detail":[{"loc":["body"],"msg":"already has an accepted emergency address"}]}`:  true,
		`{"message":"already has an accepted emergency address"}`:                          true,
		`Location already has an accepted emergency address`:                               true,

		``:                                 false,
		`{}`:                               false,
		detail("must be a UUID"):           false,
		detail("is not accepted"):          false,
		detail("has already been taken"):   false,
		detail("has already been refused"): false,
		detail("An order is already in progress; it has to be accepted first"):      false,
		detail("The address has not been accepted already"):                         false,
		detail("The address hasn't been accepted already"):                          false,
		detail("The address was not already accepted"):                              false,
		detail("It cannot be accepted as it already failed"):                        false,
		detail("already unaccepted"):                                                false,
		`<html>already accepted</html>`:                                             false,
		`{"errors":[{"title":"already"},{"title":"x","detail":"accepted"}]}`:        false,
		`{"errors":[{"title":"T","meta":{"x":"already has an accepted address"}}]}`: false,
	} {
		for _, status := range []int{422, 400, 409, 404, 503, 200} {
			c, _ := always(t, status, body)
			c.budget.tokens = 0
			_, err := c.Locations().SetEmergencyAddress(t.Context(), "1", "l", "e")
			err = fmt.Errorf("update: %w", err)
			if got := AlreadyAccepted(err); got != (want && status == 422) {
				t.Errorf("%d %s: %v", status, body, got)
			}
		}
	}
	for _, err := range []error{nil, errors.New("422 already accepted")} {
		if AlreadyAccepted(err) {
			t.Errorf("%v is a refusal", err)
		}
	}
}

// The refusal may come of the first attempt's success.
func TestAlreadyAcceptedByALostAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := newClient(t, Config{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			if n++; n == 1 {
				return nil, errReset
			}
			return respond(422, `{"errors":[{"detail":"Location already has an accepted emergency address"}]}`), nil
		})})
		m, err := c.Locations().SetEmergencyAddress(t.Context(), "1", "l", "e")
		if !AlreadyAccepted(err) || !Unknown(err) || m.Status != 422 || n != 2 {
			t.Errorf("%v after %d requests", err, n)
		}
	})
}
