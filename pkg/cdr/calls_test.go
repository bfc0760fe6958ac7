package cdr

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// trunks is a site whose trunks are carrier, second and third.
func trunks(channel string) (string, bool) {
	_, name, _ := strings.Cut(channel, "/")
	name, _, _ = strings.Cut(name, "-")
	return name, slices.Contains([]string{"carrier", "second", "third"}, name)
}

// row is a record as Master.csv has it, of a call in the hour after midnight.
func row(at, dst, channel, leg, app, data string, billed int, disposition, uniqueid string) string {
	return fmt.Sprintf(`"","1001","%s","internal","","%s","%s","%s","%s","2026-03-07 00:%s","","2026-03-07 00:59:00",%d,%d,"%s","DOCUMENTATION","%s",""`,
		dst, channel, leg, app, data, at, billed, billed, disposition, uniqueid) + "\n"
}

// allCalls lists the calls of a file, one a line.
func allCalls(t testing.TB, file string, hold int) (string, Counts) {
	t.Helper()
	c := NewCalls(NewReader(strings.NewReader(file), nil, time.UTC), trunks)
	c.held = hold
	var list strings.Builder
	for {
		call, err := c.Next()
		if errors.Is(err, io.EOF) {
			return list.String(), c.Counts()
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "%s %s %s %v %d\n", call.Start.Format("04:05"), call.Number, call.Trunk, call.Billed, call.Attempts)
	}
}

func TestCalls(t *testing.T) {
	const phone = "PJSIP/1001-00000001"
	dial := func(at, leg string, billed int, disposition, id string) string {
		return row(at, "0023222123456", phone, leg, "Dial", "", billed, disposition, id)
	}
	cases := []struct {
		name, file, want string
		counts           Counts
	}{
		{
			"three trunks tried", dial("10:00", "PJSIP/carrier-1", 0, "CONGESTION", "1795333356.1") + dial("10:05", "PJSIP/second-2", 0, "NO ANSWER", "1795333356.1") +
				dial("10:30", "PJSIP/third-3", 60, "ANSWERED", "1795333356.1"),
			"10:00 0023222123456 third 1m0s 3\n", Counts{Calls: 1, Retries: 2},
		},
		{
			"the answered one first", dial("10:00", "PJSIP/carrier-1", 60, "ANSWERED", "1795333356.1") + dial("10:00", "PJSIP/second-2", 0, "NO ANSWER", "1795333356.1"),
			"10:00 0023222123456 carrier 1m0s 2\n", Counts{Calls: 1, Retries: 1},
		},
		{
			"two answered are two", dial("10:00", "PJSIP/carrier-1", 60, "ANSWERED", "1795333356.1") + dial("12:00", "PJSIP/carrier-2", 30, "ANSWERED", "1795333356.1"),
			"10:00 0023222123456 carrier 1m0s 1\n12:00 0023222123456 carrier 30s 1\n", Counts{Calls: 2},
		},
		{
			"tried again later is another call", dial("10:00", "PJSIP/carrier-1", 0, "NO ANSWER", "1795333356.1") + dial("21:00", "PJSIP/carrier-2", 30, "ANSWERED", "1795333356.1"),
			"10:00 0023222123456 carrier 0s 1\n21:00 0023222123456 carrier 30s 1\n", Counts{Calls: 2},
		},
		{
			"the extension h, inside and inbound", dial("10:00", "PJSIP/carrier-1", 60, "ANSWERED", "1795333356.1") +
				row("10:00", "h", phone, "", "NoOp", "", 0, "ANSWERED", "1795333356.1") + row("11:00", "1002", phone, "PJSIP/1002-9", "Dial", "", 9, "ANSWERED", "1795333356.3") +
				row("12:00", "1001", "PJSIP/carrier-4", phone, "Dial", "", 9, "ANSWERED", "1795333356.4"),
			"10:00 0023222123456 carrier 1m0s 1\n", Counts{Calls: 1, NotTrunk: 3},
		},
		{
			"a long call ends last", dial("20:00", "PJSIP/carrier-2", 60, "ANSWERED", "1795333356.2") + dial("10:00", "PJSIP/carrier-1", 1200, "ANSWERED", "1795333356.1"),
			"10:00 0023222123456 carrier 20m0s 1\n20:00 0023222123456 carrier 1m0s 1\n", Counts{Calls: 2},
		},
		{
			"the number where the extension is none", row("10:00", "s", phone, "PJSIP/carrier-1", "Dial", "PJSIP/+4420@carrier,60", 1, "ANSWERED", "1795333356.1") +
				row("11:00", "s", phone, "SIP/carrier-1", "Dial", "SIP/carrier/0044,60", 1, "ANSWERED", "1795333356.2") +
				row("12:00", "h", phone, "PJSIP/carrier-1", "NoOp", "", 0, "ANSWERED", "1795333356.3"),
			"10:00 +4420 carrier 1s 1\n11:00 0044 carrier 1s 1\n", Counts{Calls: 2, NoNumber: 1},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, counts := allCalls(t, c.file, held); got != c.want || counts != c.counts {
				t.Errorf("got\n%s%+v\nwant\n%s%+v", got, counts, c.want, c.counts)
			}
		})
	}
}

