package telnyxsim

import (
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"strconv"
)

const failureColl = "_upload_failures"

// uploadFailures is the account's rules for the numbers whose upload fails. A rule is for
// one "telephone_number", or for those that "match" a regular expression, or for all. It
// fails them with its "error_code" as often as "times" says: once if that is absent, for
// ever if it is -1. Those with "every" fail every n-th of their numbers, and for ever if
// "times" is absent; "_seen" counts them. A rule that is used up is gone.
func uploadFailures() part {
	return part{kind: kind{
		name: failureColl, key: "_id", optional: true,
		fields: fields{
			"error_code":       {form: text, enum: entryErrors()},
			"every":            {form: integer, check: within(1, math.MaxInt32)},
			"match":            {form: text, check: isRegexp},
			"telephone_number": {form: text, check: isE164()},
			"times":            {form: integer, check: within(-1, math.MaxInt32)},
			"_id":              {form: text, check: nonEmpty},
			"_seen":            {form: integer, check: within(0, math.MaxInt64)},
		},
		defaults: func(obj map[string]any, _ string) {
			times := "1"
			if _, nth := obj["every"]; nth {
				times = "-1"
				fill(obj, map[string]any{"_seen": json.Number("0")})
			}
			fill(obj, map[string]any{"error_code": "internal_error", "times": json.Number(times)})
		},
	}}
}

// entryErrors is the error codes of single numbers.
func entryErrors() []string {
	return []string{
		"internal_error", "unable_to_retrieve_default_location", "unknown_country_code",
		"unable_to_retrieve_location", "unable_to_retrieve_partner_info", "unable_to_match_geography_entry",
	}
}

func isRegexp(v any) string {
	if _, err := regexp.Compile(v.(string)); err != nil {
		return "The field must be a regular expression."
	}
	return ""
}

// failures is the rules while they are applied to an upload.
type failures []*failure

type failure struct {
	obj          map[string]any
	match        *regexp.Regexp // nil: any
	times, every int64
	seen         int64
	used         bool
}

func (a *account) uploadFailures() *failures {
	var rules failures
	for _, r := range a.of(failureColl, "").records {
		f := &failure{obj: r.fields, times: whole(r.fields["times"]), every: whole(r.fields["every"]), seen: whole(r.fields["_seen"])}
		if expr, ok := r.fields["match"].(string); ok {
			f.match = regexp.MustCompile(expr) // fields checked it
		}
		rules = append(rules, f)
	}
	return &rules
}

// whole is an integer of the account, 0 if it is absent.
func whole(v any) int64 {
	n, _ := v.(json.Number)
	i, _ := strconv.ParseInt(n.String(), 10, 64)
	return i
}

// next is the error code that a number fails with by the first rule that says so, or "".
func (fs *failures) next(e164 string) string {
	for _, f := range *fs {
		one, single := f.obj["telephone_number"].(string)
		if single && one != e164 || f.match != nil && !f.match.MatchString(e164) || f.times == 0 {
			continue
		}
		f.used = true
		if f.every > 0 {
			if f.seen++; f.seen%f.every != 0 {
				continue
			}
		}
		if f.times > 0 {
			f.times--
		}
		return f.obj["error_code"].(string)
	}
	return ""
}

// store keeps what is left of the rules that were used.
func (fs *failures) store(a *account) {
	for _, f := range *fs {
		if !f.used {
			continue
		}
		if f.times == 0 {
			a.collections[failureColl].remove(f.obj["_id"].(string))
			continue
		}
		obj := maps.Clone(f.obj)
		obj["times"] = json.Number(strconv.FormatInt(f.times, 10))
		if f.every > 0 {
			obj["_seen"] = json.Number(strconv.FormatInt(f.seen, 10))
		}
		a.collections[failureColl].put(obj)
	}
}
