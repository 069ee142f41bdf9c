package export

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"telnyxsync/internal/resource"
)

// named gives each object a name: the one that state or our owner tag has for it, or else one that
// tells what it is, its stem.
func named(list []resource.Live, instance string, rows map[string]*resource.Owned, stem func(*resource.Live) string) map[string]string {
	names, taken := map[string]string{}, taken{}
	live := slices.Clone(list)
	slices.SortFunc(live, func(a, b resource.Live) int { return strings.Compare(a.ID, b.ID) })
	for i := range live {
		if row := rows[live[i].ID]; row != nil {
			names[live[i].ID] = taken.give(row.Addr.Name)
		}
	}
	for i := range live {
		for _, o := range live[i].Owners {
			if names[live[i].ID] == "" && o.Instance == instance && resource.ValidName(o.Name) && !taken[o.Name] {
				names[live[i].ID] = taken.give(o.Name)
			}
		}
	}
	for i := range live {
		if names[live[i].ID] == "" {
			names[live[i].ID] = taken.give(readable(stem(&live[i])))
		}
	}
	return names
}

// taken are names that are no longer to be had.
type taken map[string]bool

// give makes a name of its own out of one that others may have.
func (t taken) give(base string) string {
	name := base
	for n := 2; t[name] || !resource.ValidName(name); n++ {
		suffix := fmt.Sprintf("-%d", n)
		name = strings.TrimSpace(base[:min(len(base), 255-len(suffix))]) + suffix
	}
	t[name] = true
	return name
}

// readable makes a text one that can be a name.
func readable(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '-'
		}
		return r
	}, text)
	if text = strings.TrimSpace(text); text == "" || text == "." || text == ".." {
		return "unnamed"
	}
	return text
}

const longestSlug = 80

// slug makes a text one of lower-case words with dashes between them; one without any is otherwise.
func slug(text, otherwise string) string {
	fields := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	out := ""
	for _, f := range fields {
		next := strings.TrimPrefix(out+"-"+f, "-")
		if len(next) > longestSlug {
			break
		}
		out = next
	}
	return cmp.Or(out, otherwise)
}

var notInEnv = regexp.MustCompile(`[^A-Z0-9]+`)

// envName is the environment variable that an exported secret is referred to by.
func envName(a resource.Addr, path string) string {
	names := resource.Split(path)
	text := strings.ToUpper(a.Kind + "_" + a.Name + "_" + names[len(names)-1])
	return strings.Trim(notInEnv.ReplaceAllString(text, "_"), "_")
}
