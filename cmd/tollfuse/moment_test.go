package main

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseLength(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "6h": 6 * time.Hour, "1d": day, "2w": 14 * day, "1w2d3h": 9*day + 3*time.Hour, "0": 0, "0s": 0, "0d": 0,
		"-2h": -2 * time.Hour, "-1d": -day, "1h30m": 90 * time.Minute, "1d30s": day + 30*time.Second,
	} {
		if got, err := parseLength(text); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "d", "1", "1.5d", "1d2w", "1d-2h", "--2h", "1y", "99999w", "9999999h9999999h", "1dd", " 1d", "1d "} {
		if got, err := parseLength(text); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}

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

func FuzzParseLength(f *testing.F) {
	for _, text := range []string{"1w2d3h", "-1d", "0", "106751d", "9223372036854775807ns", "1d9223372036s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseLength(text)
		if err == nil && len(text) > 0 && text[0] != '-' && d < 0 {
			t.Errorf("%q became %s", text, d)
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
