package doctor_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/doctor"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// raw is a context that asks nobody.
const raw = "\n[raw]\nexten => _X.,1,Dial(PJSIP/${EXTEN}@carrier)\n"

// TestWaysAround hides a Dial that nobody is asked about where people have put
// it: in front of each stands a dialplan about which there is nothing to say.
func TestWaysAround(t *testing.T) {
	const bypass, unknown = "dialplan.bypass", "dialplan.unknown-target"
	for _, c := range []struct{ name, extensions, want string }{
		{"for one caller only", "exten => _[0-9*#+]./1001,1,NoOp()\n same => n,Dial(PJSIP/${EXTEN}@carrier,60)", bypass},
		{"for one caller, by a Goto", "exten => 1500,1,Goto(vip,8${EXTEN},1)\n[vip]\nexten => _8./1001,1,Dial(PJSIP/${EXTEN}@carrier)\nexten => _8.,1,Hangup()", bypass},
		{"behind a priority that stands there twice", "exten => _8X.,1,NoOp(a)\nexten => _8X.,1,NoOp(b)\nexten => _8X.,2,Dial(PJSIP/${EXTEN}@carrier)", bypass},
		{"where a variable is not set that others set", "exten => 1500,1,Set(__CHECK=1)\n same => n,Hangup()\nexten => _8X.,1,GotoIf($[\"${CHECK}\" = \"1\"]?ask)\n same => n,Dial(PJSIP/${EXTEN}@carrier)\n same => n(ask),Hangup()", bypass},
		{"in an exclusive macro", "exten => _8X.,1,MacroExclusive(d,${EXTEN})\n[macro-d]\nexten => s,1,Dial(PJSIP/${ARG1}@carrier)", bypass},
		{"in a subroutine as AEL writes it", "exten => _8X.,1,AELSub(d,${EXTEN})\n[d]\nexten => ~~s~~,1,Dial(PJSIP/${ARG1}@carrier)", bypass},
		{"behind a loop that does not run", "exten => _8X.,1,While($[${C} < 3])\n same => n,Hangup()\n same => n,EndWhile()\n same => n,Dial(PJSIP/${EXTEN}@carrier)", bypass},
		{"two steps on", "exten => _8X.,1,Goto(+2)\n same => n,Hangup()\n same => n,Dial(PJSIP/${EXTEN}@carrier)", bypass},
		{"behind an include that a global names", "include => ${WAY}\n[globals]\nWAY=raw" + raw, bypass},
		{"in a pattern that a global names", "exten => ${WAY},1,Dial(PJSIP/${EXTEN}@carrier)\n[globals]\nWAY=_8X.", bypass},
		{"by a member that joins a queue", "exten => 1500,1,AddQueueMember(support,Local/0049123@raw/n)\n same => n,Hangup()" + raw, bypass},
		{"when the call is over", "exten => h,1,Originate(PJSIP/00232@carrier,app,Echo)", bypass},
		{"by a key in voicemail", "exten => 1500,1,Goto(vm,s,1)\n[vm]\nexten => s,1,VoiceMail(1500)\nexten => o,1,Dial(PJSIP/0049171@carrier)", bypass},
		{"by a database", "exten => 1500,1,Dial(PJSIP/${DB(fwd/1500)})\n same => n,Hangup()", unknown},
		{"by a variable with two values", "exten => 1500,1,Set(D=0123@carrier)\n same => n,Dial(PJSIP/${D})\n same => n,Hangup()\nexten => 1501,1,Set(D=1001)\n same => n,Hangup()", unknown},
		{"by a variable that Exec sets", "exten => 1500,1,Set(D=1001)\n same => n,Exec(Set(D=${EXTEN}@carrier))\n same => n,Dial(PJSIP/${D})\n same => n,Hangup()", unknown},
		{"by the name of the endpoint, in a macro", "exten => _8.,1,Macro(std,${EXTEN})\n[macro-std]\nexten => s,1,Dial(PJSIP/${ARG1},20)", "dialplan.any-endpoint"},
		{"by the name of the endpoint, in a subroutine", "exten => _8.,1,Gosub(std,s,1(${EXTEN}))\n[std]\nexten => s,1,Dial(PJSIP/${ARG1},20)", "dialplan.any-endpoint"},
		{"asked, and dialled as it was typed", "exten => _8X.,1,Gosub(tollfuse,s,1)\n same => n,GotoIf($[\"${TOLLFUSE_VERDICT}\" = \"allow\"]?:no)\n same => n,Gosub(d,s,1(${EXTEN}))\n same => n(no),Hangup()\n" +
			"[d]\nexten => s,1,Dial(PJSIP/${ARG1}@carrier,20,S(${TOLLFUSE_SECONDS}))\n same => n,Hangup()", "dialplan.exten"},
		{"nowhere: a phone by its contacts", "exten => 1500,1,Dial(${PJSIP_DIAL_CONTACTS(1001)},20)\n same => n,Hangup()", ""},
		{"nowhere: a phone in a subroutine", "exten => _15XX,1,Gosub(std,s,1(${EXTEN}))\n same => n,Hangup()\n[std]\nexten => s,1,Dial(PJSIP/${ARG1},20)\n same => n,Return()", ""},
		{"nowhere: a loop that asks for a code", "exten => 1500,1,While($[${C} < 3])\n same => n,Read(CODE)\n same => n,EndWhile()\n same => n,Hangup()", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := wrongWith(t, guardedPlan+c.extensions, nil)
			if c.want == "" && len(got) > 0 || c.want != "" && !slices.Equal(got, []string{c.want}) {
				t.Errorf("found %v, want %q", got, c.want)
			}
		})
	}
	t.Run("behind an editor's mark", func(t *testing.T) {
		if got := wrongWith(t, "\ufeff[raw]\nexten => _8X.,1,Dial(PJSIP/${EXTEN}@carrier)\n"+guardedPlan+"include => raw\n", nil); !slices.Equal(got, []string{bypass}) {
			t.Errorf("found %v", got)
		}
	})
}

