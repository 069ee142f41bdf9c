package telnyxsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	jobColl = "phone_numbers_jobs"
	// maxJobs is how many jobs can be unfinished at once.
	maxJobs = 20
)

// phoneNumbersJobs simulates the jobs that update many numbers at once. What they change
// stands in them under "_changes". They begin to move at "_submitted_at". Numbers are
// named by the body alone: filters in the query would update whatever they match.
func phoneNumbersJobs() part {
	num := fields{"id": {form: text}, "phone_number": {form: text}}
	str := field{form: text}
	failed := num.merged(fields{"errors": {form: objects, fields: fields{
		"code": str, "title": str, "detail": str,
		"meta":   {form: object, fields: fields{"url": str}},
		"source": {form: object, fields: fields{"pointer": str, "parameter": str}},
	}}})
	return part{
		kind: kind{
			name: jobColl, key: "id", uuid: true, group: "status",
			fields: fields{
				"created_at":            {form: text, check: isTime},
				"etc":                   {form: text, check: isTime},
				"failed_operations":     {form: objects, fields: failed},
				"id":                    {form: text, check: nonEmpty},
				"pending_operations":    {form: objects, fields: num},
				"phone_numbers":         {form: objects, fields: num},
				"record_type":           {form: text},
				"status":                {form: text, enum: []string{"pending", "in_progress", "completed", "failed", "expired"}},
				"successful_operations": {form: objects, fields: num},
				"type":                  {form: text, enum: []string{"update_emergency_settings", "delete_phone_numbers", "update_phone_numbers"}},
				"updated_at":            {form: text, check: isTime},
				"_changes":              {form: object, fields: jobChanges()},
				"_submitted_at":         {form: text, check: isTime},
			},
			defaults: jobDefaults,
			due: func(a *account, obj map[string]any) (time.Time, bool) {
				begun, _ := obj["_submitted_at"].(string)
				return a.ends(jobWay(), obj["status"].(string), begun)
			},
			step: (*account).moveJob,
		},
		routes: []route{
			// Not a number, though there is nothing here.
			{pattern: "/phone_numbers/jobs"},
			{method: http.MethodPost, pattern: "/phone_numbers/jobs/update_phone_numbers", body: true, handle: createJob},
			{method: http.MethodGet, pattern: "/phone_numbers/jobs/{id}", handle: getJob},
		},
	}
}

func jobChanges() fields {
	return phoneNumWritable().merged(fields{"deletion_lock_enabled": {form: boolean}})
}

func jobDefaults(obj map[string]any, now string) {
	fill(obj, map[string]any{
		"record_type": "phone_numbers_job", "type": "update_phone_numbers", "status": "pending",
		"phone_numbers": []any{}, "pending_operations": []any{}, "successful_operations": []any{}, "failed_operations": []any{},
		"created_at": now, "updated_at": now,
	})
	if status := obj["status"]; status == "pending" || status == "in_progress" {
		fill(obj, map[string]any{"_submitted_at": now})
	}
}

func createJob(c *call) reply {
	takes := jobChanges().merged(fields{"phone_numbers": {form: texts, required: true}})
	if ps := takes.problems("", c.body, false); ps != nil {
		return refuse(http.StatusUnprocessableEntity, ps...)
	}
	named := c.body["phone_numbers"].([]any)
	jobs := c.acc.collections[jobColl]
	refusal := func(pointer, detail string) reply {
		return refuse(http.StatusUnprocessableEntity, problem{code: "10015", pointer: pointer, detail: detail})
	}
	switch { // in the words of the documentation
	case len(named) == 0:
		return refusal("/phone_numbers", "You must provide at least 1 phone number.")
	case len(named) > maxNumbers:
		return refusal("/phone_numbers", "1000 numbers is the maximum allowed.")
	case len(c.body) == 1:
		return refusal("/updateable_fields", "You must provide at least 1 updateable field.")
	case len(jobs.in("pending"))+len(jobs.in("in_progress")) >= maxJobs:
		return refusal("/base", "You can have at most 20 pending or in progress jobs")
	}
	asked, pending, detail := c.acc.ownNumbers(named)
	if detail != "" {
		return refusal("/phone_numbers", detail)
	}
	changes := maps.Clone(c.body)
	delete(changes, "phone_numbers")
	obj := map[string]any{
		"id": c.acc.newName(jobs), "phone_numbers": asked, "pending_operations": pending,
		"etc": stamp(c.now.Add(c.acc.uploadTime)), "_changes": changes,
	}
	jobDefaults(obj, c.stamp())
	c.acc.put(jobColl, "", obj)
	return data(http.StatusAccepted, public(obj))
}

