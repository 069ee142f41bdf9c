package telnyxsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	uploadColl    = "uploads"
	uploadEntries = "tn_upload_entries"

	callingUser   = "calling_user_assignment"
	firstPartyApp = "first_party_app_assignment"

	// tenant is the one Microsoft tenant that an account belongs to here.
	tenant = "ea175aba-f47c-4702-9400-efaa42688048"
)

// uploads simulates the uploads of /external_connections/{id}. They begin to move at
// "_submitted_at" and are done Config.UploadTime later. One whose failures were retried
// in a new upload names it under "_retried_as".
func uploads() part {
	const all = "/external_connections/{id}/uploads"
	return part{
		kind: kind{
			name: uploadColl, key: "ticket_id", uuid: true, owned: true,
			fields:   uploadFields(),
			defaults: uploadDefaults,
			due: func(a *account, obj map[string]any) (time.Time, bool) {
				begun, _ := obj["_submitted_at"].(string)
				return a.ends(uploadWay(), obj["status"].(string), begun)
			},
			step: (*account).moveUpload,
		},
		switches: map[string][]string{
			"_upload_refresh": {"idle", "in_progress"},
			"_retry_ticket":   {"new", "same"},
		},
		routes: []route{
			listing{
				collection: uploadColl, owned: true, size: maxPage, refusal: http.StatusUnprocessableEntity,
				filters: uploadFilters(),
			}.route(all),
			{method: http.MethodPost, pattern: all, body: true, handle: createUpload},
			{method: http.MethodPost, pattern: all + "/refresh", handle: refreshUploads},
			{method: http.MethodGet, pattern: all + "/status", handle: uploadsStatus},
			{method: http.MethodGet, pattern: all + "/{ticket_id}", handle: getUpload},
			{method: http.MethodPost, pattern: all + "/{ticket_id}/retry", handle: retryUpload},
		},
	}
}

// unfinished is the states of uploads and of their entries from which they still move.
func unfinished() []string {
	var all []string
	for _, s := range uploadWay() {
		all = append(all, s.status)
	}
	return all
}

func usages() []any { return []any{callingUser, firstPartyApp} }

func uploadFields() fields {
	str := field{form: text}
	finished := []string{"success", "error"}
	return fields{
		"available_usages": {form: texts, enum: []string{callingUser, firstPartyApp}},
		"error_code":       str,
		"error_message":    str,
		"location_id":      str,
		"status":           {form: text, enum: slices.Concat(unfinished(), finished, []string{"partial_success"})},
		"tenant_id":        str,
		"ticket_id":        {form: text, check: nonEmpty},
		uploadEntries: {form: objects, fields: fields{
			"civic_address_id": str,
			"error_code":       {form: text, enum: entryErrors()},
			"error_message":    str,
			"internal_status": {form: text, enum: []string{
				"pending_assignment", "in_progress", "all_internal_jobs_completed",
				"release_requested", "release_completed", "error",
			}},
			"location_id":  str,
			"number_id":    {form: text, required: true, check: nonEmpty},
			"phone_number": str,
			"status":       {form: text, enum: slices.Concat(unfinished(), finished)},
		}},
		"_retried_as":   str,
		"_submitted_at": {form: text, check: isTime},
	}
}

func uploadDefaults(obj map[string]any, now string) {
	fill(obj, map[string]any{
		"status": "pending_upload", "available_usages": usages(), "tenant_id": tenant, uploadEntries: []any{},
	})
	status := obj["status"].(string)
	if slices.Contains(unfinished(), status) {
		fill(obj, map[string]any{"_submitted_at": now})
	}
	if status == "partial_success" {
		status = "success" // of the entries of which nothing is said
	}
	for _, v := range obj[uploadEntries].([]any) {
		entry := v.(map[string]any)
		fill(entry, map[string]any{"status": status})
		if location, known := obj["location_id"]; known {
			fill(entry, map[string]any{"location_id": location})
		}
		fill(entry, map[string]any{"internal_status": internalStatus(entry["status"].(string))})
	}
}

// internalStatus is the state of an entry at Telnyx, given its state at Microsoft.
func internalStatus(status string) string {
	switch status {
	case "pending_upload":
		return "pending_assignment"
	case "success":
		return "all_internal_jobs_completed"
	case "error":
		return "error"
	default:
		return "in_progress"
	}
}

