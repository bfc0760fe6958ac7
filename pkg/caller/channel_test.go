package caller

import (
	"regexp"
	"strings"
	"testing"
)

func TestParseChannel(t *testing.T) {
	long := strings.Repeat("x", 80)
	for _, c := range []struct{ name, tech, endpoint string }{
		// As the capture of a call shows them.
		{"PJSIP/1001-00001dc3", PJSIP, "1001"},
		{"PJSIP/carrier-00000002", PJSIP, "carrier"},
		{"Local/0023222999999@internal-00000001;2", Local, "internal"},
		{"Local/0023222999999@internal-00000001;1", Local, "internal"},
		// Endpoints with hyphens and with all that is allowed.
		{"PJSIP/branch-office-00000010", PJSIP, "branch-office"},
		{"PJSIP/a-00000001-00000002", PJSIP, "a-00000001"},
		{"PJSIP/user+x@site.example_1-000000ff", PJSIP, "user+x@site.example_1"},
		{"PJSIP/" + long + "-00000001", PJSIP, long},
		{"SIP/1002-0000002a", SIP, "1002"},
		{"SIP/192.0.2.7-0000002a", SIP, "192.0.2.7"},
		{"IAX2/branch-1", IAX2, "branch"},
		{"IAX2/branch-north-32767", IAX2, "branch-north"},
		{"DAHDI/1-1", DAHDI, "1"},
		{"DAHDI/31-2", DAHDI, "31"},
		{"DAHDI/i1/4930123456-3f", DAHDI, "i1"},
		{"DAHDI/i12/-1", DAHDI, "i12"},
		{"DAHDI/i2/4930123456:77-1", DAHDI, "i2"},
		{"DAHDI/i1/PJSIP/1001-00000001", DAHDI, "i1"},
		{"Local/100@from-queue-0000001a;1", Local, "from-queue"},
		{"Local/*21*0023222999999#@internal-00000001;2", Local, "internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tech, endpoint, ok := ParseChannel(c.name)
			if !ok || tech != c.tech || endpoint != c.endpoint {
				t.Errorf("got %q %q %v, want %q %q", tech, endpoint, ok, c.tech, c.endpoint)
			}
		})
	}
}

func TestParseChannelRefuses(t *testing.T) {
	for why, name := range map[string]string{
		"nothing":                            "",
		"no technology":                      "1001-00000001",
		"no endpoint":                        "PJSIP/-00000001",
		"no sequence":                        "PJSIP/1001",
		"short sequence":                     "PJSIP/1001-1dc3",
		"long sequence":                      "PJSIP/1001-000000001",
		"sequence in capitals":               "PJSIP/1001-00001DC3",
		"technology in small letters":        "pjsip/1001-00001dc3",
		"unknown technology":                 "Skinny/1001-00000001",
		"endpoint too long":                  "PJSIP/" + strings.Repeat("x", 81) + "-00000001",
		"name too long":                      "PJSIP/1001-00000001" + strings.Repeat(" ", 500),
		"space":                              "PJSIP/10 01-00000001",
		"line break":                         "PJSIP/1001\r\nAction: x-00000001",
		"line break at the end":              "PJSIP/1001-00000001\n",
		"two channels":                       "PJSIP/1001-00000001,PJSIP/1002-00000002",
		"fork":                               "PJSIP/1001&SIP/x-00000001",
		"slash":                              "PJSIP/1001/x-00000001",
		"full-width digits":                  "PJSIP/１００１-00000001",
		"invalid UTF-8":                      "PJSIP/\xff\xfe-00000001",
		"zombie of a masquerade":             "PJSIP/1001-00000001<ZOMBIE>",
		"guest by address and port":          "IAX2/192.0.2.7:4569-12",
		"IAX2 call number in hexadecimal":    "IAX2/branch-1f",
		"DAHDI pseudo channel":               "DAHDI/pseudo-12345",
		"DAHDI span without number":          "DAHDI/i/493-1",
		"DAHDI span that is not one":         "DAHDI/g1/493-1",
		"DAHDI without index":                "DAHDI/1",
		"Local without half":                 "Local/1@internal-00000001",
		"Local with a third half":            "Local/1@internal-00000001;3",
		"Local without context":              "Local/1-00000001;2",
		"Local with empty context":           "Local/1@-00000001;2",
		"Local whose number forks":           "Local/500&SIP@internal-00000001;2",
		"Local whose number names a channel": "Local/PJSIP/1001-00000001;2@internal-00000001;2",
		"Local whose number brings context":  "Local/1@other-00000001;1@internal-00000001;2",
		"Local with a context of its own":    "Local/1@other@internal-00000001;2",
	} {
		t.Run(why, func(t *testing.T) {
			if tech, endpoint, ok := ParseChannel(name); ok || tech != "" || endpoint != "" {
				t.Errorf("%q was read as %q %q", name, tech, endpoint)
			}
		})
	}
}

// FuzzParseChannel checks what every reader of a parsed name relies on: the
// endpoint is harmless text, stands in the name where Asterisk wrote it, and
// one endpoint gives the same answer whatever the sequence number.
func FuzzParseChannel(f *testing.F) {
	for _, name := range []string{
		"PJSIP/1001-00001dc3", "SIP/branch-office-0000002a", "IAX2/branch-12", "DAHDI/1-1", "DAHDI/i1/4930-3f",
		"Local/0023222999999@internal-00000001;2", "Local/1@a@b-00000001;2", "PJSIP/1001-00000001<ZOMBIE>", "//-;",
	} {
		f.Add(name)
	}
	harmless := regexp.MustCompile(`^[A-Za-z0-9_.+@-]{1,80}$`)
	f.Fuzz(func(t *testing.T, name string) {
		tech, endpoint, ok := ParseChannel(name)
		if !ok {
			if tech != "" || endpoint != "" {
				t.Fatalf("%q is refused and gives %q %q", name, tech, endpoint)
			}
			return
		}
		if !harmless.MatchString(endpoint) {
			t.Fatalf("%q gives the endpoint %q", name, endpoint)
		}
		var again string
		switch tech {
		case PJSIP, SIP:
			again = tech + "/" + endpoint + "-0000abcd"
		case IAX2:
			again = tech + "/" + endpoint + "-77"
		case DAHDI:
			again = tech + "/" + endpoint + "-1"
			if strings.HasPrefix(endpoint, "i") {
				again = tech + "/" + endpoint + "/100-1"
			}
		case Local:
			again = tech + "/100@" + endpoint + "-0000abcd;1"
		default:
			t.Fatalf("%q gives the technology %q", name, tech)
		}
		if tech2, endpoint2, ok := ParseChannel(again); !ok || tech2 != tech || endpoint2 != endpoint {
			t.Fatalf("%q gives %q %q, but %q gives %q %q %v", name, tech, endpoint, again, tech2, endpoint2, ok)
		}
		if !strings.HasPrefix(name, tech+"/") || !strings.Contains(name, endpoint) {
			t.Fatalf("%q gives %q %q", name, tech, endpoint)
		}
	})
}
