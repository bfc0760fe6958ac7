package dialplan

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/numbering"
)

var update = flag.Bool("update", false, "write the examples anew")

// site is one that can be rendered; each test changes what it is about.
func site() Site {
	return Site{
		Country: "DE", PBX: "main", AGI: "127.0.0.1:4573", Trunk: "carrier",
		Emergency: []string{"112", "110"}, HomePatterns: []string{"_0[2-9]XXXXXXX", "08001234567"},
		FailHome: true, MaxHomeSeconds: 14400, MaxDialledLength: 32,
		AMI: AMI{User: "tollfuse", Secret: "CHANGE-ME"},
	}
}

// render returns the text of one file.
func render(t *testing.T, s Site, name string) string {
	t.Helper()
	files, err := Render(s)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f File) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no file %s", name)
	}
	return string(files[i].Text)
}

// examples are the sites whose files are kept in examples/, from the number plans of this repository.
func examples(t *testing.T) map[string]Site {
	t.Helper()
	sites := map[string]Site{}
	for _, plan := range []numbering.Plan{
		{Country: "US"},
		{Country: "GB"},
		{Country: "DE"},
	} {
		r, err := numbering.New(plan)
		if err != nil {
			t.Fatal(err)
		}
		patterns := r.Dialplan()
		s := site()
		s.Country, s.Emergency, s.HomePatterns = plan.Country, patterns.Emergency, patterns.Home
		sites[strings.ToLower(plan.Country)] = s
	}
	return sites
}

func TestExamplesAreWhatIsGenerated(t *testing.T) {
	for country, s := range examples(t) {
		files, err := Render(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := filepath.Join("examples", country, filepath.FromSlash(f.Name))
			if *update {
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, f.Text, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			kept, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(kept, f.Text) {
				t.Errorf("%s is not what is generated; see what changed with go test ./dialplan-snippets -update and git diff", name)
			}
		}
	}
}

// The table of classes is what a literal site says it is, whatever the number plans are.
func TestClassesOfALiteralSite(t *testing.T) {
	s := site()
	s.Emergency = []string{"112", "9112", "110", "112"}
	_, classes, ok := strings.Cut(render(t, s, SubroutineFile), "[tollfuse-class]\n")
	const want = `exten => 110,1,Return(emergency)
exten => 112,1,Return(emergency)
exten => 9112,1,Return(emergency)
; Ordinary numbers at home: fixed, mobile, toll-free. Never premium, shared-cost or foreign ones.
exten => 08001234567,1,Return(home)
exten => _0[2-9]XXXXXXX,1,Return(home)
exten => _[0-9*#+]!,1,Return(other)
`
	if !ok || classes != want {
		t.Errorf("classes:\n%swant:\n%s", classes, want)
	}
}

func TestWithoutFailHomeNoNumberIsHome(t *testing.T) {
	s := site()
	s.FailHome = false
	if text := render(t, s, SubroutineFile); strings.Contains(text, "Return(home)") || !strings.Contains(text, "112,1,Return(emergency)") {
		t.Errorf("a site that fails closed:\n%s", text)
	}
}

func TestSiteValuesAreInTheFiles(t *testing.T) {
	s := site()
	s.PBX, s.AGI, s.Trunk, s.MaxHomeSeconds, s.MaxDialledLength = "hq-2", "[::1]:4999", "sip.out_1", 77, 41
	s.AMI = AMI{User: "fuse", Secret: "s/e=c.r+e_t-", Permit: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/64")}}
	for name, texts := range map[string][]string{
		SubroutineFile: {"AGI(agi://[::1]:4999/authorize,pbx=hq-2,number=", ",end=1)\n", "TOLLFUSE_SECONDS=77,", "} <= 41]"},
		ManagerFile:    {"\n[fuse]\n", "\nsecret = s/e=c.r+e_t-\n", "deny = ::/0\npermit = 192.0.2.7/32\npermit = 2001:db8::/64\n"},
		ExampleFile:    {"Dial(PJSIP/${TOLLFUSE_DIAL}@sip.out_1,60,S(${TOLLFUSE_SECONDS}))", "TOLLFUSE_TRUNK=sip.out_1)", "\n[from-sip.out_1]\n"},
	} {
		text := render(t, s, name)
		for _, want := range texts {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", name, want, text)
			}
		}
	}
}

// Text that somebody on the telephone chose must never be where Asterisk splits or evaluates: in an
// expression, in the arguments of an application that reads a list, or in a name.
func TestHostileTextStandsOnlyInFunctions(t *testing.T) {
	text := strings.ReplaceAll(render(t, site(), SubroutineFile), "${half}", "half") // so that braces do not nest
	hostile := regexp.MustCompile(`\$\{(STACK_PEEK|CALLERID|BLINDTRANSFER|ATTENDEDTRANSFER|FORWARDERNAME|TRANSFERERNAME|TOLLFUSE_TRUNK|CHANNEL|EXTEN|IMPORT)\b[^}]*\}`)
	// Innermost first: what LEN makes of it is a number, and what FILTER leaves is harmless.
	harmless := regexp.MustCompile(`\$\{(LEN\((TEXT)+\)|FILTER\([^,${}]+,(TEXT)+\))\}`)
	for n, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, ";") {
			continue
		}
		line = harmless.ReplaceAllString(hostile.ReplaceAllString(line, "TEXT"), "0")
		if strings.Contains(line, "TEXT") {
			t.Errorf("line %d: %s", n+1, line)
		}
	}
}

