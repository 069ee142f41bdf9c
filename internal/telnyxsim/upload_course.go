package telnyxsim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// moveUpload moves an upload and those of its entries that are not finished.
func (a *account) moveUpload(owner string, obj map[string]any, at time.Time) {
	begun, _ := obj["_submitted_at"].(string)
	status := a.next(uploadWay(), obj["status"].(string), begun, at)
	failures := a.uploadFailures()
	var entries []any
	failed := 0
	for _, v := range obj[uploadEntries].([]any) {
		entry := v.(map[string]any)
		if slices.Contains(unfinished(), entry["status"].(string)) {
			entry = maps.Clone(entry)
			if entry["status"] = status; status == "" {
				a.finishEntry(owner, obj, entry, failures, at)
			}
			entry["internal_status"] = internalStatus(entry["status"].(string))
		}
		if entry["status"] == "error" {
			failed++
		}
		entries = append(entries, entry)
	}
	next := maps.Clone(obj)
	if entries != nil {
		next[uploadEntries] = entries
	}
	switch {
	case status != "":
		next["status"] = status
	case failed == 0:
		next["status"] = "success"
	case failed < len(entries):
		next["status"] = "partial_success"
	default:
		next["status"] = "error"
		// Text of Microsoft's, of which nothing is documented.
		next["error_code"], next["error_message"] = "UploadFailed", "None of the numbers was uploaded."
	}
	a.putUpload(owner, next)
	failures.store(a)
}

// finishEntry brings a number to Teams, or says why not.
func (a *account) finishEntry(owner string, obj, entry map[string]any, failures *failures, at time.Time) {
	number, found := a.collections[phoneNums].get(entry["number_id"].(string))
	var code string
	switch {
	case !found || number["connection_id"] != owner: // it was taken away meanwhile
		code = "internal_error"
	case entry["location_id"] == nil && entry["civic_address_id"] != nil:
		code = "unable_to_retrieve_default_location"
	default:
		code = failures.next(number["phone_number"].(string))
	}
	if code != "" {
		entry["status"], entry["error_code"] = "error", code
		entry["error_message"] = "The upload failed: " + strings.ReplaceAll(code, "_", " ") + "."
		return
	}
	entry["status"] = "success"
	live := map[string]any{
		"number_id": number["id"], "telephone_number": number["phone_number"],
		"ticket_id":              obj["ticket_id"],
		"acquired_capabilities":  capabilities(supported(number, obj["available_usages"].([]any))),
		"displayed_country_code": number["country_iso_alpha2"],
	}
	for _, name := range []string{"location_id", "civic_address_id"} {
		if v, known := entry[name]; known {
			live[name] = v
		}
	}
	a.arrive(owner, live, at)
}
