package render

import (
	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

// diffWords are what the comparison of objects says.
var diffWords = map[resource.Code]string{
	plan.YAMLChanged:   "the YAML changed",
	plan.TelnyxChanged: "it was changed on Telnyx",
	plan.SecretChanged: "a secret changed",
	plan.Expires:       "it expires",
	plan.NeverApplied:  "it differs, and was never applied from here",
}
