package cdr

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// readAll reads a file to its end.
func readAll(t testing.TB, r *Reader) []Record {
	t.Helper()
	var records []Record
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return records
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
}

const (
	master16  = `"acc","1001","0023222123456","internal","""Ext, 1001"" <1001>","PJSIP/1001-00000000","PJSIP/carrier-00000001","Dial","PJSIP/0023222123456@carrier,60","2026-03-07 00:30:00","2026-03-07 00:30:02","2026-03-07 00:31:02",62,60,"ANSWERED","DOCUMENTATION"`
	uniqueid  = `,"pbx1-1795333356.0"`
	userfield = `,"what,ever"`
	newer     = `,"","pbx1-1795333356.9",17`
)

func TestReaderKnowsWhatAsteriskWrites(t *testing.T) {
	base := Record{
		Line:  1,
		Start: time.Date(2026, 3, 7, 0, 30, 0, 0, time.UTC), Answer: time.Date(2026, 3, 7, 0, 30, 2, 0, time.UTC),
		Duration: 62 * time.Second, Billed: time.Minute,
		Channel: "PJSIP/1001-00000000", DstChannel: "PJSIP/carrier-00000001", Dst: "0023222123456", Src: "1001",
		Disposition: "ANSWERED", Account: "acc", LastApp: "Dial", LastData: "PJSIP/0023222123456@carrier,60",
	}
	with := func(line int, unique, linked string) Record {
		r := base
		r.Line, r.Uniqueid, r.Linkedid = line, unique, linked
		return r
	}
	const unique, linked = "pbx1-1795333356.0", "pbx1-1795333356.9"
	minimal := Record{
		Line: 1, Start: base.Start, Duration: time.Minute, Billed: time.Minute,
		Channel: base.Channel, DstChannel: base.DstChannel, Dst: base.Dst,
	}
	epoch := minimal
	epoch.Start = base.Start.Add(250 * time.Millisecond)
	named := minimal
	named.Line = 2
	cases := []struct {
		name, file, columns string
		want                Record
	}{
		{"16 columns", master16, "", base},
		{"a mark and carriage returns", "\ufeff" + master16 + "\r\n", "", base},
		{"uniqueid", master16 + uniqueid, "", with(1, unique, "")},
		{"userfield alone", master16 + userfield, "", base},
		{"uniqueid and userfield", master16 + uniqueid + userfield, "", with(1, unique, "")},
		{"newer columns alone", master16 + newer, "", with(1, "", linked)},
		{"userfield and newer columns", master16 + userfield + newer, "", with(1, "", linked)},
		{"all columns", master16 + uniqueid + userfield + newer, "", with(1, unique, linked)},
		{
			"cdr_custom",
			`"x <1>","1001","0023222123456","internal","PJSIP/1001-00000000","PJSIP/carrier-00000001","Dial","PJSIP/0023222123456@carrier,60","2026-03-07 00:30:00","2026-03-07 00:30:02","2026-03-07 00:31:02","62","60","ANSWERED","DOCUMENTATION","acc","pbx1-1795333356.0","",17`,
			"", with(1, unique, ""),
		},
		{
			"FreePBX",
			"calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,did,linkedid,sequence\n" +
				`2026-03-07 00:30:00,"x",1001,0023222123456,from-internal,PJSIP/1001-00000000,PJSIP/carrier-00000001,Dial,"PJSIP/0023222123456@carrier,60",62,60,ANSWERED,3,acc,pbx1-1795333356.0,,,pbx1-1795333356.9,17`,
			"", func() Record { r := with(2, unique, linked); r.Answer = time.Time{}; return r }(),
		},
		{
			"columns by number, an epoch", "60,PJSIP/1001-00000000,PJSIP/carrier-00000001,0023222123456,1772843400.250000",
			"billsec=1,channel=2,dstchannel=3,dst=4,start=5", epoch,
		},
		{
			"columns by heading", "Talk,From,To,Number,When\n60,PJSIP/1001-00000000,PJSIP/carrier-00000001,0023222123456,2026-03-07T00:30:00",
			"billsec=talk,channel=from,dstchannel=to,dst=number,start=when", named,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var columns Columns
			if c.columns != "" {
				var err error
				if columns, err = ParseColumns(c.columns); err != nil {
					t.Fatal(err)
				}
			}
			r := NewReader(strings.NewReader(c.file), columns, time.UTC)
			got := readAll(t, r)
			if n, bad := r.Bad(); len(got) != 1 || n != 0 || got[0] != c.want {
				t.Errorf("got  %+v\nwant %+v\nbad %v", got, c.want, bad)
			}
		})
	}
}

