package backtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Site is what calls of the past meet of a daemon.
type Site struct {
	PBX       string
	Callers   caller.Site
	Numbering authorize.Numbering
	Rates     func(now func() time.Time) authorize.Rates // that have the time of the records
	Judge     ledger.Judge                               // without rules and limits
	Settings  []toll.Setting                             // the policy
	Book      ledger.Options
}

// Records are call records to be played on a site.
type Records struct {
	Reader *cdr.Reader
	Calls  *cdr.Calls // made of what the Reader reads

	Zone      *time.Location // of the site
	Countries []string       // abroad, where it does business by its configuration
}

// batchSize is how many calls go from who reads to who plays at a time.
const batchSize = 512

// recorded is a call and what it would ask when it begins.
type recorded struct {
	cdr.Call
	question toll.Question
}

// batch is some calls in the order of their beginning, or why there are no more.
type batch struct {
	calls []recorded
	err   error
}

// Play says what the site's policy would have made of the calls: which of them it
// would have refused, cut or asked a PIN for.
//
// The calls meet the daemon's own numbering, prices, accountable callers and policy,
// and its book, through the same doors: a question when they begin, what the watcher
// would have told of their legs, and the ticks of the book in virtual time. There are
// no events of a simulated Asterisk in between and nothing is written, since a
// million calls would be a matter of minutes then, and records do not tell what else
// such events do. Everything is enforced, also on a site that only observes.
//
// One goroutine reads, the caller's plays, and one counts. What is kept does not grow
// with the number of calls.
func Play(ctx context.Context, records Records, site *Site) (*Result, error) {
	p, err := newPlayer(site, records.Zone)
	if err != nil {
		return nil, err
	}
	defer p.told.close()
	ctx, stop := context.WithCancel(ctx)
	batches, spare := make(chan batch, 4), make(chan []recorded, 8)
	defer func() { // whoever reads has ended when this has
		stop()
		for range batches {
		}
	}()
	go func() {
		defer close(batches)
		records.read(ctx, newQuestioner(site), batches, spare)
	}()
	for b := range batches {
		for i := range b.calls {
			p.play(&b.calls[i])
		}
		select {
		case spare <- b.calls[:0]:
		default:
		}
		if b.err != nil && !errors.Is(b.err, io.EOF) {
			return nil, b.err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("play recorded calls: %w", err)
	}
	r := p.finish(records.Countries)
	r.Rows, r.Records = records.Reader.Rows(), records.Calls.Counts()
	r.BadRows, r.Bad = records.Reader.Bad()
	r.Elsewhere, r.Unnamed = records.Calls.Elsewhere(), records.Calls.Unnamed()
	return r, nil
}

// read reads until there are no more calls, or nobody wants them.
func (r Records) read(ctx context.Context, q *questioner, to chan<- batch, spare <-chan []recorded) {
	for ctx.Err() == nil {
		var b batch
		select {
		case b.calls = <-spare:
		default:
			b.calls = make([]recorded, 0, batchSize)
		}
		for len(b.calls) < batchSize && b.err == nil {
			var call cdr.Call
			if call, b.err = r.Calls.Next(); b.err == nil {
				b.calls = append(b.calls, recorded{call, q.of(&call)})
			}
		}
		select {
		case to <- b:
		case <-ctx.Done():
			return
		}
		if b.err != nil {
			return
		}
	}
}

// questioner knows what recorded calls would have asked.
type questioner struct {
	handler *authorize.Handler
	pbx     string
	now     time.Time
	count   uint64
}

func newQuestioner(site *Site) *questioner {
	q := &questioner{pbx: site.PBX}
	rates := site.Rates(func() time.Time { return q.now })
	q.handler = authorize.New(nil, authorize.Options{ // it is not let decide
		Sites: map[string]authorize.Site{site.PBX: {Numbering: newResolved(site.Numbering), Rates: rates, Callers: site.Callers}},
		Log:   slog.New(slog.DiscardHandler),
	})
	return q
}

// of is what a call asks when it begins, on a channel of its own: in records two can
// have the same.
func (q *questioner) of(call *cdr.Call) toll.Question {
	q.now = call.Start
	q.count++
	made, _ := q.handler.Question(authorize.Request{
		PBX: q.pbx, Uniqueid: strconv.FormatUint(q.count, 10), Number: call.Number, Trunk: call.Trunk,
		Facts: caller.Facts{Channel: call.Channel, Account: call.Account},
	})
	return made
}
