package telnyxsim

import (
	"slices"
	"strings"
)

// equals filters by the exact text of a field.
func equals(name string) func(*account, string) predicate {
	return func(_ *account, value string) predicate {
		return func(obj map[string]any) bool { return obj[name] == value }
	}
}

// among filters by a field whose text is one of several.
func among(name string) func(*account, string) predicate {
	return func(_ *account, values string) predicate {
		list := strings.Split(values, separator)
		return func(obj map[string]any) bool {
			s, ok := obj[name].(string)
			return ok && slices.Contains(list, s)
		}
	}
}

// anyOf filters by the objects of an array, one of which must pass.
func anyOf(array string, match func(*account, string) predicate) func(*account, string) predicate {
	return func(a *account, value string) predicate {
		test := match(a, value)
		return func(obj map[string]any) bool {
			list, _ := obj[array].([]any)
			return slices.ContainsFunc(list, func(one any) bool { return test(one.(map[string]any)) })
		}
	}
}

// equalsOrNull is equals for parameters to which "null" means "has none".
func equalsOrNull(name string) func(*account, string) predicate {
	return func(_ *account, value string) predicate {
		return func(obj map[string]any) bool {
			if value == "null" {
				return obj[name] == nil
			}
			return obj[name] == value
		}
	}
}

// textTest filters by a test of a field's text against the value, whatever the
// case of either. Objects without the text fail it.
func textTest(name string, test func(s, value string) bool) func(*account, string) predicate {
	return func(_ *account, value string) predicate {
		value = strings.ToLower(value)
		return func(obj map[string]any) bool {
			s, ok := obj[name].(string)
			return ok && test(strings.ToLower(s), value)
		}
	}
}

// listed filters by what an array of strings contains.
func listed(name string) func(*account, string) predicate {
	return func(_ *account, value string) predicate {
		return func(obj map[string]any) bool {
			list, _ := obj[name].([]any)
			return slices.Contains(list, any(value))
		}
	}
}

// nothing filters everything out.
func nothing(*account, string) predicate {
	return func(map[string]any) bool { return false }
}

// threeCharacters is the least that Telnyx wants to search for.
func threeCharacters(v string) string { return atLeastLong(3)(v) }
