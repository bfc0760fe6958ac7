package replay

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Result is how a scenario went. Money is in the site's currency.
type Result struct {
	Name   string `json:"name"`
	Site   string `json:"site"`            // its country
	Fault  string `json:"fault,omitempty"` // one that the scenario itself does not tell of
	Policy string `json:"policy,omitempty"`

	UnprotectedCost toll.Money `json:"unprotected_cost"`       // of the attack, at the carrier's price, without Tollfuse
	LeakedCost      toll.Money `json:"leaked_cost"`            // of the attack, at the carrier's price
	LeakedCostRated toll.Money `json:"leaked_cost_rated"`      // the same at ours
	LeakedWorstDay  toll.Money `json:"leaked_worst_day"`       // the most of it in any 24 hours, at ours
	LeakedCalls     int        `json:"leaked_calls"`           // of the attack, that were answered
	AttackCalls     int        `json:"attack_calls"`           // that were tried
	SecondsToBlock  *float64   `json:"seconds_to_block"`       // from the first call of the attack to the first that was refused or cut; null: none was
	SecondsToAlert  *float64   `json:"seconds_to_first_alert"` // from then to the first mail about calls, 0 where one had left since the attack began; null: there was none
	SecondsToMail   *float64   `json:"seconds_to_first_mail"`  // the same of any mail, also of one about a trouble of Tollfuse's own
	Alerts          int        `json:"alerts"`                 // mails about calls
	Troubles        int        `json:"trouble_mails"`          // mails about troubles of Tollfuse's own: a link, the ledger, its disk, the mail

	LegitimateCalls int  `json:"legitimate_calls"`
	FalseDenials    int  `json:"false_denials"` // of them, refused
	FalseCuts       int  `json:"false_cuts"`    // of them, ended before their time
	PINsAsked       int  `json:"pins_asked"`    // of them, that had to enter a PIN
	Misdials        int  `json:"misdials,omitempty"`
	MisdialsStopped int  `json:"misdials_stopped,omitempty"`
	EmergencyDenied int  `json:"emergency_denied"`
	BudgetBreach    bool `json:"budget_breach"` // more was spent than a budget had, at our price

	Mails   []Mail         `json:"mails,omitempty"`
	Against map[string]int `json:"against,omitempty"` // of the honest calls refused or cut, by what stood against them
}

// Mail is one that the owner would have got.
type Mail struct {
	After    float64           `json:"after"` // seconds since the scenario's beginning
	Kind     toll.NoticeKind   `json:"kind"`
	Incident string            `json:"incident"` // ID
	About    toll.IncidentKind `json:"about"`
	Caller   string            `json:"caller,omitempty"`
}

// tally counts while the story runs.
type tally struct {
	result  Result
	attack  time.Time // when the first call of the attack came
	blocked time.Time // … and the first of it was refused or cut
	alerted time.Time // the first mail about calls since the attack began
	mailed  time.Time // … and the first of all
	day     window
	budgets []*budget
}

// window is the sum of what was spent in so long a time, wherever it lies.
type window struct {
	length time.Duration
	spent  []spending
	sum    toll.Money
	most   toll.Money
}

type spending struct {
	at   time.Time
	cost toll.Money
}

func (w *window) add(at time.Time, cost toll.Money) {
	w.spent = append(w.spent, spending{at, cost})
	w.sum += cost
	gone := 0
	for at.Sub(w.spent[gone].at) >= w.length {
		w.sum -= w.spent[gone].cost
		gone++
	}
	w.spent = w.spent[gone:]
	w.most = max(w.most, w.sum)
}

// budget is one limit on money that is enforced, weighed by what the carrier saw.
type budget struct {
	limit   toll.Limit
	windows map[string]*window
}

