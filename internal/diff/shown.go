package diff

import (
	"strings"

	"telnyxsync/internal/plan"
	"telnyxsync/internal/resource"
)

func show(v any) string {
	switch v.(type) {
	case nil:
		return "(none)"
	case resource.Secret:
		return "(secret)"
	}
	return resource.Short(strings.TrimSuffix(plan.Canonical(v), "\n"))
}
