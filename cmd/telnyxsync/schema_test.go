package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestSchemaIsCurrent: what editors find in the repository is what the program prints.
func TestSchemaIsCurrent(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"schema"}, nil, &out, &errs); code != exitOK || errs.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	kept, err := os.ReadFile(filepath.Join("..", "..", "schema", "telnyxsync.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, out.Bytes()) {
		t.Error("schema/telnyxsync.schema.json is stale; renew it with: go run ./cmd/telnyxsync schema > schema/telnyxsync.schema.json")
	}
}
