package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const phoneNumbers = "phone_numbers"

// MaxAssign is how many numbers Telnyx takes in one bulk job.
const MaxAssign = 1000

// PhoneNumbers is /phone_numbers: the account's numbers, whatever they are used for. Their key is the id.
type PhoneNumbers struct{ c *Client }

// PhoneNumbers gives the collection.
func (c *Client) PhoneNumbers() PhoneNumbers { return PhoneNumbers{c} }

// CountByConnection tells how many numbers a connection holds, with one call. An answer that does not say is an error,
// never zero.
func (x PhoneNumbers) CountByConnection(ctx context.Context, connectionID string) (int, error) {
	if connectionID == "" {
		return 0, errors.New("GET /phone_numbers: a connection's id is missing")
	}
	q := url.Values{"filter[connection_id]": {connectionID}, "page[size]": {"1"}}
	total := 0
	err := x.c.page(ctx, request{path: "/" + phoneNumbers, query: q}, func(o Object) error {
		p, err := readPageOf(o, "data")
		if err != nil {
			return err
		}
		if p.total < 0 {
			return errors.New("meta.total_results is missing")
		}
		if p.total < len(p.items) {
			return fmt.Errorf("total_results is %d, with %d entries on the page", p.total, len(p.items))
		}
		total = p.total
		return nil
	})
	return total, err
}

// Slim reads all of the account's numbers with the fields that cost little, or fails; see [ErrIncomplete].
func (x PhoneNumbers) Slim(ctx context.Context) ([]Object, error) {
	return x.c.list(ctx, listing{path: "/" + phoneNumbers + "/slim", data: "data", key: "id"})
}

// SlimOf is Slim for the numbers of one connection, of whatever kind.
func (x PhoneNumbers) SlimOf(ctx context.Context, connectionID string) ([]Object, error) {
	if connectionID == "" {
		return nil, errors.New("GET /phone_numbers/slim: a connection's id is missing")
	}
	return x.c.list(ctx, listing{
		path: "/" + phoneNumbers + "/slim", query: url.Values{"filter[connection_id]": {connectionID}}, data: "data", key: "id",
	})
}

// Lookup finds the number that is written so, such as +15125550100, and gives nil where the account has none.
//
// Telnyx's filter takes digits only, finds nothing with the plus, and finds all numbers that contain them: the rest are
// sorted out here. Two numbers that are written alike are an error, since either may be the one that is meant.
func (x PhoneNumbers) Lookup(ctx context.Context, e164 string) (Object, error) {
	digits, ok := e164Digits(e164)
	if !ok {
		return nil, fmt.Errorf("GET /phone_numbers: %q: want a number with its plus and 3 to 15 digits, such as +15125550100", e164)
	}
	all, err := x.c.list(ctx, listing{
		path: "/" + phoneNumbers, query: url.Values{"filter[phone_number]": {digits}}, data: "data", key: "id",
	})
	if err != nil {
		return nil, err
	}
	var found Object
	for _, o := range all {
		switch {
		case strings.TrimPrefix(keyText(o["phone_number"]), "+") != digits:
		case found != nil:
			return nil, fmt.Errorf("GET /phone_numbers: %s is there twice, as %s and as %s", e164,
				x.c.mask.clean(keyText(found["id"]), maxToken), x.c.mask.clean(keyText(o["id"]), maxToken))
		default:
			found = o
		}
	}
	return found, nil
}

// Get reads one.
func (x PhoneNumbers) Get(ctx context.Context, id string) (Object, error) {
	return x.c.get(ctx, phoneNumbers, id)
}

// Assign puts a number on a connection, by PATCH. Where the number is on Microsoft Teams by another connection, Telnyx
// releases it there, which disconnects its user.
func (x PhoneNumbers) Assign(ctx context.Context, id, connectionID string) (Object, Meta, error) {
	if connectionID == "" {
		// Telnyx might take it for leave to unassign the number.
		return nil, Meta{}, errors.New("PATCH /phone_numbers: a connection's id is missing")
	}
	return x.c.write(ctx, http.MethodPatch, Object{"connection_id": connectionID}, phoneNumbers, id)
}

// AssignMany puts up to [MaxAssign] numbers on a connection by one job, as [PhoneNumbers.Assign] does each. Telnyx answers
// 202, and what becomes of each number is read by [PhoneNumbers.Job]. It refuses (422) while 20 jobs are pending. An answer
// without the job's id is an error of unknown fate; see [Unknown] before repeating it.
//
// Numbers are always named: of a job without any Telnyx takes all that pass its filters.
func (x PhoneNumbers) AssignMany(ctx context.Context, ids []string, connectionID string) (jobID string, meta Meta, err error) {
	const call = "POST /phone_numbers/jobs/update_phone_numbers"
	switch {
	case connectionID == "":
		return "", Meta{}, errors.New(call + ": a connection's id is missing")
	case len(ids) < 1 || len(ids) > MaxAssign:
		return "", Meta{}, fmt.Errorf("%s: %d numbers: want 1 to %d", call, len(ids), MaxAssign)
	}
	for i, id := range ids {
		if id == "" {
			return "", Meta{}, fmt.Errorf("%s: the id of number %d of %d is missing", call, i+1, len(ids))
		}
	}
	body := Object{"phone_numbers": ids, "connection_id": connectionID}
	meta, err = x.c.submit(ctx, http.MethodPost, body, func(raw []byte) error {
		job, err := readData(raw)
		if err != nil {
			return err
		}
		if jobID = keyText(job["id"]); jobID == "" {
			return errors.New("the job has no id")
		}
		return nil
	}, phoneNumbers, "jobs", "update_phone_numbers")
	return jobID, meta, err
}

// Job reads a bulk job: its status, and its pending, successful and failed operations.
func (x PhoneNumbers) Job(ctx context.Context, jobID string) (Object, error) {
	return x.c.get(ctx, phoneNumbers, "jobs", jobID)
}

// e164Digits gives the digits of a number that is written with a plus. Telnyx's filter wants three of them at least.
func e164Digits(s string) (string, bool) {
	digits, plus := strings.CutPrefix(s, "+")
	if !plus || len(digits) < 3 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return digits, true
}
