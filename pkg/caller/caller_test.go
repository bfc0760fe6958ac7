package caller

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

var site = Site{
	Trunks:   []string{"carrier", "DAHDI/i1", "IAX2/backup"},
	Gateways: []string{"dect", "dect2"},
	Accounts: []string{"hotdesk", "dect2"},
	Groups:   map[string]string{"1001": "sales", "PJSIP/1002": "lab", "4711": "guests", "Local/internal": "plan", "carrier": "outside"},
	Internal: func(number string) bool { return len(number) == 4 && number[0] == '2' },
}

// TestResolve goes through the table at the head of the package, row by row,
// and through what an attacker would like to see go wrong.
func TestResolve(t *testing.T) {
	for _, c := range []struct {
		why   string
		facts Facts
		want  toll.Caller
	}{
		{"an extension dials", Facts{Channel: "PJSIP/1001-00000001"}, toll.Caller{Kind: toll.Extension, ID: "1001", Group: "sales"}},
		{"the same by SIP", Facts{Channel: "SIP/1001-00000001"}, toll.Caller{Kind: toll.Extension, ID: "1001", Group: "sales"}},
		{"a group for one technology only", Facts{Channel: "PJSIP/1002-00000001"}, toll.Caller{Kind: toll.Extension, ID: "1002", Group: "lab"}},
		{"and not for the other", Facts{Channel: "SIP/1002-00000001"}, toll.Caller{Kind: toll.Extension, ID: "1002"}},
		{"an analogue phone is no extension of that number", Facts{Channel: "DAHDI/1001-1"}, toll.Caller{Kind: toll.Extension, ID: "DAHDI/1001"}},
		{"an account code counts for nothing by itself", Facts{Channel: "PJSIP/1001-00000001", Account: "4711"}, toll.Caller{Kind: toll.Extension, ID: "1001", Group: "sales"}},
		{"unless the site says so", Facts{Channel: "PJSIP/hotdesk-00000001", Account: "4711"}, toll.Caller{Kind: toll.Extension, ID: "4711", Group: "guests"}},
		{"nobody has logged in", Facts{Channel: "PJSIP/hotdesk-00000001"}, toll.Caller{Kind: toll.Extension, ID: "hotdesk"}},
		{"an account that cannot be one", Facts{Channel: "PJSIP/hotdesk-00000001", Account: "1\r\nx"}, toll.Caller{Kind: toll.Extension, ID: "hotdesk"}},
		{"an account that the dialplan could not read", Facts{Channel: "PJSIP/hotdesk-00000001", Account: "unreadable"}, toll.Caller{Kind: toll.Extension, ID: "hotdesk"}},
		{"an extension by IAX2", Facts{Channel: "IAX2/1001-77"}, toll.Caller{Kind: toll.Extension, ID: "1001", Group: "sales"}},
		{"a user of a gateway, by account", Facts{Channel: "PJSIP/dect2-00000001", Account: "4711"}, toll.Caller{Kind: toll.GatewayUser, ID: "4711", Group: "guests"}},
		{"a gateway with an account that the site does not name", Facts{Channel: "PJSIP/dect-00000001", Account: "4711"}, toll.Caller{Kind: toll.GatewayUser, ID: "dect"}},
		{"a gateway dials on after it transferred the carrier", Facts{Channel: "PJSIP/dect-00000002", BlindTransfer: "PJSIP/carrier-00000001"}, toll.Caller{Kind: toll.GatewayUser, ID: "dect"}},
		{"a gateway", Facts{Channel: "PJSIP/dect-00000001"}, toll.Caller{Kind: toll.GatewayUser, ID: "dect"}},

		{"a trunk", Facts{Channel: "PJSIP/carrier-00000001"}, toll.Caller{Kind: toll.FromTrunk, ID: "carrier", Group: "outside"}},
		{"an ISDN trunk, with a number that names an extension", Facts{Channel: "DAHDI/i1/1001-1"}, toll.Caller{Kind: toll.FromTrunk, ID: "DAHDI/i1"}},
		{"a trunk of one technology", Facts{Channel: "IAX2/backup-12"}, toll.Caller{Kind: toll.FromTrunk, ID: "IAX2/backup"}},
		{"is no trunk in the other", Facts{Channel: "PJSIP/backup-00000001"}, toll.Caller{Kind: toll.Extension, ID: "backup"}},
		{"an account does not make an extension of a trunk", Facts{Channel: "PJSIP/carrier-00000001", Account: "1001"}, toll.Caller{Kind: toll.FromTrunk, ID: "carrier", Group: "outside"}},

		{"blind transfer of the trunk leg", Facts{Channel: "PJSIP/carrier-00000002", BlindTransfer: "PJSIP/1001-00000001"}, toll.Caller{Kind: toll.Transfer, ID: "1001", Group: "sales"}},
		{"attended transfer", Facts{Channel: "PJSIP/carrier-00000002", AttendedTransfer: "PJSIP/1001-00000001"}, toll.Caller{Kind: toll.Transfer, ID: "1001", Group: "sales"}},
		{"by feature code", Facts{Channel: "Local/0023@internal-00000001;2", Transferer: "PJSIP/1001-00000001"}, toll.Caller{Kind: toll.Transfer, ID: "1001", Group: "sales"}},
		{"blind stands above attended", Facts{Channel: "PJSIP/carrier-00000002", BlindTransfer: "PJSIP/1003-00000001", AttendedTransfer: "PJSIP/1001-00000001"}, toll.Caller{Kind: toll.Transfer, ID: "1003"}},
		{"transferer stands above forwarder", Facts{Channel: "Local/0023@internal-00000001;2", BlindTransfer: "PJSIP/1003-00000001", Forwarder: "PJSIP/1001-00000001"}, toll.Caller{Kind: toll.Transfer, ID: "1003"}},
		{"a gateway transfers", Facts{Channel: "PJSIP/carrier-00000002", BlindTransfer: "PJSIP/dect-00000001"}, toll.Caller{Kind: toll.GatewayUser, ID: "dect"}},
		{"the carrier transfers its own leg", Facts{Channel: "PJSIP/carrier-00000002", BlindTransfer: "DAHDI/i1/1001-1"}, toll.Caller{Kind: toll.FromTrunk, ID: "DAHDI/i1"}},
		{"a phone dials on after it transferred the carrier", Facts{Channel: "PJSIP/1001-00000002", BlindTransfer: "PJSIP/carrier-00000001"}, toll.Caller{Kind: toll.Extension, ID: "1001", Group: "sales"}},
		{"a spoilt transferer charges nobody else", Facts{Channel: "PJSIP/1001-00000002", BlindTransfer: "PJSIP/10 03-00000001", Forwarder: "PJSIP/1004-00000001"}, toll.Caller{Kind: toll.Unknown, ID: "unknown"}},
		{"two transferers are none", Facts{Channel: "PJSIP/1001-00000002", BlindTransfer: "PJSIP/1003-00000001,PJSIP/1004-00000001"}, toll.Caller{Kind: toll.Unknown, ID: "unknown"}},
		{"a transferer that is a Local channel", Facts{Channel: "PJSIP/carrier-00000002", BlindTransfer: "Local/5@internal-00000001;1"}, toll.Caller{Kind: toll.Unknown, ID: "Local/internal", Group: "plan"}},

		{"a forwarder", Facts{Channel: "Local/0023@internal-00000001;2", Forwarder: "PJSIP/1002-00000001"}, toll.Caller{Kind: toll.Forward, ID: "1002", Group: "lab"}},
		{"a carrier that redirects", Facts{Channel: "Local/0023@internal-00000001;2", Forwarder: "PJSIP/carrier-00000001"}, toll.Caller{Kind: toll.FromTrunk, ID: "carrier", Group: "outside"}},
		{"forwarder stands above a trunk", Facts{Channel: "PJSIP/carrier-00000002", Forwarder: "PJSIP/1002-00000001"}, toll.Caller{Kind: toll.Forward, ID: "1002", Group: "lab"}},
		{"a spoilt forwarder", Facts{Channel: "PJSIP/1001-00000002", Forwarder: "1002"}, toll.Caller{Kind: toll.Unknown, ID: "unknown"}},

		{"Originate to a trunk", Facts{Channel: "PJSIP/carrier-00001dbc", Originated: true}, toll.Caller{Kind: toll.Originated, ID: "carrier", Group: "outside"}},
		{"Originate to a phone", Facts{Channel: "PJSIP/1001-00000001", Originated: true}, toll.Caller{Kind: toll.Originated, ID: "1001", Group: "sales"}},
		{"Originate into the dialplan", Facts{Channel: "Local/0023@internal-00000001;2", Originated: true}, toll.Caller{Kind: toll.Originated, ID: "Local/internal", Group: "plan"}},
		{"Originate, unreadable", Facts{Channel: "Console/dsp", Originated: true}, toll.Caller{Kind: toll.Originated, ID: "unknown"}},
		{"Originated, then transferred", Facts{Channel: "PJSIP/carrier-00000002", Originated: true, BlindTransfer: "PJSIP/1001-00000001"}, toll.Caller{Kind: toll.Transfer, ID: "1001", Group: "sales"}},

		{"a queue's member", Facts{Channel: "Local/0023@internal-00000001;2", DialledBy: "2003"}, toll.Caller{Kind: toll.Forward, ID: "2003"}},
		{"a queue's member that forwards on", Facts{Channel: "Local/0023@internal-00000001;2", DialledBy: "2003", Forwarder: "PJSIP/1002-00000001"}, toll.Caller{Kind: toll.Forward, ID: "1002", Group: "lab"}},
		{"Originate to a queue's number", Facts{Channel: "Local/0023@internal-00000001;2", DialledBy: "2003", Originated: true}, toll.Caller{Kind: toll.Originated, ID: "Local/internal", Group: "plan"}},
		{"a pattern whose digits the caller chose", Facts{Channel: "Local/0023@internal-00000001;2", DialledBy: "80023"}, toll.Caller{Kind: toll.Unknown, ID: "Local/internal", Group: "plan"}},
		{"a queue in an extension without a number", Facts{Channel: "Local/0023@internal-00000001;2", DialledBy: "2s03"}, toll.Caller{Kind: toll.Unknown, ID: "Local/internal", Group: "plan"}},
		{"no phone is another's follow-me", Facts{Channel: "PJSIP/1003-00000001", DialledBy: "2003"}, toll.Caller{Kind: toll.Extension, ID: "1003"}},
		{"nor is a trunk", Facts{Channel: "PJSIP/carrier-00000001", DialledBy: "2003"}, toll.Caller{Kind: toll.FromTrunk, ID: "carrier", Group: "outside"}},
		{"Local without forwarder", Facts{Channel: "Local/0023@internal-00000001;2"}, toll.Caller{Kind: toll.Unknown, ID: "Local/internal", Group: "plan"}},
		{"a hostile number in a Local name", Facts{Channel: "Local/PJSIP/1001-00000001@internal-00000001;2"}, toll.Caller{Kind: toll.Unknown, ID: "unknown"}},
		{"no facts at all", Facts{}, toll.Caller{Kind: toll.Unknown, ID: "unknown"}},
		{"another technology", Facts{Channel: "Skinny/1001-1"}, toll.Caller{Kind: toll.Unknown, ID: "unknown"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			if got := site.Resolve(c.facts); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestTable holds the table at the head of the package: each row has its case here, and
// each case its row, in the order in which the facts are looked at.
func TestTable(t *testing.T) {
	type row struct {
		fact, kind string
		facts      Facts
	}
	rows := []row{
		{"BLINDTRANSFER", "transfer", Facts{BlindTransfer: "PJSIP/1001-00000001"}},
		{"ATTENDEDTRANSFER, TRANSFERERNAME", "transfer", Facts{AttendedTransfer: "PJSIP/1001-00000001", Transferer: "PJSIP/1001-00000001"}},
		{"FORWARDERNAME", "forward", Facts{Forwarder: "PJSIP/1001-00000001"}},
		{"Originated", "originated", Facts{Channel: "PJSIP/1001-00000001", Originated: true}},
		{"own channel is a trunk", "trunk", Facts{Channel: "PJSIP/carrier-00000001"}},
		{"own channel is a gateway", "gateway", Facts{Channel: "PJSIP/dect-00000001"}},
		{"own channel is an endpoint", "extension", Facts{Channel: "PJSIP/1001-00000001"}},
		{"a Local one dialled by a queue", "forward", Facts{Channel: "Local/0023@internal-00000001;2", DialledBy: "2003"}},
		{"own channel is Local", "unknown", Facts{Channel: "Local/0023@internal-00000001;2"}},
		{"anything else", "unknown", Facts{Channel: "Console/dsp"}},
	}
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "//	fact ")
	table, _, _ = strings.Cut(table, "\n//\n")
	lines := strings.Split(table, "\n")[1:]
	if len(lines) != len(rows) {
		t.Fatalf("the table has %d rows, want %d:\n%s", len(lines), len(rows), table)
	}
	for i, r := range rows {
		line := strings.TrimPrefix(lines[i], "//	")
		words := strings.Fields(line)
		if !strings.HasPrefix(line, r.fact+" ") || words[len(words)-1] != r.kind {
			t.Errorf("row %d is %q, want %s to give %s", i+1, line, r.fact, r.kind)
		}
		if got := site.Resolve(r.facts); string(got.Kind) != r.kind {
			t.Errorf("%s: %+v is of kind %s, want %s", r.fact, r.facts, got.Kind, r.kind)
		}
	}
	// Of the first four, which may come together, the one that stands above decides.
	together := Facts{Channel: "PJSIP/1001-00000001", Originated: true}
	for i := 3; i >= 0; i-- {
		if f := rows[i].facts; f.Channel == "" {
			together.BlindTransfer = cmp.Or(f.BlindTransfer, together.BlindTransfer)
			together.AttendedTransfer = cmp.Or(f.AttendedTransfer, together.AttendedTransfer)
			together.Forwarder = cmp.Or(f.Forwarder, together.Forwarder)
		}
		if got := site.Resolve(together); string(got.Kind) != rows[i].kind {
			t.Errorf("%+v is of kind %s, want that of %s", together, got.Kind, rows[i].fact)
		}
	}
}

// TestResolveRequests resolves what a real Asterisk told over AGI.
func TestResolveRequests(t *testing.T) {
	for file, want := range map[string][]string{
		"simple-call-asterisk-22.txt":    {"extension:1001"},
		"blind-transfer-asterisk-16.txt": {"extension:1001", "transfer:1001"},
		"forward-302-asterisk-22.txt":    {"forward:1002"},
	} {
		t.Run(file, func(t *testing.T) {
			requests := readRequests(t, file)
			if len(requests) != len(want) {
				t.Fatalf("%d requests, want %d", len(requests), len(want))
			}
			for i, facts := range requests {
				if got := site.Resolve(facts).String(); got != want[i] {
					t.Errorf("request %d: %+v gives %s, want %s", i+1, facts, got, want[i])
				}
			}
		})
	}
}

func TestTrunk(t *testing.T) {
	for channel, want := range map[string]string{
		"PJSIP/carrier-00000001":        "carrier",
		"SIP/carrier-00000001":          "carrier",
		"IAX2/backup-7":                 "IAX2/backup",
		"DAHDI/i1/0023222123456-2a":     "DAHDI/i1",
		"DAHDI/1-1":                     "",
		"PJSIP/1001-00000001":           "",
		"PJSIP/carrier":                 "",
		"Local/1@carrier-00000001;1":    "",
		"DAHDI/i2/i1-1":                 "",
		"PJSIP/carrier-00000001<x>\r\n": "",
	} {
		if got, ok := site.Trunk(channel); got != want || ok != (want != "") {
			t.Errorf("%q is trunk %q %v, want %q", channel, got, ok, want)
		}
	}
}

// FuzzResolve feeds hostile facts. Whatever they are, the caller has a kind and
// a harmless ID, and no text but a trunk's own channel makes a trunk.
func FuzzResolve(f *testing.F) {
	f.Add("PJSIP/1001-00000001", "", "", "", "", "", false, "")
	f.Add("Local/1@internal-00000001;2", "", "", "", "PJSIP/1002-00000001", "", false, "2003")
	f.Add("PJSIP/carrier-00000001", "PJSIP/1001-00000001", "x", "y", "z", "4711", true, "2003")
	f.Add("PJSIP/hotdesk-00000001", "", "", "", "", "9999,account=1", false, "20\r\n")
	f.Fuzz(func(t *testing.T, channel, blind, attended, transferer, forwarder, account string, originated bool, dialledBy string) {
		c := site.Resolve(Facts{channel, blind, attended, transferer, forwarder, account, originated, dialledBy})
		name := strings.TrimPrefix(strings.TrimPrefix(c.ID, "DAHDI/"), "Local/")
		if c.Kind == "" || !validEndpoint(name) {
			t.Fatalf("caller %+v", c)
		}
		if c.Kind == toll.FromTrunk {
			named := false
			for _, name := range []string{channel, blind, attended, transferer, forwarder} {
				_, is := site.Trunk(name)
				named = named || is
			}
			if !named {
				t.Fatalf("caller %+v although no fact names a trunk", c)
			}
		}
	})
}

// readRequests reads AGI requests as a server saw them: the agi_ lines, then
// variables with the replies of Asterisk.
func readRequests(t *testing.T, file string) []Facts {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var requests []Facts
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "----") {
			requests = append(requests, Facts{})
			continue
		}
		facts := &requests[len(requests)-1]
		if value, ok := strings.CutPrefix(line, "agi_channel: "); ok {
			facts.Channel = value
		}
		if value, ok := strings.CutPrefix(line, "agi_accountcode: "); ok {
			facts.Account = value
		}
		name, reply, _ := strings.Cut(line, " => 200 result=1 (")
		value := strings.TrimSuffix(reply, ")")
		switch name {
		case "BLINDTRANSFER":
			facts.BlindTransfer = value
		case "ATTENDEDTRANSFER":
			facts.AttendedTransfer = value
		case "TRANSFERERNAME":
			facts.Transferer = value
		case "FORWARDERNAME":
			facts.Forwarder = value
		}
	}
	return requests
}
