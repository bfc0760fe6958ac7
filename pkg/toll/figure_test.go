package toll

import (
	"testing"
	"time"

	"pgregory.net/rapid"
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

// TestFiguresReadAsTheyAreWritten is what policies in files rely on.
func TestFiguresReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(Measures()).Draw(t, "measure")
		v := rapid.Int64Range(0, 1<<33).Draw(t, "figure")
		if m != Seconds {
			v = rapid.Int64Range(0, mostFigure).Draw(t, "large figure")
		}
		text := FormatFigure(m, v)
		if back, err := ParseFigure(m, text); err != nil || back != v {
			t.Fatalf("%s %d is written %q and read %d, %v", m, v, text, back, err)
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

func TestParseFigureRefuses(t *testing.T) {
	for _, c := range []struct {
		measure Measure
		text    string
	}{
		{Cost, "cheap"}, {Cost, "-1"}, {Cost, "1.1234567"}, {Cost, "2000000000000"}, {Seconds, "5"}, {Seconds, "-1h"},
		{Calls, "1.5"}, {Calls, "-1"}, {Calls, "1e3"}, {Calls, ""}, {Calls, "2000000000000000000"},
	} {
		if v, err := ParseFigure(c.measure, c.text); err == nil {
			t.Errorf("%s %q is %d", c.measure, c.text, v)
		}
	}
}
