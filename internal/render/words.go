// Package render is the home of words: it turns plans, outcomes and reasons into text, JSON and Markdown, and knows
// which command lines help.
//
// It does not know how plans are made or carried out, nor which kinds there are: their own words come in their
// descriptions.
package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"

	"telnyxsync/internal/resource"
)

// words are the sentences of all codes, as templates of their arguments; see [funcs]. A kind's own come in its
// description.
var words = tables(diffWords, numberWords, retentionWords, messageWords, guardWords, approvalWords, applyWords)

// tables joins tables of words. A code is in one of them alone.
func tables(parts ...map[resource.Code]string) map[resource.Code]sentence {
	out := map[resource.Code]sentence{}
	for _, part := range parts {
		for code, text := range part {
			if out[code] != nil {
				panic("render: the code " + string(code) + " is in two tables")
			}
			out[code] = parse(code, text)
		}
	}
	return out
}

// sentence is a template that is parsed when it is first said: a run says few of them.
type sentence func() *template.Template

func parse(code resource.Code, text string) sentence {
	return sync.OnceValue(func() *template.Template {
		return template.Must(template.New(string(code)).Funcs(funcs).Parse(text))
	})
}

// funcs are what templates can do beside printing an argument.
var funcs = template.FuncMap{
	"q":         quoted,
	"count":     counted,
	"one":       func(v any) bool { return fmt.Sprint(v) == "1" },
	"join":      joined,
	"lost":      losses,
	"ranges":    numberTexts,
	"hours":     hours,
	"about":     about,
	"value":     valued,
	"clip":      func(most int, text any) string { return clip(fmt.Sprint(text), most) },
	"spaced":    func(word any) string { return strings.ReplaceAll(fmt.Sprint(word), "_", " ") },
	"unstopped": func(sentence any) string { return strings.TrimSuffix(fmt.Sprint(sentence), ".") },
}

func quoted(v any) string { return strconv.Quote(fmt.Sprint(v)) }

// counted is a count with its noun: "1 number", "3 numbers".
func counted(v any, noun string) string {
	n := fmt.Sprint(v)
	if n == "1" {
		return "1 " + noun
	}
	return n + " " + noun + "s"
}

// hours are seconds as hours.
func hours(seconds any) string {
	n, err := strconv.ParseFloat(fmt.Sprint(seconds), 64)
	if err != nil {
		return fmt.Sprint(seconds)
	}
	return strconv.FormatFloat(n/3600, 'f', 1, 64)
}

// joined is a list of texts in a line.
func joined(sep string, v any) string { return strings.Join(texts(v), sep) }

// texts are the members of a list, be it one of this run or one that was stored.
func texts(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []string:
		return v
	case resource.Numbers:
		return v.Texts()
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			out[i] = fmt.Sprint(e)
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}

// numberTexts counts phone numbers and names the first ranges of them: "3 numbers (+15125550100-+15125550102)".
func numberTexts(v any) string {
	s, ok := v.(resource.Numbers)
	if !ok {
		list, _ := v.([]any)
		s, _ = resource.ToNumbers(list)
	}
	return countedNumbers(s)
}

// none is an argument that is nothing: it prints as nothing, and is no empty text.
type none string

// valued is a value of a tree as it shows in differences. Of a stored secret there are but the dots.
func valued(v any) string {
	switch v {
	case none(""):
		v = nil
	case resource.Dots:
		v = resource.Secret{}
	}
	return show(v)
}

// shown makes an argument print as people read it.
func (w *Words) shown(v any) any {
	if inner, is := resource.ToReason(v); is {
		return w.Of(inner)
	}
	switch v := v.(type) {
	case nil:
		return none("")
	case []resource.Reason:
		out := make([]string, len(v))
		for i, r := range v {
			out[i] = w.Of(r)
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i, e := range v {
			if inner, is := resource.ToReason(e); is {
				out[i] = w.Of(inner)
			}
		}
		return out
	case resource.Addr:
		return v.String()
	case error:
		return v.Error()
	case json.Number:
		return v.String()
	}
	return v
}

// Words puts reasons into words.
type Words struct {
	own map[resource.Code]sentence // of kinds
}

// NewWords knows the codes of kinds beside its own.
func NewWords(kinds []resource.Kind) *Words {
	w := &Words{own: map[resource.Code]sentence{}}
	for i := range kinds {
		for code, text := range kinds[i].Words {
			w.own[code] = parse(code, text)
		}
	}
	return w
}

// Of is a reason in words. One whose code nobody knows, as a newer telnyxsync may have stored it, shows with its
// arguments.
func (w *Words) Of(r resource.Reason) string {
	if r.IsZero() {
		return ""
	}
	if r.Code == resource.Plain {
		return fmt.Sprint(w.shown(r.Args["text"]))
	}
	t := words[r.Code]
	if t == nil && w != nil {
		t = w.own[r.Code]
	}
	if t == nil {
		return w.unknown(r)
	}
	args := make(map[string]any, len(r.Args))
	for name, v := range r.Args {
		args[name] = w.shown(v)
	}
	var b strings.Builder
	if err := t().Execute(&b, args); err != nil {
		return w.unknown(r)
	}
	return b.String()
}

func (w *Words) unknown(r resource.Reason) string {
	parts := []string{string(r.Code)}
	for _, name := range slices.Sorted(maps.Keys(r.Args)) {
		parts = append(parts, fmt.Sprintf("%s: %v", name, w.shown(r.Args[name])))
	}
	return strings.Join(parts, "; ")
}

// All are several reasons in words.
func (w *Words) All(list []resource.Reason) string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = w.Of(r)
	}
	return strings.Join(out, "; ")
}

// clip keeps a text from outside to what a line bears.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
