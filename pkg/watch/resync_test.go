package watch

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// shelf is a ledger with one lease, whose clock stands where it is put.
type shelf struct {
	lease  toll.Lease
	events chan toll.Event

	mu  sync.Mutex
	now time.Time
}

func (s *shelf) Record(_ context.Context, e toll.Event) error {
	s.events <- e
	return nil
}
func (s *shelf) Find(context.Context, toll.Key) (toll.Lease, bool, error) {
	return toll.Lease{}, false, nil
}
func (s *shelf) Lease(context.Context, string) (toll.Lease, bool, error) {
	return toll.Lease{}, false, nil
}
func (s *shelf) Leases(context.Context, string) ([]toll.Lease, error) {
	return []toll.Lease{s.lease}, nil
}
func (s *shelf) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *shelf) advance(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(by)
}

// wait waits until the ledger is told of the leg.
func (s *shelf) wait(t *testing.T, kind toll.EventKind) {
	t.Helper()
	for {
		select {
		case e := <-s.events:
			if e.Kind == kind && e.Channel == s.lease.Leg {
				return
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("the ledger was not told: %s", kind)
		}
	}
}

// asterisk answers requests for a picture with what the test says.
type asterisk struct {
	t      *testing.T
	conn   net.Conn
	server *ami.ServerConn
}

// connected is a client with the one connection that it will ever get, and the
// far end of that.
func connected(t *testing.T) (*ami.Client, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	dialled := make(chan net.Conn, 1)
	dialled <- near
	client, err := ami.New(ami.Options{
		Address: "127.0.0.1:5038", Username: "u", Secret: "s", Events: Events(),
		Dial: func(ctx context.Context) (net.Conn, error) {
			select {
			case c := <-dialled:
				return c, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client, far
}

// watching runs a watcher on a simulated connection until the test ends.
func watching(t *testing.T, s *shelf) asterisk {
	t.Helper()
	client, far := connected(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	w := New(client, s, Options{PBX: "pbx1", Log: slog.New(slog.DiscardHandler)})
	go func() {
		defer close(done)
		_ = w.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		far.Close()
		<-done
	})
	a := asterisk{t: t, conn: far, server: ami.NewServerConn(far)}
	if err := a.server.Login("11.0.0", "u", "s"); err != nil {
		t.Fatal(err)
	}
	return a
}

// send writes to the connection as it is, which ServerConn would not.
func (a asterisk) send(text string) {
	a.t.Helper()
	if _, err := a.conn.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		a.t.Fatal(err)
	}
}

// answer waits for the request for a picture and answers it.
func (a asterisk) answer(entries ...string) {
	a.t.Helper()
	for {
		action, err := a.server.ReadAction()
		if err != nil {
			a.t.Fatal(err)
		}
		id := "ActionID: " + action.ID + "\n"
		if action.Name != "Status" {
			a.send("Response: Success\n" + id + "\n")
			continue
		}
		a.send("Response: Success\n" + id + "EventList: start\nMessage: Channel status will follow\n\n")
		for _, entry := range entries {
			a.send(entry + id + "\n")
		}
		a.send("Event: StatusComplete\n" + id + "EventList: Complete\nListItems: 1\n\n")
		return
	}
}

const legUp = `Event: Status
Privilege: Call
Channel: PJSIP/carrier-00000001
ChannelState: 6
ChannelStateDesc: Up
CallerIDNum: 00442079460000
CallerIDName: <unknown>
ConnectedLineNum: %n
ConnectedLineName: <unknown>
Language: en
AccountCode: 
Context: from-carrier
Exten: 
Priority: 1
Uniqueid: 17.1
Linkedid: 17.0
Type: PJSIP
TimeToHangup: 0
Application: AppDial
Seconds: 1
Variable: TOLLFUSE_LEASE=(null)
Variable: DIALEDPEERNUMBER=00442079460000@carrier
`

// A picture that a stranger's line breaks run through ends nothing. So what was
// read before it counts, or the end of a call would be missed for good.
func TestEventsBeforeSpoiledPictureCount(t *testing.T) {
	s := &shelf{
		lease:  toll.Lease{ID: "1-1", State: toll.Granted, Key: toll.Key{PBX: "pbx1", Uniqueid: "17.0", Number: "+442079460000"}, Leg: "17.1"},
		events: make(chan toll.Event, 100), now: time.Unix(1_800_000_000, 0),
	}
	a := watching(t, s)
	a.answer(strings.Replace(legUp, "%n", "1001", 1))
	s.wait(t, toll.LegAnswered)
	// The stranger's first event, and the end of the call right behind it.
	s.advance(pictureRest)
	gone := strings.NewReplacer("Event: Newchannel", "Event: Hangup", "pbx1-1795334493.7615", "17.1", "PJSIP/1001-00001dbd", "PJSIP/carrier-00000001").
		Replace(newchannel("1", "2"))
	a.send(newchannel("1\nUniqueid: x", "2") + gone)
	a.answer(strings.NewReplacer("%n", "1\nUniqueid: x", "17.1", "17.9").Replace(legUp))
	s.wait(t, toll.ChannelGone)
}
