package apply_test

import (
	"os"
	"testing"

	"telnyxsync/internal/apply"
	"telnyxsync/internal/testrun"
)

func TestMain(m *testing.M) {
	os.Exit(testrun.Tests{M: m, Checks: 40}.Run())
}

// unlimited are limits by which nothing is withheld: what these tests are about is not the guards.
func unlimited() apply.Limits {
	out := apply.Limits{}
	for _, class := range apply.LimitClasses() {
		out[class] = apply.Limit{Max: 1 << 30, Once: true}
	}
	return out
}
