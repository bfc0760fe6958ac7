package sqlite

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestCheck is content with a ledger, and not with one of which a page is spoiled.
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
	for first := 0; first < len(text); first += page {
		spoiled := slices.Clone(text)
		for i := first; i < first+page; i++ {
			spoiled[i] ^= 0xa5
		}
		if err := os.WriteFile(path, spoiled, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := OpenReadOnly(path)
		if err == nil {
			err = r.Check(t.Context())
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		} else if !IsDamage(err) {
			t.Errorf("page %d spoiled: %v", first/page, err)
		}
		if err == nil {
			t.Errorf("page %d spoiled: not found", first/page)
		}
	}
	if _, err := OpenReadOnly(path + ".none"); err == nil || IsDamage(err) {
		t.Errorf("a file that is not there: %v", err)
	}
}
