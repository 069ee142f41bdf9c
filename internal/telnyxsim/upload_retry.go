package telnyxsim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// retryUpload uploads what failed once more. Whether that is a new upload or the same
// once more is documented to vary: that follows the account's switch.
func retryUpload(c *call) reply {
	obj, refused := namedUpload(c)
	if refused != nil {
		return *refused
	}
	owner := c.params["id"]
	busy := slices.Contains(unfinished(), obj["status"].(string))
	_, retried := obj["_retried_as"]
	var entries, failed []any
	var ps []problem
	for _, v := range obj[uploadEntries].([]any) {
		entry := v.(map[string]any)
		if entry["status"] != "error" || busy {
			entries = append(entries, entry)
			continue
		}
		id := entry["number_id"].(string)
		if retried { // what it is retried in may be under way
			busy = busy || len(c.acc.onWay[id]) > 0
			continue
		}
		if len(c.acc.onWay[id]) > 0 {
			_, wrong := uploadable(c, id, false)
			wrong.pointer = "/ticket_id"
			ps = append(ps, *wrong)
		}
		failed = append(failed, begin(entry))
		entries = append(entries, begin(entry))
	}
	switch {
	case busy:
		return refuse(http.StatusConflict, problem{
			code: "10036", detail: "The order is still in progress, please wait before retrying.",
		})
	case retried:
		return unprocessable("/ticket_id", fmt.Sprintf("The upload has been retried as %v.", obj["_retried_as"]))
	case len(failed) == 0:
		return unprocessable("/ticket_id", "Nothing of the upload has failed.")
	case ps != nil:
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	next := maps.Clone(obj)
	delete(next, "error_code")
	delete(next, "error_message")
	next["status"], next["_submitted_at"] = "pending_upload", c.stamp()
	next[uploadEntries] = entries
	if c.acc.switches["_retry_ticket"] != "same" {
		next[uploadEntries] = failed
		next["ticket_id"] = c.acc.newName(c.acc.of(uploadColl, owner))
		old := maps.Clone(obj)
		old["_retried_as"] = next["ticket_id"]
		c.acc.putUpload(owner, old)
	}
	c.acc.putUpload(owner, next)
	return data(http.StatusAccepted, public(next))
}
