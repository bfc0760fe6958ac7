package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// outbox is a ledger of notices alone.
type outbox struct {
	mu      sync.Mutex
	notices []toll.Notice
	noticed chan struct{}
	broken  error // of Tried
}

func newOutbox() *outbox { return &outbox{noticed: make(chan struct{}, 1)} }

func (o *outbox) Waiting(context.Context) ([]toll.Notice, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.notices), func(n toll.Notice) bool { return !n.Waits() }), nil
}

func (o *outbox) Noticed() <-chan struct{} { return o.noticed }

func (o *outbox) Tried(_ context.Context, n toll.Notice) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.broken != nil {
		return o.broken
	}
	at := slices.IndexFunc(o.notices, func(known toll.Notice) bool { return known.ID == n.ID })
	o.notices[at] = n
	if n.Waits() {
		o.wake() // as the ledger does
	}
	return nil
}

func (o *outbox) wake() {
	select {
	case o.noticed <- struct{}{}:
	default:
	}
}

// add puts a notice in front: the order must not depend on where it stands.
func (o *outbox) add(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := attack()
	n.ID, n.Incident.ID, n.At = id, id, time.Now()
	o.notices = append([]toll.Notice{n}, o.notices...)
	o.wake()
}

func (o *outbox) get(id string) toll.Notice {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.notices[slices.IndexFunc(o.notices, func(n toll.Notice) bool { return n.ID == id })]
}

// waits is how many notices are neither sent nor given up.
func (o *outbox) waits() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.notices {
		if o.notices[i].Waits() {
			n++
		}
	}
	return n
}

// post is a mail server that does as it is told.
type post struct {
	mu     sync.Mutex
	answer func(m Mail, to string) error
	tries  []time.Time
	got    []string // Message-ID and recipient, in order
}

func (p *post) Server() string { return "mail.example.com:587" }

func (p *post) Send(_ context.Context, m Mail, to []string) []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries = append(p.tries, time.Now())
	errs := make([]error, len(to))
	for i, address := range to {
		if p.answer != nil {
			errs[i] = p.answer(m, address)
		}
		if errs[i] == nil {
			p.got = append(p.got, m.ID+">"+address)
		}
	}
	return errs
}

func (p *post) set(answer func(m Mail, to string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *post) delivered() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

func (p *post) tried() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.tries)
}

func down(Mail, string) error {
	return &Failure{Doing: "connect", Err: errors.New("connection refused"), Server: true}
}

// work starts a worker, and returns what stops it and waits for it.
func work(o Outbox, s Sender, to ...string) (stop func()) {
	w := NewWorker(Options{
		Outbox: o, Sender: s, To: to, From: "tollfuse@example.com", Site: berlin(), Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// arrived is what NewMail makes of such a notice, on its way to that address.
func arrived(o *outbox, id, to string) string {
	n := o.get(id)
	return NewMail(&n, Message{}, "tollfuse@example.com", "", time.Time{}).ID + ">" + to
}

func TestEachNoticeLeavesOnceForEachRecipient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p := newOutbox(), &post{}
		stop := work(o, p, "a@example.com", "b@example.com")
		defer stop()
		o.add("1")
		synctest.Wait()
		want := []string{arrived(o, "1", "a@example.com"), arrived(o, "1", "b@example.com")}
		if got := p.delivered(); !slices.Equal(got, want) {
			t.Fatalf("delivered %q, want %q", got, want)
		}
		if n := o.get("1"); n.Sent.IsZero() || n.Tries != 1 || n.Error != "" {
			t.Errorf("the notice is not marked as sent: %+v", n)
		}
		time.Sleep(24 * time.Hour) //nolint:forbidigo // in a bubble time is free
		if got := p.delivered(); len(got) != 2 {
			t.Errorf("sent again: %q", got)
		}
	})
}

func TestWhatWaitedLeavesInOrderWhenTheServerReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p := newOutbox(), &post{answer: down}
		stop := work(o, p, "a@example.com")
		defer stop()
		for n := range 5 {
			o.add(fmt.Sprint("n", n))
			time.Sleep(2 * time.Minute) //nolint:forbidigo // in a bubble
		}
		if n := o.waits(); n != 5 {
			t.Errorf("%d wait, want 5", n)
		}
		if n := o.get("n0"); n.Tries < 5 || n.Error == "" || n.Next.IsZero() {
			t.Errorf("the tries are not in the outbox: %+v", n)
		}
		p.set(nil)
		time.Sleep(longestPause) //nolint:forbidigo // in a bubble
		var want []string
		for n := range 5 {
			want = append(want, arrived(o, fmt.Sprint("n", n), "a@example.com"))
		}
		if got := p.delivered(); !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
		if n := o.waits(); n != 0 {
			t.Errorf("%d wait still", n)
		}
	})
}