// ownNumbers finds numbers that are named all by their ids or all in E.164. It returns
// them as they were named and by both, or else what is wrong.
func (a *account) ownNumbers(named []any) (asked, found []any, wrong string) {
	byE164 := map[string]map[string]any{}
	inE164 := strings.HasPrefix(named[0].(string), "+")
	if inE164 {
		for _, r := range a.collections[phoneNums].records {
			byE164[r.fields["phone_number"].(string)] = r.fields
		}
	}
	for _, v := range named {
		name, field := v.(string), "id"
		if strings.HasPrefix(name, "+") != inE164 {
			return nil, nil, "You must specify either all phone numbers in the e164 format or all as phone number ids"
		}
		number, owned := a.collections[phoneNums].get(name)
		if inE164 {
			field = "phone_number"
			number, owned = byE164[name]
		}
		if !owned {
			return nil, nil, "You must own every number in the bulk request"
		}
		asked = append(asked, map[string]any{field: name})
		found = append(found, map[string]any{"id": number["id"], "phone_number": number["phone_number"]})
	}
	return asked, found, ""
}

// moveJob updates the numbers of a job when it is done. Those that lose a connection on
// which they were on Teams are released from it together.
func (a *account) moveJob(_ string, obj map[string]any, at time.Time) {
	begun, _ := obj["_submitted_at"].(string)
	next := maps.Clone(obj)
	next["updated_at"] = stamp(at)
	if next["status"] = a.next(jobWay(), obj["status"].(string), begun, at); next["status"] != "" {
		a.put(jobColl, "", next)
		return
	}
	changes, _ := obj["_changes"].(map[string]any)
	successful := slices.Clone(obj["successful_operations"].([]any))
	failed := slices.Clone(obj["failed_operations"].([]any))
	released := map[string][]map[string]any{} // by connection
	for _, v := range obj["pending_operations"].([]any) {
		op := v.(map[string]any)
		id, _ := op["id"].(string)
		number, found := a.collections[phoneNums].get(id)
		if wrong := a.jobProblem(number, found, changes); wrong != nil {
			op = maps.Clone(op)
			op["errors"] = envelope(0, []problem{*wrong}, false)["errors"]
			failed = append(failed, op)
			continue
		}
		if _, live := a.updateNumber(number, changes, at); live != nil {
			owner := number["connection_id"].(string)
			released[owner] = append(released[owner], live)
		}
		successful = append(successful, op)
	}
	for owner, live := range released {
		a.release(owner, uuidOf(releaseColl, obj["id"].(string), owner), live, at)
	}
	next["pending_operations"], next["successful_operations"], next["failed_operations"] = []any{}, successful, failed
	next["status"] = "completed"
	if len(successful) == 0 && len(failed) > 0 {
		next["status"] = "failed"
	}
	a.put(jobColl, "", next)
}

// jobProblem is what keeps a job from updating a number, or nil.
func (a *account) jobProblem(number map[string]any, found bool, changes map[string]any) *problem {
	id, _ := changes["connection_id"].(string)
	reason, fails := number["_job_error"].(string)
	switch {
	case !found:
		return &problem{code: "10005", detail: "There is no such phone number."}
	case fails:
		return &problem{code: "10015", detail: reason}
	case !a.knowsConnection(id):
		return &problem{code: "10015", pointer: "/connection_id", detail: "There is no such connection."}
	default:
		return nil
	}
}

func getJob(c *call) reply {
	obj, found := c.acc.collections[jobColl].get(c.params["id"])
	if !found {
		return notFound("phone numbers job")
	}
	return data(http.StatusOK, public(obj))
}
