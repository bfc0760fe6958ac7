package policy

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The draws: everything a policy can meet, absurd prices and figures included.

var (
	anyAmount = rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, 1<<31), rapid.Int64Range(0, 1<<61))
	anyFigure = rapid.OneOf(rapid.Int64Range(0, 50), rapid.Int64Range(0, 1<<31), rapid.Int64())
	anyLength = rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second
	})
	anyPrice = rapid.Custom(func(t *rapid.T) toll.Price {
		return toll.Price{
			PerMinute: toll.Money(anyAmount.Draw(t, "per minute")),
			Connect:   toll.Money(anyAmount.Draw(t, "connect")),
			Minimum:   anyLength.Draw(t, "minimum"),
			Increment: anyLength.Draw(t, "increment"),
			Free:      anyLength.Draw(t, "free"),
		}
	})
	anyDestination = rapid.Custom(func(t *rapid.T) toll.Destination {
		return toll.Destination{
			E164: "+2203991234", Range: "+220399", Valid: true,
			Country: rapid.SampledFrom([]string{"GM", "AT", "PR", ""}).Draw(t, "country"),
			Class:   rapid.SampledFrom(meteredClasses[:]).Draw(t, "class"),
			Listed:  rapid.Bool().Draw(t, "listed"),
		}
	})
	anyUsage = rapid.Custom(func(t *rapid.T) toll.Usage {
		return toll.Usage{
			Value: anyFigure.Draw(t, "value"), Held: anyFigure.Draw(t, "held"), Ready: rapid.Bool().Draw(t, "ready"),
			Again: rapid.Bool().Draw(t, "again"), // means something to measures of different things
		}
	})
	anyLimit = rapid.Custom(func(t *rapid.T) toll.Limit {
		l := toll.Limit{
			Meter: toll.Meter{
				Measure: rapid.SampledFrom(toll.Measures()).Draw(t, "measure"),
				Scope:   rapid.SampledFrom(toll.Scopes()).Draw(t, "scope"),
				Where:   rapid.SampledFrom([]toll.Where{toll.Anywhere, toll.Abroad, toll.Unlisted, toll.Dear, toll.AtHome, toll.Chargeable}).Draw(t, "where"),
			},
			Act:     min(anyAmount.Draw(t, "act"), largestAct),
			Observe: rapid.IntRange(0, 5).Draw(t, "observe") == 0,
		}
		if w, _ := l.Meter.Measure.Weigher(); checkThings(l.Meter, w) != nil {
			l.Meter.Scope = toll.PerCaller
		}
		if rapid.IntRange(0, 5).Draw(t, "alerts") == 0 {
			l.Do = []toll.Action{toll.Alert}
		}
		if l.Meter.Scope != toll.PerCall && rapid.IntRange(0, 5).Draw(t, "asks") == 0 {
			l.Do = []toll.Action{toll.RequirePIN}
		}
		if l.Meter.Scope != toll.PerCall && l.Meter.Measure != toll.Concurrent {
			l.Meter.Window = time.Hour
		}
		return l
	})
	anyOptions = rapid.Custom(func(t *rapid.T) Options {
		least := time.Duration(rapid.IntRange(1, 90).Draw(t, "least")) * time.Second
		return Options{
			Share:    rapid.Int64Range(1, 9).Draw(t, "share"),
			MinSlice: least,
			MaxSlice: least + anyLength.Draw(t, "most"),
			MaxCall:  time.Duration(rapid.IntRange(1, 7200).Draw(t, "max call")) * time.Second,
		}
	})
)

