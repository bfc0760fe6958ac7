package doctor

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		extension, dialled string
		want               bool
	}{
		{"112", "112", true}, {"112", "1123", false}, {"1-1-2", "112", true}, {"s", "s", true},
		{"_1XXX", "1001", true}, {"_1XXX", "100", false}, {"_1XXX", "10011", false}, {"_1xxx", "1001", true},
		{"_NXX", "112", false}, {"_NXX", "212", true}, {"_ZXX", "012", false}, {"_[2-46]X", "59", false}, {"_[2-46]X", "69", true},
		{"_X.", "1", false}, {"_X.", "12", true}, {"_X!", "1", true}, {"_.", "", false}, {"_!", "", true}, {"_9-X.", "912", true},
		{"_X.", "1a@carrier,60,L(1)", true}, {"_XX", "1a", false}, {"_+49X.", "+4912", true}, {"_*7X", "*71", true}, {"_[0-9*#+].", "#1", true}, {"_[", "1", false},
	} {
		if got := matches(c.extension, c.dialled); got != c.want {
			t.Errorf("%s matches %q: %v", c.extension, c.dialled, got)
		}
	}
}

// TestPrecedence has the order that Asterisk 22 and 16 print with "dialplan
// show", which is the order in which they search.
func TestPrecedence(t *testing.T) {
	asterisk := []string{"110", "112", "_+4916[0-3]XXXXXXXX", "_+4916[0-3]XXXXXXX", "_+491[57]XXXXXXXX", "_+4990[6-9]XXX", "_+499ZXXXX", "_+49[78]0NXXX",
		"_+49[78]ZXXXX", "_+49[2-6]XXXXX", "_016[0-3]XXXXXXX", "_01[57]XXXXXXXX", "_0800XXXXXXX", "_0[78]ZXXXX", "_1XXX", "_1X.", "_NXX", "_ZXX", "_XXX", "_X.", "_X!", "_[0-9*#+]!", "_."}
	mixed := slices.Clone(asterisk)
	slices.Reverse(mixed)
	slices.SortStableFunc(mixed, byPrecedence)
	if !slices.Equal(mixed, asterisk) {
		t.Errorf("order:\n%v, want\n%v", mixed, asterisk)
	}
}

// TestWhatMatchesCanBeSaid holds patterns against numbers made for them.
func TestWhatMatchesCanBeSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, number := "_", ""
		for range rapid.IntRange(1, 8).Draw(t, "positions") {
			set := rapid.SampledFrom([]struct{ text, chars string }{{"X", "0123456789"}, {"Z", "123456789"}, {"N", "23456789"}, {"[2-46]", "2346"}, {"0", "0"}, {"+", "+"}}).Draw(t, "set")
			pattern += set.text
			number += string(rapid.SampledFrom([]byte(set.chars)).Draw(t, "digit"))
		}
		if !matches(pattern, number) {
			t.Fatalf("%s does not match %s", pattern, number)
		}
		if matches(pattern, number+"1") || matches(pattern, number[:len(number)-1]) {
			t.Fatalf("%s matches more or less than %s", pattern, number)
		}
		if !matches(pattern+"!", number) || matches(pattern+".", number) || !matches(pattern+".", number+"@x") {
			t.Fatalf("%s: the rest", pattern)
		}
		if byPrecedence(pattern, pattern) != 0 || byPrecedence(pattern, pattern+".") <= 0 {
			t.Fatalf("%s: order", pattern)
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("_1X.", "_1[2-9]!", "112")
	f.Fuzz(func(t *testing.T, a, b, dialled string) {
		matches(a, dialled)
		takesAnyText(a)
		canBeNumber(a)
		if c := byPrecedence(a, b); (c < 0) != (byPrecedence(b, a) > 0) {
			t.Errorf("%q and %q have no order", a, b)
		}
	})
}
