package agi_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/agi"
)

// least is the smallest block that is accepted.
const least = "agi_request: agi://127.0.0.1:4573/authorize?a=b/c\nagi_channel: PJSIP/1-1\nagi_uniqueid: 1.1\n" +
	"agi_context: c\nagi_extension: e\nagi_priority: 1\n"

func TestParseRequest(t *testing.T) {
	r, err := agi.ParseRequest(strings.TrimSuffix(ordinary, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []struct{ name, got, want string }{
		{"URL", r.URL, "agi://127.0.0.1:4573/authorize"},
		{"NetworkScript", r.NetworkScript, "authorize"},
		{"Path", r.Path(), "/authorize"},
		{"Channel", r.Channel, "PJSIP/1001-00001dc3"},
		{"Language", r.Language, "en"},
		{"Type", r.Type, "PJSIP"},
		{"Uniqueid", r.Uniqueid, "pbx1-1795335254.7621"},
		{"Version", r.Version, "22.10.1"},
		{"CallerID", r.CallerID, "1001"},
		{"CallerIDName", r.CallerIDName, "Ext 1001"},
		{"DNID", r.DNID, "0023222123456"},
		{"RDNIS", r.RDNIS, "unknown"},
		{"Context", r.Context, "internal"},
		{"Extension", r.Extension, "0023222123456"},
		{"Priority", r.Priority, "2"},
		{"Enhanced", r.Enhanced, "0.0"},
		{"AccountCode", r.AccountCode, ""},
		{"ThreadID", r.ThreadID, "140672073414336"},
	} {
		if field.got != field.want {
			t.Errorf("%s is %q, want %q", field.name, field.got, field.want)
		}
	}
	if len(r.Variables) != 22 {
		t.Errorf("%d variables, want 22", len(r.Variables))
	}
	if want := []string{"from=PJSIP/1001-00001dc3", "number=0023222123456"}; !slices.Equal(r.Args, want) {
		t.Errorf("arguments are %q", r.Args)
	}
}

func TestParseRequestValues(t *testing.T) {
	for _, c := range []struct{ line, name, value string }{
		{"agi_calleridname: a: b", "agi_calleridname", "a: b"},
		{"agi_calleridname:", "agi_calleridname", ""},
		{"agi_calleridname:x", "agi_calleridname", "x"},
		{"agi_calleridname:  x ", "agi_calleridname", " x "},
		{"agi_calleridname: \"B\\ob\" <agi_channel: x>", "agi_calleridname", "\"B\\ob\" <agi_channel: x>"},
		{"agi_calleridname: \xff\x00\t", "agi_calleridname", "\xff\x00\t"},
		{"agi_new_in_asterisk_30: x", "agi_new_in_asterisk_30", "x"},
	} {
		r, err := agi.ParseRequest(least + c.line + "\n")
		if err != nil {
			t.Errorf("%q: %v", c.line, err)
			continue
		}
		if value, ok := r.Variable(c.name); !ok || value != c.value {
			t.Errorf("%q: %s is %q, %v", c.line, c.name, value, ok)
		}
	}
}

func TestParseRequestRefuses(t *testing.T) {
	for _, block := range []string{
		"",
		"\n",
		least + "\n",
		least + "agi_x",
		least + "agi_x\n",
		least + "agi_: x\n",
		least + "agi_X: x\n",
		least + "agi x: x\n",
		least + "x: agi_y\n",
		least + " agi_x: y\n",
		least + "agi_x : y\n",
		least + "agi_" + strings.Repeat("x", 80) + ": y\n",
		least + "HANGUP\n",
		least + "200 result=1\n",
		least + "agi_channel: PJSIP/2-2\n",
		least + "agi_new: 1\nagi_new: 1\n",
		least + "agi_arg_2: x\n",
		least + "agi_arg_0: x\n",
		least + "agi_arg_: x\n",
		least + "agi_arg_01: x\n",
		least + "agi_arg_x: x\n",
		least + "agi_arg_1: x\nagi_arg_1: y\n",
		least + "agi_arg_1: x\nagi_arg_3: y\n",
		strings.Replace(least, "agi_request", "agi_other", 1),
		strings.Replace(least, "agi_channel", "agi_other", 1),
		strings.Replace(least, "agi_uniqueid", "agi_other", 1),
		strings.Replace(least, "agi_context", "agi_other", 1),
		strings.Replace(least, "agi_extension", "agi_other", 1),
		strings.Replace(least, "agi_priority", "agi_other", 1),
	} {
		if r, err := agi.ParseRequest(block); !errors.Is(err, agi.ErrEnvironment) {
			t.Errorf("%q: %+v, %v", block, r, err)
		}
	}
}

func TestPath(t *testing.T) {
	for url, want := range map[string]string{
		"agi://127.0.0.1:4573/authorize":       "/authorize",
		"agi://127.0.0.1:4573/authorize?a=b/c": "/authorize",
		"agi://127.0.0.1/a/b":                  "/a/b",
		"agi://127.0.0.1":                      "/",
		"agi://127.0.0.1/":                     "/",
		"agi://127.0.0.1?a=/b":                 "/",
		"hagi://asterisk.example/x":            "/x",
		"":                                     "/",
	} {
		if got := (&agi.Request{URL: url}).Path(); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
}

func TestNamedArgs(t *testing.T) {
	for _, c := range []struct {
		args []string
		want map[string]string // nil: an error
	}{
		{nil, map[string]string{}},
		{[]string{"from=1001", "to=00=1", "empty="}, map[string]string{"from": "1001", "to": "00=1", "empty": ""}},
		{[]string{"from=1001", "from=1001"}, nil},
		{[]string{"to=1", "60", "L(30000)"}, nil},
		{[]string{"=x"}, nil},
		{[]string{""}, nil},
	} {
		got, err := (&agi.Request{Args: c.args}).NamedArgs()
		if c.want == nil && err == nil || c.want != nil && !maps.Equal(got, c.want) {
			t.Errorf("%q: %q, %v", c.args, got, err)
		}
	}
}

// FuzzEnvironment: what is accepted holds no line break outside its
// structure, and says the same when it is written and read again.
func FuzzEnvironment(f *testing.F) {
	f.Add(strings.TrimSuffix(ordinary, "\n"))
	f.Add(least + "agi_arg_1: a=b\nagi_arg_2: c\n")
	f.Add(least + "agi_calleridname: a: b\r\nagi_new: \xff\n")
	f.Add("agi_request: x\nGET / HTTP/1.1\n")
	f.Fuzz(func(t *testing.T, block string) {
		r, err := agi.ParseRequest(block)
		if err != nil {
			if !errors.Is(err, agi.ErrEnvironment) {
				t.Fatalf("unnamed error %v", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, v := range r.Variables {
			if seen[v.Name] || strings.Contains(v.Value, "\n") || !strings.HasPrefix(v.Name, "agi_") {
				t.Fatalf("variable %q", v)
			}
			seen[v.Name] = true
		}
		written := string(agi.AppendRequest(nil, r))
		again, err := agi.ParseRequest(strings.TrimSuffix(written, "\n"))
		if err != nil {
			t.Fatalf("%q: %v", written, err)
		}
		if !slices.Equal(again.Args, r.Args) || again.Channel != r.Channel || again.CallerIDName != r.CallerIDName || again.Extension != r.Extension {
			t.Fatalf("%q: %+v became %+v", block, r, again)
		}
		for _, v := range r.Variables {
			if value, _ := again.Variable(v.Name); value != v.Value && v.Name != "agi_network" {
				t.Fatalf("%s: %q became %q", v.Name, v.Value, value)
			}
		}
	})
}
