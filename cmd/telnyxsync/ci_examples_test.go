package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestCIExamples parses the examples for CI, and every command line of telnyxsync in their scripts:
// those are copied, and nobody runs them here.
func TestCIExamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"github-actions.yml", "gitlab-ci.yml"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "examples", "ci", name))
			if err != nil {
				t.Fatal(err)
			}
			var doc yaml.Node
			if err := yaml.Unmarshal(text, &doc); err != nil {
				t.Fatal(err)
			}
			var used []string
			for _, line := range commandLines(&doc) {
				used = append(used, checkCommandLine(t, line))
			}
			for _, command := range []string{"validate", "diff", "apply"} {
				if !slices.Contains(used, command) {
					t.Errorf("no script runs telnyxsync %s: %q", command, used)
				}
			}
		})
	}
}

// commandLines are what the scripts give to telnyxsync, up to where the shell takes over again.
func commandLines(n *yaml.Node) (lines [][]string) {
	call := regexp.MustCompile(`(?m)^\s*bin/telnyxsync ([^|&;<>#\n]*)`)
	for _, m := range call.FindAllStringSubmatch(n.Value, -1) {
		lines = append(lines, strings.Fields(m[1]))
	}
	for _, c := range n.Content {
		lines = append(lines, commandLines(c)...)
	}
	return lines
}

// checkCommandLine returns the name of the command.
func checkCommandLine(t *testing.T, args []string) string {
	t.Helper()
	cmd, rest, err := (&app{}).command().Find(args)
	if err != nil {
		t.Errorf("%q: %v", args, err)
		return ""
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%q: %v", args, err)
	} else if cmd.PreRunE != nil {
		if err := cmd.PreRunE(cmd, nil); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
	return cmd.Name()
}
