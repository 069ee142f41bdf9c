package client

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
)

// Locations is /external_connections/{id}/locations: places within civic addresses. They are read with those; see
// [CivicAddresses].
type Locations struct{ c *Client }

// Locations gives the collection.
func (c *Client) Locations() Locations { return Locations{c} }

// SetEmergencyAddress gives a location its static emergency address. Telnyx answers 200 where that is all, and 202 where
// orders come of it that are still processed; Meta.Status tells. No answer to a later GET shows the address, so success is
// believed only of an answer that is the API's own.
//
// A location that has an accepted address keeps it: see [AlreadyAccepted].
func (x Locations) SetEmergencyAddress(ctx context.Context, connectionID, locationID, staticEmergencyAddressID string) (Meta, error) {
	if staticEmergencyAddressID == "" {
		return Meta{}, errors.New("PATCH /external_connections: a static emergency address's id is missing")
	}
	body := Object{"static_emergency_address_id": staticEmergencyAddressID}
	return x.c.submit(ctx, http.MethodPatch, body, func(raw []byte) error {
		_, err := decodeObject(raw)
		return err
	}, externalConnections, connectionID, "locations", locationID)
}

var (
	accepted    = regexp.MustCompile(`\balready(?: \w+){0,3} accepted\b|\baccepted(?: \w+){0,4} already\b`)
	notAccepted = regexp.MustCompile(`(?:\b(?:can)?not|\bnever|n['’]t)(?: (?:already|yet|been|be))* accepted\b`)
)

// AlreadyAccepted reports the refusal (422) of a location that "already has an accepted emergency address". Which address
// that is, Telnyx does not say. Only the status and the sense are documented, so the text is read leniently; a 422 that
// says anything else is none.
//
// Where an earlier attempt of the same call lost its answer, that address may be its own work, and [Unknown] is true too.
func AlreadyAccepted(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusUnprocessableEntity {
		return false
	}
	spaces := strings.NewReplacer("_", " ", "-", " ", `\n`, " ") // the texts are escaped
	for _, text := range append([]string{e.Title, e.Detail}, e.Codes...) {
		text = spaces.Replace(strings.ToLower(text))
		text = strings.Join(strings.Fields(text), " ")
		if accepted.MatchString(text) && !notAccepted.MatchString(text) {
			return true
		}
	}
	return false
}