// TestWaysAroundInOtherFiles lets other files than the dialplan's dial.
func TestWaysAroundInOtherFiles(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"queues.conf", "[support]\nmember => PJSIP/0049123@carrier,1,Boss\n", "dialplan.bypass"},
		{"queues.conf", "[support]\nmember => Local/0049123@raw/n\n", "dialplan.bypass"},
		{"queues.conf", "[support]\ncontext = raw\n", "dialplan.bypass"},
		{"queues.conf", "[support]\nmember => PJSIP/1001,1,Boss\nmember => Local/1001@internal/n\n", ""},
		{"followme.conf", "[boss]\ncontext => raw\nnumber => 0049123,20\n", "dialplan.bypass"},
		{"features.conf", "[applicationmap]\nout => *9,self,Dial,PJSIP/00232@carrier\n", "dialplan.bypass"},
		{"features.conf", "[applicationmap]\nout => *9,self/callee,Dial(PJSIP/00232@carrier,60)\n", "dialplan.bypass"},
		{"features.conf", "[applicationmap]\nplay => *8,peer,Playback,tt-monkeys,default\n[featuremap]\nblindxfer = #1\n", ""},
		{"confbridge.conf", "[keys]\ntype = menu\n9 = dialplan_exec(raw,0049123,1)\n1 = toggle_mute\n", "dialplan.bypass"},
		{"res_parking.conf", "[default]\ncomebackcontext = raw\n", "dialplan.bypass"},
		{"users.conf", "[6000]\nhassip = yes\ncontext = raw\n", "dialplan.bypass"},
	} {
		got := wrongWith(t, guardedPlan+raw, func(files fstest.MapFS) {
			files["etc/asterisk/"+c.file] = &fstest.MapFile{Data: []byte(c.text)}
		})
		if c.want == "" && len(got) > 0 || c.want != "" && !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s\n%sfound %v, want %q", c.file, c.text, got, c.want)
		}
	}
}

// TestAnEndpointAtTheCarrier is a way out that has no number in the dialplan.
func TestAnEndpointAtTheCarrier(t *testing.T) {
	got := wrongWith(t, guardedPlan+"exten => 1500,1,Dial(PJSIP/boss)\n same => n,Hangup()\n", func(files fstest.MapFS) {
		f := files["etc/asterisk/pjsip.conf"]
		f.Data = append(f.Data, "\n[boss]\ntype = endpoint\ncontext = internal\naors = boss\n[boss]\ntype = aor\ncontact = sip:0049171123@127.0.2.1\n"...)
	})
	if !slices.Equal(got, []string{"dialplan.bypass", "trunk.unnamed"}) {
		t.Errorf("found %v", got)
	}
}

// TestAnUnsetVariableInAnEmergencyCall may be empty, and may be not.
func TestAnUnsetVariableInAnEmergencyCall(t *testing.T) {
	got := wrongWith(t, guardedPlan+"exten => _11[02],1,Dial(PJSIP/${PREFIX}${EXTEN}@carrier)\n same => n,Hangup()\n", nil)
	if !slices.Contains(got, "emergency.unfollowed") || slices.Contains(got, "emergency.number") {
		t.Errorf("found %v", got)
	}
}

// TestAManagerThatIsNotThere is not one whose files are not loaded.
func TestAManagerThatIsNotThere(t *testing.T) {
	files, c := exchange(t, "careful")
	f := healthy(c)
	f.PBXs = []doctor.PBX{doctor.PBXFromFiles(files, "/etc/asterisk", c.Asterisk[0], "")}
	f.PBXs[0].AMI = doctor.AMI{Missing: "connection refused"}
	got := found(doctor.Examine(f), "manager.reach")
	if got.Level != doctor.Critical || got.Detail != "connection refused" || strings.Contains(strings.Join(got.Mend, "\n"), "reload") {
		t.Errorf("%+v", got)
	}
}

