package sqlite

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCheck is content with a ledger, and not with one whose pages are spoiled.
func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for i := 3*page + 8; i < len(text); i++ {
		text[i] ^= 0xa5
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Check(t.Context()); err == nil {
		t.Error("spoiled pages were not found")
	} else {
		t.Log(err)
	}
}
