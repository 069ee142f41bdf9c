package telnyxsim

import (
	"net/http"
	"strings"
)

const voiceProfiles = "outbound_voice_profiles"

// outboundVoiceProfiles simulates reading /outbound_voice_profiles.
func outboundVoiceProfiles() part {
	var sorts []string
	for _, by := range []string{"enabled", "created_at", "name", "service_plan", "traffic_type", "usage_payment_method"} {
		sorts = append(sorts, by, "-"+by)
	}
	return part{
		kind: kind{
			name: voiceProfiles, key: "id", optional: true,
			fields: voiceProfileFields(),
			defaults: func(obj map[string]any, now string) {
				fill(obj, map[string]any{
					"record_type": "outbound_voice_profile", "name": "profile " + obj["id"].(string),
					"enabled": true, "daily_spend_limit_enabled": false, "tags": []any{},
					"service_plan": "global", "traffic_type": "conversational", "usage_payment_method": "rate-deck",
					"whitelisted_destinations": []any{"US", "CA"}, "billing_group_id": nil,
					"created_at": now, "updated_at": now,
				})
			},
		},
		routes: []route{
			listing{
				collection: voiceProfiles, size: 20, sorts: sorts,
				filters: []filter{{key: "filter[name][contains]", match: textTest("name", strings.Contains)}},
			}.route("/outbound_voice_profiles"),
			{method: http.MethodGet, pattern: "/outbound_voice_profiles/{id}", handle: getVoiceProfile},
		},
	}
}

func voiceProfileFields() fields {
	return fields{
		"billing_group_id": {form: text, null: true, check: isUUID},
		"call_recording": {form: object, fields: fields{
			"call_recording_caller_phone_numbers": {form: texts},
			"call_recording_channels":             {form: text, enum: []string{"single", "dual"}},
			"call_recording_format":               {form: text, enum: []string{"wav", "mp3"}},
			"call_recording_type":                 {form: text, enum: []string{"all", "none", "by_caller_phone_number"}},
		}},
		"calling_window": {form: object, fields: fields{
			"calls_per_cld": {form: integer}, "end_time": {form: text}, "start_time": {form: text},
		}},
		"concurrent_call_limit":     {form: integer, null: true},
		"connections_count":         {form: integer},
		"created_at":                {form: text, check: isTime},
		"daily_spend_limit":         {form: text},
		"daily_spend_limit_enabled": {form: boolean},
		"enabled":                   {form: boolean},
		"id":                        {form: text, check: nonEmpty},
		"max_destination_rate":      {form: number},
		"name":                      {form: text, check: atLeastLong(3)},
		"record_type":               {form: text},
		"service_plan":              {form: text, enum: []string{"global"}},
		"tags":                      {form: texts},
		"traffic_type":              {form: text, enum: []string{"conversational"}},
		"updated_at":                {form: text, check: isTime},
		"usage_payment_method":      {form: text, enum: []string{"rate-deck"}},
		"whitelisted_destinations":  {form: texts},
	}
}

// isUUID checks the shape alone.
func isUUID(v any) string {
	groups := strings.Split(v.(string), "-")
	if len(groups) == 5 {
		for i, n := range []int{8, 4, 4, 4, 12} {
			if len(groups[i]) != n || strings.Trim(groups[i], "0123456789abcdefABCDEF") != "" {
				groups = nil
				break
			}
		}
	}
	if len(groups) != 5 {
		return "The field must be a UUID."
	}
	return ""
}

func getVoiceProfile(c *call) reply {
	profiles := c.acc.collections[voiceProfiles]
	if profiles == nil {
		return notFound("outbound voice profile")
	}
	obj, found := profiles.get(c.params["id"])
	if !found {
		return notFound("outbound voice profile")
	}
	return data(http.StatusOK, public(obj))
}
