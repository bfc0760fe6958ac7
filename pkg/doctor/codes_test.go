package doctor_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollfuse/tollfuse/pkg/doctor"
)

// TestAccessCodes leaves an access code on, or takes it off, where people dial it.
func TestAccessCodes(t *testing.T) {
	const left, number = "dialplan.access-code", "emergency.number"
	asked := func(pattern, dial string) string {
		return "exten => " + pattern + ",1,Gosub(tollfuse,s,1)" + strings.Replace(ask, "${TOLLFUSE_DIAL}", dial, 1)
	}
	const whole, off = "${TOLLFUSE_DIAL}", "${TOLLFUSE_DIAL:1}"
	const nineEleven = "exten => 911,1,Gosub(tollfuse,s,1)\n same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))\n same => n,Hangup()\n"
	for _, c := range []struct{ name, country, code, extensions, want string }{
		{"one pattern for all", "US", "9", asked("_[0-9*#+].", whole), left + " " + number},
		{"a pattern of its own", "US", "9", asked("_9[0-9*#+].", whole), left + " " + number},
		{"taken off", "US", "9", asked("_[0-9*#+].", whole) + asked("_9[0-9*#+].", off) + nineEleven, ""},
		{"taken off for ordinary numbers only", "US", "9", asked("_[0-9*#+].", whole) + asked("_9NXXNXXXXXX", off) + asked("_91NXXNXXXXXX", off) + asked("_9911", off), ""},
		{"left on for calls abroad", "US", "9", asked("_[0-9*#+].", whole) + asked("_9[0-9*#+].", off) + asked("_9011.", whole) + nineEleven, left},
		{"emergency calls by themselves", "US", "9", asked("_9[0-9*#+].", off) + asked("_911", whole) + "exten => 9911,1,Dial(PJSIP/911@carrier)\n", ""},
		{"in a subroutine", "US", "9", "exten => _X.,1,Gosub(tollfuse,s,1)\n same => n,GotoIf($[\"${TOLLFUSE_VERDICT}\" = \"allow\"]?:no)\n same => n,Gosub(out,s,1)\n same => n(no),Hangup()\n" +
			"[out]\nexten => s,1,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))\n same => n,Return()\n", left + " " + number},
		{"taken off before it is asked", "US", "9", asked("_[0-9*#+].", whole) + "exten => _9[0-9*#+].,1,Goto(out,${EXTEN:1},1)\n" + nineEleven + "[out]\n" + asked("_[0-9*#+].", whole), ""},
		{"0 in Germany", "DE", "0", asked("_[0-9*#+].", whole), left + " " + number},
		{"0 in Germany, taken off", "DE", "0", asked("_[0-9*#+].", whole) + asked("_0[0-9*#+].", off), ""},
		{"a code of three", "DE", "990", asked("_[0-9*#+].", whole) + asked("_990[0-9*#+].", "${TOLLFUSE_DIAL:3}"), ""},
		{"no code", "US", "", asked("_[0-9*#+].", whole), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, site := exchange(t, "careful")
			site.Site.Country = c.country
			if c.code != "" {
				site.Numbering.AccessCodes = []string{c.code}
			}
			withGenerated(t, files, site)
			got := func(extensions string) (ids []string, all []doctor.Finding) {
				files["etc/asterisk/extensions.conf"] = &fstest.MapFile{Data: []byte("[internal]\n" + extensions + "\n[from-carrier]\nexten => _X.,1,Dial(PJSIP/1001)\n#include extensions_tollfuse.conf\n")}
				all = examine(t, files, site, "pbx")
				for _, f := range all {
					if f.Level != doctor.OK {
						ids = append(ids, f.ID)
					}
				}
				slices.Sort(ids)
				return slices.Compact(ids), all
			}
			ids, all := got(c.extensions)
			if strings.Join(ids, " ") != c.want {
				t.Fatalf("found %v, want %q", ids, c.want)
			}
			if f := found(all, left); f.Level.Wrong() && strings.HasPrefix(f.Mend[0], "exten =>") {
				// What it proposes, written there, mends it, and no emergency call loses a digit.
				if ids, all := got(strings.Join(f.Mend, "\n") + "\n" + c.extensions); len(ids) > 0 {
					t.Errorf("mended as proposed, there is still %v: %+v", ids, all)
				}
			}
			if f := found(all, number); f.Level.Wrong() {
				if ids, all := got(strings.Join(f.Mend[1:], "\n") + "\n" + c.extensions); slices.Contains(ids, number) {
					t.Errorf("mended as proposed, there is still %v: %+v", ids, all)
				}
			}
		})
	}
}

// TestEmergencyNumberBehindACode is heard by the carrier as nobody knows it.
func TestEmergencyNumberBehindACode(t *testing.T) {
	files, site := exchange(t, "careful")
	site.Site.Country, site.Numbering.AccessCodes = "US", []string{"9"}
	withGenerated(t, files, site)
	files["etc/asterisk/extensions.conf"] = &fstest.MapFile{Data: []byte(guardedPlan + "#include extensions_tollfuse.conf\n")}
	f := found(examine(t, files, site, "pbx"), "emergency.number")
	if f.Level != doctor.Critical || !strings.Contains(f.Title, "9911 from internal") || strings.Contains(f.Title, " 911") || !strings.Contains(strings.Join(f.Mend, "\n"), "${TOLLFUSE_DIAL:1}@carrier") {
		t.Errorf("%+v", f)
	}
}
