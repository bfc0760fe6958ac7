package admin_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// stage is a real ledger in a folder of its own, with the service on it.
type stage struct {
	*admin.Local
	ledger *ledger.Ledger
	rates  *shelf
	plan   *numbering.Resolver
}

// judge lets the ledger use a policy.
type judge struct{ *policy.Policy }

func (j judge) With(s toll.Setting) (ledger.Judge, error) {
	p, err := j.Policy.With(s)
	return judge{p}, err
}

// book gives the ledger's errors the kinds that admin knows.
type book struct{ *ledger.Ledger }

func (b book) View(ctx context.Context) (admin.View, error) {
	v, err := b.Ledger.View(ctx)
	return admin.View(v), kind(err)
}
func (b book) CloseIncident(ctx context.Context, id, author string) (toll.Incident, error) {
	closed, open, err := b.Ledger.CloseIncident(ctx, id, author)
	if err == nil && !open {
		err = admin.Errorf(admin.NotFound, "", "not open")
	}
	return closed, kind(err)
}
func (b book) Change(ctx context.Context, s toll.Setting) error { return kind(b.Ledger.Change(ctx, s)) }
func (b book) ChangeAll(ctx context.Context, revision int64, all []toll.Setting) error {
	err := b.Ledger.ChangeAll(ctx, revision, all)
	if errors.Is(err, ledger.ErrMeanwhile) {
		return admin.ErrMeanwhile
	}
	return kind(err)
}
func (b book) Cut(ctx context.Context, lease string, why toll.Reason, by string) error {
	return kind(b.Ledger.Cut(ctx, lease, why, by))
}

func kind(err error) error {
	switch {
	case errors.Is(err, ledger.ErrNoLease), errors.Is(err, ledger.ErrNoSetting), errors.Is(err, sqlite.ErrNotFound):
		return admin.Errorf(admin.NotFound, "", "%w", err)
	case errors.Is(err, ledger.ErrDown), errors.Is(err, ledger.ErrClosed):
		return admin.Errorf(admin.LedgerDown, "", "%w", err)
	}
	return err
}

type record struct{ *sqlite.Reader }

func (r record) History(ctx context.Context, q admin.HistoryQuery) ([]toll.Entry, error) {
	return r.Reader.History(ctx, sqlite.HistoryQuery(q))
}

func (r record) Changes(ctx context.Context, q admin.ChangesQuery) ([]toll.Entry, error) {
	return r.Reader.Changes(ctx, sqlite.ChangesQuery(q))
}
func (r record) Incidents(ctx context.Context, q admin.IncidentQuery) ([]toll.Incident, error) {
	return r.Reader.Incidents(ctx, sqlite.IncidentQuery(q))
}
func (r record) Incident(ctx context.Context, id string) (toll.Incident, []toll.Notice, error) {
	i, notices, err := r.Reader.Incident(ctx, id)
	return i, notices, kind(err)
}
func (r record) Life(ctx context.Context, lease string) ([]toll.Entry, error) {
	life, err := r.Reader.Life(ctx, lease)
	return life, kind(err)
}

func newStage(t *testing.T) *stage {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := policy.Options{Countries: []string{"GB"}}
	base, err := policy.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), store, judge{base}, ledger.Config{Flush: time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	plan, err := numbering.New(numbering.Plan{Country: "US", Extensions: []string{"1XXX"}, FeatureCodes: []string{"*97"}, AccessCodes: []string{"9"}})
	if err != nil {
		t.Fatal(err)
	}
	assumed := rating.DefaultAssumed()
	assumed.AllowedCountries = o.Countries
	r, err := rating.New(assumed, nil, "carrier", "backup")
	if err != nil {
		t.Fatal(err)
	}
	rates := &shelf{book: book{l}, store: store, rates: r}
	site := caller.Site{Trunks: []string{"carrier", "backup"}, Groups: map[string]string{"1001": "sales"}}
	service, err := admin.NewLocal(admin.Parts{
		Ledger: book{l}, History: record{store.Reader}, Numbering: plan, Rates: rates, Past: kept{store, l}, Policy: o,
		PBXs: []admin.PBX{{Name: "pbx", Trunks: site.Trunks, Groups: []string{"sales"}, Caller: func(name string) toll.Caller {
			return site.Resolve(caller.Facts{Channel: "PJSIP/" + name + "-00000001"})
		}}},
		Site:    admin.Site{Country: "US", Timezone: "America/New_York", Currency: "USD"},
		Process: func() admin.Process { return admin.Process{Version: "test", Daemon: true, PID: 42} },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &stage{Local: service.As("kim"), ledger: l, rates: rates, plan: plan}
}

// call asks for a call and returns the verdict.
func (s *stage) call(t *testing.T, id, from, dialled string) toll.Verdict {
	t.Helper()
	to := s.plan.Resolve(dialled)
	v, err := s.ledger.Decide(t.Context(), toll.Question{
		Purpose: toll.Ask, Key: toll.Key{PBX: "pbx", Uniqueid: id, Number: to.Number()},
		Caller: toll.Caller{Kind: toll.Extension, ID: from}, To: to, Price: s.rates.Price(to, ""), Trunk: "carrier",
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (s *stage) change(t *testing.T, setting toll.Setting) toll.Setting {
	t.Helper()
	got, err := s.Change(t.Context(), setting)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
