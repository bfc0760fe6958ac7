//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/ami"
)

// marks returns TOLLFUSE_LEASE and TimeToHangup, in seconds from now, of each live channel of that endpoint.
func marks(t *testing.T, c *ami.Client, endpoint string) (leases []string, seconds []float64) {
	t.Helper()
	list, err := c.Status(t.Context(), "TOLLFUSE_LEASE")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list.Items {
		if !strings.HasPrefix(m.Get("Channel"), "PJSIP/"+endpoint+"-") {
			continue
		}
		leases = append(leases, strings.TrimPrefix(m.Get("Variable"), "TOLLFUSE_LEASE="))
		var at float64
		if _, err := fmt.Sscan(m.Get("TimeToHangup"), &at); err != nil {
			t.Fatal(err)
		}
		if at != 0 {
			at -= float64(time.Now().Unix())
		}
		seconds = append(seconds, at)
	}
	return leases, seconds
}

// logInAsTollfuse logs in as the generated user, until the test ends. Every event goes to handle, unless that is nil.
func logInAsTollfuse(t *testing.T, l *Lab, user dialplan.AMI, handle func(ami.Message)) *ami.Client {
	t.Helper()
	client, err := ami.New(ami.Options{Address: fmt.Sprintf("127.0.0.1:%d", l.AMI), Username: user.User, Secret: user.Secret})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = client.Run(ctx, func(_ context.Context, n ami.Notice) {
			if n.Kind == ami.Event && handle != nil {
				handle(n.Event)
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	Eventually(t, 5*time.Second, "the manager user is logged in and was told that Asterisk is booted", func() bool {
		return client.State().Up && client.State().Booted
	})
	return client
}

func TestManagerUserHasTheFewestRights(t *testing.T) {
	wanted := []string{"Newchannel", "Newstate", "Hangup", "DialBegin", "DialEnd", "BridgeEnter", "BridgeLeave", "LocalBridge", "BlindTransfer", "SuccessfulAuth"}
	forbidden := []ami.Action{
		ami.NewAction("Originate", "Channel", "Local/112@internal", "Application", "Wait", "Data", "1"),
		ami.NewAction("Command", "Command", "core show version"),
		ami.NewAction("GetConfig", "Filename", "manager.conf"),
		ami.NewAction("UpdateConfig", "SrcFilename", "manager.conf", "DstFilename", "manager.conf"),
		ami.NewAction("ModuleLoad", "LoadType", "reload"),
		ami.NewAction("Reload"),
		ami.NewAction("DBPut", "Family", "a", "Key", "b", "Val", "c"),
		ami.NewAction("DialplanExtensionAdd", "Context", "x", "Extension", "1", "Priority", "1", "Application", "NoOp"),
		ami.NewAction("AGI", "Channel", "x", "Command", "NOOP"),
		ami.NewAction("MixMonitor", "Channel", "x", "File", "y"),
		ami.NewAction("PJSIPShowEndpoints"),
		ami.NewAction("UserEvent", "UserEvent", "x"),
	}
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		site := installSnippet(t, l, "", true)
		d := answerWith(t, l, allowAll)
		var mu sync.Mutex
		seen := map[string]int{}
		client := logInAsTollfuse(t, l, site.AMI, func(m ami.Message) {
			mu.Lock()
			defer mu.Unlock()
			seen[m.Event()]++
		})
		ctx := t.Context()

		// What the watcher does to a call, on one that is forwarded and one that is transferred.
		carrier, phone, forwarder := l.Carrier(t), l.Phone(t, "1001"), l.Phone(t, "1002")
		forwarder.Always(Answer{Status: 302, Contact: fmt.Sprintf("sip:%s@127.0.0.1:%d", foreignNumber, l.SIP)})
		call := phone.Dial("1002")
		call.WaitAnswered(t, 5*time.Second)
		list, err := client.CoreShowChannels(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var trunk string
		for _, m := range list.Items {
			if strings.HasPrefix(m.Get("Channel"), "PJSIP/carrier-") {
				trunk = m.Get("Uniqueid")
			}
		}
		if got, err := client.Getvar(ctx, trunk, "TOLLFUSE_LEASE"); err != nil || got != "lease1" {
			t.Errorf("Getvar: %q, %v", got, err)
		}
		if err := client.AbsoluteTimeout(ctx, trunk, 60); err != nil {
			t.Error(err)
		}
		if _, timers := marks(t, client, "carrier"); len(timers) != 1 || timers[0] < 50 || timers[0] > 61 {
			t.Errorf("timer %v after AbsoluteTimeout", timers)
		}
		for name, f := range map[string]func() error{
			"Ping":         func() error { return client.Ping(ctx) },
			"CoreStatus":   func() error { _, err := client.CoreStatus(ctx); return err },
			"CoreSettings": func() error { _, err := client.CoreSettings(ctx); return err },
			"Hangup":       func() error { return client.Hangup(ctx, trunk, 21) },
		} {
			if err := f(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		call.WaitEnded(t, 5*time.Second)
		call = phone.Dial(foreignNumber)
		call.WaitAnswered(t, 5*time.Second)
		l.WaitBridged(t, 2, 5*time.Second)
		call.Refer(t, "0023222777777", 5*time.Second)
		Eventually(t, 5*time.Second, "two trunk legs are up", func() bool { return carrier.Up() == 2 })
		for _, c := range carrier.Calls() {
			c.Hangup()
		}
		l.WaitIdle(t, 5*time.Second)
		if got := len(d.requests()); got != 3 {
			t.Errorf("asked %d times, want 3", got)
		}

		for _, action := range forbidden {
			var refused *ami.ResponseError
			if _, err := client.Do(ctx, action); !errors.As(err, &refused) || refused.Message != "Permission denied" {
				t.Errorf("%s: %v, want permission denied", action.Name, err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for _, event := range wanted {
			if seen[event] == 0 {
				t.Errorf("no event %s", event)
			}
		}
		for _, event := range []string{"VarSet", "Newexten", "TestEvent", "RTCPSent", "Cdr"} {
			if seen[event] != 0 {
				t.Errorf("%d events %s, which nobody needs", seen[event], event)
			}
		}
		t.Logf("events: %v", seen)
	})
}

func TestManagerUserIsKnownHereOnly(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		site := installSnippet(t, l, "", true)
		client, err := ami.New(ami.Options{
			Address: fmt.Sprintf("127.0.0.1:%d", l.AMI), Username: site.AMI.User, Secret: site.AMI.Secret,
			// Loopback is a whole network; from the next address on it is another machine to the access list.
			Dial: func(ctx context.Context) (net.Conn, error) {
				from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
				return from.DialContext(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", l.AMI))
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var down error
		_ = client.Run(ctx, func(_ context.Context, n ami.Notice) {
			if n.Kind == ami.Down {
				down = n.Err
			}
			cancel()
		})
		if !errors.Is(down, ami.ErrAuthentication) {
			t.Errorf("logging in from another address: %v", down)
		}
	})
}
