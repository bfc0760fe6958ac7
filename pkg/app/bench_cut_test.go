package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/toll"
	"github.com/tollfuse/tollfuse/pkg/watch"
)

// BenchmarkCut is the time from the event with which a call breaks a limit, as
// the ledger is told of it, to the Hangup of its caller's other call, as Asterisk
// reads it.
func BenchmarkCut(b *testing.B) {
	l := openLedger(b, filepath.Join(b.TempDir(), "ledger.db"), benchmarkSite(b))
	short := toll.Limit{
		ID: "short", Do: []toll.Action{toll.Cut}, Act: 1,
		Meter: toll.Meter{Measure: toll.ConnectsUnder + "10s", Scope: toll.PerCaller, Window: time.Hour},
	}
	view, err := l.View(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if err := l.Change(b.Context(), toll.Setting{Limit: &short, Author: "benchmark", At: l.Now(), Revision: view.Revision + 1}); err != nil {
		b.Fatal(err)
	}
	hangups := obedient(b, l)
	record := func(e toll.Event) {
		e.PBX = "pbx1"
		if err := l.Record(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
	talk := func(caller, call string) {
		past := pastCall(1, 0, time.Time{})
		q := past.Question(toll.Ask)
		q.Caller.ID, q.Key.Uniqueid = caller, call
		v, err := l.Decide(b.Context(), q)
		if err != nil || !v.Allow {
			b.Fatal(v.Reason, v.By, err)
		}
		record(toll.Event{Kind: toll.LegDialled, Channel: call + ".leg", Lease: v.Lease.ID})
		record(toll.Event{Kind: toll.LegAnswered, Channel: call + ".leg"})
	}
	record(toll.Event{Kind: toll.LinkFound})
	var took []float64
	for i := range max(b.N, 200) {
		caller := fmt.Sprint("cut-", i)
		talk(caller, caller+".long")
		talk(caller, caller+".short")
		begun := time.Now()
		record(toll.Event{Kind: toll.ChannelGone, Channel: caller + ".short.leg"})
		if got := <-hangups; got != caller+".long.leg" {
			b.Fatalf("%s was hung up", got)
		}
		took = append(took, time.Since(begun).Seconds()*1000)
		record(toll.Event{Kind: toll.ChannelGone, Channel: caller + ".long.leg"})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(took), "cut-ms,aim<=1")
}

// obedient lets a watcher carry out the ledger's orders on an Asterisk without
// channels, and gives the channels that it hangs up.
func obedient(b *testing.B, l *ledger.Ledger) <-chan string {
	b.Helper()
	near, far := net.Pipe()
	dialled := make(chan net.Conn, 1)
	dialled <- near
	client, err := ami.New(ami.Options{
		Address: "127.0.0.1:5038", Username: "u", Secret: "s", Events: watch.Events(),
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
		b.Fatal(err)
	}
	w := watch.New(client, l, watch.Options{PBX: "pbx1", Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	hangups, linked := make(chan string, 1), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { _ = w.Run(ctx) })
	all.Go(func() { _ = watch.Obey(ctx, l, map[string]*watch.Watcher{"pbx1": w}) })
	all.Go(func() { hangUpAll(ami.NewServerConn(far), hangups, sync.OnceFunc(func() { close(linked) })) })
	b.Cleanup(func() { cancel(); _ = far.Close(); all.Wait() })
	<-linked
	return hangups
}

// hangUpAll answers for an Asterisk without channels until the connection ends,
// and tells when it has shown that there are none.
func hangUpAll(server *ami.ServerConn, hangups chan<- string, shown func()) {
	for err := server.Login("11.0.0", "u", "s"); err == nil; {
		var a ami.Action
		if a, err = server.ReadAction(); err != nil {
			return
		}
		switch a.Name {
		case "Hangup":
			hangups <- a.Get("Channel")
			err = server.Respond(a, "Success", "")
		case "Status":
			err = server.RespondList(a, "Status", nil, "StatusComplete")
			shown()
		default:
			err = server.Respond(a, "Success", "")
		}
	}
}
