package evaluation_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// report is what the template shows.
type report struct {
	Attacks, Broken, ByDay  []*play // at every site, without and with faults, and in working hours
	Tuning, Months, Special []*play // honest traffic
	peers                   map[string]*peer
}

// The targets.
const (
	mostMedian = 10 * toll.Unit
	mostWorst  = 50 * toll.Unit
	mostMails  = 5
	latest     = 60 // seconds
)

// byName gathers plays of one scenario.
func byName(plays []*play) (names []string, same map[string][]*play) {
	same = make(map[string][]*play)
	for _, p := range plays {
		if _, known := same[p.story.Name]; !known {
			names = append(names, p.story.Name)
		}
		same[p.story.Name] = append(same[p.story.Name], p)
	}
	return names, same
}

// worst is the largest of a figure.
func worst(plays []*play, of func(*replay.Result) toll.Money) (most toll.Money) {
	for _, p := range plays {
		most = max(most, of(&p.result))
	}
	return most
}

func leaked(r *replay.Result) toll.Money { return r.LeakedCost }
func rated(r *replay.Result) toll.Money  { return r.LeakedCostRated }
func inDay(r *replay.Result) toll.Money  { return r.LeakedWorstDay }
func bare(r *replay.Result) toll.Money   { return r.UnprotectedCost }

// money is an amount in hundredths, rounded up.
func money(m toll.Money) string {
	const cent = toll.Unit / 100
	return fmt.Sprintf("%.2f", float64((m+cent-1)/cent)/100)
}

// wait is how long something took; a dash where it never came.
func wait(seconds float64, came bool) string {
	if !came {
		return "never"
	}
	return toll.FormatLength(time.Duration(seconds * float64(time.Second)).Round(time.Second))
}

// alert is the latest first mail of several plays; false where one has none.
func alert(plays []*play) (seconds float64, told bool) {
	for _, p := range plays {
		r := &p.result
		if r.SecondsToBlock == nil {
			continue // nothing was refused, so there is nothing to tell
		}
		if r.SecondsToAlert == nil {
			return 0, false
		}
		seconds = max(seconds, *r.SecondsToAlert)
	}
	return seconds, true
}

// unheard is how many attacks were stopped and not told of within a minute, and how
// many never, by one of the times of a result.
func unheard(plays []*play, first func(*replay.Result) *float64) string {
	late, never := 0, 0
	for _, p := range plays {
		if p.result.SecondsToBlock == nil {
			continue
		}
		if s := first(&p.result); s == nil {
			never++
		} else if *s > latest {
			late++
		}
	}
	return fmt.Sprintf("%d late, %d never", late, never)
}

func toAlert(r *replay.Result) *float64 { return r.SecondsToAlert }
func toMail(r *replay.Result) *float64  { return r.SecondsToMail }

func mails(plays []*play) (most int) {
	for _, p := range plays {
		most = max(most, p.result.Alerts)
	}
	return most
}

// AttackRows are the lines about attacks, each with the worst of the sites.
func (r *report) AttackRows() (rows []string) {
	names, same := byName(r.Attacks)
	for _, name := range names {
		p := same[name]
		blocked := 0.0
		for _, one := range p {
			if s := one.result.SecondsToBlock; s != nil {
				blocked = max(blocked, *s)
			}
		}
		late, told := alert(p)
		var each []string
		for _, one := range p {
			each = append(each, money(one.result.LeakedCost))
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %d |", name, money(worst(p, bare)), strings.Join(each, ", "),
			money(worst(p, rated)), money(worst(p, inDay)), wait(blocked, true), wait(late, told), mails(p)))
	}
	return rows
}

// DayRows are the lines about attacks in working hours.
func (r *report) DayRows() (rows []string) {
	names, same := byName(r.ByDay)
	_, night := byName(r.Attacks)
	for _, name := range names {
		p := same[name]
		late, told := alert(p)
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s | %s |", name, money(worst(p, leaked)), money(worst(night[name], leaked)),
			money(worst(p, inDay)), wait(late, told)))
	}
	return rows
}

// DayMedian is what the attack in the middle of them leaks, at the carrier's price.
func (r *report) DayMedian() string {
	middle, _, _ := median(r.ByDay)
	return money(middle)
}

// DayBreaches is in how many of them a budget was broken.
func (r *report) DayBreaches() string {
	return fmt.Sprintf("%d of %d", breaches(r.ByDay), len(r.ByDay))
}

// breaches is in how many plays a budget was broken.
func breaches(plays []*play) (n int) {
	for _, p := range plays {
		if p.result.BudgetBreach {
			n++
		}
	}
	return n
}

