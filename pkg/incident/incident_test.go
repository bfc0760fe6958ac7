package incident

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestAnAttackMakesAHandfulOfNotices(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 400 {
		at := time.Duration(n) * 3 * time.Second
		d.until(at)
		d.note(at, toll.EntryRefused, lease("1003"))
		if n%70 == 5 {
			l := lease("1003")
			d.note(at, toll.EntryCutting, cut(l, toll.ReasonSpent, "abroad-day"))
			d.note(at+time.Second, toll.EntryEnded, ended(l, toll.Unit/2))
		}
	}
	d.until(5 * time.Hour)
	if n := len(d.told); n < 2 || n > 5 {
		t.Fatalf("%d notices: %v", n, d.kinds())
	}
	same(t, "first and last", []toll.NoticeKind{d.told[0].Notice, d.told[len(d.told)-1].Notice}, []toll.NoticeKind{toll.NoticeOpened, toll.NoticeClosed})
	i := d.told[len(d.told)-1].Incident
	same(t, "refused, cut, listed, open", []any{i.Refused, i.Cut, len(i.Calls), i.Open()}, []any{400, 6, 6, false})
	same(t, "cost and stake", []any{i.Cost, i.AtStake}, []any{3 * toll.Unit, 4000 * toll.Unit})
	same(t, "who", i.From, []toll.Tally{{Name: "extension:1003", Count: 406}})
	same(t, "where", i.To, []toll.Tally{{Name: "+2322212", Kind: "intl_fixed", Place: "SL", Count: 406}})
	if len(i.Causes) != 2 || i.Causes[0].Text != "about default:intl_fixed" || i.Causes[0].Count != 400 || i.Causes[1].Count != 6 {
		t.Errorf("causes %+v", i.Causes)
	}
	for n, c := range i.Calls {
		if c.Ended.IsZero() || c.Cut != toll.ReasonSpent || c.Cost != toll.Unit/2 {
			t.Errorf("call %d is %+v", n, c)
		}
	}
}

func TestWhatOpensAnIncident(t *testing.T) {
	for name, test := range map[string]struct {
		happens func(d *desk)
		want    []toll.NoticeKind // after five minutes
	}{
		"one refusal abroad": {func(d *desk) { d.refuse(1, 0, "1003") }, []toll.NoticeKind{toll.NoticeOpened}},
		"four misdials":      {func(d *desk) { d.misdial(4, 0, "1003") }, nil},
		"five misdials":      {func(d *desk) { d.misdial(5, 0, "1003") }, []toll.NoticeKind{toll.NoticeOpened}},
		"five callers misdial once": {func(d *desk) {
			for n := range 5 {
				d.misdial(1, 0, strconv.Itoa(n))
			}
		}, nil},
		"one call on five trunks": {func(d *desk) {
			l := misdialled("1003")
			for range 9 {
				d.note(0, toll.EntryRefused, l)
			}
		}, nil},
		"one cut": {func(d *desk) { d.note(0, toll.EntryCutting, cut(lease("1003"), toll.ReasonManual, "root")) }, []toll.NoticeKind{toll.NoticeOpened}},
		"a call around the dialplan": {func(d *desk) {
			l := lease("1003")
			l.Adopted, l.Why = true, toll.ReasonBypass
			d.note(0, toll.EntryAdopted, l)
		}, []toll.NoticeKind{toll.NoticeOpened}},
		"a call that a dead daemon let go": {func(d *desk) {
			l := lease("1003")
			l.Adopted, l.Why = true, toll.ReasonFailOpen
			d.note(0, toll.EntryAdopted, l)
		}, nil},
		"refused, then cut": {func(d *desk) {
			d.refuse(5, 0, "1003")
			d.until(time.Minute)
			d.note(time.Minute, toll.EntryCutting, cut(lease("1003"), toll.ReasonSpent, "x"))
		}, []toll.NoticeKind{toll.NoticeOpened, toll.NoticeWorse}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, settings)
			test.happens(d)
			d.until(5 * time.Minute)
			same(t, "notices", d.kinds(), test.want)
		})
	}
}

// refuse is so many refusals of a caller, all at once.
func (d *desk) refuse(n int, at time.Duration, caller string) {
	d.t.Helper()
	for range n {
		d.note(at, toll.EntryRefused, lease(caller))
	}
}

// misdialled is a call to no number.
func misdialled(caller string) toll.Lease {
	l := lease(caller)
	l.To = toll.Destination{Dialled: "0151", Class: toll.Unplaced}
	return l
}

