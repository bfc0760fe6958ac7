package toll

import (
	"testing"

	"pgregory.net/rapid"
)

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
