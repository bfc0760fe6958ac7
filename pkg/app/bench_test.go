package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"

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

// BenchmarkFastAGI measures whole requests over TCP, 64 at once: a server that
// answers without deciding, and the daemon's handler on a durable ledger with
// the default policy, granting and refusing. The ratio of the figures of one
// run is what counts.
func BenchmarkFastAGI(b *testing.B) {
	b.Run("echo", func(b *testing.B) {
		benchmarkRequests(b, "011442079460000", agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
			_, err := s.Exec(ctx, "MSet", "TOLLFUSE_SECONDS=600,TOLLFUSE_REASON=default,TOLLFUSE_CAUSE=21,TOLLFUSE_NUMBER=+442079460000,_TOLLFUSE_LEASE=1-1,TOLLFUSE_VERDICT=allow")
			return err
		}))
	})
	b.Run("grant", func(b *testing.B) {
		l, handler := benchmarkLedger(b)
		benchmarkRequests(b, "2025550123", agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
			if err := handler.ServeAGI(ctx, s); err != nil {
				return err
			}
			// The phone gives up at once, so that leases do not pile up.
			return l.Record(ctx, toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: s.Request.Uniqueid})
		}))
	})
	b.Run("refuse", func(b *testing.B) {
		_, handler := benchmarkLedger(b)
		benchmarkRequests(b, "19005550123", handler)
	})
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

func benchmarkRequests(b *testing.B, number string, h agi.Handler) {
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
	var n atomic.Int64
	b.SetParallelism(atOnce / 2)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			if err := request(b.Context(), listener.Addr().String(), fmt.Sprintf("pbx1-1795335254.%d", i), number); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
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
