package doctor

import (
	"os"
	"slices"
	"testing"
)

// TestShow reads what Asterisk 22 and 16 have printed.
func TestShow(t *testing.T) {
	for _, version := range []string{"22", "16"} {
		text, err := os.ReadFile("testdata/dialplan-show-" + version + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		d := dialplanFromShow(string(text))
		internal := d.Contexts["internal"]
		if internal == nil || !slices.Equal(internal.Includes, []string{"more", "more"}) || !slices.Equal(internal.Switches, []string{"Realtime/foo@bar"}) {
			t.Fatalf("Asterisk %s: %+v", version, internal)
		}
		for _, want := range []struct {
			pattern string
			index   int
			step    Step
		}{
			{"5/1001", 0, Step{1, "", "Dial", "PJSIP/1001", Place{"extensions.conf", 12}}},
			{"_1XXX", 0, Step{1, "", "Dial", "PJSIP/${EXTEN},20", Place{"extensions.conf", 9}}},
			{"_1XXX", 1, Step{2, "lab", "GotoIf", `$["${A}" = "b"]?x,1`, Place{"extensions.conf", 10}}},
			{"_9[0-5]X-.", 0, Step{1, "", "Dial", "PJSIP/${EXTEN:1}@carrier,60,S(${TOLLFUSE_SECONDS})L(3000)", Place{"extensions.conf", 13}}},
		} {
			if steps := d.stepsOf("internal", want.pattern); want.index >= len(steps) || steps[want.index] != want.step {
				t.Errorf("Asterisk %s: %s has %+v", version, want.pattern, steps)
			}
		}
		if steps := d.stepsOf("more", "i"); len(steps) != 1 || steps[0].Data != "a,b;c" {
			t.Errorf("Asterisk %s: %+v", version, steps)
		}
		if steps := d.stepsOf("__func_periodic_hook_context__", "hook"); len(steps) != 6 || steps[0].File != "func_periodic_hook" {
			t.Errorf("Asterisk %s: %+v", version, steps)
		}
	}
	if g := globalsFromShow("   TRUNK=PJSIP/carrier\n   A=b=c\n\n    -- 2 variable(s)\n"); len(g) != 2 || g["TRUNK"] != "PJSIP/carrier" || g["A"] != "b=c" {
		t.Errorf("globals %v", g)
	}
}
