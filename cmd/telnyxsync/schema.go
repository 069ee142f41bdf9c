package main

import (
	"github.com/spf13/cobra"

	"telnyxsync/internal/kinds"
	"telnyxsync/internal/spec"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the YAML, for editors",
		Long: `Prints the JSON Schema (draft 2020-12) of desired state. An editor with the YAML language
server explains, completes and checks the fields by it in a file that begins with

  # yaml-language-server: $schema=telnyxsync.schema.json

where the path is relative to that file. The schema takes whatever validate takes; validate finds
more, such as references to nothing.`,
		Example: "  telnyxsync schema > configs/telnyxsync.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(spec.JSONSchema(kinds.Pure(kinds.Table())))
			return err
		},
	}
}
