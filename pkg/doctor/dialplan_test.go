package doctor_test

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollfuse/tollfuse/pkg/doctor"
)

// ask are the lines of a call that is asked about, behind the first.
const ask = `
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
`

// guardedPlan is a dialplan about which there is nothing to say.
const guardedPlan = "[internal]\nexten => _[0-9*#+].,1,Gosub(tollfuse,s,1)" + ask

// wrongWith are the IDs of what is wrong with a dialplan, in the careful
// exchange. "emergency" stands for all that is about emergency calls.
func wrongWith(t *testing.T, extensions string, change func(fstest.MapFS)) []string {
	t.Helper()
	files, c := exchange(t, "careful")
	withGenerated(t, files, c)
	files["etc/asterisk/extensions.conf"] = &fstest.MapFile{Data: []byte(extensions + "\n[from-carrier]\nexten => _X.,1,Dial(PJSIP/1001)\n#include extensions_tollfuse.conf\n"), Mode: 0o644}
	if change != nil {
		change(files)
	}
	var ids []string
	for _, f := range examine(t, files, c, "pbx") {
		if f.Level != doctor.OK {
			ids = append(ids, f.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestDialplans(t *testing.T) {
	for _, c := range []struct{ name, extensions, want string }{
		{"as it should be", guardedPlan, ""},
		{"refused where it is not allowed", strings.Replace(guardedPlan, `= "allow"]?:denied`, `!= "allow"]?denied`, 1), ""},
		{"allowed elsewhere", `[internal]
exten => _[0-9*#+].,1,Gosub(tollfuse,s,1)
 same => n,ExecIf($["${TOLLFUSE_VERDICT}" = "allow"]?Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS})))
 same => n,Hangup(${TOLLFUSE_CAUSE})`, ""},
		{"behind an include", "[internal]\ninclude => out|09:00-17:00\n[out]" + strings.TrimPrefix(guardedPlan, "[internal]"), ""},
		{"behind a Goto", "[internal]\nexten => _[0-9*#+].,1,Goto(out,${EXTEN},1)\n[out]" + strings.TrimPrefix(guardedPlan, "[internal]"), ""},
		{"in a subroutine that is called with the number", "[internal]\nexten => _[0-9*#+].,1,Gosub(out,${EXTEN},1)\n same => n,Hangup()\n[out]" + strings.TrimPrefix(guardedPlan, "[internal]"), ""},
		{"in a subroutine that is not", "[internal]\nexten => _[0-9*#+].,1,Gosub(out,s,1(${EXTEN}))\n[out]\nexten => s,1,Gosub(tollfuse,s,1)" + ask, "dialplan.asks emergency"},
		{"asked, and dialled by a subroutine", `[internal]
exten => _[0-9*#+].,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Gosub(dial,s,1(${TOLLFUSE_DIAL},carrier))
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
[dial]
exten => s,1,Dial(PJSIP/${ARG1}@${ARG2},60,S(${TOLLFUSE_SECONDS}))
 same => n,Return()`, ""},
		{"a macro that dials what was typed", `[internal]
exten => _[0-9*#+].,1,Macro(dial,carrier)
[macro-dial]
exten => s,1,Dial(PJSIP/${MACRO_EXTEN}@${ARG1})`, "dialplan.bypass dialplan.unreachable"},
		{"a trunk in a global variable", "[globals]\nOUT=PJSIP\nWHERE=carrier\n[internal]\nexten => _[0-9*#+].,1,Dial(${OUT}/${EXTEN}@${WHERE},60)", "dialplan.bypass dialplan.unreachable"},
		{"the number in a variable", `[internal]
exten => _[0-9*#+].,1,Gosub(tollfuse,s,1)
 same => n,Set(__NUMBER=${TOLLFUSE_DIAL})
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${NUMBER}@carrier,60,S(${TOLLFUSE_SECONDS}))
 same => n(denied),Hangup(21)`, ""},
		{"another number in a variable", `[internal]
exten => _[0-9*#+].,1,Set(NUMBER=${EXTEN})
 same => n,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${NUMBER}@carrier,60,S(${TOLLFUSE_SECONDS}))
 same => n(denied),Hangup(21)`, "dialplan.exten"},
		{"by the endpoint's URI", "[internal]\nexten => _[0-9*#+].,1,Dial(PJSIP/carrier/sip:${EXTEN}@192.0.2.1)", "dialplan.bypass dialplan.unreachable"},
		{"by the night's way", "[internal]\nexten => _[0-9*#+].,1,GotoIfTime(20:00-06:00,*,*,*?night)\n same => n,Gosub(tollfuse,s,1)" + ask + " same => n(night),Dial(PJSIP/${EXTEN}@carrier)", "dialplan.bypass"},
		{"by a Local channel", guardedPlan + "\nexten => *9,1,Dial(Local/00232221234@raw/n)\n[raw]\nexten => _X.,1,Dial(PJSIP/${EXTEN}@carrier)", "dialplan.bypass"},
		{"by an Originate", guardedPlan + "\nexten => *9,1,Originate(PJSIP/00232221234@carrier,app,Playback,x)", "dialplan.bypass"},
		{"by a tone to dial at", guardedPlan + "\nexten => *9,1,WaitExten(5)\nexten => i,1,Dial(PJSIP/${INVALID_EXTEN}@carrier)", "dialplan.bypass"},
		{"by a transfer into a context of its own", guardedPlan + "\nexten => 1001,1,Set(__TRANSFER_CONTEXT=raw)\n same => n,Dial(PJSIP/1001,20)\n same => n,Hangup()\n[raw]\nexten => _X.,1,Dial(PJSIP/${EXTEN}@carrier)", "dialplan.bypass"},
		{"by Exec", guardedPlan + "\nexten => *9,1,Exec(Dial(PJSIP/0301234567@carrier))", "dialplan.bypass"},
		{"Exec in circles", "[globals]\nA=Exec(${B})\nB=Exec(${A})\n" + guardedPlan + "\nexten => *9,1,Exec(${A})\n same => n,ExecIf($[1 = 1]?Exec(Exec(${B})))\n same => n,Hangup()", ""},
		{"a next priority that only a pattern has", guardedPlan + "\nexten => 77,1,NoOp()\n same => n,NoOp()", "dialplan.falls-through"},
		{"an answer of its own", guardedPlan + "\nexten => *9,1,Set(TOLLFUSE_SECONDS=9999)", "dialplan.override"},
		{"a fixed number", guardedPlan + "\nexten => 77,1,Dial(PJSIP/0301234567@carrier)", "dialplan.bypass"},
		{"an emergency number by itself", guardedPlan + "\nexten => 112,1,Dial(PJSIP/112@carrier)", ""},
		{"asked again before another trunk", strings.Replace(guardedPlan, " same => n,Hangup()\n", " same => n,Gosub(tollfuse,s,1)\n same => n,GotoIf($[\"${TOLLFUSE_VERDICT}\" = \"allow\"]?:denied)\n same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))\n same => n,Hangup()\n", 1), ""},
		{"in circles", guardedPlan + "\nexten => 9,1,Goto(9,1)\nexten => 8,1,Gosub(8,1)\ninclude => internal", "dialplan.unfollowed"},
		{"an access code that eats emergency calls", "[internal]\nexten => _[0-9*#+].,1,Gosub(tollfuse,s,1)" + strings.Replace(ask, "${TOLLFUSE_DIAL}", "${TOLLFUSE_DIAL:1}", 1), "dialplan.number emergency"},
		{"emergency calls at a lesser priority", guardedPlan + "\nexten => 112,1,NoOp()\nexten => 110,1,NoOp()", "emergency"},
		{"emergency calls that are answered at home", guardedPlan + "\nexten => 112,1,Dial(PJSIP/1001,20)\n same => n,Hangup()", "emergency"},
		{"emergency calls by a condition nobody knows", "[internal]\nexten => _X.,1,Goto(${DB(a/b)},${EXTEN},1)", "dialplan.unfollowed dialplan.unreachable emergency"},
		{"a trunk that is named like an extension", guardedPlan + "\nexten => _2XXX,1,Dial(PJSIP/${EXTEN},20)", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, id := range wrongWith(t, c.extensions, nil) {
				if strings.HasPrefix(id, "emergency.") {
					id = "emergency"
				}
				if !slices.Contains(got, id) {
					got = append(got, id)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("found %v, want %q", got, c.want)
			}
		})
	}
}

func TestSnippetThatIsNotThere(t *testing.T) {
	got := wrongWith(t, guardedPlan, func(files fstest.MapFS) {
		files["etc/asterisk/extensions_tollfuse.conf"] = &fstest.MapFile{Data: []byte("; empty\n"), Mode: 0o644}
	})
	if !slices.Contains(got, "dialplan.snippet") || !slices.Contains(got, "emergency.unreachable") {
		t.Errorf("found %v", got)
	}
}

// TestOnlyWhatIsLoadedCounts takes contexts away from a running Asterisk whose
// files are right.
func TestOnlyWhatIsLoadedCounts(t *testing.T) {
	files, c := exchange(t, "careful")
	withGenerated(t, files, c)
	for _, gone := range []struct{ without, want, mend string }{
		{"", "", ""},
		{"tollfuse", "emergency.unreachable", "asterisk -rx 'dialplan reload'"},
		{"tollfuse-class", "emergency.refused", ""},
		{"internal", "emergency.unreachable", ""},
	} {
		f := healthy(c)
		f.Emergency, f.Plain = []string{"110", "112"}, []string{"110", "112"}
		p := doctor.PBXFromFiles(files, "/etc/asterisk", c.Asterisk[0], subroutineOf(t, files))
		f.PBXs = []doctor.PBX{doctor.LoadedWithout(p, gone.without)}
		all := doctor.Examine(f)
		if got := found(all, "emergency.numbers").Level; (got == doctor.OK) != (gone.want == "") {
			t.Errorf("without %q emergency calls are %q", gone.without, got)
		}
		if gone.want == "" {
			continue
		}
		got := found(all, gone.want)
		if got.Level != doctor.Critical || gone.mend != "" && !slices.Equal(got.Mend, []string{gone.mend}) {
			t.Errorf("without %q: %+v", gone.without, got)
		}
	}
}

// TestUnknownIsNotFine takes sources away: what needs them must say so.
func TestUnknownIsNotFine(t *testing.T) {
	_, c := exchange(t, "careful")
	all := examine(t, fstest.MapFS{}, c, "")
	for _, id := range []string{"manager.settings", "endpoint.settings", "dialplan.plan"} {
		i := slices.IndexFunc(all, func(f doctor.Finding) bool { return f.ID == id })
		if i < 0 || all[i].Level != doctor.Unchecked || all[i].Detail == "" {
			t.Errorf("%s: %+v", id, all[max(i, 0)])
		}
	}
	for _, f := range all {
		if f.Level == doctor.OK && (f.Group() == "dialplan" || f.Group() == "endpoint" || f.Group() == "trunk" || f.Group() == "emergency") {
			t.Errorf("%s is called fine without a source: %s", f.ID, f.Title)
		}
	}
}

// denying is a machine on which some files are not for our eyes.
type denying struct {
	fs.FS
	names []string
}

func (d denying) Open(name string) (fs.File, error) {
	if slices.Contains(d.names, path.Base(name)) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return d.FS.Open(name)
}

// TestWhatMayNotBeRead is neither fine nor wrong.
func TestWhatMayNotBeRead(t *testing.T) {
	for _, hidden := range []string{"manager.conf", "pjsip.conf", "tollfuse.conf", "extensions.conf"} {
		files, c := exchange(t, "careful")
		withGenerated(t, files, c)
		said := false
		for _, f := range examine(t, denying{files, []string{hidden}}, c, "pbx") {
			if f.Level.Wrong() {
				t.Errorf("without %s: %s %s", hidden, f.ID, f.Title)
			}
			said = said || f.Level == doctor.Unchecked && f.Detail != ""
		}
		if !said {
			t.Errorf("without %s everything is called fine", hidden)
		}
	}
}