// TestCallsHoldsABoundedNumber shows what is lost by that: a call that comes too
// late is left out and counted.
func TestCallsHoldsABoundedNumber(t *testing.T) {
	file := ""
	for _, minute := range []string{"20", "30", "10"} {
		file += row(minute+":00", "0044", "PJSIP/1001-1", "PJSIP/carrier-1", "Dial", "", 1, "ANSWERED", "17953333"+minute+".1")
	}
	got, counts := allCalls(t, file, 2)
	if got != "20:00 0044 carrier 1s 1\n30:00 0044 carrier 1s 1\n" || counts != (Counts{Calls: 2, Late: 1}) {
		t.Errorf("got\n%s%+v", got, counts)
	}
}

// manyRows writes n records of 5,000 numbers, without having them in memory.
type manyRows struct {
	n, at int
	rest  []byte
}

func (m *manyRows) Read(p []byte) (int, error) {
	if len(m.rest) == 0 {
		if m.at == m.n {
			return 0, io.EOF
		}
		start := time.Unix(1_772_000_000+int64(m.at)*10, 0).UTC()
		m.rest = fmt.Appendf(m.rest[:0], `"","1001","00232%08d","internal","","PJSIP/%d-%08x","PJSIP/carrier-%08x","Dial","","%s","","%s",62,60,"ANSWERED","DOCUMENTATION","%d.%d",""`+"\n",
			m.at%5000, 1000+m.at%200, m.at, m.at, start.Format(time.DateTime), start.Format(time.DateTime), start.Unix(), m.at)
		m.at++
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// BenchmarkCalls reads a million records.
func BenchmarkCalls(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		c := NewCalls(NewReader(&manyRows{n: n}, nil, time.UTC), trunks)
		for {
			if _, err := c.Next(); err != nil {
				break
			}
		}
		if c.Counts().Calls != n {
			b.Fatalf("%+v", c.Counts())
		}
	}
}

// Whoever is in a conference has a record with everybody else there, one who rang in by
// a trunk too. None of them is a call, and none an end that leads outside.
func TestConferenceIsNoCall(t *testing.T) {
	file := row("10:00", "6112", "PJSIP/1001-00000001", "PJSIP/carrier-00000003", "ConfBridge", "6112,,,", 3600, "ANSWERED", "1795333356.1") +
		row("10:00", "6112", "PJSIP/1002-00000002", "PJSIP/carrier-00000003", "ConfBridge", "6112,,,", 3600, "ANSWERED", "1795333356.2") +
		row("10:00", "6112", "PJSIP/1001-00000001", "PJSIP/1002-00000002", "ConfBridge", "6112,,,", 3600, "ANSWERED", "1795333356.1")
	c := NewCalls(NewReader(strings.NewReader(file), nil, time.UTC), trunks)
	if call, err := c.Next(); !errors.Is(err, io.EOF) || c.Counts() != (Counts{NotTrunk: 3}) || len(c.Elsewhere()) != 0 {
		t.Errorf("%+v, %v, %+v, elsewhere %q", call, err, c.Counts(), c.Elsewhere())
	}
}
