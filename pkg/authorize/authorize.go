package authorize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Ledger decides, and keeps PINs.
type Ledger interface {
	Decide(ctx context.Context, q toll.Question) (toll.Verdict, error)
	// PIN is that of the question's caller; false where he has none.
	PIN(ctx context.Context, q toll.Question) (toll.PIN, bool, error)
	// WrongPIN counts a wrong one. If that was one too many, the question is
	// refused and its caller locked.
	WrongPIN(ctx context.Context, q toll.Question) (locked bool, err error)
}

// Numbering resolves what was dialled.
type Numbering interface {
	Resolve(dialled string) toll.Destination
}

// Rates know what a destination costs.
type Rates interface {
	Price(to toll.Destination, trunk string) toll.Price
}

// Site is what the handler knows of one Asterisk.
type Site struct {
	Numbering Numbering
	Rates     Rates
	Callers   caller.Site
}

// Options are the settings of the handler.
type Options struct {
	Sites     map[string]Site // by the name of the PBX
	Deadline  time.Duration   // for the ledger; after it the failure policy answers
	FailOpen  bool            // ordinary home numbers go out when no decision can be made
	MaxHome   time.Duration   // the longest home call that the failure policy lets go
	Observe   bool            // nothing is blocked, so no failure blocks anything either
	Asked     int             // callers who are asked for a PIN at a time; more are refused; 0: 50
	Origins   Origins         // nil where nobody knows
	Transfers Transfers       // nil where nobody knows
	Journal   Journal         // told of what the failure policy decides; nil if nobody wants to know
	Log       *slog.Logger
}

// Origins know what is odd about where an account was seen, as a question has it.
type Origins interface {
	// Facts is asked with where the account calls from now; invalid where nobody knows.
	Facts(pbx, account string, from netip.Addr) string
}

// Transfers remember the name of the channel that last transferred another one, or
// nothing.
type Transfers interface {
	Transferer(ctx context.Context, pbx, uniqueid string) string
}

// Journal keeps verdicts. What the ledger decides it is told by the ledger.
type Journal interface {
	Verdict(at time.Time, q toll.Question, v toll.Verdict)
}

// Handler answers the requests of the dialplan. It is safe for concurrent use.
type Handler struct {
	ledger  Ledger
	options Options
	asked   *asked
	failing atomic.Bool // no permission since the last question without an answer
}

// New makes a handler.
func New(ledger Ledger, o Options) *Handler {
	if o.Deadline <= 0 {
		o.Deadline = 500 * time.Millisecond
	}
	if o.MaxHome <= 0 {
		o.MaxHome = 4 * time.Hour
	}
	return &Handler{ledger: ledger, options: o, asked: newAsked(o.Asked)}
}

// ServeAGI answers one call. A request that cannot be understood is refused in
// so many words, since silence would mean the failure policy of the dialplan.
func (h *Handler) ServeAGI(ctx context.Context, s *agi.Session) error {
	if path := s.Request.Path(); path != "/authorize" {
		return fmt.Errorf("no such script: %.40q", path)
	}
	r, err := read(s.Request)
	if err != nil {
		h.options.Log.Warn("a request is refused", "error", err, "channel", clip(s.Request.Channel))
		return errors.Join(err, h.say(ctx, s, refusal(toll.ReasonBadRequest)))
	}
	r.Facts.Transferer = h.transferer(ctx, r)
	q, known := h.Question(r)
	if !known {
		h.options.Log.Warn("a request names an Asterisk that the configuration does not", "pbx", clip(r.PBX))
		return h.say(ctx, s, refusal(toll.ReasonBadRequest))
	}
	a, asks := h.Decide(ctx, q)
	if asks {
		a, err = h.ask(ctx, s, q)
	}
	if err == nil {
		err = h.say(ctx, s, a)
	}
	if asks && s.HungUp() {
		return nil // there is nobody to tell
	}
	return err
}

// transferer is who sent the call on, also where Asterisk has cleared that from the
// channel because it has been in another bridge since. Only a trunk is looked
// up: it would pay, though it hardly ever chooses a number itself.
func (h *Handler) transferer(ctx context.Context, r Request) string {
	f := r.Facts
	_, trunk := h.options.Sites[r.PBX].Callers.Trunk(f.Channel)
	if h.options.Transfers == nil || !trunk || cmp.Or(f.BlindTransfer, f.AttendedTransfer, f.Transferer, f.Forwarder) != "" {
		return f.Transferer
	}
	return h.options.Transfers.Transferer(ctx, r.PBX, r.Uniqueid)
}

