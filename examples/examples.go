// Package examples holds the runnable examples: documentation, test input and what `telnyxsync
// demo` runs.
package examples

import "embed"

// Configs are the files of configs/, which apply to an empty account as they stand.
//
//go:embed configs
var Configs embed.FS