// median is the one in the middle, and the worst, with its name.
func median(plays []*play) (middle, most toll.Money, name string) {
	var costs []toll.Money
	for _, p := range plays {
		costs = append(costs, p.result.LeakedCost)
		if p.result.LeakedCost > most || name == "" {
			most, name = p.result.LeakedCost, p.story.Name+" "+p.story.Site.Country
		}
	}
	slices.Sort(costs)
	n := len(costs)
	return (costs[n/2] + costs[(n-1)/2]) / 2, most, name
}

// FaultRows are the lines about faults.
func (r *report) FaultRows() (rows []string) {
	byFault := make(map[string][]*play)
	var faults []string
	for _, p := range r.Broken {
		if byFault[p.fault] == nil {
			faults = append(faults, p.fault)
		}
		byFault[p.fault] = append(byFault[p.fault], p)
	}
	for _, fault := range faults {
		var inside, beside []*play
		for _, p := range byFault[fault] {
			if strings.HasPrefix(p.story.Name, "10b") {
				beside = append(beside, p)
			} else {
				inside = append(inside, p)
			}
		}
		middle, most, name := median(inside)
		_, around, _ := median(beside)
		plays := byFault[fault]
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s (%s) | %d of %d | %s | %s | %s | %d |",
			fault, money(middle), money(most), name, breaches(plays), len(plays), money(around), unheard(plays, toAlert), unheard(plays, toMail), mails(plays)))
	}
	return rows
}

// HonestRows are the lines about honest traffic.
func (r *report) HonestRows() (rows []string) {
	for _, group := range [][]*play{r.Tuning, r.Months, r.Special} {
		names, same := byName(group)
		for _, name := range names {
			rows = append(rows, honestRow(name, same[name]))
		}
	}
	return rows
}

func honestRow(name string, plays []*play) string {
	var calls, refused, cut, misdials, emergency, mailed int
	against := make(map[string]int)
	var seeds []string
	for _, p := range plays {
		s := &p.result
		calls, refused, cut, misdials = calls+s.LegitimateCalls, refused+s.FalseDenials, cut+s.FalseCuts, misdials+s.MisdialsStopped
		emergency, mailed = emergency+s.EmergencyDenied, mailed+s.Alerts
		for by, n := range s.Against {
			against[by] += n
		}
		seeds = append(seeds, fmt.Sprint(p.story.Seed))
	}
	var by []string
	for _, what := range slices.SortedFunc(maps.Keys(against), func(a, b string) int { return cmp.Or(against[b]-against[a], strings.Compare(a, b)) }) {
		by = append(by, fmt.Sprintf("%d `%s`", against[what], what))
	}
	return fmt.Sprintf("| %s | %s | %d | %d | %d | %s | %d | %d | %d | %s |", name, strings.Join(seeds, " "), calls, refused, cut,
		perThousand(refused+cut, calls), misdials, emergency, mailed, strings.Join(by, ", "))
}

func perThousand(n, of int) string { return fmt.Sprintf("%.2f", 1000*float64(n)/float64(max(of, 1))) }

