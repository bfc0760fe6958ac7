package pbxsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/pbxsim"
)

// TestForward: a phone that answers with "moved" makes the call leave on a Local channel, and who forwarded
// stands in the request, as in the transcript of Asterisk 22.
func TestForward(t *testing.T) {
	r := start(t, pbxsim.Options{}, says("allow", "60"))
	o := r.outcome(t, r.dial(t, pbxsim.Call{From: "1001", Forwarder: "1002", Number: "0023222999999", Talk: time.Millisecond}))
	if o.End != pbxsim.EndPhone && o.End != pbxsim.EndCallee || !o.Allowed() {
		t.Errorf("outcome %+v", o)
	}
	q := r.heard().asked[0]
	if q.Type != "Local" || !strings.HasPrefix(q.Channel, "Local/0023222999999@internal-") || !strings.HasSuffix(q.Channel, ";2") || q.RDNIS != "1002" || q.CallerID != "1001" {
		t.Errorf("request %+v", q)
	}
	if forward := q.Args[5]; !strings.HasPrefix(forward, "forward=PJSIP/1002-") {
		t.Errorf("the forwarder is %q", forward)
	}
	n := r.hungUp(t, 5)
	wantLines(t, n.names(), []string{
		"Newchannel PJSIP/1001 Ring",
		"Newchannel PJSIP/1002 Down",
		"DialBegin PJSIP/1001 PJSIP/1002 Ring",
		"Newchannel Local/0023222999999@internal;1 Down",
		"Newchannel Local/0023222999999@internal;2 Ring",
		"LocalBridge Local/0023222999999@internal;1",
		"DialEnd PJSIP/1001 PJSIP/1002 Ring CANCEL",
		"DialBegin PJSIP/1001 Local/0023222999999@internal;1 Ring",
		"Hangup PJSIP/1002 Down 23",
		"Newchannel PJSIP/carrier Down",
		"NewCallerid PJSIP/carrier Down",
		"DialBegin Local/0023222999999@internal;2 PJSIP/carrier Ring",
		"Newstate PJSIP/carrier Up",
		"DialEnd Local/0023222999999@internal;2 PJSIP/carrier Ring ANSWER",
		"Newstate Local/0023222999999@internal;2 Up",
		"Newstate Local/0023222999999@internal;1 Up",
		"DialEnd PJSIP/1001 Local/0023222999999@internal;1 Ring ANSWER",
		"Newstate PJSIP/1001 Up",
		"BridgeCreate",
		"BridgeEnter PJSIP/carrier Up",
		"BridgeEnter Local/0023222999999@internal;2 Up",
		"HangupRequest Local/0023222999999@internal;2 Up 16",
		"BridgeLeave Local/0023222999999@internal;2 Up",
		"BridgeLeave PJSIP/carrier Up",
		"BridgeDestroy",
		"Hangup PJSIP/carrier Up 16",
		"Hangup Local/0023222999999@internal;2 Up 16",
		"Hangup Local/0023222999999@internal;1 Up 16",
		"Hangup PJSIP/1001 Up 16",
	})
}

// TestBlindTransfer: the trunk leg asks, on the account of the phone that sent it on and is gone.
func TestBlindTransfer(t *testing.T) {
	r := start(t, pbxsim.Options{Tariff: func(string) int64 { return 60 }}, says("allow", "60"))
	l := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456", Talk: time.Minute, Callee: true})
	within(t, "the answer", l.Answered())
	l.Transfer("0023222777777")
	n := r.until(t, "the second leg", func(n news) bool { return len(n.asked) == 2 && n.ended == 1 && n.last().Event() == "BridgeEnter" })
	q := n.asked[1]
	if q.Uniqueid == n.asked[0].Uniqueid || !strings.HasPrefix(q.Channel, "PJSIP/carrier-") || !strings.HasPrefix(q.Args[3], "blind=PJSIP/1001-") || q.Args[1] != "number=0023222777777" {
		t.Errorf("request %+v", q)
	}
	l.Hangup() // of a phone that is gone
	list, err := r.client.Status(t.Context(), "TOLLFUSE_LEASE")
	if err != nil || len(list.Items) != 2 {
		t.Fatalf("Status: %v, %d channels", err, len(list.Items))
	}
	if err := r.client.Hangup(t.Context(), list.Items[0].Get("Uniqueid"), 16); err != nil {
		t.Fatal(err)
	}
	if o := r.outcome(t, l); len(o.Verdicts) != 2 || len(o.Legs) != 2 || o.End != pbxsim.EndCut || len(r.Bill()) != 2 {
		t.Errorf("outcome %+v, bill %+v", o, r.Bill())
	}
}

// TestTransferRefused: a transfer that is not allowed ends the call.
func TestTransferRefused(t *testing.T) {
	r := start(t, pbxsim.Options{}, says("allow", "60"))
	l := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456"})
	within(t, "the answer", l.Answered())
	r.SetAGI("127.0.0.1:1")
	l.Transfer("0023222777777")
	if o := r.outcome(t, l); o.End != pbxsim.EndRefused || o.Allowed() || len(o.Legs) != 1 || o.Legs[0].Talk == 0 {
		t.Errorf("outcome %+v", o)
	}
}
