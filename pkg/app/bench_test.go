package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
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

// The aims of benchmarks stand in the units of what they report, behind a comma;
// "make bench" prints those in a table.

// BenchmarkFastAGI measures whole requests over TCP, 64 at once: the daemon's
// handler on a durable ledger with the default policy, granting and refusing,
// beside servers that decide nothing. One of those answers at once; the other
// answers when what it was asked is on the disk, written and synced in groups,
// which is the least that a durable permission takes. The ratios of one run are
// what counts: the speed of a machine is in none of them. The servers take turns,
// so that whatever else the machine does slows all of them.
//
// "Ended" are grants whose callers hang up at once: that writes two entries and a
// row of history more than the other server writes.
func BenchmarkFastAGI(b *testing.B) {
	const home, premium = "2025550123", "19005550123"
	_, granting := benchmarkLedger(b)
	ending, ends := benchmarkLedger(b)
	_, refusing := benchmarkLedger(b)
	echo := newContender(b, home, agi.HandlerFunc(echoed))
	synced := newContender(b, home, newSyncing(b))
	grant := newContender(b, home, granting)
	ended := newContender(b, home, givingUp(ending, ends))
	refuse := newContender(b, premium, refusing)
	all := []*contender{echo, synced, grant, ended, refuse}
	for range max(b.N, 7) {
		for _, c := range all {
			c.round(b)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(synced.perSecond()), "echo-fdatasync/s")
	b.ReportMetric(ratio(grant.perSecond(), synced.perSecond()), "grants-of-echo-fdatasync,aim>=0.85")
	b.ReportMetric(ratio(grant.p99(), synced.p99()), "p99-of-echo-fdatasync,aim<=1.5")
	b.ReportMetric(ratio(ended.perSecond(), synced.perSecond()), "ended-of-echo-fdatasync")
	b.ReportMetric(ratio(refuse.perSecond(), echo.perSecond()), "refusals-of-echo,aim>=0.8")
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
	l, granting := benchmarkLedger(b)
	echo := benchmarkServer(b, agi.HandlerFunc(echoed))
	grant := benchmarkServer(b, givingUp(l, granting))
	var added, middle []float64
	for round := range max(b.N, 5) {
		e50, e99 := openRound(b, echo, round)
		g50, g99 := openRound(b, grant, round)
		middle = append(middle, (g50-e50).Seconds()*1000)
		added = append(added, (g99-e99).Seconds()*1000)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(middle), "added-p50-ms")
	b.ReportMetric(median(added), "added-p99-ms,aim<=2")
}

// openRound asks 400 times in two seconds, and gives the middle wait and the one
// that a hundredth exceeds.
func openRound(b *testing.B, address string, round int) (p50, p99 time.Duration) {
	b.Helper()
	const perSecond, requests = 200, 400
	took := make([]time.Duration, requests)
	var wait sync.WaitGroup
	ticker := time.NewTicker(time.Second / perSecond)
	defer ticker.Stop()
	for i := range requests {
		<-ticker.C
		wait.Go(func() {
			begun := time.Now()
			if err := request(b.Context(), address, fmt.Sprintf("pbx1-1795335254.%d", round*requests+i), "2025550123"); err != nil {
				b.Error(err)
			}
			took[i] = time.Since(begun)
		})
	}
	wait.Wait()
	slices.Sort(took)
	return took[requests/2], took[requests*99/100]
}

// benchmarkLedger is a durable ledger with the default policy, and the handler
// that asks it.
func benchmarkLedger(b *testing.B) (*ledger.Ledger, agi.Handler) {
	b.Helper()
	s := benchmarkSite(b)
	l := openLedger(b, filepath.Join(b.TempDir(), "ledger.db"), s)
	return l, authorize.New(l, authorize.Options{Sites: s.sites(), Log: slog.New(slog.DiscardHandler)})
}

func benchmarkSite(b *testing.B) site {
	b.Helper()
	c := config.Default()
	c.Site.Country, c.Site.Countries = "US", []string{"GB"}
	c.Asterisk = []config.Asterisk{{Name: "pbx1", Trunks: []config.Trunk{{Name: "carrier"}}}}
	s, err := newSite(c)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// openLedger opens the ledger in a file, with room for as many leases as a
// benchmark makes, lets it run until the benchmark ends, and sets the default
// policy where there is none.
func openLedger(b *testing.B, path string, s site) *ledger.Ledger {
	b.Helper()
	store, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	l, err := ledger.Open(b.Context(), store, s.judge, ledger.Config{Log: slog.New(slog.DiscardHandler), Book: ledger.Options{Leases: 1 << 20}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-done; _ = store.Close() })
	for _, setting := range policy.Default(10_000, "benchmark", l.Now()) {
		if v, err := l.View(b.Context()); err != nil || v.Revision >= setting.Revision {
			continue
		}
		if err := l.Change(b.Context(), setting); err != nil {
			b.Fatal(err)
		}
	}
	return l
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

// contender is a server in a comparison, and how it did in each round.
type contender struct {
	address, number string
	asked           atomic.Int64
	rounds          []pace
}

// pace is how fast a server answered.
type pace struct{ perSecond, p99 float64 }

// newContender lets a handler serve; a round that does not count warms it up.
func newContender(b *testing.B, number string, h agi.Handler) *contender {
	b.Helper()
	c := &contender{address: benchmarkServer(b, h), number: number}
	c.round(b)
	c.rounds = nil
	return c
}

// round asks a thousand times, 64 channels at once.
func (c *contender) round(b *testing.B) {
	b.Helper()
	const requests = 1000
	took := make([]time.Duration, requests)
	var place atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range atOnce {
		all.Go(func() {
			for i := place.Add(1); i <= requests; i = place.Add(1) {
				asked := time.Now()
				if err := request(b.Context(), c.address, fmt.Sprintf("pbx1-1795335254.%d", c.asked.Add(1)), c.number); err != nil {
					b.Error(err)
					return
				}
				took[i-1] = time.Since(asked)
			}
		})
	}
	all.Wait()
	whole := time.Since(begun)
	slices.Sort(took)
	c.rounds = append(c.rounds, pace{requests / whole.Seconds(), took[requests*99/100].Seconds()})
}

func (c *contender) perSecond() (each []float64) {
	for _, p := range c.rounds {
		each = append(each, p.perSecond)
	}
	return each
}

func (c *contender) p99() (each []float64) {
	for _, p := range c.rounds {
		each = append(each, p.p99)
	}
	return each
}

// ratio is the middle one of the ratios of each round.
func ratio(ours, theirs []float64) float64 {
	each := make([]float64, len(ours))
	for i := range ours {
		each[i] = ours[i] / theirs[i]
	}
	return median(each)
}

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
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