func drawPolicy(t *rapid.T, o Options) *Policy {
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range rapid.SliceOfN(anyLimit, 0, 6).Draw(t, "limits") {
		l.ID = string(rune('a' + i))
		if l.Meter.Scope == toll.PerCall && (l.Meter.Measure != toll.Cost && l.Meter.Measure != toll.Seconds) {
			continue
		}
		if p, err = p.With(toll.Setting{Limit: &l}); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func drawQuestion(t *rapid.T) toll.Question {
	q := ask(anyDestination.Draw(t, "to"), "0")
	q.Price = anyPrice.Draw(t, "price")
	q.New = rapid.SampledFrom([]string{"", "caller", "site,caller"}).Draw(t, "new")
	q.Purpose = rapid.SampledFrom([]toll.Purpose{toll.Ask, toll.Renew, toll.Review}).Draw(t, "purpose")
	if q.Purpose != toll.Ask {
		q.Covered = time.Duration(rapid.IntRange(0, 8000).Draw(t, "covered")) * time.Second
		q.Covered += time.Duration(rapid.SampledFrom([]int{0, 0, 300}).Draw(t, "and")) * time.Millisecond
	}
	return q
}

func drawFigures(t *rapid.T, p *Policy) *figures {
	u := &figures{of: make(map[toll.Meter]toll.Usage)}
	for _, m := range p.Meters() {
		u.of[m] = anyUsage.Draw(t, m.String())
	}
	return u
}

// granted is what the call's grant adds to the figure, and whether the limit is
// about such a call at all.
func granted(l toll.Limit, q toll.Question, u toll.Usage) (adds int64, concerned bool) {
	w, _ := l.Meter.Measure.Weigher()
	d, distinct := w.(toll.Distinct)
	if !distinct {
		return w.Granted(), true
	}
	if _, concerned = d.Thing(l.Meter.Scope, q); !concerned || u.Again {
		return 0, concerned
	}
	return 1, true
}

// enforced are the limits of the policy that can refuse the question.
func enforced(p *Policy, q toll.Question) []toll.Limit {
	var limits []toll.Limit
	for _, l := range p.Limits() {
		_, counts := l.Meter.Scope.Subject(q)
		counts = counts || l.Meter.Scope == toll.PerCall
		if counts && l.Meter.Where.Covers(q.To) && len(l.Do) == 0 && !l.Observe {
			limits = append(limits, l)
		}
	}
	return limits
}

// What is granted always fits. The sums are made with big integers and the
// weights anew, so that no mistake of the policy's can hide in its own sums.
func TestWhatIsGrantedFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t, anyOptions.Draw(t, "options"))
		q := drawQuestion(t)
		u := drawFigures(t, p)
		j := p.Judge(noon, q, u)
		if !j.Allow || q.Purpose == toll.Review {
			if j.Slice != 0 {
				t.Fatalf("nothing is granted, but a slice of %s", j.Slice)
			}
			return
		}
		if j.Slice < time.Second || j.Slice%time.Second != 0 || j.Slice > p.Options().MaxSlice {
			t.Fatalf("slice %s", j.Slice)
		}
		if q.Covered+j.Slice > j.Maximum {
			t.Fatalf("%s and %s more are beyond the maximum %s", q.Covered, j.Slice, j.Maximum)
		}
		for _, l := range enforced(p, q) {
			w, _ := l.Meter.Measure.Weigher()
			adds, concerned := granted(l, q, u.of[l.Meter])
			if !concerned {
				continue
			}
			total := new(big.Int)
			if l.Meter.Scope == toll.PerCall {
				talk := q.Covered + j.Slice
				total.Add(big.NewInt(w.Granted()), big.NewInt(w.Spent(talk, q.Price.Cost(talk+toll.Margin))))
			} else {
				need := big.NewInt(w.Held(q.Price, q.Covered+j.Slice))
				if q.Purpose == toll.Renew {
					need.Sub(need, big.NewInt(w.Held(q.Price, q.Covered)))
				} else {
					need.Add(need, big.NewInt(adds))
				}
				if need.Sign() == 0 && l.Act > 0 && (q.Purpose == toll.Renew || l.Meter.Measure != toll.RefusedAttempts) {
					continue // adds nothing, whatever others took
				}
				total.Add(need, big.NewInt(max(u.of[l.Meter].Value, 0)))
				total.Add(total, big.NewInt(max(u.of[l.Meter].Held, 0)))
			}
			if total.Cmp(big.NewInt(l.Act)) > 0 || l.Act == 0 {
				t.Fatalf("%s: %s of %d after a slice of %s", l.Meter, total, l.Act, j.Slice)
			}
		}
	})
}