func (d *desk) misdial(n int, at time.Duration, caller string) {
	d.t.Helper()
	for range n {
		d.note(at, toll.EntryRefused, misdialled(caller))
	}
}

func TestRefusalsCountInsideTheirWindowOnly(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 50 {
		at := time.Duration(n) * 16 * time.Minute
		d.until(at)
		d.misdial(1, at, "1003")
	}
	same(t, "notices of one misdial every 16 minutes", d.kinds(), []toll.NoticeKind(nil))
}

func TestTheFirstNoticeGathers(t *testing.T) {
	d := newDesk(t, settings)
	d.note(0, toll.EntryCutting, cut(lease("1003"), toll.ReasonSpent, "x"))
	d.until(4 * time.Second)
	d.note(4*time.Second, toll.EntryCutting, cut(lease("1003"), toll.ReasonSpent, "x"))
	if len(d.told) != 0 {
		t.Fatalf("told before there was something to say: %v", d.kinds())
	}
	d.until(6 * time.Second)
	if len(d.told) != 1 || d.told[0].Incident.Cut != 2 {
		t.Fatalf("%+v", d.told)
	}
	for n := range 30 {
		d.note(time.Minute+time.Duration(n)*100*time.Millisecond, toll.EntryCutting, cut(lease("1003"), toll.ReasonSpent, "x"))
	}
	d.until(2 * time.Minute)
	if len(d.told) != 2 || d.told[1].Notice != toll.NoticeWorse || d.told[1].Incident.Cut != 32 {
		t.Fatalf("%d notices, the last one of %d cut calls", len(d.told), d.told[len(d.told)-1].Incident.Cut)
	}
}

func TestManyCallersDoNotMakeManyMails(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 200 {
		l := lease(strconv.Itoa(1000 + n))
		d.note(0, toll.EntryCutting, cut(l, toll.ReasonSpent, "x"))
		d.note(time.Second, toll.EntryEnded, ended(l, 0))
	}
	d.until(2 * time.Hour)
	if n := len(d.told); n > 20 {
		t.Fatalf("%d notices", n)
	}
	var listed, cuts int64
	for _, i := range d.last {
		listed += int64(len(i.Calls))
		cuts += i.Cut
	}
	same(t, "calls in all incidents", []int64{listed, cuts}, []int64{200, 200})
}

func TestAnIncidentIsBounded(t *testing.T) {
	d := newDesk(t, settings)
	var all []toll.Lease
	for n := range 3000 {
		l := lease("1003")
		l.To.Range = fmt.Sprintf("+%d", n)
		all = append(all, l)
		d.note(0, toll.EntryCutting, cut(l, toll.ReasonSpent, fmt.Sprint("limit ", n)))
	}
	for _, l := range all {
		d.note(time.Second, toll.EntryEnded, ended(l, 1))
	}
	d.until(time.Hour)
	i := d.told[len(d.told)-1].Incident
	if len(i.Calls) != mostCalls || len(i.To) > mostTallies || len(i.Causes) > mostTallies || i.Cut != 3000 || i.Cost != 3000 || i.Open() {
		t.Errorf("%d calls, %d destinations, %d causes, %d cut, cost %s", len(i.Calls), len(i.To), len(i.Causes), i.Cut, i.Cost)
	}
	if len(d.calls) != 0 {
		t.Errorf("%d calls are still followed", len(d.calls))
	}
}

func TestLocksBelongToTheirAttack(t *testing.T) {
	d := newDesk(t, settings)
	lock := toll.Lock{Scope: toll.PerCaller, Subject: "1003", Author: "root", Since: noon}
	d.locks[lock.ID()] = lock
	set := func(l toll.Lock) {
		d.keep(d.Note(toll.Entry{At: noon, Kind: toll.EntrySetting, Setting: &toll.Setting{Lock: &l}}))
	}
	set(lock) // nothing is open: no incident
	if len(d.Open()) != 0 {
		t.Fatal("a lock alone is an incident")
	}
	d.note(0, toll.EntryCutting, cut(lease("1003"), toll.ReasonLocked, lock.ID()))
	d.note(0, toll.EntryCutting, cut(lease("1003"), toll.ReasonLocked, lock.ID()))
	set(lock)
	d.until(time.Minute)
	if i := d.told[0].Incident; len(i.Locks) != 1 || i.Locks[0] != lock {
		t.Errorf("locks %+v", i.Locks)
	}
}