// newTally makes a tally that watches the budgets of a policy.
func newTally(settings []toll.Setting) *tally {
	t := &tally{day: window{length: 24 * time.Hour}}
	for _, s := range settings {
		if s.Limit != nil && s.Limit.Meter.Measure == toll.Cost && s.Limit.Meter.Scope != toll.PerCall && s.Limit.Does(toll.Deny) && !s.Limit.Observe {
			t.budgets = append(t.budgets, &budget{limit: *s.Limit, windows: make(map[string]*window)})
		}
	}
	return t
}

// attempted notes that a call was tried.
func (t *tally) attempted(l Label, at time.Time) {
	switch l {
	case Legitimate:
		t.result.LegitimateCalls++
		return
	case Misdial:
		t.result.Misdials++
		return
	}
	t.result.AttackCalls++
	if t.attack.IsZero() {
		t.attack = at
	}
}

// stopped notes that a call was refused, or cut.
func (t *tally) stopped(l Label, at time.Time, why toll.Reason, by string, cut, emergency bool) {
	if emergency {
		t.result.EmergencyDenied++
	}
	switch {
	case l == Attack && t.blocked.IsZero():
		t.blocked = at
		return
	case l == Attack:
		return
	case l == Misdial:
		t.result.MisdialsStopped++
		return
	case cut:
		t.result.FalseCuts++
	default:
		t.result.FalseDenials++
	}
	if t.result.Against == nil {
		t.result.Against = make(map[string]int)
	}
	t.result.Against[string(why)+" "+by]++
}

// spent notes what an answered call has cost.
func (t *tally) spent(l Label, at time.Time, q *toll.Question, carrier, ours toll.Money) {
	if l == Attack {
		t.result.LeakedCalls++
		t.result.LeakedCost += carrier
		t.result.LeakedCostRated += ours
		t.day.add(at, ours)
	}
	if q == nil || q.To.Class.Ordinary() {
		return // what nobody was asked about; and everyday calls may be in flight beyond a budget
	}
	for _, b := range t.budgets {
		b.add(at, q, ours)
	}
}

func (b *budget) add(at time.Time, q *toll.Question, cost toll.Money) {
	m := b.limit.Meter
	subject, counts := m.Scope.Subject(*q)
	if !counts || !m.Where.Covers(q.To) || !q.Within(m.When) {
		return
	}
	w := b.windows[subject]
	if w == nil {
		w = &window{length: m.Window}
		b.windows[subject] = w
	}
	w.add(at, cost)
}

// mail notes that a mail has left.
func (t *tally) mail(at time.Time, after time.Duration, n *toll.Notice) {
	t.result.Mails = append(t.result.Mails, Mail{after.Seconds(), n.Kind, n.Incident.ID, n.Incident.Kind, n.Incident.Caller})
	attacked := !t.attack.IsZero()
	if attacked && t.mailed.IsZero() {
		t.mailed = at
	}
	switch n.Incident.Kind {
	case toll.LinkTrouble, toll.LedgerTrouble, toll.DiskTrouble, toll.MailTrouble:
		t.result.Troubles++
		return
	}
	t.result.Alerts++
	if attacked && t.alerted.IsZero() {
		t.alerted = at
	}
}

// done is the result.
func (t *tally) done() Result {
	r := t.result
	if !t.blocked.IsZero() {
		r.SecondsToBlock = seconds(t.blocked.Sub(t.attack))
	}
	r.SecondsToAlert, r.SecondsToMail = t.sinceBlocked(t.alerted), t.sinceBlocked(t.mailed)
	r.LeakedWorstDay = t.day.most
	for _, b := range t.budgets {
		for _, w := range b.windows {
			r.BudgetBreach = r.BudgetBreach || int64(w.most) > b.limit.Act
		}
	}
	return r
}

// sinceBlocked is how long after the first call of the attack that was stopped
// something came; nil where one of both never did.
func (t *tally) sinceBlocked(at time.Time) *float64 {
	if at.IsZero() || t.blocked.IsZero() {
		return nil
	}
	return seconds(max(at.Sub(t.blocked), 0))
}

func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}
