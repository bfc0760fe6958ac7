package main

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLengthReadsWhatItWrites is what a printed command relies on.
func TestLengthReadsWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := length(rapid.Int64Range(0, int64(20*365*24*time.Hour)).Draw(t, "length"))
		var back length
		if text := l.String(); text != "" {
			if err := back.Set(text); err != nil || back != l {
				t.Fatalf("%s is read %v, %v", text, back, err)
			}
		}
	})
}

func TestParseMoment(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-12-24 08:00":       "2026-12-24T13:00:00Z",
		"2026-07-01 08:00:30":    "2026-07-01T12:00:30Z",
		"2026-12-24":             "2026-12-24T05:00:00Z",
		"2026-12-24T08:00:00Z":   "2026-12-24T08:00:00Z",
		"2026-12-24T08:00+01:00": "",
		"tomorrow":               "",
		"2026-13-01":             "",
	} {
		got, err := parseMoment(text, zone)
		if want == "" {
			if err == nil {
				t.Errorf("%q: %s", text, got)
			}
			continue
		}
		if err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
}
