package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// atOnce is how many channels ask at the same time.
const atOnce = 64

// BenchmarkFastAGI measures whole requests over TCP, 64 at once: the daemon's
// handler on a durable ledger with the default policy, granting and refusing,
// beside servers that decide nothing. One of those answers at once; the other
// answers when what it was asked is on the disk, written and synced in groups,
// which is the least that a durable permission takes. The ratios of one run are
// what counts: the speed of a machine is in none of them.
func BenchmarkFastAGI(b *testing.B) {
	var echo, synced pace
	b.Run("echo", func(b *testing.B) { echo = benchmarkRequests(b, "011442079460000", agi.HandlerFunc(echoed)) })
	b.Run("echo-fdatasync", func(b *testing.B) { synced = benchmarkRequests(b, "011442079460000", newSyncing(b)) })
	b.Run("grant", func(b *testing.B) {
		l, handler := benchmarkLedger(b)
		granted := benchmarkRequests(b, "2025550123", givingUp(l, handler))
		b.ReportMetric(granted.perSecond/synced.perSecond, "of-echo-fdatasync")
		b.ReportMetric(float64(granted.p99)/float64(synced.p99), "p99-of-its")
	})
	b.Run("refuse", func(b *testing.B) {
		_, handler := benchmarkLedger(b)
		refused := benchmarkRequests(b, "19005550123", handler)
		b.ReportMetric(refused.perSecond/echo.perSecond, "of-echo")
	})
}

// echoed answers what a permission answers.
func echoed(ctx context.Context, s *agi.Session) error {
	_, err := s.Exec(ctx, "MSet", "TOLLFUSE_SECONDS=600,TOLLFUSE_REASON=default,TOLLFUSE_CAUSE=21,TOLLFUSE_NUMBER=+442079460000,_TOLLFUSE_LEASE=1-1,TOLLFUSE_VERDICT=allow")
	return err
}

// givingUp is a handler whose callers hang up at once, so that leases do not pile
// up.
func givingUp(l *ledger.Ledger, h agi.Handler) agi.Handler {
	return agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
		if err := h.ServeAGI(ctx, s); err != nil {
			return err
		}
		return l.Record(ctx, toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: s.Request.Uniqueid})
	})
}

// newSyncing answers like echoed, once as many bytes as a grant has in the ledger
// are on the disk. Who comes while the disk is busy shares the next sync.
func newSyncing(b *testing.B) agi.Handler {
	b.Helper()
	file, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	const size, most = 400, 256
	waiting, done := make(chan chan struct{}, most), make(chan struct{})
	go func() {
		defer close(done)
		for first := range waiting {
			group := []chan struct{}{first}
			for len(waiting) > 0 && len(group) < most {
				group = append(group, <-waiting)
			}
			_, err := file.Write(make([]byte, size*len(group)))
			if err = errors.Join(err, unix.Fdatasync(int(file.Fd()))); err != nil {
				b.Error(err)
			}
			for _, w := range group {
				close(w)
			}
		}
	}()
	b.Cleanup(func() { close(waiting); <-done; _ = file.Close() })
	return agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
		written := make(chan struct{})
		waiting <- written
		<-written
		return echoed(ctx, s)
	})
}

// BenchmarkFastAGIOpen asks 200 times a second, whether or not the questions
// before are answered, as calls come; and says what a decision adds to the
// longest waits.
func BenchmarkFastAGIOpen(b *testing.B) {
	const perSecond = 200
	var echo time.Duration
	b.Run("echo", func(b *testing.B) { echo = benchmarkOpen(b, perSecond, "011442079460000", agi.HandlerFunc(echoed)) })
	b.Run("grant", func(b *testing.B) {
		l, handler := benchmarkLedger(b)
		granted := benchmarkOpen(b, perSecond, "2025550123", givingUp(l, handler))
		b.ReportMetric(float64(granted-echo)/float64(time.Millisecond), "added-p99-ms")
	})
}

