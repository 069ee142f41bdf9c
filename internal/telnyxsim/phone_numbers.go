package telnyxsim

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

const phoneNums = "phone_numbers"

// phoneNumbers simulates /phone_numbers. Jobs fail on a number that has a "_job_error",
// with that for an explanation.
func phoneNumbers() part {
	return part{
		kind: kind{
			name: phoneNums, key: "id", group: "connection_id",
			fields:   phoneNumFields(),
			defaults: phoneNumDefaults,
		},
		routes: []route{
			listing{
				collection: phoneNums, size: 20, filters: phoneNumFilters(),
				sorts: []string{"purchased_at", "phone_number", "connection_name", "usage_payment_method"},
				ignored: []filter{
					{key: "handle_messaging_profile_error", enum: []string{"true", "false"}},
				},
			}.route("/phone_numbers"),
			slimPhoneNums().route("/phone_numbers/slim"),
			{method: http.MethodGet, pattern: "/phone_numbers/{id}", handle: getPhoneNum},
			{method: http.MethodPatch, pattern: "/phone_numbers/{id}", body: true, handle: patchPhoneNum},
		},
	}
}

func phoneNumFields() fields {
	str, nullable, flag := field{form: text}, field{form: text, null: true}, field{form: boolean}
	at := field{form: text, check: isTime}
	return fields{
		"activated_at":            {form: text, null: true, check: isTime},
		"billing_group_id":        nullable,
		"call_forwarding_enabled": flag,
		"call_recording_enabled":  flag,
		"caller_id_name_enabled":  flag,
		"cnam_listing_enabled":    flag,
		"connection_id":           nullable,
		"connection_name":         nullable,
		"country_iso_alpha2":      str,
		"created_at":              at,
		"customer_reference":      nullable,
		"deletion_lock_enabled":   flag,
		"emergency_address_id":    nullable,
		"emergency_enabled":       flag,
		"emergency_status":        {form: text, enum: []string{"active", "deprovisioning", "disabled", "provisioning", "provisioning-failed"}},
		"external_pin":            nullable,
		"hd_voice_enabled":        flag,
		"id":                      {form: text, check: nonEmpty},
		"inbound_call_screening":  {form: text, enum: []string{"disabled", "reject_calls", "flag_calls"}},
		"messaging_profile_id":    nullable,
		"messaging_profile_name":  nullable,
		"phone_number":            {form: text, required: true, check: isE164()},
		"phone_number_type":       {form: text, enum: []string{"local", "toll_free", "mobile", "national", "shared_cost", "landline", "tollfree", "shortcode", "longcode"}},
		"purchased_at":            at,
		"record_type":             str,
		"source_type":             {form: text, null: true, enum: []string{"number_order", "port_request"}},
		"status": {form: text, enum: append(phoneNumStatuses(),
			"requirement-info-pending", "requirement-info-under-review", "requirement-info-exception", "provision-pending")},
		"t38_fax_gateway_enabled": flag,
		"tags":                    {form: texts},
		"updated_at":              at,
		"_job_error":              str,
	}
}

// phoneNumStatuses are those that can be filtered by; numbers have more.
func phoneNumStatuses() []string {
	return []string{
		"purchase-pending", "purchase-failed", "port-pending", "port-failed", "active", "deleted",
		"emergency-only", "ported-out", "port-out-pending",
	}
}

func isE164() func(any) string {
	e164 := regexp.MustCompile(`^\+[0-9]{3,15}$`)
	return func(v any) string {
		if !e164.MatchString(v.(string)) {
			return fmt.Sprintf("%q is not a number such as +15125550100.", v)
		}
		return ""
	}
}

// phoneNumDefaults keeps to what is always there: accounts have many numbers.
func phoneNumDefaults(obj map[string]any, now string) {
	fill(obj, map[string]any{
		"record_type": "phone_number", "status": "active", "phone_number_type": "local",
		"country_iso_alpha2": "US", "connection_id": nil, "external_pin": nil, "customer_reference": nil,
		"deletion_lock_enabled": false, "tags": []any{},
		"created_at": now, "purchased_at": now, "updated_at": now,
	})
}

func phoneNumFilters() []filter {
	named := func(op string, test func(s, v string) bool) filter {
		return filter{
			key: "filter[voice.connection_name][" + op + "]", check: threeCharacters,
			match: textTest("connection_name", test),
		}
	}
	return []filter{
		{key: "filter[phone_number]", check: threeCharacters, match: containsDigits, narrow: (*account).numbersWith},
		{key: "filter[connection_id]", group: true},
		{key: "filter[status]", enum: phoneNumStatuses(), match: equals("status")},
		{key: "filter[tag]", match: listed("tags")},
		{key: "filter[customer_reference]", match: equals("customer_reference")},
		{key: "filter[country_iso_alpha2][]", match: among("country_iso_alpha2")},
		{key: "filter[billing_group_id]", match: equalsOrNull("billing_group_id")},
		{key: "filter[emergency_address_id]", match: equalsOrNull("emergency_address_id")},
		{
			key: "filter[number_type][eq]", match: equals("phone_number_type"),
			enum: []string{"local", "national", "toll_free", "mobile", "shared_cost"},
		},
		{key: "filter[source]", enum: []string{"ported", "purchased"}, match: fromSource},
		{
			key: "filter[voice.usage_payment_method]", enum: []string{"pay-per-minute", "channel"},
			match: equals("_usage_payment_method"),
		},
		{key: "filter[without_tags]", enum: []string{"true", "false"}, match: withoutTags},
		{key: "filter[voice.connection_name][eq]", match: equals("connection_name")},
		named("contains", strings.Contains),
		named("starts_with", strings.HasPrefix),
		named("ends_with", strings.HasSuffix),
	}
}

// containsDigits matches parts of numbers. Anything but digits, the plus of E.164
// included, matches none.
func containsDigits(a *account, value string) predicate {
	if strings.Trim(value, "0123456789") != "" {
		return nothing(a, value)
	}
	return func(obj map[string]any) bool { return strings.Contains(obj["phone_number"].(string), value) }
}

func fromSource(_ *account, value string) predicate {
	want := map[string]string{"ported": "port_request", "purchased": "number_order"}[value]
	return func(obj map[string]any) bool { return obj["source_type"] == want }
}

func withoutTags(_ *account, value string) predicate {
	return func(obj map[string]any) bool { return value != "true" || len(obj["tags"].([]any)) == 0 }
}

func getPhoneNum(c *call) reply {
	obj, found := c.acc.collections[phoneNums].get(c.params["id"])
	if !found {
		return notFound("phone number")
	}
	return data(http.StatusOK, public(obj))
}
