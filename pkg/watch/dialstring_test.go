package watch

import "testing"

func TestParseDialString(t *testing.T) {
	for _, test := range []struct {
		in   string
		want dialled
	}{
		{"0023222123456@carrier", dialled{number: "0023222123456", target: "carrier"}},
		{"carrier/0023222123456", dialled{number: "0023222123456", target: "carrier"}},
		{"g1/0023222123456", dialled{number: "0023222123456", target: "g1"}},
		{"user:secret@198.51.100.7/0023222123456", dialled{number: "0023222123456", target: "198.51.100.7"}},
		{"1001/sip:0023222666666@192.0.2.1:5060", dialled{number: "0023222666666", target: "192.0.2.1:5060", host: true}},
		{"1001/SIP:0023222666666@192.0.2.1;transport=tcp", dialled{number: "0023222666666", target: "192.0.2.1", host: true}},
		{"sips:+23222;phone-context=x@[2001:db8::1]:5061?X=1", dialled{number: "+23222", target: "[2001:db8::1]:5061", host: true}},
		{"a@b@carrier", dialled{number: "a@b", target: "carrier"}},
		{"1001", dialled{target: "1001"}},
		{"", dialled{}},
		{"@", dialled{}},
		{"/", dialled{}},
		{"sip:", dialled{host: true}},
	} {
		if got := parseDialString(test.in); got != test.want {
			t.Errorf("%q: got %+v, want %+v", test.in, got, test.want)
		}
	}
}

func TestReaches(t *testing.T) {
	for _, test := range []struct {
		address, target string
		want            bool
	}{
		{"192.0.2.1", "192.0.2.1:5060", true},
		{"192.0.2.1:5060", "192.0.2.1:5060", true},
		{"192.0.2.1:5060", "192.0.2.1:5061", false},
		{"192.0.2.1", "192.0.2.2", false},
		{"Carrier.example", "carrier.example:5060", true},
		{"carrier.example.", "carrier.example", true},
		{"[2001:db8::1]:5060", "2001:db8::1", true},
		{"2001:db8::1", "[2001:0DB8:0::1]:5060", true},
		{"198.51.100.0/24", "198.51.100.77:5060", true},
		{"198.51.100.0/24", "198.51.101.77", false},
		{"198.51.100.0/24", "::ffff:198.51.100.77", true},
		{"198.51.100.0/24", "carrier.example", false},
		{"2001:db8::/32", "[2001:db8:9::1]:5061", true},
		{"192.0.2.1", "192.0.2.1.example.com", false},
		{"", "192.0.2.1", false},
		{"198.51.100.0/24", "", false},
	} {
		if got := reaches(test.address, test.target); got != test.want {
			t.Errorf("%q and %q: got %t", test.address, test.target, got)
		}
	}
}

func FuzzParseDialString(f *testing.F) {
	for _, s := range []string{"0023222123456@carrier", "1001/sip:1@192.0.2.1;x", "g1/", "sip:@", "//@@::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := parseDialString(s); len(d.number)+len(d.target) > len(s) {
			t.Fatalf("%q became longer: %+v", s, d)
		}
	})
}