func benchmarkOpen(b *testing.B, perSecond int, number string, h agi.Handler) time.Duration {
	b.Helper()
	address := benchmarkServer(b, h)
	took := make([]time.Duration, b.N)
	var wait sync.WaitGroup
	ticker := time.NewTicker(time.Second / time.Duration(perSecond))
	defer ticker.Stop()
	b.ResetTimer()
	for i := range b.N {
		<-ticker.C
		wait.Go(func() {
			begun := time.Now()
			if err := request(b.Context(), address, fmt.Sprintf("pbx1-1795335254.%d", i), number); err != nil {
				b.Error(err)
			}
			took[i] = time.Since(begun)
		})
	}
	wait.Wait()
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	b.ReportMetric(float64(took[len(took)/2])/float64(time.Millisecond), "p50-ms")
	b.ReportMetric(float64(p99)/float64(time.Millisecond), "p99-ms")
	return p99
}

func benchmarkLedger(b *testing.B) (*ledger.Ledger, agi.Handler) {
	b.Helper()
	c := config.Default()
	c.Site.Country, c.Site.Countries = "US", []string{"GB"}
	c.Asterisk = []config.Asterisk{{Name: "pbx1", Trunks: []config.Trunk{{Name: "carrier"}}}}
	s, err := newSite(c)
	if err != nil {
		b.Fatal(err)
	}
	store, err := sqlite.Open(filepath.Join(b.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	l, err := ledger.Open(b.Context(), store, s.judge, ledger.Config{Log: log})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-done; _ = store.Close() })
	for _, setting := range policy.Default(1000, "benchmark", l.Now()) {
		if err := l.Change(b.Context(), setting); err != nil {
			b.Fatal(err)
		}
	}
	return l, authorize.New(l, authorize.Options{Sites: s.sites(), Log: log})
}

// pace is how fast a server answers.
type pace struct {
	perSecond float64
	p99       time.Duration
}

// benchmarkServer lets a handler serve and is its address.
func benchmarkServer(b *testing.B, h agi.Handler) string {
	b.Helper()
	listen := net.ListenConfig{KeepAlive: -1}
	listener, err := listen.Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &agi.Server{Handler: h, Logger: slog.New(slog.DiscardHandler)}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	b.Cleanup(func() { _ = server.Close(); <-served })
	return listener.Addr().String()
}

func benchmarkRequests(b *testing.B, number string, h agi.Handler) pace {
	b.Helper()
	address := benchmarkServer(b, h)
	took := make([]time.Duration, b.N)
	var n atomic.Int64
	b.SetParallelism(atOnce / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i, begun := n.Add(1), time.Now()
			if err := request(b.Context(), address, fmt.Sprintf("pbx1-1795335254.%d", i), number); err != nil {
				b.Error(err)
				return
			}
			took[i-1] = time.Since(begun)
		}
	})
	slices.Sort(took)
	p := pace{float64(b.N) / b.Elapsed().Seconds(), took[len(took)*99/100]}
	b.ReportMetric(p.perSecond, "requests/s")
	b.ReportMetric(float64(p.p99)/float64(time.Millisecond), "p99-ms")
	return p
}

// request plays one channel of Asterisk.
func request(ctx context.Context, address, uniqueid, number string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	r := &agi.Request{
		URL: "agi://" + address + "/authorize", NetworkScript: "authorize", Channel: "PJSIP/1001-00000001", Type: "PJSIP", Language: "en",
		Uniqueid: uniqueid, Version: "22", CallerID: "1001", CallerIDName: "Ext 1001", DNID: number, RDNIS: "unknown", Context: "tollfuse",
		Extension: "s", Priority: "20", Enhanced: "0.0", ThreadID: "140672091846336",
		Args: []string{"pbx=pbx1", "number=" + number, "trunk=", "blind=", "attended=", "forward=", "transfer=", "account=", "end=1"},
	}
	return agi.NewCaller(conn).Call(ctx, r, func([]string) string { return "200 result=0" })
}
