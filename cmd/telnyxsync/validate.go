package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"telnyxsync/internal/render"
	"telnyxsync/internal/spec"

	"github.com/spf13/cobra"
)

func (a *app) validateCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "validate [PATH…]",
		Short: "Check YAML files without a key and without a network",
		Long: `Checks desired state, which is a directory (read recursively) or a file for each PATH;
without one, the current directory. All errors of all files are reported at once, each as
file:line:col with what to do. Exit code 1 if there is any.`,
		Example: "  telnyxsync validate configs",
		RunE: func(_ *cobra.Command, args []string) error {
			config, err := a.load(args)
			if output == "json" {
				return a.validateJSON(len(config.Entries), err)
			}
			if err != nil {
				return configError{err}
			}
			fmt.Fprintf(a.out, "ok: %s\n", counted(len(config.Entries), "entry", "entries"))
			return nil
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// counted is a number of things.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// configError is all that is wrong with a configuration.
type configError struct{ all error }

func (e configError) Error() string {
	return fmt.Sprintf("%d error(s) in the configuration; nothing was changed", max(len(specErrors(e.all)), 1))
}

// misspelt are the errors as JSON has them. One that is at no place, as a directory that is not there, is at none.
func misspelt(err error) []render.Misspelt {
	list := []render.Misspelt{}
	for _, e := range specErrors(err) {
		list = append(list, render.Misspelt{File: e.Pos.File, Line: e.Pos.Line, Col: e.Pos.Col, Path: e.Path, Text: e.Text})
	}
	if len(list) == 0 && err != nil {
		list = append(list, render.Misspelt{Text: err.Error()})
	}
	return list
}

func specErrors(err error) (out []*spec.Error) {
	var one *spec.Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if errors.As(e, &one) {
				out = append(out, one)
			}
		}
	}
	return out
}

func (a *app) validateJSON(entries int, err error) error {
	doc := struct {
		Version int               `json:"version"`
		Entries int               `json:"entries"`
		Errors  []render.Misspelt `json:"errors"`
	}{1, entries, misspelt(err)}
	if jsonErr := a.printJSON(doc); jsonErr != nil {
		return jsonErr
	}
	if err != nil {
		return exit(exitError)
	}
	return nil
}

// printJSON writes a result to stdout, as a terminal can bear it.
func (a *app) printJSON(doc any) error {
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, render.Printable(string(text)))
	return err
}
