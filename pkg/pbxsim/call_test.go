package pbxsim_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
)

// TestOrder: the events of a plain call, in the order that a transcript of Asterisk 22 has.
func TestOrder(t *testing.T) {
	r := start(t, pbxsim.Options{Tariff: func(string) int64 { return 60_000_000 }}, says("allow", "600"))
	l := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456", Ring: time.Millisecond, Talk: 30 * time.Millisecond})
	o := r.outcome(t, l)
	n := r.hungUp(t, 2)
	wantLines(t, n.names(), []string{
		"Newchannel PJSIP/1001 Ring",
		"Newchannel PJSIP/carrier Down",
		"NewCallerid PJSIP/carrier Down",
		"DialBegin PJSIP/1001 PJSIP/carrier Ring",
		"Newstate PJSIP/carrier Ringing",
		"DialState PJSIP/1001 PJSIP/carrier Ring RINGING",
		"Newstate PJSIP/carrier Up",
		"DialEnd PJSIP/1001 PJSIP/carrier Ring ANSWER",
		"Newstate PJSIP/1001 Up",
		"BridgeCreate",
		"BridgeEnter PJSIP/carrier Up",
		"BridgeEnter PJSIP/1001 Up",
		"HangupRequest PJSIP/1001 Up 16",
		"BridgeLeave PJSIP/1001 Up",
		"BridgeLeave PJSIP/carrier Up",
		"BridgeDestroy",
		"Hangup PJSIP/carrier Up 16",
		"Hangup PJSIP/1001 Up 16",
	})
	if o.End != pbxsim.EndPhone || len(o.Legs) != 1 || !o.Legs[0].Answered || o.Legs[0].Talk < 30*time.Millisecond || !o.Allowed() {
		t.Errorf("outcome %+v", o)
	}
	bill := r.Bill()
	if len(bill) != 1 || bill[0].Number != "0023222123456" || bill[0].Seconds != 1 || bill.Total() != 1_000_000 || bill[0].Leg != o.Legs[0].Uniqueid {
		t.Errorf("bill %+v", bill)
	}
}