// A call is refused only where a limit is really full: the one named has no
// room for the shortest slice.
func TestWhatIsRefusedDoesNotFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t, anyOptions.Draw(t, "options"))
		q := drawQuestion(t)
		q.To.Class, q.Purpose, q.Covered = toll.IntlMobile, toll.Ask, 0
		u := drawFigures(t, p)
		j := p.Judge(noon, q, u)
		if j.Allow {
			return
		}
		for _, l := range enforced(p, q) {
			if l.ID != j.By || l.Meter.Scope == toll.PerCall {
				continue
			}
			w, _ := l.Meter.Measure.Weigher()
			adds, concerned := granted(l, q, u.of[l.Meter])
			if _, distinct := w.(toll.Distinct); !concerned || distinct && adds == 0 && l.Act > 0 {
				t.Fatalf("%s: refused for a country that adds nothing", l.Meter)
			}
			shortest := p.Options().MinSlice // with room for another such slice there is surely room for this one
			total := new(big.Int).Add(big.NewInt(adds), big.NewInt(w.Held(q.Price, shortest)))
			total.Add(total, big.NewInt(max(u.of[l.Meter].Value, 0)))
			total.Add(total, big.NewInt(max(u.of[l.Meter].Held, 0)))
			full := total.Cmp(big.NewInt(l.Act)) > 0
			if w.Granted() == 0 && w.Held(q.Price, shortest) == 0 { // it counts what has happened
				full = full || total.Cmp(big.NewInt(l.Act)) == 0
			}
			if !full && l.Act > 0 {
				t.Fatalf("%s: refused at %s of %d", l.Meter, total, l.Act)
			}
		}
	})
}

// A site that observes refuses nothing, and says what the same site would do
// if it did not observe.
func TestObservingAgreesWithEnforcing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyOptions.Draw(t, "options")
		strict := drawPolicy(t, o)
		o.Observe = true
		lenient, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range strict.Limits() {
			if lenient, err = lenient.With(toll.Setting{Limit: &l}); err != nil {
				t.Fatal(err)
			}
		}
		q := drawQuestion(t)
		u := drawFigures(t, strict)
		want, got := strict.Judge(noon, q, u), lenient.Judge(noon, q, u)
		if !got.Allow {
			t.Fatalf("refused: %+v", got)
		}
		if q.Purpose != toll.Review && (got.Slice < time.Second || got.Slice > lenient.Options().MaxSlice) {
			t.Fatalf("slice %s", got.Slice)
		}
		// A limit that observes by itself may speak first, but never instead of a refusal.
		if !want.Allow && got.Denied == "" {
			t.Fatalf("%s by %s is not reported", want.Reason, want.By)
		}
		if want.Allow && want.Denied != got.Denied {
			t.Fatalf("would have been %q, is reported as %q", want.Denied, got.Denied)
		}
	})
}

// To explain is to answer: the verdict is that of a question in earnest.
func TestExplainingAgreesWithAsking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := anyOptions.Draw(t, "options")
		o.Observe = rapid.Bool().Draw(t, "observe")
		p := drawPolicy(t, o)
		q := again(drawQuestion(t), toll.Ask, 0)
		u := drawFigures(t, p)
		asked, explained := p.Judge(noon, q, u), p.Judge(noon, again(q, toll.Explain, 0), u)
		explained.Figures, asked.Figures = nil, nil
		if explained.Allow != asked.Allow || explained.Reason != asked.Reason || explained.By != asked.By ||
			explained.Slice != asked.Slice || explained.Maximum != asked.Maximum || explained.Denied != asked.Denied {
			t.Fatalf("asked %+v, explained %+v", asked, explained)
		}
	})
}