// The filters' arguments lose nothing to Asterisk's comments or its own splitting.
func TestTheFileHasNoStraySemicolon(t *testing.T) {
	for n, line := range strings.Split(render(t, site(), SubroutineFile), "\n") {
		if !strings.HasPrefix(line, ";") && strings.Contains(line, ";") {
			t.Errorf("line %d has a comment in the middle: %s", n+1, line)
		}
	}
}

func TestTheManagerUserMayNotBeginCallsOrRunCommands(t *testing.T) {
	text := render(t, site(), ManagerFile)
	for _, want := range []string{"\nread = call,security,system\n", "\nwrite = call,reporting\n", "\ndeny = 0.0.0.0/0\ndeny = ::/0\npermit = 127.0.0.1/32\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestTheSecretIsNotForEverybody(t *testing.T) {
	files, err := Render(site())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if secret := bytes.Contains(f.Text, []byte("CHANGE-ME")); secret != (f.Mode&0o007 == 0) {
			t.Errorf("%s: secret inside %v, mode %v", f.Name, secret, f.Mode)
		}
	}
}

func TestRenderDoesNotChangeItsSite(t *testing.T) {
	s := site()
	if _, err := Render(s); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Emergency, []string{"112", "110"}) {
		t.Errorf("emergency numbers became %q", s.Emergency)
	}
}

// With an access code the carrier hears the number without it, and an emergency number that begins like the
// code keeps its digits.
func TestExampleTakesAccessCodesOff(t *testing.T) {
	s := site()
	s.Emergency = []string{"911", "9911", "933", "1010911", "1019911"}
	s.AccessCodes = []string{"_101[0-9]", "9"}
	text := render(t, s, ExampleFile)
	for _, want := range []string{
		"exten => _101[0-9][0-9*#+].,1,", "Dial(PJSIP/${TOLLFUSE_DIAL:4}@carrier,60,S(${TOLLFUSE_SECONDS}))",
		"exten => _9[0-9*#+].,1,", "Dial(PJSIP/${TOLLFUSE_DIAL:1}@carrier,60,S(${TOLLFUSE_SECONDS}))",
		"exten => 911,1,Gosub(tollfuse,s,1)\n same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,", "exten => 933,1,",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	for _, wrong := range []string{"exten => 9911,", "exten => 1010911,", "exten => 1019911,"} {
		if strings.Contains(text, wrong) {
			t.Errorf("has %q:\n%s", wrong, text)
		}
	}
	s.AccessCodes = []string{"9,1"}
	if _, err := Render(s); err == nil {
		t.Error("an access code with a comma is taken")
	}
}