// Verdicts say of each target whether it is met.
func (r *report) Verdicts() (rows []string) {
	say := func(target, seen string, met bool) {
		verdict := "met"
		if !met {
			verdict = "**missed**"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |", target, seen, verdict))
	}
	middle, most, name := median(r.Attacks)
	say("median leak over all attacks and sites at most "+money(mostMedian), money(middle), middle <= mostMedian)
	say("worst leak at most "+money(mostWorst), money(most)+", "+name, most <= mostWorst)
	broken := breaches(r.Attacks) + breaches(r.Broken)
	say("no budget broken, with any fault", fmt.Sprintf("%d of %d plays", broken, len(r.Attacks)+len(r.Broken)), broken == 0)
	manyMails, worstMails := 0, ""
	for _, p := range r.Attacks {
		if p.result.Alerts > manyMails {
			manyMails, worstMails = p.result.Alerts, p.story.Name
		}
	}
	late, told := alert(r.Attacks)
	say(fmt.Sprintf("first mail within %d s of the first refused or cut call", latest), wait(late, told), told && late <= latest)
	say(fmt.Sprintf("at most %d mails for an attack", mostMails), fmt.Sprintf("%d, %s", manyMails, worstMails), manyMails <= mostMails)
	r.honestVerdicts(say)
	return rows
}

func (r *report) honestVerdicts(say func(target, seen string, met bool)) {
	calls, stopped, emergency := 0, 0, 0
	worstRate, worstName := 0.0, "none"
	for _, p := range append(append([]*play{}, r.Months...), r.Special...) {
		s := &p.result
		n := s.FalseDenials + s.FalseCuts
		calls, stopped, emergency = calls+s.LegitimateCalls, stopped+n, emergency+s.EmergencyDenied
		if rate := 1000 * float64(n) / float64(max(s.LegitimateCalls, 1)); rate > worstRate {
			worstRate, worstName = rate, fmt.Sprintf("%s, seed %d", p.story.Name, p.story.Seed)
		}
	}
	for _, p := range append(append([]*play{}, r.Attacks...), r.Broken...) {
		emergency += p.result.EmergencyDenied
	}
	say("fewer than 1 honest call in 1,000 refused or cut, over the months of even seeds and the special cases",
		fmt.Sprintf("%s in 1,000 (%d of %d)", perThousand(stopped, calls), stopped, calls), stopped*1000 < calls)
	say("and in each of them", fmt.Sprintf("%.2f in 1,000, %s", worstRate, worstName), worstRate < 1)
	say("an emergency call always goes out", fmt.Sprintf("%d refused", emergency), emergency == 0)
}

// Plays is how many there were.
func (r *report) Plays() int {
	n := len(r.Attacks) + len(r.Broken) + len(r.ByDay) + len(r.Tuning) + len(r.Months) + len(r.Special)
	for _, p := range r.peers {
		n += len(p.attacks) + len(p.honest)
	}
	return n
}

// peer is what somebody else ships, against the same calls.
type peer struct{ attacks, honest []*play }

// compare plays the attacks at the American site, the special cases and a month of
// the firm and of the clinic against what others ship.
func (r *report) compare(t *testing.T) (plays []*play) {
	t.Helper()
	us := sites(t)[0]
	for _, name := range peers(t) {
		p := &peer{}
		r.peers[name] = p
		for _, s := range stories(t, "attack-*.yaml") {
			p.attacks = append(p.attacks, &play{story: at(t, s, us), policy: name})
		}
		for _, pattern := range []string{"honest-*.yaml", "month-firm*.yaml", "month-clinic*.yaml"} {
			for _, s := range stories(t, pattern) {
				p.honest = append(p.honest, &play{story: s, policy: name})
			}
		}
		plays = append(append(plays, p.attacks...), p.honest...)
	}
	return plays
}

// PeerNames are the columns of the table of peers.
func (r *report) PeerNames() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(r.peers)) {
		names = append(names, strings.TrimSuffix(name, ".yaml"))
	}
	return names
}

// PeerRows are what each attack costs with each of them, and how honest calls fare.
func (r *report) PeerRows() (rows []string) {
	names, same := byName(r.Attacks)
	files := slices.Sorted(maps.Keys(r.peers))
	for i, name := range names {
		row := fmt.Sprintf("| %s | %s | %s |", name, money(same[name][0].result.UnprotectedCost), money(same[name][0].result.LeakedCost))
		for _, file := range files {
			row += fmt.Sprintf(" %s |", money(r.peers[file].attacks[i].result.LeakedCost))
		}
		rows = append(rows, row)
	}
	var ours []*play
	for _, p := range r.Attacks {
		if p.story.Site.Country == "US" {
			ours = append(ours, p)
		}
	}
	middle, most, _ := median(ours)
	medians, worsts := "| **median** | | "+money(middle)+" |", "| **worst** | | "+money(most)+" |"
	for _, file := range files {
		middle, most, _ = median(r.peers[file].attacks)
		medians, worsts = medians+" "+money(middle)+" |", worsts+" "+money(most)+" |"
	}
	return append(rows, medians, worsts)
}

// PeerHonestRows are how honest calls fare with them.
func (r *report) PeerHonestRows() (rows []string) {
	for _, file := range slices.Sorted(maps.Keys(r.peers)) {
		calls, stopped := 0, 0
		type bad struct {
			name string
			n    int
		}
		var most bad
		for _, p := range r.peers[file].honest {
			n := p.result.FalseDenials + p.result.FalseCuts
			calls, stopped = calls+p.result.LegitimateCalls, stopped+n
			if n > most.n {
				most = bad{p.story.Name, n}
			}
		}
		rows = append(rows, fmt.Sprintf("| %s | %d | %d | %s | %d of %s |", strings.TrimSuffix(file, ".yaml"), calls, stopped, perThousand(stopped, calls), most.n, cmp.Or(most.name, "none")))
	}
	return rows
}