func TestObservedCallsAreAnIncidentOfTheirOwn(t *testing.T) {
	d := newDesk(t, settings)
	for range 5 {
		l := lease("1003")
		l.Denied = toll.ReasonDeniedClass
		d.note(0, toll.EntryGranted, l)
		d.refuse(1, 0, "1003")
	}
	d.until(time.Minute)
	same(t, "notices", d.kinds(), []toll.NoticeKind{toll.NoticeOpened, toll.NoticeOpened})
	if d.told[0].Incident.Observed == d.told[1].Incident.Observed {
		t.Error("what would have been refused is not told apart")
	}
}

func TestCallsForHelp(t *testing.T) {
	o := settings
	o.Emergency = true
	d := newDesk(t, o)
	help := func(at time.Duration) {
		l := lease("1003")
		l.To = toll.Destination{Dialled: "112", Class: toll.Emergency}
		d.until(at)
		d.note(at, toll.EntryAdopted, l)
		d.note(at+time.Second, toll.EntryEnded, ended(l, 0))
	}
	for n := range 3 {
		help(time.Duration(n) * time.Minute)
		if len(d.told) != n+1 {
			t.Fatalf("after %d calls %d notices", n+1, len(d.told))
		}
	}
	d.until(3 * time.Hour)
	same(t, "notices", d.kinds(), []toll.NoticeKind{toll.NoticeOpened, toll.NoticeWorse, toll.NoticeWorse})
	for n := range 20 {
		help(4*time.Hour + time.Duration(n)*time.Minute)
	}
	d.until(9 * time.Hour)
	same(t, "notices of a flood", len(d.told)-3, 5)

	quiet := newDesk(t, settings)
	l := lease("1003")
	l.To.Class = toll.Emergency
	quiet.note(0, toll.EntryGranted, l)
	same(t, "without the wish for it", len(quiet.Open()), 0)
}

func TestTroubles(t *testing.T) {
	d := newDesk(t, settings)
	d.keep(d.Begin(noon, toll.LinkTrouble, "pbx", "no answer"))
	d.keep(d.Begin(noon.Add(time.Second), toll.LinkTrouble, "pbx", "no answer"))
	d.until(48 * time.Hour)
	d.keep(d.End(noon.Add(48*time.Hour), toll.LinkTrouble, "pbx"))
	d.keep(d.End(noon.Add(49*time.Hour), toll.LinkTrouble, "pbx"))
	same(t, "notices", d.kinds(), []toll.NoticeKind{toll.NoticeOpened, toll.NoticeClosed})
}

func TestTheFuse(t *testing.T) {
	d := newDesk(t, settings)
	set := func(at time.Duration, s toll.Setting) {
		d.keep(d.Note(toll.Entry{At: noon.Add(at), Kind: toll.EntrySetting, Setting: &s}))
	}
	set(0, toll.Setting{Fuse: &toll.Fuse{Blown: noon, Why: "too many"}})
	for n := range 9 {
		set(time.Duration(n)*time.Second, toll.Setting{Fuse: &toll.Fuse{Blown: noon, Why: "too many", Error: "no such file"}})
	}
	set(time.Minute, toll.Setting{Fuse: &toll.Fuse{}, Removed: true, Author: "root"})
	same(t, "notices", d.kinds(), []toll.NoticeKind{toll.NoticeOpened, toll.NoticeWorse, toll.NoticeWorse, toll.NoticeWorse, toll.NoticeClosed})
	if i := d.told[4].Incident; i.ClosedBy != "root" {
		t.Errorf("closed by %q", i.ClosedBy)
	}
}

func TestARestartForgetsNothing(t *testing.T) {
	d := newDesk(t, settings)
	one, two := lease("1003"), lease("1003")
	d.note(0, toll.EntryCutting, cut(one, toll.ReasonSpent, "x"))
	d.note(0, toll.EntryCutting, cut(two, toll.ReasonSpent, "x"))
	var stood toll.Incident
	for _, i := range d.last {
		stood = i
	}
	again := newDesk(t, settings)
	again.Restore(stood)
	again.Resume(noon.Add(time.Minute), []toll.Lease{cut(two, toll.ReasonSpent, "x")})
	again.note(2*time.Minute, toll.EntryEnded, ended(two, 7))
	again.until(3 * time.Hour)
	same(t, "notices", again.kinds(), []toll.NoticeKind{toll.NoticeOpened, toll.NoticeClosed})
	i := again.told[1].Incident
	if i.ID != stood.ID || i.Cut != 2 || i.Cost != 7 || i.Calls[0].Ended.IsZero() || i.Calls[1].Ended.IsZero() {
		t.Errorf("%+v", i)
	}
}

