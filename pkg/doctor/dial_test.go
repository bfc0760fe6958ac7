package doctor

import (
	"slices"
	"strings"
	"testing"
)

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		text string
		want []target
	}{
		{"PJSIP/1001", []target{{"PJSIP/1001", "PJSIP", "1001", ""}}},
		{"PJSIP/${EXTEN}@carrier", []target{{"PJSIP/${EXTEN}@carrier", "PJSIP", "carrier", "${EXTEN}"}}},
		{"PJSIP/carrier/sip:${EXTEN}@192.0.2.1:5060", []target{{"PJSIP/carrier/sip:${EXTEN}@192.0.2.1:5060", "PJSIP", "carrier", "sip:${EXTEN}@192.0.2.1:5060"}}},
		{"SIP/trunk/${EXTEN:1}", []target{{"SIP/trunk/${EXTEN:1}", "SIP", "trunk", "${EXTEN:1}"}}},
		{"IAX2/me:secret@trunk/00@ctx", []target{{"IAX2/me:secret@trunk/00@ctx", "IAX2", "trunk", "00"}}},
		{"SIP/me:secret@trunk/00", []target{{"SIP/me:secret@trunk/00", "SIP", "trunk", "00"}}},
		{"DAHDI/g0/${EXTEN}", []target{{"DAHDI/g0/${EXTEN}", "DAHDI", "g0", "${EXTEN}"}}},
		{"Local/${EXTEN}@out/n", []target{{"Local/${EXTEN}@out/n", "Local", "out", "${EXTEN}"}}},
		{"${TRUNK}/1", []target{{Text: "${TRUNK}/1"}}},
		{"PJSIP/1&PJSIP/${FILTER(0-9&a,${X})}@t", []target{{"PJSIP/1", "PJSIP", "1", ""}, {"PJSIP/${FILTER(0-9&a,${X})}@t", "PJSIP", "t", "${FILTER(0-9&a,${X})}"}}},
		{"", nil},
	} {
		if got := targets(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v", c.text, got)
		}
	}
	if got := masked("IAX2/me:secret@trunk/00&SIP/a:b@c"); strings.Contains(got, "secret") || strings.Contains(got, ":b@") || !strings.Contains(got, "@trunk/00") {
		t.Errorf("a password is shown: %s", got)
	}
}

func TestOptions(t *testing.T) {
	all, whole := options("tS(${TOLLFUSE_SECONDS})L(1:2)gG(a^s^1)")
	var letters []string
	for _, o := range all {
		letters = append(letters, o.Letter)
	}
	if got := strings.Join(letters, ""); got != "tSLgG" || !whole {
		t.Errorf("%s, whole %v", got, whole)
	}
	if o := has(all, "G"); o == nil || o.Argument != "a^s^1" {
		t.Errorf("%+v", o)
	}
	if _, whole := options("t${OPTS}"); whole {
		t.Error("a variable was not seen")
	}
}

func TestArguments(t *testing.T) {
	got := arguments(`PJSIP/1,60,S(${IF($["${A}"="b,c"]?1,2:3)}),"a,b"`)
	want := []string{"PJSIP/1", "60", `S(${IF($["${A}"="b,c"]?1,2:3)})`, `"a,b"`}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestExpand(t *testing.T) {
	v := values{"NUM": "${EXTEN}", "OUT": "${NUM}", "LOOP": "${LOOP}x${LOOP}", "N": "0301234"}
	for text, want := range map[string]string{
		"${OUT}": "${EXTEN}", "${OUT:1}": "${EXTEN:1}", "${N:1}": "301234", "${N:-4}": "1234", "${N:1:2}": "30", "${N:0:-1}": "030123", "${N:20}": "",
		"${OTHER}": "${OTHER}", "${CALLERID(num)}": "${CALLERID(num)}", "plain": "plain",
	} {
		if got := v.expand(text, nil); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if got := v.expand("${LOOP}", nil); len(got) > 64*longestText {
		t.Errorf("%d bytes", len(got))
	}
	if got := v.expand("${N}", values{"N": "1"}); got != "1" {
		t.Errorf("%s", got)
	}
}

func TestVerdictOf(t *testing.T) {
	const v = "${TOLLFUSE_VERDICT}"
	for condition, want := range map[string][2]answer{
		`$["` + v + `" = "allow"]`:                   {allowed, denied},
		`$["` + v + `"="allow"]`:                     {allowed, denied},
		`$[${TOLLFUSE_VERDICT} = allow]`:             {allowed, denied},
		`$["` + v + `" != "allow"]`:                  {denied, allowed},
		`$["` + v + `" = "deny"]`:                    {denied, allowed},
		`$["` + v + `" != "deny"]`:                   {allowed, denied},
		`$["` + v + `" = "allow" | "${VIP}" = "1"]`:  {unknown, denied},
		`$["` + v + `" = "allow" & "${OPEN}" = "1"]`: {allowed, unknown},
		`$["${TOLLFUSE_REASON}" = "emergency"]`:      {unknown, unknown},
	} {
		if a, b := verdictOf(condition); a != want[0] || b != want[1] {
			t.Errorf("%s: %v %v", condition, a, b)
		}
	}
}

func TestDecide(t *testing.T) {
	for condition, want := range map[string][2]bool{
		`$["9" = "9"]`: {true, true}, `$["9" != "9"]`: {false, true}, `$[1 = 2]`: {false, true}, `$["${A}" = "9"]`: {false, false}, `$[1 > 2]`: {false, false},
		`$["a" = "a" & "b" = "c"]`: {false, false},
	} {
		if value, known := decide(condition); value != want[0] || known != want[1] {
			t.Errorf("%s: %v %v", condition, value, known)
		}
	}
}

func FuzzDial(f *testing.F) {
	f.Add(`PJSIP/${EXTEN}@carrier&IAX2/a:b@c/1,60,S(1)L(2)G(a^b^c)${X}`)
	f.Fuzz(func(t *testing.T, text string) {
		args := arguments(text)
		if strings.Join(args, ",") != text {
			t.Errorf("%q became %q", text, args)
		}
		for _, one := range targets(argument(args, 0)) {
			one.leavesSite()
			masked(one.Text)
		}
		options(argument(args, 2))
		values{"A": "${B}", "B": "${A}${A}"}.expand(text, nil)
		decide(text)
		verdictOf(text)
		if i := bracket(text); i >= 0 && text[i] != '(' {
			t.Errorf("the bracket of %q is at %d", text, i)
		}
	})
}
