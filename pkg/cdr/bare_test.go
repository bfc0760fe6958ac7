package cdr

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const bareHeading = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield"

// bareRow is a row of that heading, with a caller ID as it stands in the file.
func bareRow(clid string) string {
	return "2026-03-07 00:30:00," + clid + `,1001,0023222123456,from-internal,PJSIP/1001-00000000,PJSIP/carrier-00000001,Dial,"PJSIP/0023222123456@carrier,60,T",62,60,ANSWERED,3,,1795333356.0,`
}

// Caller IDs stand in rows as FreePBX's page of reports and SELECT … INTO OUTFILE write
// them.
func TestQuotationMarksThatAreNotDoubled(t *testing.T) {
	want := Record{
		Line: 2, Start: time.Date(2026, 3, 7, 0, 30, 0, 0, time.UTC), Duration: 62 * time.Second, Billed: time.Minute,
		Channel: "PJSIP/1001-00000000", DstChannel: "PJSIP/carrier-00000001", Dst: "0023222123456", Src: "1001",
		Disposition: "ANSWERED", Uniqueid: "1795333356.0", LastApp: "Dial", LastData: "PJSIP/0023222123456@carrier,60,T",
	}
	for _, clid := range []string{
		`"Smith" <1001>`, `"" <1001>`, `""Smith, John" <1001>"`, `""Smith" <1001>"`, `""" <1001>"`, `"\"Smith\" <1001>"`,
		`"\"\" <1001>"`, `"""Smith"" <1001>"`, `O"Neill`, ``,
	} {
		r := NewReader(strings.NewReader(bareHeading+"\n"+bareRow(clid)), nil, time.UTC)
		if got := readAll(t, r); len(got) != 1 || got[0] != want {
			_, bad := r.Bad()
			t.Errorf("%s: got  %+v\nwant %+v\nbad %v", clid, got, want, bad)
		}
	}
	// Without a heading the first row says how many cells there are.
	columns, err := ParseColumns("start=1,src=3,dst=4,channel=6,dstchannel=7,lastapp=8,lastdata=9,duration=10,billsec=11,disposition=12,uniqueid=15")
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(strings.NewReader(bareRow(`"\"Smith\" <1001>"`)+"\n"+bareRow(`"Smith" <1001>`)), columns, time.UTC)
	if got := readAll(t, r); len(got) != 2 || got[1] != want {
		t.Errorf("without a heading: %+v", got)
	}
}

// A name that would move the cells costs its row, and no other one.
func TestANameMovesNoCell(t *testing.T) {
	const forged = `""x",1001,0,from-internal,PJSIP/1001-00000000,PJSIP/1002-00000001,Dial,x,1,1,ANSWERED" <1001>"`
	r := NewReader(strings.NewReader(bareHeading+"\n"+bareRow(forged)+"\n"+bareRow(`"Smith" <1001>`)), nil, time.UTC)
	got := readAll(t, r)
	if n, bad := r.Bad(); len(got) != 1 || got[0].Line != 3 || n != 1 || bad[0].Text != "there is text behind a cell in quotation marks" {
		t.Errorf("%+v, bad %v", got, bad)
	}
}

// Whoever calls, the cells behind the caller ID are those of the row, or it is refused.
func TestBareRowsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clid := fmt.Sprintf(`"%s" <1001>`, rapid.StringMatching(`[a-z ",\\ä]{0,12}`).Draw(t, "name"))
		if strings.Contains(clid, ",") {
			clid = `"` + clid + `"` // as cdr_export_csv does
		}
		got, err := NewReader(strings.NewReader(bareHeading+"\n"+bareRow(clid)), nil, time.UTC).Next()
		if err == nil && (got.Src != "1001" || got.Dst != "0023222123456" || got.DstChannel != "PJSIP/carrier-00000001" || got.Billed != time.Minute) {
			t.Fatalf("%s: %+v", clid, got)
		}
	})
}

// An export writes NULL where there is nothing. Calls of two people to one number are
// two calls, also where no row has a linkedid.
func TestNullIsNothing(t *testing.T) {
	const file = `calldate,src,dst,channel,dstchannel,duration,billsec,disposition,uniqueid,linkedid
2026-03-07 00:30:00,1001,0023222123456,PJSIP/1001-00000000,PJSIP/carrier-00000001,9,0,NO ANSWER,1795333356.0,NULL
2026-03-07 00:31:00,1002,0023222123456,PJSIP/1002-00000002,PJSIP/carrier-00000003,NULL,60,ANSWERED,1795333357.2,\N
2026-03-07 00:32:00,1002,1003,PJSIP/1002-00000004,NULL,9,0,NO ANSWER,1795333358.4,NULL
`
	calls := NewCalls(NewReader(strings.NewReader(file), nil, time.UTC), func(channel string) (string, bool) {
		return "carrier", strings.HasPrefix(channel, "PJSIP/carrier-")
	})
	for _, src := range []string{"1001", "1002"} {
		if call, err := calls.Next(); err != nil || call.Src != src || call.Linkedid != "" {
			t.Fatalf("got %+v, %v, want the call of %s", call, err, src)
		}
	}
	if counts := calls.Counts(); counts.Retries != 0 || counts.NotTrunk != 1 || len(calls.Elsewhere()) != 0 {
		t.Errorf("%+v, elsewhere %q", counts, calls.Elsewhere())
	}
}

// Sites add columns of their own to the samples of Asterisk.
func TestColumnsOfASite(t *testing.T) {
	const (
		custom = `"""Ext"" <1001>","1001","0023222123456","internal","PJSIP/1001-0","PJSIP/carrier-1","Dial","PJSIP/0023222123456@carrier","2026-03-07 00:30:00","2026-03-07 00:30:02","2026-03-07 00:31:02","62.5","60.25","ANSWERED","DOCUMENTATION","acc","1795333356.0","",4,1,7,"Carrier","Region"`
		master = master16 + uniqueid + `,"agent-7",7`
	)
	for _, row := range []string{custom, master} {
		r := NewReader(strings.NewReader(row+"\n"+row), nil, time.UTC)
		got := readAll(t, r)
		if len(got) != 2 || got[1].Dst != "0023222123456" || got[1].Linkedid != "" || got[1].Billed.Truncate(time.Second) != time.Minute {
			_, bad := r.Bad()
			t.Errorf("%s: %+v, bad %v", row, got, bad)
		}
	}
}
