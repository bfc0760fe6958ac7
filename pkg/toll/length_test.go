package toll

import (
	"testing"
	"time"
)

func TestParseLength(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "6h": 6 * time.Hour, "1d": day, "2w": 14 * day, "1w2d3h": 9*day + 3*time.Hour, "0": 0, "0s": 0, "0d": 0,
		"-2h": -2 * time.Hour, "-1d": -day, "1h30m": 90 * time.Minute, "1d30s": day + 30*time.Second,
	} {
		if got, err := ParseLength(text); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "d", "1", "1.5d", "1d2w", "1d-2h", "--2h", "1y", "99999w", "9999999h9999999h", "1dd", " 1d", "1d "} {
		if got, err := ParseLength(text); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func FuzzParseLength(f *testing.F) {
	for _, text := range []string{"1w2d3h", "-1d", "0", "106751d", "9223372036854775807ns", "1d9223372036s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseLength(text)
		if err == nil && len(text) > 0 && text[0] != '-' && d < 0 {
			t.Errorf("%q became %s", text, d)
		}
	})
}

func TestFormatLength(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"24h": day, "7d": 7 * day, "36h": 36 * time.Hour, "1h30m": 90 * time.Minute, "45s": 45 * time.Second, "0s": 0, "24h0m1s": day + time.Second,
	} {
		if got := FormatLength(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestSayLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", -time.Second: "0 s", 900 * time.Millisecond: "0 s", time.Second: "1 s", time.Minute: "1 min", 61 * time.Second: "1 min 1 s",
		2 * time.Hour: "2 h", 90 * time.Minute: "1 h 30 min", 24*time.Hour + time.Second: "24 h 1 s",
	} {
		if got := SayLength(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestSayWindow(t *testing.T) {
	for want, d := range map[string]time.Duration{"1m30s": 90 * time.Second, "24h": day, "7 days": 7 * day, "1h30m": 90 * time.Minute, "36h": 36 * time.Hour} {
		if got := sayWindow(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
