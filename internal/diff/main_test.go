package diff_test

import (
	"os"
	"testing"

	"telnyxsync/internal/ramdir"
)

func TestMain(m *testing.M) { os.Exit(ramdir.Tests{M: m}.Run()) }