func TestTriesOfADownServerGetRarer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p := newOutbox(), &post{answer: down}
		stop := work(o, p, "a@example.com")
		defer stop()
		o.add("1")
		time.Sleep(2 * time.Hour) //nolint:forbidigo // in a bubble
		tries := p.tried()
		if len(tries) < 60 || len(tries) > 75 {
			t.Fatalf("%d tries in two hours", len(tries))
		}
		want := firstPause
		for i := 1; i < len(tries); i++ {
			gap := tries[i].Sub(tries[i-1])
			if gap > want || gap < want*9/10-time.Second {
				t.Errorf("pause %d is %v, want about %v", i, gap, want)
			}
			want = min(2*want, longestPause)
		}
	})
}

func TestANewNoticeDoesNotWaitForThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p := newOutbox(), &post{answer: down}
		stop := work(o, p, "a@example.com")
		defer stop()
		o.add("old")
		time.Sleep(2 * time.Hour) //nolint:forbidigo // in a bubble
		p.set(nil)
		o.add("new")
		synctest.Wait()
		want := []string{arrived(o, "old", "a@example.com"), arrived(o, "new", "a@example.com")}
		if got := p.delivered(); !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
	})
}

func TestOneBadRecipientDoesNotKeepTheOthersFromTheMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		p := &post{answer: func(_ Mail, to string) error {
			if to == "gone@example.com" {
				return &Failure{Doing: "recipient", Err: errors.New("550 no such user"), Permanent: true}
			}
			return nil
		}}
		stop := work(o, p, "gone@example.com", "a@example.com")
		defer stop()
		o.add("1")
		time.Sleep(24 * time.Hour) //nolint:forbidigo // in a bubble
		if got, want := p.delivered(), []string{arrived(o, "1", "a@example.com")}; !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
		if n := o.get("1"); n.Sent.IsZero() || n.Error == "" {
			t.Errorf("want it sent, with the refusal noted: %+v", n)
		}
	})
}

func TestALateRecipientGetsItWithoutTheOthersGettingItTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		grey := time.Now().Add(20 * time.Minute)
		p := &post{answer: func(_ Mail, to string) error {
			if to == "grey@example.com" && time.Now().Before(grey) {
				return &Failure{Doing: "recipient", Err: errors.New("451 come back later")}
			}
			return nil
		}}
		stop := work(o, p, "grey@example.com", "a@example.com")
		defer stop()
		o.add("1")
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		want := []string{arrived(o, "1", "a@example.com"), arrived(o, "1", "grey@example.com")}
		if got := p.delivered(); !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
	})
}

func TestARefusedNoticeDoesNotBlockTheOthersAndIsGivenUpAfterThreeDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		o.add("bad")
		bad := arrived(o, "bad", "")
		p := &post{}
		p.answer = func(m Mail, _ string) error {
			if m.ID+">" == bad {
				return &Failure{Doing: "mail", Err: errors.New("554 I do not like it"), Permanent: true}
			}
			return nil
		}
		stop := work(o, p, "a@example.com")
		defer stop()
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		o.add("good")
		synctest.Wait()
		if got, want := p.delivered(), []string{arrived(o, "good", "a@example.com")}; !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
		time.Sleep(giveUpAfter - time.Hour) //nolint:forbidigo // in a bubble
		if n := o.get("bad"); !n.Waits() {
			t.Errorf("given up too early: %+v", n)
		}
		time.Sleep(2 * time.Hour) //nolint:forbidigo // in a bubble
		n := o.get("bad")
		if !n.GivenUp || n.Tries < 60 || n.Tries > 90 {
			t.Errorf("after three days: %+v", n)
		}
		if n := o.waits(); n != 0 {
			t.Errorf("%d wait still", n)
		}
	})
}

func TestARestartedWorkerSendsOnlyWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p := newOutbox(), &post{}
		stop := work(o, p, "a@example.com")
		o.add("1")
		synctest.Wait()
		p.set(down)
		o.add("2")
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		stop()
		p.set(nil)
		stop = work(o, p, "a@example.com") // at once, although its next try would be later
		defer stop()
		synctest.Wait()
		want := []string{arrived(o, "1", "a@example.com"), arrived(o, "2", "a@example.com")}
		if got := p.delivered(); !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
	})
}

func TestNobodyIsToldTwiceThoughTheOutboxForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p := newOutbox(), &post{}
		o.broken = errors.New("the ledger cannot be written")
		stop := work(o, p, "a@example.com")
		defer stop()
		o.add("1")
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		o.add("2")
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		if got := p.delivered(); len(got) != 2 {
			t.Errorf("delivered %q, want each once", got)
		}
	})
}

// A mail that is on its way when the daemon is stopped is noted all the same.
func TestAStoppedWorkerNotesWhatHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, p := newOutbox(), &post{}
		p.answer = func(Mail, string) error {
			time.Sleep(time.Minute) //nolint:forbidigo // in a bubble: a slow server
			return nil
		}
		stop := work(o, p, "a@example.com")
		o.add("1")
		synctest.Wait()
		stop()
		if n := o.get("1"); n.Sent.IsZero() {
			t.Errorf("it was sent, and is not marked: %+v", n)
		}
	})
}
