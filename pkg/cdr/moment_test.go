package cdr

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The quick way reads a time as package time does, also on days on which the clocks
// are changed, and leaves alone what is none.
func TestClockIsQuickAndRight(t *testing.T) {
	clocks := make(map[string]*clock)
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		clocks[name] = &clock{zone: zone}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.Map(rapid.Int64Range(epochs, 2*epochs), func(n int64) string { return time.Unix(n, 0).UTC().Format(time.DateTime) }),
			rapid.StringMatching(`20[0-3][0-9]-(0[0-9]|1[0-3])-[0-3][0-9][ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9]`),
			rapid.StringMatching(`2026-(03-(08|29)|11-01|10-25) 0[0-4]:[0-5][0-9]:00`),
		).Draw(t, "text")
		for name, c := range clocks {
			got, err := c.parse(text)
			want, wantErr := parseTime(text, c.zone)
			if !got.Equal(want) || (err == nil) != (wantErr == nil) || err == nil && got.String() != want.String() {
				t.Fatalf("%s in %s: got %v, %v; want %v, %v", text, name, got, err, want, wantErr)
			}
		}
	})
}

func TestClockTakesTheQuickWay(t *testing.T) {
	c := clock{zone: time.UTC}
	if at, quick := c.quick("2026-03-07 23:59:58"); !quick || at.Unix() != 1772927998 {
		t.Errorf("%v, %v", at, quick)
	}
}

func TestUnusableFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"empty":       {"\n\n", "no call records: the file is empty"},
		"no records":  {"a,b\n1,2\n", "no call records: line 1: this is no row of Master.csv and no heading"},
		"no duration": {"start,dst,channel,dstchannel\n", "no call records: line 1: no column has billsec"},
	} {
		_, err := NewReader(strings.NewReader(c.file), nil, time.UTC).Next()
		if !errors.Is(err, ErrUnusable) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