// TestWhatIsDialledIsWhatWasJudged takes digits off, and puts others before.
func TestWhatIsDialledIsWhatWasJudged(t *testing.T) {
	for _, c := range []struct{ name, pattern, dial, code, prefix, want, mend string }{
		{"nothing", "_9.", "${TOLLFUSE_DIAL}", "", "", "", ""},
		{"an access code", "_9[0-9*#+].", "${TOLLFUSE_DIAL:1}", "9", "", "", ""},
		{"an access code that is none", "_8[0-9*#+].", "${TOLLFUSE_DIAL:1}", "9", "", "critical", `access_codes: ["9", "8"]`},
		{"a country's code that turns home into abroad", "_[0-9*#+].", "00${TOLLFUSE_DIAL}", "", "", "warning", `prefix: "00"`},
		{"the prefix of the configuration", "_0[1-9].", "0049${TOLLFUSE_DIAL:1}", "", "0049", "", ""},
		{"the end cut off", "_0[1-9].", "${TOLLFUSE_DIAL:0:4}", "", "", "warning", "${TOLLFUSE_DIAL}@"},
		{"more at the end", "_0[1-9].", "${TOLLFUSE_DIAL}00", "", "", "warning", "${TOLLFUSE_DIAL}@"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, site := exchange(t, "careful")
			if c.code != "" {
				site.Numbering.AccessCodes = []string{c.code}
			}
			site.Asterisk[0].Trunks[0].Prefix = c.prefix
			withGenerated(t, files, site)
			files["etc/asterisk/extensions.conf"] = &fstest.MapFile{Data: []byte("[internal]\nexten => " + c.pattern + ",1,Gosub(tollfuse,s,1)" +
				strings.Replace(ask, "${TOLLFUSE_DIAL}", c.dial, 1) + "#include extensions_tollfuse.conf\n")}
			f := found(examine(t, files, site, "pbx"), "dialplan.number")
			if c.want != string(f.Level) || c.mend != "" && !strings.Contains(strings.Join(f.Mend, "\n"), c.mend) {
				t.Errorf("%s: %s, %q; want %s", f.Level, f.Title, f.Mend, c.want)
			}
		})
	}
}

// TestMendsKeepTheChannel does not make a SIP trunk of lines.
func TestMendsKeepTheChannel(t *testing.T) {
	files, c := exchange(t, "careful")
	withGenerated(t, files, c)
	files["etc/asterisk/extensions.conf"] = &fstest.MapFile{Data: []byte("[internal]\nexten => _9.,1,Dial(DAHDI/g0/${EXTEN:1},40)\n#include extensions_tollfuse.conf\n")}
	mend := strings.Join(found(examine(t, files, c, "pbx"), "dialplan.bypass").Mend, "\n")
	for _, want := range []string{"exten => _9.,1,Gosub", "Dial(DAHDI/g0/${TOLLFUSE_DIAL:1},40,S(${TOLLFUSE_SECONDS}))"} {
		if !strings.Contains(mend, want) {
			t.Errorf("%s\nlacks %s", mend, want)
		}
	}
}

// TestAManagerWithAnotherSecret is not one whose files are not loaded: they have
// the other secret too.
func TestAManagerWithAnotherSecret(t *testing.T) {
	files, c := exchange(t, "careful")
	withGenerated(t, files, c)
	c.Asterisk[0].AMI.Secret = "not-the-secret-of-the-files"
	f := healthy(c)
	f.PBXs = []doctor.PBX{doctor.PBXFromFiles(files, "/etc/asterisk", c.Asterisk[0], "")}
	f.PBXs[0].AMI = doctor.AMI{Refused: true}
	all := doctor.Examine(f)
	if found(all, "manager.secret").Level != doctor.Critical {
		t.Error("the other secret was not found")
	}
	if got := found(all, "manager.login"); got.Level != doctor.Critical || strings.Contains(got.Detail, "not loaded") || strings.Contains(got.Mend[0], "reload") {
		t.Errorf("%+v", got)
	}
}

// TestAFuseThatHasBlown says what was done, and not what only the owner knows.
func TestAFuseThatHasBlown(t *testing.T) {
	for _, c := range []struct {
		fuse toll.Fuse
		want string
	}{
		{toll.Fuse{Ran: time.Unix(1, 0)}, "Your command was run to shut the way out."},
		{toll.Fuse{Ran: time.Unix(1, 0), Error: "exit status 1"}, "Your command was run to shut the way out, and failed: exit status 1"},
		{toll.Fuse{}, "Your command has not ended yet: it is run to shut the way out."},
	} {
		_, site := exchange(t, "careful")
		f := healthy(site)
		f.Daemon.Status.Fuse.Blown = &c.fuse
		if got := found(doctor.Examine(f), "daemon.fuse"); got.Level != doctor.Critical || got.Detail != c.want {
			t.Errorf("%+v: %q", c.fuse, got.Detail)
		}
	}
}
