package cdr

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// A file in UTF-16 is named as such, for nothing else about it can be mended.
func TestUTF16IsNamed(t *testing.T) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		_, err := NewReader(strings.NewReader(mark+"s\x00t\x00\n\x00"), nil, time.UTC).Next()
		if !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), "UTF-16") {
			t.Errorf("%q: %v, want one that names UTF-16", mark, err)
		}
	}
}