func TestALongAttackIsToldAgain(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 60 {
		at := time.Duration(n) * 25 * time.Minute
		d.until(at)
		l := lease("1003")
		d.note(at, toll.EntryCutting, cut(l, toll.ReasonSpent, "x"))
		d.note(at+time.Second, toll.EntryEnded, ended(l, 1))
	}
	opened := 0
	for _, k := range d.kinds() {
		if k == toll.NoticeOpened {
			opened++
		}
	}
	same(t, "incidents of 25 hours", opened, 2)
}

func TestNobodyIsTold(t *testing.T) {
	o := settings
	o.Tell = false
	d := newDesk(t, o)
	d.refuse(50, 0, "1003")
	d.keep(d.Begin(noon, toll.DiskTrouble, "", "full"))
	d.until(24 * time.Hour)
	if len(d.told) != 0 || len(d.last) != 2 {
		t.Errorf("%v, %d incidents", d.kinds(), len(d.last))
	}
}

func TestCloseByHand(t *testing.T) {
	d := newDesk(t, settings)
	d.note(0, toll.EntryCutting, cut(lease("1003"), toll.ReasonSpent, "x"))
	d.until(time.Minute)
	c, open := d.Close(noon.Add(2*time.Minute), d.told[0].Incident.ID, "root")
	if !open || c.Notice != toll.NoticeClosed || c.Incident.ClosedBy != "root" || len(d.Open()) != 0 {
		t.Errorf("%+v, %t", c, open)
	}
	if _, open := d.Close(noon, c.Incident.ID, "root"); open {
		t.Error("closed twice")
	}
}

func TestATroubleThatComesAndGoesIsOneIncident(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 100 {
		at := time.Duration(n) * 2 * time.Minute
		d.until(at)
		d.keep(d.Begin(noon.Add(at), toll.LinkTrouble, "pbx", "no answer"))
		d.keep(d.End(noon.Add(at+time.Minute), toll.LinkTrouble, "pbx"))
	}
	if len(d.last) != 1 || len(d.told) > mostNotices {
		t.Fatalf("%d incidents, notices %v", len(d.last), d.kinds())
	}
	if last := d.told[len(d.told)-1]; !last.Incident.Open() {
		t.Error("the last that the owner heard of a trouble that goes on is that it is over")
	}
	d.until(10 * time.Hour)
	d.keep(d.Begin(noon.Add(10*time.Hour), toll.LinkTrouble, "pbx", "no answer"))
	if len(d.last) != 2 {
		t.Error("hours later it is still the same incident")
	}
}

func TestEveryLockThatConcernsAnAttackIsInIt(t *testing.T) {
	for _, test := range []struct {
		lock toll.Lock
		want bool
	}{
		{toll.Lock{Scope: toll.PerCaller, Subject: "1003"}, true},
		{toll.Lock{Scope: toll.PerCaller, Subject: "1004"}, false},
		{toll.Lock{Scope: toll.PerCountry, Subject: "SL"}, true},
		{toll.Lock{Scope: toll.PerCountry, Subject: "GB"}, false},
		{toll.Lock{Scope: toll.PerRange, Subject: "+2322212"}, true},
		{toll.Lock{Scope: toll.PerNumber, Subject: "+23222123456"}, true},
		{toll.Lock{Scope: toll.PerNumber, Subject: "+442079460000"}, false},
		{toll.Lock{Scope: toll.PerTrunk, Subject: "carrier"}, true},
		{toll.Lock{Scope: toll.PerSite}, true},
		{toll.Lock{Scope: toll.PerPBX, Subject: "other"}, false},
	} {
		d := newDesk(t, settings)
		d.note(0, toll.EntryCutting, cut(lease("1003"), toll.ReasonSpent, "x"))
		d.locks[test.lock.ID()] = test.lock
		d.keep(d.Note(toll.Entry{At: noon, Kind: toll.EntrySetting, Setting: &toll.Setting{Lock: &test.lock}}))
		if got := len(d.Open()[0].Locks) == 1; got != test.want {
			t.Errorf("%s: in the incident: %t", test.lock.ID(), got)
		}
	}
}

func TestAFloodByManyCallersIsAnIncident(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 20_000 {
		at := time.Duration(n) * 10 * time.Millisecond
		d.until(at)
		d.refuse(1, at, strconv.Itoa(n%10_000))
	}
	d.until(2 * time.Hour)
	if len(d.told) < 2 || len(d.told) > 5 {
		t.Fatalf("notices %v", d.kinds())
	}
	if i := d.told[len(d.told)-1].Incident; i.Caller != "" || i.Refused < 19_000 || len(i.From) > mostTallies {
		t.Errorf("%d refused of 20,000, caller %q, %d listed", i.Refused, i.Caller, len(i.From))
	}
}