// Question is what a request asks, in the ledger's terms; false where the request
// names an Asterisk that the configuration does not.
func (h *Handler) Question(r Request) (q toll.Question, known bool) {
	site, known := h.options.Sites[r.PBX]
	if !known {
		return q, false
	}
	to := site.Numbering.Resolve(r.Number)
	if strings.HasPrefix(r.Number, noNumber) {
		to.Dialled = noNumber + to.Dialled // so that nobody reads that 112 was refused
	}
	q = toll.Question{
		Purpose: toll.Ask,
		Key:     toll.Key{PBX: r.PBX, Uniqueid: r.Uniqueid, Number: to.Number()},
		Caller:  site.Callers.Resolve(r.Facts),
		To:      to,
		Price:   site.Rates.Price(to, r.Trunk),
		Trunk:   r.Trunk,
	}
	if h.options.Origins != nil {
		var from netip.Addr
		if k := q.Caller.Kind; k == toll.Extension || k == toll.GatewayUser { // who asks, and not who sent him
			from = r.Remote
		}
		q.Origin = h.options.Origins.Facts(r.PBX, q.Caller.ID, from)
	}
	return q, true
}

// Decide asks the ledger, and the failure policy when the ledger cannot say. It
// tells whether the caller must be asked for his PIN first.
func (h *Handler) Decide(ctx context.Context, q toll.Question) (a Answer, asks bool) {
	ctx, cancel := context.WithTimeout(ctx, h.options.Deadline)
	defer cancel()
	v, err := h.ledger.Decide(ctx, q)
	if err != nil {
		return h.failed(q, err), false
	}
	if v.Lease.ID != "" && h.failing.Swap(false) { // a refusal needs no commit, so it is no sign
		h.options.Log.Info("the ledger decides again")
	}
	return Answer{
		Allow: v.Allow, Seconds: v.Seconds(), Reason: v.Reason, By: v.By,
		Number: q.To.E164, Lease: v.Lease.ID,
	}, v.AsksPIN(q)
}

// failed is the failure policy: emergency calls and, where the site says so,
// ordinary home calls go out; everything else waits for the ledger.
//
// It is the same as the dialplan's own for the time when no daemon answers, but
// that who was asked for a PIN and gave none stays refused.
func (h *Handler) failed(q toll.Question, err error) Answer {
	reason := toll.ReasonLedgerDown
	if errors.Is(err, context.DeadlineExceeded) {
		reason = toll.ReasonLedgerSlow
	}
	class := q.To.Class
	allow := !class.Metered() || h.options.Observe || (h.options.FailOpen && class.Ordinary() && (q.Proof == toll.NotAsked || q.Proof == toll.PINRight))
	a := refusal(reason)
	if allow {
		a = Answer{Allow: true, Seconds: int(h.options.MaxHome / time.Second), Reason: toll.ReasonFailOpen, Number: q.To.E164, Lease: toll.MarkFailOpen}
	}
	if class == toll.Emergency {
		a.Lease = toll.MarkEmergency
	}
	h.note(q, a, reason, err)
	return a
}

// note keeps what the failure policy decided: each verdict in the decision
// log, and in the log of the process that it has begun to decide, once.
func (h *Handler) note(q toll.Question, a Answer, why toll.Reason, err error) {
	level := slog.LevelDebug
	if !h.failing.Swap(true) {
		level = slog.LevelError
	}
	h.options.Log.Log(context.Background(), level, "the failure policy decides until the ledger can again",
		"allow", a.Allow, "reason", why, "caller", q.Caller, "number", q.To.Number(), "class", q.To.Class, "error", err)
	if h.options.Journal == nil {
		return
	}
	v := toll.Verdict{Judgement: toll.Judgement{Allow: a.Allow, Reason: a.Reason}}
	if a.Allow {
		v.By, v.Lease.ID, v.Lease.Timer = string(why), a.Lease, time.Duration(a.Seconds)*time.Second
	}
	h.options.Journal.Verdict(time.Now(), q, v)
}

// Answer is what the dialplan is told.
type Answer struct {
	Allow   bool
	Seconds int // of the timer on the trunk leg
	Reason  toll.Reason
	By      string // the rule, limit or lock that decided; the dialplan is not told
	Number  string // E.164
	Lease   string // the mark that the trunk leg inherits
}

func refusal(reason toll.Reason) Answer { return Answer{Reason: reason} }

// say sets the variables of the contract with one command. Values hold only
// characters that MSet takes literally.
func (h *Handler) say(ctx context.Context, s *agi.Session, a Answer) error {
	verdict := "deny"
	if a.Allow {
		verdict = "allow"
	}
	// S(0) refuses a call and S() is no limit at all, so a number always stands there.
	seconds := max(a.Seconds, 1)
	set := strings.Join([]string{
		"TOLLFUSE_SECONDS=" + strconv.Itoa(seconds),
		"TOLLFUSE_REASON=" + string(a.Reason),
		"TOLLFUSE_CAUSE=" + strconv.Itoa(a.Reason.Cause()),
		"TOLLFUSE_NUMBER=" + a.Number,
		"_TOLLFUSE_LEASE=" + a.Lease,
		"TOLLFUSE_VERDICT=" + verdict,
	}, ",")
	if _, err := s.Exec(ctx, "MSet", set); err != nil {
		return fmt.Errorf("tell the dialplan the verdict: %w", err)
	}
	return nil
}

// clip bounds what comes from outside before it is logged.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