// TestRequest: what the server hears is what the snippet sends.
func TestRequest(t *testing.T) {
	r := start(t, pbxsim.Options{Name: "office"}, says("deny", "1"))
	o := r.outcome(t, r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456", Account: `a,"b`}))
	q := r.heard().asked[0]
	want := "pbx=office number=0023222123456 trunk=carrier blind= attended= forward= transfer= account=unreadable end=1"
	if got := strings.Join(q.Args, " "); got != want {
		t.Errorf("arguments are %q", got)
	}
	if q.Uniqueid != o.Verdicts[0].Asker || q.Type != "PJSIP" || q.DNID != "0023222123456" || !strings.HasPrefix(q.Channel, "PJSIP/1001-") || q.Path() != "/authorize" {
		t.Errorf("request %+v", q)
	}
	n := r.hungUp(t, 1)
	wantLines(t, n.names(), []string{"Newchannel PJSIP/1001 Ring", "Hangup PJSIP/1001 Ring 21"})
	if o.End != pbxsim.EndRefused || o.Cause != 21 || len(o.Legs) != 0 || len(r.Bill()) != 0 {
		t.Errorf("outcome %+v", o)
	}
}

// TestSnippet: what the dialplan does by itself, with a server that decides nothing, one that does not
// listen, and numbers that never get there.
func TestSnippet(t *testing.T) {
	plan := pbxsim.Dialplan{
		Emergency: []string{"911", "9911"}, MaxHome: time.Hour,
		Home: func(n string) bool { return strings.HasPrefix(n, "12125550") },
	}
	silent := func(context.Context, *agi.Session) error { return nil }
	for _, test := range []struct {
		name, number string
		down         bool
		allow        bool
		reason       string
		seconds      int
		asked        bool
	}{
		{"emergency", "911", true, true, "emergency", 86400, false},
		{"emergency behind an access code", "9911", false, true, "emergency", 86400, false},
		{"longer than an emergency number", "9112", true, false, "fail_closed", 1, false},
		{"home, nobody decides", "12125550123", false, true, "fail_open", 3600, true},
		{"home, nobody listens", "12125550123", true, true, "fail_open", 3600, false},
		{"abroad, nobody decides", "01123222123456", false, false, "fail_closed", 1, true},
		{"abroad, nobody listens", "01123222123456", true, false, "fail_closed", 1, false},
		{"commas", "0023222123456@carrier,60,L(30000)", false, false, "bad_number", 1, true},
		{"nothing", "", false, false, "bad_number", 1, true},
		{"too long", strings.Repeat("1", 300), false, false, "bad_number", 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := start(t, pbxsim.Options{Dialplan: plan}, silent)
			if test.down {
				r.SetAGI("127.0.0.1:1")
			}
			o := r.outcome(t, r.dial(t, pbxsim.Call{From: "1001", Number: test.number, Talk: time.Millisecond}))
			v := o.Verdicts[0]
			if v.Allow != test.allow || v.Reason != test.reason || v.Seconds != test.seconds || v.Asked != test.asked {
				t.Errorf("verdict %+v", v)
			}
			if asked := len(r.heard().asked) > 0; asked != test.asked {
				t.Errorf("the server was asked: %t", asked)
			}
			if len(o.Legs) > 0 != test.allow {
				t.Errorf("legs %+v", o.Legs)
			}
		})
	}
	if _, err := start(t, pbxsim.Options{}, silent).Dial(pbxsim.Call{Number: "1\r\n2"}); err == nil {
		t.Error("a line break was dialled")
	}
}

// TestTimer: the timer sits on the trunk leg, counts from the answer and is late, never early.
func TestTimer(t *testing.T) {
	r := start(t, pbxsim.Options{}, says("allow", "1"))
	o := r.outcome(t, r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456", Ring: 100 * time.Millisecond}))
	if o.End != pbxsim.EndTimer || o.Legs[0].Talk < time.Second {
		t.Errorf("outcome %+v", o)
	}
}

// TestWays: a call around the dialplan asks nobody; the marks of it are in its events.
func TestWays(t *testing.T) {
	r := start(t, pbxsim.Options{}, nobody)
	o := r.outcome(t, r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456", Way: pbxsim.Unguarded, Talk: time.Millisecond}))
	if len(o.Verdicts) != 0 || o.End != pbxsim.EndPhone {
		t.Errorf("outcome %+v", o)
	}
	before := len(r.hungUp(t, 2).events)
	o = r.outcome(t, r.dial(t, pbxsim.Call{Number: "0023222555555", Way: pbxsim.Originated, Talk: time.Millisecond}))
	n := r.hungUp(t, 3)
	n.events = n.events[before:]
	wantLines(t, n.names(), []string{
		"Newchannel PJSIP/carrier Down", "DialBegin PJSIP/carrier", "Newstate PJSIP/carrier Up",
		"DialEnd PJSIP/carrier ANSWER", "HangupRequest PJSIP/carrier Up 16", "Hangup PJSIP/carrier Up 16",
	})
	m := n.events[1]
	if m.Get("DialString") != "0023222555555@carrier" || m.Get("DestLinkedid") != m.Get("DestUniqueid") || o.End != pbxsim.EndCallee {
		t.Errorf("%s\n%+v", m, o)
	}
	if len(r.heard().asked) != 0 {
		t.Error("the server was asked")
	}
}

// TestUnanswered: what the carrier refuses, and what the phone gives up.
func TestUnanswered(t *testing.T) {
	r := start(t, pbxsim.Options{}, says("allow", "60"))
	o := r.outcome(t, r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456", Reject: 17}))
	if o.End != pbxsim.EndUnanswered || o.Cause != 17 || o.Legs[0].Answered {
		t.Errorf("outcome %+v", o)
	}
	l := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456", Ring: -1})
	r.until(t, "ringing", func(n news) bool { return n.last().Get("DialStatus") == "RINGING" })
	l.Hangup()
	if o = r.outcome(t, l); o.End != pbxsim.EndPhone || len(r.Bill()) != 0 {
		t.Errorf("outcome %+v", o)
	}
	n := r.hungUp(t, 4)
	if end := n.events[len(n.events)-3]; end.Get("DialStatus") != "CANCEL" {
		t.Errorf("%s", end)
	}
}

// TestHangupWhileAsking: the server hears HANGUP, and the call goes nowhere whatever it then says.
func TestHangupWhileAsking(t *testing.T) {
	asking, hungUp, heard := make(chan struct{}), make(chan struct{}), make(chan bool, 1)
	r := start(t, pbxsim.Options{}, func(ctx context.Context, s *agi.Session) error {
		close(asking)
		<-hungUp
		// HANGUP is read with the reply to a command, so a few may be needed.
		for err := error(nil); err == nil && !s.HungUp() && ctx.Err() == nil; {
			_, _, err = s.GetVariable(ctx, "X")
		}
		heard <- s.HungUp()
		return says("allow", "60")(ctx, s)
	})
	l := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456"})
	within(t, "the request", asking)
	l.Hangup()
	close(hungUp)
	if !<-heard {
		t.Error("no HANGUP")
	}
	if o := r.outcome(t, l); o.End != pbxsim.EndPhone || len(o.Legs) != 0 {
		t.Errorf("outcome %+v", o)
	}
}
