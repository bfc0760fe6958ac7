//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"
)

func TestParseCDRs(t *testing.T) {
	const text = `"","1004","0023222123456","unguarded","""Ext, ""1004"""" <1004>","PJSIP/1004-00000000",` +
		`"PJSIP/carrier-00000001","Dial","PJSIP/0023222123456@carrier,60","2026-11-22 13:09:01",` +
		`"2026-11-22 13:09:02","2026-11-22 13:09:14",13,12,"ANSWERED","DOCUMENTATION","pbx-1.0","u"` + "\n" +
		`"","1004","00","unguarded","","PJSIP/1004-00000002","","Hangup","21","2026-11-22 13:10:00",,` +
		`"2026-11-22 13:10:00",0,0,"NO ANSWER","DOCUMENTATION","pbx-1.2",""` + "\n"
	records, err := parseCDRs(strings.NewReader(text))
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	first, second := records[0], records[1]
	if first.CallerID != `"Ext, "1004"" <1004>` || first.Uniqueid != "pbx-1.0" || first.Userfield != "u" {
		t.Errorf("first: %+v", first)
	}
	if first.Duration != 13*time.Second || first.Billed != 12*time.Second || first.End.Sub(first.Answer) != 12*time.Second {
		t.Errorf("times of the first: %+v", first)
	}
	if !second.Answer.IsZero() || second.Disposition != "NO ANSWER" {
		t.Errorf("second: %+v", second)
	}
	for _, bad := range []string{"a,b\n", strings.Replace(text, ",13,", ",x,", 1), strings.Replace(text, "2026-11-22 13:09:01", "soon", 1)} {
		if _, err := parseCDRs(strings.NewReader(bad)); err == nil {
			t.Errorf("no error for %.40q", bad)
		}
	}
}

func TestParseMessage(t *testing.T) {
	m, err := parseMessage([]byte("SIP/2.0 403 Forbidden\r\nTo: \"a\" <sip:1@h>;tag=x\r\nReason: SIP;cause=403\r\nReason: Q.850;cause=21\r\n\r\nbody"))
	if err != nil {
		t.Fatal(err)
	}
	if m.status != 403 || m.cause() != 21 || parameter(m.get("to"), "tag") != "x" || m.body != "body" {
		t.Errorf("%+v", m)
	}
	if got := addressURI(m.get("To")); got != "sip:1@h" {
		t.Errorf("URI %q", got)
	}
	if got := uriUser("sip:00232%40carrier,60,L(30000)@127.0.0.1:5060"); got != "00232%40carrier,60,L(30000)" {
		t.Errorf("user %q", got)
	}
	for _, bad := range []string{"", "\r\n\r\n", "SIP/2.0 x OK\r\n\r\n", "INVITE sip:1@h SIP/2.0\r\nnonsense\r\n\r\n"} {
		if _, err := parseMessage([]byte(bad)); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}
