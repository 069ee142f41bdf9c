package export_test

import (
	"os"
	"testing"

	"telnyxsync/internal/testrun"
)

func TestMain(m *testing.M) { os.Exit(testrun.Tests{M: m}.Run()) }