// The rule that decides is the one that a plain search finds.
func TestTheShelvesFindTheMostSpecificRule(t *testing.T) {
	maybe := func(values ...string) *rapid.Generator[string] { return rapid.SampledFrom(append(values, "", "")) }
	rapid.Check(t, func(t *rapid.T) {
		p, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range rapid.IntRange(0, 30).Draw(t, "rules") {
			r := toll.Rule{
				ID:      string(rune('a'+i/10)) + string(rune('a'+i%10)),
				Kind:    toll.CallerKind(maybe("extension", "forward").Draw(t, "kind")),
				Caller:  maybe("1001", "1002").Draw(t, "caller"),
				Group:   maybe("sales", "support").Draw(t, "group"),
				Prefix:  maybe("+2", "+220", "+220399", "+43").Draw(t, "prefix"),
				Country: maybe("GM", "AT").Draw(t, "country"),
				Where:   toll.Where(maybe("abroad", "unlisted", "dear", "home", "intl_mobile").Draw(t, "where")),
				Origin:  toll.Origin(maybe("foreign", "new-network", "many-networks", "after-failures").Draw(t, "origin")),
				Do:      rapid.SampledFrom([]toll.Effect{toll.Permit, toll.Forbid}).Draw(t, "do"),
			}
			if next, err := p.With(toll.Setting{Rule: &r}); err == nil {
				p = next
			}
		}
		q := ask(rapid.SampledFrom([]toll.Destination{gambia, listedCopy(gambia), austria, munich}).Draw(t, "to"), "0")
		q.Origin = maybe("foreign", "new-network", "many-networks", "new-network,after-failures").Draw(t, "seen from")
		var best *toll.Rule
		for _, r := range p.Rules() {
			if best != nil && matches(r, q) && conditionsOf(&r).shape().compare(conditionsOf(best).shape()) == 0 {
				t.Fatalf("%+v and %+v draw", r, best)
			}
			if matches(r, q) && (best == nil || conditionsOf(&r).shape().compare(conditionsOf(best).shape()) < 0) {
				best = &r
			}
		}
		j := p.Judge(noon, q, quiet())
		if best == nil {
			if j.Reason != toll.ReasonDefault {
				t.Fatalf("no rule matches, but %s by %s", j.Reason, j.By)
			}
		} else if j.By != best.ID || j.Allow != (best.Do == toll.Permit) {
			t.Fatalf("%+v decides, but %s by %s", best, j.Reason, j.By)
		}
	})
}

// matches tells whether a rule speaks of the question, condition by condition.
func matches(r toll.Rule, q toll.Question) bool {
	starts := len(q.To.E164) >= len(r.Prefix) && q.To.E164[:len(r.Prefix)] == r.Prefix
	return (r.Kind == "" || r.Kind == q.Caller.Kind) &&
		(r.Caller == "" || r.Caller == q.Caller.ID) &&
		(r.Group == "" || r.Group == q.Caller.Group) &&
		(r.Country == "" || r.Country == q.To.Country) &&
		(r.Origin == "" || q.From(r.Origin)) &&
		starts && r.Where.Covers(q.To)
}

func TestLeftStopsAtTheBounds(t *testing.T) {
	for _, tt := range []struct {
		act  int64
		u    toll.Usage
		want int64
	}{
		{10, toll.Usage{Value: 3, Held: 4}, 3},
		{10, toll.Usage{Value: -3, Held: -4}, 10},
		{0, toll.Usage{Value: math.MaxInt64, Held: math.MaxInt64}, math.MinInt64},
		{largestAct, toll.Usage{Value: math.MinInt64, Held: math.MinInt64}, largestAct},
	} {
		l := newLimit(&toll.Limit{Meter: toll.Meter{Measure: toll.Cost}, Act: tt.act})
		if got := l.left(tt.u); got != tt.want {
			t.Errorf("%d of %+v: %d left, want %d", tt.act, tt.u, got, tt.want)
		}
	}
	if got := plus(math.MaxInt64, math.MaxInt64); got != math.MaxInt64 {
		t.Errorf("the largest weight twice: %d", got)
	}
}
