package doctor_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/doctor"
	"github.com/tollfuse/tollfuse/pkg/numbering"
)

// TestOurExamplesAreCareful generates the example of several countries, with and
// without an access code, and follows each emergency number through it.
func TestOurExamplesAreCareful(t *testing.T) {
	for _, country := range []string{"US", "CA", "GB", "DE", "FR", "AU", "IN", "BR"} {
		for _, codes := range [][]string{nil, {"9"}, {"0", "9"}} {
			t.Run(fmt.Sprint(country, codes), func(t *testing.T) {
				files, c := exchange(t, "careful")
				c.Site.Country, c.Numbering.AccessCodes = country, codes
				withGenerated(t, files, c)
				r, err := numbering.New(numbering.Plan{Country: country, AccessCodes: codes})
				if err != nil {
					t.Fatal(err)
				}
				f := healthy(c)
				f.Emergency, f.Home = r.Dialplan().Emergency, r.Dialplan().Home
				f.Plain = plain(t, c)
				f.PBXs = []doctor.PBX{doctor.PBXFromFiles(files, "/etc/asterisk", c.Asterisk[0], subroutineOf(t, files))}
				f.PBXs[0].AMI = doctor.AMI{Booted: true, Version: "22", SystemName: "pbx"}
				all := doctor.Examine(f)
				for _, finding := range all {
					if finding.Level != doctor.OK && finding.ID != noConsole {
						t.Errorf("%s %s: %s; %s", finding.Level, finding.ID, finding.Title, finding.Detail)
					}
				}
				if found(all, "emergency.numbers").Level != doctor.OK || len(f.Emergency) == 0 {
					t.Errorf("emergency calls were not followed: %v", f.Emergency)
				}
			})
		}
	}
}

func subroutineOf(t *testing.T, files fstest.MapFS) string {
	t.Helper()
	f := files["etc/asterisk/"+dialplan.SubroutineFile]
	if f == nil {
		t.Fatal("no subroutine was generated")
	}
	return string(f.Data)
}

// BenchmarkExamine is about a large dialplan: 2,000 extensions in 20 contexts.
func BenchmarkExamine(b *testing.B) {
	files := fstest.MapFS{}
	var plan, pjsip strings.Builder
	for c := range 20 {
		fmt.Fprintf(&plan, "[tenant%d]\ninclude => out\n", c)
		for x := range 100 {
			fmt.Fprintf(&plan, "exten => %d,1,NoOp(${EXTEN})\n same => n,Set(CDR(userfield)=${EXTEN})\n same => n,GotoIf($[\"${DND}\" = \"1\"]?busy)\n"+
				" same => n,Dial(PJSIP/${EXTEN},20)\n same => n(busy),Busy()\n", 1000+c*100+x)
			fmt.Fprintf(&pjsip, "[%[1]d]\ntype=endpoint\ncontext=tenant%[2]d\nauth=%[1]d\naors=%[1]d\nrewrite_contact=yes\n[%[1]d]\ntype=auth\npassword=x\n[%[1]d]\ntype=aor\nmax_contacts=1\n", 1000+c*100+x, c)
		}
	}
	plan.WriteString("[out]" + strings.TrimPrefix(guardedPlan, "[internal]"))
	files["etc/asterisk/extensions.conf"] = &fstest.MapFile{Data: []byte(plan.String())}
	files["etc/asterisk/pjsip.conf"] = &fstest.MapFile{Data: []byte(pjsip.String())}
	_, c := exchange(b, "careful")
	f := healthy(c)
	f.Emergency, f.Plain = []string{"110", "112"}, []string{"110", "112"}
	for b.Loop() {
		f.PBXs = []doctor.PBX{doctor.PBXFromFiles(files, "/etc/asterisk", c.Asterisk[0], "")}
		if len(doctor.Examine(f)) < 5 {
			b.Fatal("too few findings")
		}
	}
}
