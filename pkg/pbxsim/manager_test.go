package pbxsim_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
)

// TestActions: what a watcher asks of a live call, and how it ends one.
func TestActions(t *testing.T) {
	r := start(t, pbxsim.Options{}, says("allow", "3600"))
	l := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456"})
	within(t, "the answer", l.Answered())
	ctx := t.Context()
	list, err := r.client.Status(ctx, "TOLLFUSE_LEASE", "DIALEDPEERNUMBER", "NONE")
	if err != nil || len(list.Items) != 2 {
		t.Fatalf("Status: %v, %d channels", err, len(list.Items))
	}
	phone, leg := list.Items[0], list.Items[1]
	if v := leg.Values("Variable"); !slices.Equal(v, []string{"TOLLFUSE_LEASE=l1", "DIALEDPEERNUMBER=0023222123456@carrier", "NONE=(null)"}) {
		t.Errorf("variables %q", v)
	}
	left, _ := strconv.ParseInt(leg.Get("TimeToHangup"), 10, 64)
	if d := time.Until(time.Unix(left, 0)); d < 3590*time.Second || d > 3601*time.Second || phone.Get("TimeToHangup") != "0" {
		t.Errorf("the timer is at %s on the leg and %s on the phone", d, phone.Get("TimeToHangup"))
	}
	if leg.Get("Application") != "AppDial" || phone.Get("Application") != "Dial" || leg.Get("CallerIDNum") != "0023222123456" || leg.Get("Linkedid") != phone.Get("Uniqueid") {
		t.Errorf("%s\n%s", phone, leg)
	}
	id := leg.Get("Uniqueid")
	for name, want := range map[string]string{"TOLLFUSE_LEASE": "l1", "CHANNEL(endpoint)": "carrier", "_TOLLFUSE_LEASE": "", "TOLLFUSE_VERDICT": ""} {
		if got, err := r.client.Getvar(ctx, id, name); err != nil || got != want {
			t.Errorf("Getvar %s: %q, %v", name, got, err)
		}
	}
	if list, err := r.client.CoreShowChannels(ctx); err != nil || len(list.Items) != 2 {
		t.Errorf("CoreShowChannels: %v", err)
	}
	if one, err := r.client.ChannelStatus(ctx, id); err != nil || one.Get("Uniqueid") != id {
		t.Errorf("Status of one channel: %v", err)
	}
	if err := errors.Join(r.client.Ping(ctx), r.client.AbsoluteTimeout(ctx, id, 60)); err != nil {
		t.Error(err)
	}
	if err := r.client.Hangup(ctx, id, 21); err != nil {
		t.Fatal(err)
	}
	if o := r.outcome(t, l); o.End != pbxsim.EndCut || o.Cause != 21 {
		t.Errorf("outcome %+v", o)
	}
	for _, err := range []error{r.client.Hangup(ctx, id, 21), r.client.AbsoluteTimeout(ctx, id, 5)} {
		if !errors.Is(err, ami.ErrNoSuchChannel) {
			t.Errorf("after the end: %v", err)
		}
	}
	if _, err := r.client.ChannelStatus(ctx, id); !errors.Is(err, ami.ErrNoSuchChannel) {
		t.Errorf("status after the end: %v", err)
	}
	if status, err := r.client.CoreStatus(ctx); err != nil || status.Get("CoreProcessedCalls") != "1" || status.Get("CoreCurrentCalls") != "0" {
		t.Errorf("CoreStatus: %s %v", status, err)
	}
}

// TestAbsoluteTimeout: the action moves the deadline that the dialplan set.
func TestAbsoluteTimeout(t *testing.T) {
	r := start(t, pbxsim.Options{}, says("allow", "3600"))
	l := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456"})
	within(t, "the answer", l.Answered())
	list, err := r.client.CoreShowChannels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.client.AbsoluteTimeout(t.Context(), list.Items[1].Get("Uniqueid"), 1); err != nil {
		t.Fatal(err)
	}
	if o := r.outcome(t, l); o.End != pbxsim.EndTimer || o.Legs[0].Talk < time.Second {
		t.Errorf("outcome %+v", o)
	}
}

// TestWrongSecret: nobody hears anything without one.
func TestWrongSecret(t *testing.T) {
	r := start(t, pbxsim.Options{}, nobody)
	client, err := ami.New(ami.Options{Address: r.AMI(), Username: "tollfuse", Secret: "guess"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	down := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() {
		_ = client.Run(ctx, func(_ context.Context, n ami.Notice) {
			select {
			case down <- n.Err:
			default:
			}
		})
	})
	if err := <-down; !errors.Is(err, ami.ErrAuthentication) {
		t.Errorf("login: %v", err)
	}
	cancel()
	running.Wait()
}

// TestLostLink: the link is cut and refused for a while; calls do not care, and the picture is there when
// the client comes back.
func TestLostLink(t *testing.T) {
	r := start(t, pbxsim.Options{}, says("allow", "3600"))
	l := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456"})
	within(t, "the answer", l.Answered())
	r.RefuseAMI(true)
	r.DropAMI()
	r.until(t, "refused", func(n news) bool { return count(n.kinds, ami.Down) >= 1 })
	if r.Channels() != 2 {
		t.Errorf("%d channels", r.Channels())
	}
	r.RefuseAMI(false)
	r.until(t, "logged in again", func(n news) bool { return count(n.kinds, ami.Up) == 2 })
	if list, err := r.client.Status(t.Context()); err != nil || len(list.Items) != 2 {
		t.Errorf("Status: %v", err)
	}
	l.Hangup()
	if o := r.outcome(t, l); o.End != pbxsim.EndPhone {
		t.Errorf("outcome %+v", o)
	}
}

// TestRestart: all channels go without a word, the carrier bills what it saw, and life goes on.
func TestRestart(t *testing.T) {
	r := start(t, pbxsim.Options{Tariff: func(string) int64 { return 60 }}, says("allow", "3600"))
	talking := r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456"})
	within(t, "the answer", talking.Answered())
	ringing := r.dial(t, pbxsim.Call{From: "1002", Number: "0023222123457", Ring: -1})
	r.until(t, "ringing", func(n news) bool { return n.last().Get("DialStatus") == "RINGING" })
	r.Restart()
	for _, l := range []*pbxsim.Live{talking, ringing} {
		if o := r.outcome(t, l); o.End != pbxsim.EndRestart {
			t.Errorf("outcome %+v", o)
		}
	}
	r.until(t, "logged in again", func(n news) bool { return count(n.kinds, ami.Up) == 2 })
	if list, err := r.client.Status(t.Context()); err != nil || len(list.Items) != 0 || r.heard().ended != 0 {
		t.Errorf("Status: %v, %d channels", err, len(list.Items))
	}
	if b := r.Bill(); len(b) != 1 || b[0].Amount != 1 {
		t.Errorf("bill %+v", b)
	}
	o := r.outcome(t, r.dial(t, pbxsim.Call{From: "1001", Number: "0023222123456", Talk: time.Millisecond}))
	if o.End != pbxsim.EndPhone {
		t.Errorf("outcome %+v", o)
	}
	r.Close()
	if _, err := r.Dial(pbxsim.Call{From: "1001", Number: "1"}); !errors.Is(err, pbxsim.ErrClosed) {
		t.Errorf("dial after Close: %v", err)
	}
}

func count(kinds []ami.Kind, want ami.Kind) int {
	n := 0
	for _, k := range kinds {
		if k == want {
			n++
		}
	}
	return n
}
