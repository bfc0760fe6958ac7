package watch

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// page is a ledger with one lease that notes what it is told, once it gets round
// to it.
type page struct {
	busy chan struct{} // while it is there and open, events about channels wait

	mu    sync.Mutex
	lease toll.Lease
	live  bool
	told  []string
}

func (p *page) Record(_ context.Context, e toll.Event) error {
	if e.Kind == toll.ChannelGone && p.busy != nil {
		<-p.busy
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, strings.TrimSpace(fmt.Sprint(e.Kind, " ", e.PBX, " ", e.Channel+e.Lease, " ", e.Why)))
	return nil
}

func (p *page) Find(context.Context, toll.Key) (toll.Lease, bool, error) {
	return toll.Lease{}, false, nil
}

func (p *page) Lease(context.Context, string) (toll.Lease, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, "asked")
	return p.lease, p.live, nil
}

func (p *page) Leases(context.Context, string) ([]toll.Lease, error) { return nil, nil }
func (p *page) Now() time.Time                                       { return time.Now() }

func (p *page) wantTold(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if want = append([]string{"up pbx1"}, want...); !slices.Equal(p.told, want) {
		t.Errorf("the ledger was told %q, want %q", p.told, want)
	}
}

// post gives the orders of a test.
type post chan []toll.Order

func (p post) Orders(ctx context.Context) ([]toll.Order, error) {
	select {
	case batch := <-p:
		return batch, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// What an Asterisk can answer to an action about a channel, beside an error.
const (
	silent = ""
	done   = "Success"
	gone   = "No such channel"
)

// exchange is an Asterisk without channels and a watcher that obeys.
type exchange struct {
	t      *testing.T
	watch  *Watcher
	page   *page
	post   post
	server *ami.ServerConn

	mu     sync.Mutex
	answer func(a ami.Action) string
	asked  []string // for which action about which channel, in order
}

// obeying runs an exchange in a bubble of synctest until the test ends.
func obeying(t *testing.T, answer func(ami.Action) string) *exchange {
	t.Helper()
	client, far := connected(t)
	x := &exchange{t: t, page: &page{}, post: make(post), server: ami.NewServerConn(far), answer: answer}
	x.watch = New(client, x.page, Options{PBX: "pbx1", Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = x.watch.Run(ctx) })
	all.Go(func() { _ = Obey(ctx, x.post, map[string]*Watcher{"pbx1": x.watch}) })
	all.Go(x.serve)
	t.Cleanup(func() {
		cancel()
		far.Close()
		all.Wait()
	})
	synctest.Wait()
	x.page.wantTold(t)
	return x
}

// serve answers for Asterisk until the connection ends.
func (x *exchange) serve() {
	err := x.server.Login("11.0.0", "u", "s")
	for err == nil {
		var a ami.Action
		if a, err = x.server.ReadAction(); err != nil {
			return
		}
		switch channel := a.Get("Channel"); {
		case channel != "":
			err = x.serveChannel(a, channel)
		case a.Name == "Status":
			err = x.server.RespondList(a, "Status", nil, "StatusComplete")
		default:
			err = x.server.Respond(a, "Success", "")
		}
	}
}

func (x *exchange) serveChannel(a ami.Action, channel string) error {
	x.mu.Lock()
	x.asked = append(x.asked, strings.TrimSpace(a.Name+" "+channel+" "+a.Get("Timeout")))
	x.mu.Unlock()
	switch answer := x.answer(a); {
	case answer == silent:
		return nil
	case answer == done && a.Name == "Status":
		return x.server.RespondList(a, "Status", [][]ami.Field{{{Name: "Channel", Value: channel}}}, "StatusComplete")
	case answer == done:
		return x.server.Respond(a, "Success", "")
	default:
		return x.server.Respond(a, "Error", answer)
	}
}

func (x *exchange) order(orders ...toll.Order) { x.post <- orders }

// wantAsked compares what Asterisk was asked for, once nothing moves any more.
func (x *exchange) wantAsked(want ...string) {
	x.t.Helper()
	synctest.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	if !slices.Equal(x.asked, want) {
		x.t.Errorf("Asterisk was asked for %q, want %q", x.asked, want)
	}
}

// event sends an event about a channel.
func (x *exchange) event(name, id string) {
	x.t.Helper()
	err := x.server.Event(name, []ami.Field{
		{Name: "Privilege", Value: "call,all"}, {Name: "Channel", Value: "PJSIP/1001-" + id},
		{Name: "ChannelState", Value: "4"}, {Name: "ChannelStateDesc", Value: "Ring"},
		{Name: "CallerIDNum", Value: "1001"}, {Name: "CallerIDName", Value: "x"},
		{Name: "ConnectedLineNum", Value: "<unknown>"}, {Name: "ConnectedLineName", Value: "<unknown>"},
		{Name: "Language", Value: "en"}, {Name: "AccountCode"}, {Name: "Context", Value: "internal"},
		{Name: "Exten", Value: "1"}, {Name: "Priority", Value: "1"}, {Name: "Uniqueid", Value: id}, {Name: "Linkedid", Value: id},
	}...)
	if err != nil {
		x.t.Fatal(err)
	}
}

func always(answer string) func(ami.Action) string {
	return func(ami.Action) string { return answer }
}

// silentOn never answers actions of that name.
func silentOn(name string) func(ami.Action) string {
	return func(a ami.Action) string {
		if a.Name == name {
			return silent
		}
		return done
	}
}

// passes lets time go by in a bubble of synctest.
func passes(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // bubble clock
