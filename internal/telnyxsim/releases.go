package telnyxsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	releaseColl = "releases"
	releaseNums = "telephone_numbers"
)

// releases simulates the releases of /external_connections/{id}, which come into being
// where numbers that are on Teams get another connection. They begin to move at
// "_submitted_at". Where the numbers were stands in them under "_location_id",
// "_civic_address_id" and "_ticket_id".
func releases() part {
	const all = "/external_connections/{id}/releases"
	return part{
		kind: kind{
			name: releaseColl, key: "ticket_id", uuid: true, owned: true,
			fields: fields{
				"created_at":    {form: text, check: isTime},
				"error_message": {form: text},
				"status":        {form: text, enum: releaseStatuses()},
				releaseNums: {form: objects, fields: fields{
					"number_id":         {form: text},
					"phone_number":      {form: text},
					"_civic_address_id": {form: text},
					"_location_id":      {form: text},
					"_ticket_id":        {form: text},
				}},
				"tenant_id":     {form: text},
				"ticket_id":     {form: text, check: nonEmpty},
				"_submitted_at": {form: text, check: isTime},
			},
			defaults: func(obj map[string]any, now string) {
				fill(obj, map[string]any{"created_at": now, "status": "pending_upload", "tenant_id": tenant, releaseNums: []any{}})
				if slices.Contains(unfinished(), obj["status"].(string)) {
					fill(obj, map[string]any{"_submitted_at": now})
				}
			},
			due: func(a *account, obj map[string]any) (time.Time, bool) {
				begun, _ := obj["_submitted_at"].(string)
				return a.ends(uploadWay(), obj["status"].(string), begun)
			},
			step: (*account).moveRelease,
		},
		routes: []route{
			listing{
				collection: releaseColl, owned: true, size: maxPage, refusal: http.StatusUnprocessableEntity,
				filters: []filter{
					{key: "filter[status][eq][]", enum: releaseStatuses(), match: among("status")},
					{key: "filter[location_id][eq]", match: anyOf(releaseNums, equals("_location_id"))},
					{key: "filter[civic_address_id][eq]", match: anyOf(releaseNums, equals("_civic_address_id"))},
					{key: "filter[phone_number][eq]", match: anyOf(releaseNums, equals("phone_number"))},
					{
						key: "filter[phone_number][contains]", check: someDigits,
						match: anyOf(releaseNums, textTest("phone_number", strings.Contains)),
					},
				},
			}.route(all),
			{method: http.MethodGet, pattern: all + "/{release_id}", handle: getRelease},
		},
	}
}

func releaseStatuses() []string {
	return append(unfinished(), "complete", "failed", "expired", "unknown")
}

// someDigits is what Telnyx wants of a part of a number where it documents anything.
func someDigits(v string) string {
	digits := strings.TrimPrefix(v, "+")
	if len(digits) < 3 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "The parameter must have 3 to 15 digits."
	}
	return ""
}

func getRelease(c *call) reply {
	if refused := noExtConn(c); refused != nil {
		return *refused
	}
	obj, found := c.acc.of(releaseColl, c.params["id"]).get(c.params["release_id"])
	if !found {
		return notFound("release")
	}
	return data(http.StatusOK, public(obj))
}

// release lets numbers that were on Teams go.
func (a *account) release(owner, ticket string, live []map[string]any, at time.Time) {
	var nums []any
	for _, obj := range live {
		num := map[string]any{"number_id": obj["number_id"], "phone_number": obj["telephone_number"]}
		for _, name := range []string{"location_id", "civic_address_id", "ticket_id"} {
			if v, known := obj[name]; known {
				num["_"+name] = v
			}
		}
		nums = append(nums, num)
	}
	obj := map[string]any{
		"created_at": stamp(at), "status": "pending_upload", "tenant_id": tenant, "ticket_id": ticket,
		releaseNums: nums, "_submitted_at": stamp(at),
	}
	a.markReleased(owner, obj, "release_requested")
	a.put(releaseColl, owner, obj)
}

func (a *account) moveRelease(owner string, obj map[string]any, at time.Time) {
	begun, _ := obj["_submitted_at"].(string)
	next := maps.Clone(obj)
	if next["status"] = a.next(uploadWay(), obj["status"].(string), begun, at); next["status"] == "" {
		next["status"] = "complete"
		a.markReleased(owner, obj, "release_completed")
	}
	a.put(releaseColl, owner, next)
}

// markReleased shows a release in the entries of the uploads that its numbers came with.
func (a *account) markReleased(owner string, obj map[string]any, internal string) {
	gone := map[string]map[string]bool{} // ids by upload
	for _, v := range obj[releaseNums].([]any) {
		num := v.(map[string]any)
		ticket, _ := num["_ticket_id"].(string)
		id, _ := num["number_id"].(string)
		if gone[ticket] == nil {
			gone[ticket] = map[string]bool{}
		}
		gone[ticket][id] = true
	}
	for ticket, ids := range gone {
		upload, found := a.of(uploadColl, owner).get(ticket)
		if !found {
			continue
		}
		entries := slices.Clone(upload[uploadEntries].([]any))
		for i, v := range entries {
			entry := v.(map[string]any)
			if entry["status"] == "success" && ids[entry["number_id"].(string)] {
				entry = maps.Clone(entry)
				entry["internal_status"] = internal
				entries[i] = entry
			}
		}
		upload = maps.Clone(upload)
		upload[uploadEntries] = entries
		a.putUpload(owner, upload)
	}
}
