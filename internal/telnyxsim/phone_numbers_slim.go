package telnyxsim

import (
	"slices"
	"strings"
)

// slimPhoneNums simulates /phone_numbers/slim: the same numbers with fewer fields.
func slimPhoneNums() listing {
	flag := []string{"true", "false"}
	filters := slices.DeleteFunc(phoneNumFilters(), func(f filter) bool { return f.key == "filter[without_tags]" })
	for i, f := range filters {
		switch {
		case f.key == "filter[status]":
			// It has port_pending where everything else has port-pending.
			filters[i].enum = nil
			for _, s := range f.enum {
				filters[i].enum = append(filters[i].enum, strings.Replace(s, "port-pending", "port_pending", 1))
			}
			filters[i].match = func(a *account, value string) predicate {
				return f.match(a, strings.Replace(value, "port_pending", "port-pending", 1))
			}
		case f.key == "filter[tag]":
			filters[i].needs = "include_tags"
		case strings.HasPrefix(f.key, "filter[voice.connection_name]"):
			filters[i].needs = "include_connection"
		}
	}
	return listing{
		collection: phoneNums, size: 20, filters: filters, show: showSlim,
		sorts: []string{"purchased_at", "phone_number", "connection_name", "usage_payment_method"},
		ignored: []filter{
			// No documented field of the answer depends on them.
			{key: "include_connection", enum: flag}, {key: "include_tags", enum: flag},
		},
	}
}

// showSlim leaves out what has no value: the documented fields are never null.
func showSlim(obj map[string]any) map[string]any {
	slim := map[string]any{}
	for _, name := range []string{
		"activated_at", "billing_group_id", "call_forwarding_enabled", "call_recording_enabled", "caller_id_name_enabled",
		"cnam_listing_enabled", "connection_id", "country_iso_alpha2", "created_at", "customer_reference",
		"emergency_address_id", "emergency_enabled", "emergency_status", "external_pin", "hd_voice_enabled", "id",
		"inbound_call_screening", "phone_number", "phone_number_type", "purchased_at", "status", "t38_fax_gateway_enabled",
		"updated_at",
	} {
		if v := obj[name]; v != nil {
			slim[name] = v
		}
	}
	slim["record_type"] = "phone_number_slim"
	return slim
}
