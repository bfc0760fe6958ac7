package cdr

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Tables come as mysql and Excel write them. What a caller has put into his name moves
// no cell, and the separator is that of the first row that is understood.
func TestSeparators(t *testing.T) {
	const (
		heading = "calldate,src,dst,channel,dstchannel,duration,billsec,disposition,uniqueid,answer"
		row     = "2026-03-07 00:30:00,1001,0023222123456,PJSIP/1001-00000000,PJSIP/carrier-00000001,62,60,ANSWERED,1795333356.0,NULL"
	)
	want := Record{
		Line: 2, Start: time.Date(2026, 3, 7, 0, 30, 0, 0, time.UTC), Duration: 62 * time.Second, Billed: time.Minute,
		Channel: "PJSIP/1001-00000000", DstChannel: "PJSIP/carrier-00000001", Dst: "0023222123456", Src: "1001",
		Disposition: "ANSWERED", Uniqueid: "1795333356.0",
	}
	for _, test := range []struct{ name, file, columns string }{
		{"commas", heading + "\n" + row, ""},
		{"semicolons", strings.ReplaceAll(heading+"\n"+row, ",", ";"), ""},
		{"tabs", strings.ReplaceAll(heading+"\n"+row, ",", "\t"), ""},
		{"a caller ID with quotation marks, by mysql", strings.ReplaceAll("clid,"+heading+"\n"+`"Smith; \tJohn" <1001>,`+row, ",", "\t"), ""},
		{"an open quotation mark, by mysql", strings.ReplaceAll("clid,"+heading+"\n"+`"Smith,`+row, ",", "\t"), ""},
		{"a caller ID in quotation marks, by Excel", strings.ReplaceAll("clid,"+heading, ",", ";") + "\n" + `"""Smith; John"" <1001>";` + strings.ReplaceAll(row, ",", ";"), ""},
		{
			"commas between semicolons", "x\n" + `Smith, John, jr., the, second;` + strings.ReplaceAll(row, ",", ";"),
			"start=2,src=3,dst=4,channel=5,dstchannel=6,duration=7,billsec=8,disposition=9,uniqueid=10",
		},
	} {
		columns, err := Columns(nil), error(nil)
		if test.columns != "" {
			if columns, err = ParseColumns(test.columns); err != nil {
				t.Fatal(err)
			}
		}
		r := NewReader(strings.NewReader(test.file), columns, time.UTC)
		if got := readAll(t, r); len(got) != 1 || got[0] != want {
			_, bad := r.Bad()
			t.Errorf("%s: got  %+v\nwant %+v\nbad %v", test.name, got, want, bad)
		}
	}
}

// A Master.csv that Excel has saved has no heading either.
func TestMasterWithSemicolons(t *testing.T) {
	cells, err := split([]byte(master16+uniqueid), ',', nil)
	if err != nil {
		t.Fatal(err)
	}
	cells[4] = []byte(`"""Ext; 1001"" <1001>"`)
	cells[8] = []byte("PJSIP/0023222123456@carrier,60,S(60)") // with commas of its own
	row := string(bytes.Join(cells, []byte(";")))
	r := NewReader(strings.NewReader(row+"\n"+row+"\n"), nil, time.UTC)
	got := readAll(t, r)
	if len(got) != 2 || got[1].Dst != "0023222123456" || got[1].Uniqueid != "pbx1-1795333356.0" || got[0].LastData != string(cells[8]) {
		_, bad := r.Bad()
		t.Errorf("%+v, bad %v", got, bad)
	}
}