func uploadFilters() []filter {
	contains := textTest("phone_number", strings.Contains)
	return []filter{
		// It lacks partial_success, as documented.
		{key: "filter[status][eq][]", enum: append(unfinished(), "success", "error"), match: among("status")},
		{key: "filter[location_id][eq]", match: anyOf(uploadEntries, equals("location_id"))},
		{key: "filter[civic_address_id][eq]", match: anyOf(uploadEntries, equals("civic_address_id"))},
		{key: "filter[phone_number][eq]", match: anyOf(uploadEntries, equals("phone_number"))},
		{key: "filter[phone_number][contains]", match: anyOf(uploadEntries, contains)},
	}
}

// flying returns the ids of the numbers that an upload has on their way.
func flying(obj map[string]any) []string {
	if !slices.Contains(unfinished(), obj["status"].(string)) {
		return nil
	}
	var ids []string
	for _, v := range obj[uploadEntries].([]any) {
		if entry := v.(map[string]any); slices.Contains(unfinished(), entry["status"].(string)) {
			ids = append(ids, entry["number_id"].(string))
		}
	}
	return ids
}

// findOnWay notes which numbers are on their way in an account that was just read.
func (a *account) findOnWay() {
	for _, c := range a.owned[uploadColl] {
		for _, r := range c.records {
			for _, id := range flying(r.fields) {
				a.onWay[id] = append(a.onWay[id], r.fields["ticket_id"].(string))
			}
		}
	}
}

// putUpload stores an upload and notes which numbers are on their way.
func (a *account) putUpload(owner string, obj map[string]any) {
	ticket := obj["ticket_id"].(string)
	if old, found := a.of(uploadColl, owner).get(ticket); found {
		for _, id := range flying(old) {
			i := slices.Index(a.onWay[id], ticket)
			if a.onWay[id] = slices.Delete(a.onWay[id], i, i+1); len(a.onWay[id]) == 0 {
				delete(a.onWay, id)
			}
		}
	}
	for _, id := range flying(obj) {
		a.onWay[id] = append(a.onWay[id], ticket)
	}
	a.put(uploadColl, owner, obj)
}

// namedUpload is the upload that the path names.
func namedUpload(c *call) (map[string]any, *reply) {
	if refused := noExtConn(c); refused != nil {
		return nil, refused
	}
	obj, found := c.acc.of(uploadColl, c.params["id"]).get(c.params["ticket_id"])
	if !found {
		r := notFound("upload")
		return nil, &r
	}
	return obj, nil
}

func getUpload(c *call) reply {
	obj, refused := namedUpload(c)
	if refused != nil {
		return *refused
	}
	return data(http.StatusOK, public(obj))
}

// uploadsStatus counts what is not finished.
func uploadsStatus(c *call) reply {
	if refused := noExtConn(c); refused != nil {
		return *refused
	}
	numbers, orders := 0, 0
	for _, r := range c.acc.of(uploadColl, c.params["id"]).records {
		numbers += len(flying(r.fields))
		if slices.Contains(unfinished(), r.fields["status"].(string)) {
			orders++
		}
	}
	return data(http.StatusOK, map[string]any{"pending_numbers_count": numbers, "pending_orders_count": orders})
}

// refreshUploads changes nothing here: the states are never behind. It is busy with that
// for Config.UploadTime.
func refreshUploads(c *call) reply {
	if refused := noExtConn(c); refused != nil {
		return *refused
	}
	connections := c.acc.collections[extConns]
	conn, _ := connections.get(c.params["id"])
	if c.acc.switches["_upload_refresh"] == "in_progress" || c.acc.runs(conn["_uploads_refreshed_at"], c.now) {
		return refuse(http.StatusConflict, problem{
			code: "10036", detail: "The status refresh is still in progress, please wait before calling again.",
		})
	}
	conn = maps.Clone(conn)
	conn["_uploads_refreshed_at"] = c.stamp()
	connections.put(conn)
	return ok(map[string]any{"success": true})
}

// runs tells whether something that was begun at a time is not done.
func (a *account) runs(begun any, now time.Time) bool {
	s, ok := begun.(string)
	return ok && a.quarter(s, 4).After(now)
}