func TestReaderTellsOfBadRows(t *testing.T) {
	cases := []struct{ name, row, want string }{
		{"open quote", `"acc","1001`, "a quotation mark is opened and not closed"},
		{"text behind a quote", `"acc"x,1`, "there is text behind a cell in quotation marks"},
		{"control character", strings.Replace(master16, "1001-0", "1001\x1b-0", 1), "channel has characters that do not print"},
		{"not UTF-8", strings.Replace(master16, "1001-0", "1001\xff-0", 1), "channel has characters that do not print"},
		{"a megabyte", strings.Repeat("x", 1<<20), "the line has more than 64 kB"},
		{"long name", strings.Replace(master16, "1001-0", strings.Repeat("1", 300), 1), "channel has more than 256 bytes"},
		{"torn", `"acc","1001","0023222123456"`, "it has 3 cells where the rows before it have 16"},
		{"no seconds", strings.Replace(master16, ",60,", ",-1,", 1), `billsec: "-1" is no number of seconds up to a week`},
		{"no answer time", strings.Replace(master16, "00:30:02", "00:99:02", 1), `answer: "2026-03-07 00:99:02" is no time: expected 2026-03-07 00:30:00 or the seconds since 1970`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := NewReader(strings.NewReader(master16+"\n"+c.row+"\n"+master16+"\n"), nil, time.UTC)
			got := readAll(t, r)
			n, bad := r.Bad()
			if len(got) != 2 || n != 1 || r.Rows() != 3 || bad[0] != (Problem{Line: 2, Text: c.want}) {
				t.Errorf("%d records, %d bad of %d: %v; want %q in line 2", len(got), n, r.Rows(), bad, c.want)
			}
		})
	}
}

func TestReaderRefusesAnotherKindOfFile(t *testing.T) {
	for _, file := range []string{"one,two\n", strings.Repeat("root:x:0:0\n", 1000)} {
		_, err := NewReader(strings.NewReader(file), nil, time.UTC).Next()
		if err == nil || !strings.Contains(err.Error(), "line 1: this is no row of Master.csv") {
			t.Errorf("got %v", err)
		}
	}
	for _, columns := range []string{"", "start", "when=1", "start=1,start=2"} {
		if got, err := ParseColumns(columns); err == nil {
			t.Errorf("%q gives %v", columns, got)
		}
	}
}

// TestRowsComeBack writes rows as a CSV library does and reads them again.
func TestRowsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`[ -~äß]{0,20}`).Filter(func(cell string) bool { return !null([]byte(cell)) })
		row := []string{
			cell.Draw(t, "account"), cell.Draw(t, "src"), cell.Draw(t, "dst"), "", cell.Draw(t, "clid"),
			cell.Draw(t, "channel"), cell.Draw(t, "dstchannel"), cell.Draw(t, "app"), cell.Draw(t, "data"),
			"", "", "2026-03-07 00:30:00", "", "", "ANSWERED", "", "1795333356.1", "",
		}
		start := time.Unix(rapid.Int64Range(epochs, 2*epochs).Draw(t, "start"), 0).UTC()
		billed := rapid.IntRange(0, 86400).Draw(t, "billed")
		row[9], row[13] = start.Format(time.DateTime), strconv.Itoa(billed)
		var file strings.Builder
		w := csv.NewWriter(&file)
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		got, err := NewReader(strings.NewReader(file.String()), nil, time.UTC).Next()
		if err != nil {
			t.Fatalf("%q: %v", file.String(), err)
		}
		want := Record{
			Line: 1, Start: start, Duration: time.Duration(billed) * time.Second, Billed: time.Duration(billed) * time.Second,
			Channel: row[5], DstChannel: row[6], Dst: row[2], Src: row[1], Disposition: "ANSWERED",
			Uniqueid: row[16], Account: row[0], LastApp: row[7], LastData: row[8],
		}
		if got != want {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

// FuzzReader reads whatever comes: bounded, and with every row accounted for.
func FuzzReader(f *testing.F) {
	f.Add(master16+uniqueid+"\n"+master16, "")
	f.Add("calldate,dst,channel,dstchannel,billsec\n2026-03-07 00:30:00,1,a,b,1e3\n", "")
	f.Add(bareHeading+"\n"+`2026-03-07 00:30:00,""Smith, John" <1001>",1001,1`, "")
	f.Add("1,2,3,4,5\n", "start=1,billsec=2,channel=3,dstchannel=4,dst=5")
	f.Fuzz(func(t *testing.T, file, mapping string) {
		columns, _ := ParseColumns(mapping)
		r := NewReader(strings.NewReader(file), columns, time.UTC)
		good := 0
		for {
			record, err := r.Next()
			if err != nil {
				break
			}
			good++
			if record.Start.Unix() < epochs || record.Billed < 0 || record.Billed > longest || len(record.Channel) > maxCell || !printable([]byte(record.Dst)) {
				t.Fatalf("%+v", record)
			}
		}
		if n, bad := r.Bad(); good+n != r.Rows() || len(bad) > maxTold {
			t.Fatalf("%d good and %d bad of %d, %d told", good, n, r.Rows(), len(bad))
		}
	})
}
