package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The prices that are assumed without a rate deck, per minute.
const (
	atHome   = "0.02"
	listed   = "0.30"
	unlisted = "1.50"
)

// by is the question asked by another caller.
func by(q toll.Question, kind toll.CallerKind, id string) toll.Question {
	q.Caller = toll.Caller{Kind: kind, ID: id}
	return q
}

// country is a mobile number abroad.
func country(code, e164 string) toll.Destination {
	business := code == "AT" || code == "FR" || code == "GB"
	return toll.Destination{E164: e164, Country: code, Class: toll.IntlMobile, Range: e164[:min(len(e164), 7)], Valid: true, Listed: business}
}

// mobile is the n-th mobile number at home.
func mobile(n int) toll.Destination {
	e164 := "+4917" + fmt.Sprintf("%08d", n)
	return toll.Destination{E164: e164, Country: "DE", Class: toll.HomeMobile, Range: e164[:8], Valid: true}
}

// series repeats a call.
func series(n int, every time.Duration, talk time.Duration, question func(i int) toll.Question) []attempt {
	calls := make([]attempt, n)
	for i := range calls {
		calls[i] = attempt{noon.Add(time.Duration(i) * every), question(i), talk}
	}
	return calls
}

// after puts calls off.
func after(wait time.Duration, calls []attempt) []attempt {
	for i := range calls {
		calls[i].start = calls[i].start.Add(wait)
	}
	return calls
}

// What honest sites do passes the default policy untouched.
func TestDefaultLeavesHonestSitesAlone(t *testing.T) {
	twelve := []string{"AT", "FR", "GB", "PL", "US", "AU", "TR", "IT", "ES", "CA", "NZ", "BR"}
	price := func(code string) string {
		if toll.Moderate(code) {
			return listed // moderate ones are assumed to cost the same
		}
		return unlisted
	}
	tests := []struct {
		name  string
		size  int
		calls []attempt
	}{
		{"call centre, 60 calls a minute to home mobiles", 60, series(1800, time.Second, 2*time.Minute, func(i int) toll.Question {
			return by(ask(mobile(i), atHome), toll.Extension, strconv.Itoa(i%60))
		})},
		{"predictive dialler, one caller originates all", 20, series(1500, 500*time.Millisecond, 20*time.Second, func(i int) toll.Question {
			return by(ask(mobile(i), atHome), toll.Originated, "")
		})},
		{"fax broadcast of 500", 5, series(500, 3*time.Second, 90*time.Second, func(i int) toll.Question {
			return by(ask(mobile(i), atHome), toll.Extension, "fax")
		})},
		{"salesman, four calls to each of five new countries", 3, series(20, 20*time.Minute, 3*time.Minute, func(i int) toll.Question {
			return by(ask(country(twelve[3+i%5], fmt.Sprintf("+9%d1234567", i%5)), unlisted), toll.Extension, "1001")
		})},
		{"Christmas calls to twelve countries", 12, series(12, 12*time.Minute, 6*time.Minute, func(i int) toll.Question {
			return by(ask(country(twelve[i], fmt.Sprintf("+%d1234567", 20+i)), price(twelve[i])), toll.Extension, strconv.Itoa(i%2))
		})},
		{"fifteen extensions on a bridge for four hours", 15, series(15, time.Second, 4*time.Hour, func(i int) toll.Question {
			return by(ask(munich, atHome), toll.Extension, strconv.Itoa(i))
		})},
		{"the same on a shared-cost number", 15, series(15, time.Second, 4*time.Hour, func(i int) toll.Question {
			return by(ask(bridge, listed), toll.Extension, strconv.Itoa(i))
		})},
		{"one who fell out of it dials in again", 1, series(2, 3*time.Hour+time.Minute, 3*time.Hour-30*time.Minute, func(int) toll.Question {
			return ask(bridge, listed)
		})},
		{"redial on busy at home, all morning", 1, series(400, 30*time.Second, 0, func(int) toll.Question {
			return ask(munich, atHome)
		})},
		{"redial on busy abroad", 1, series(60, 20*time.Second, 0, func(int) toll.Question { return ask(listedCopy(austria), listed) })},
		{"on-call follow-me abroad at night", 5, series(12, 25*time.Minute, 6*time.Minute, func(int) toll.Question {
			return by(ask(country("AT", "+436641234567"), listed), toll.FromTrunk, "carrier")
		})},
		{"lift and alarm diallers", 1, series(288, 5*time.Minute, 20*time.Second, func(int) toll.Question {
			return by(ask(munich, atHome), toll.Extension, "lift")
		})},
		{"a branch in a hot country, called all day", 10, series(70, 7*time.Minute, 5*time.Minute, func(i int) toll.Question {
			return by(ask(listedCopy(gambia), listed), toll.Extension, strconv.Itoa(i%8))
		})},
		{"Puerto Rico and the north of Canada", 10, series(40, 10*time.Minute, 8*time.Minute, func(i int) toll.Question {
			to := toll.Destination{E164: "+17875551234", Country: "PR", Class: toll.ForeignNANP, Range: "+1787555", Valid: true}
			if i%2 == 1 {
				to = toll.Destination{E164: "+18675551234", Country: "CA", Class: toll.IntlFixed, Range: "+1867555", Valid: true}
			}
			return by(ask(listedCopy(to), listed), toll.Extension, strconv.Itoa(i%10))
		})},
		{"closed: on-call follow-me abroad", 5, after(12*time.Hour, series(12, 25*time.Minute, 6*time.Minute, func(int) toll.Question {
			return by(ask(country("AT", "+436641234567"), listed), toll.FromTrunk, "carrier")
		}))},
		{"closed: fax broadcast of 500 at 02:00", 5, after(14*time.Hour, series(500, 3*time.Second, 90*time.Second, func(i int) toll.Question {
			return by(ask(mobile(i), atHome), toll.Extension, "fax")
		}))},
		{"closed: one call to a new country, on a Sunday", 3, after(6*day, series(1, time.Second, 15*time.Minute, func(int) toll.Question {
			return ask(country("TR", "+905321234567"), unlisted)
		}))},
		{"a conversation with France over the closing hour", 3, after(5*time.Hour+50*time.Minute, series(1, time.Second, 100*time.Minute, func(int) toll.Question {
			return ask(country("FR", "+33612345678"), listed)
		}))},
		{"a salesman who talks to France all day", 3, series(12, 30*time.Minute, 25*time.Minute, func(i int) toll.Question {
			return ask(country("FR", fmt.Sprintf("+336%d234567", i)), listed)
		})},
		{"fifteen minutes to each of two new countries, from two lines", 1, series(2, time.Minute, 15*time.Minute, func(i int) toll.Question {
			return by(ask(country([]string{"TR", "BR"}[i], fmt.Sprintf("+9%d1234567", i)), unlisted), toll.Extension, strconv.Itoa(i))
		})},
		{"redial on busy in a new country", 1, series(25, 20*time.Second, 0, func(int) toll.Question {
			return ask(country("TR", "+905321234567"), unlisted)
		})},
		{"a diversion of everything to one mobile", 20, series(900, 90*time.Second, 3*time.Minute, func(int) toll.Question {
			return by(ask(mobile(1), atHome), toll.Forward, "reception")
		})},
	}
	for _, tt := range tests {
		s := play(defaultSite(t, tt.size), tt.calls)
		if s.refused != 0 || s.cut != 0 || s.served != len(tt.calls) {
			t.Errorf("%s: of %d calls %d refused, %d cut by %v", tt.name, len(tt.calls), s.refused, s.cut, s.stoppedBy)
		}
	}
}

// What the known attacks take from a site of ten extensions in their first
// hours stays within a budget of one day.
func TestDefaultBoundsFraud(t *testing.T) {
	ranges := func(i int) toll.Destination {
		return country([]string{"GM", "BA", "RS", "LV", "TL"}[i%5], fmt.Sprintf("+%d%02d%05d", 220+i%5, i%40, i%750))
	}
	const (
		oneCountry = 45 * toll.Unit
		oneHour    = 60 * toll.Unit
		night      = 30 * toll.Unit
		saturday   = 5 * day
	)
	tests := []struct {
		name  string
		most  toll.Money
		calls []attempt
	}{
		{"blast", oneCountry, series(2400, 6*time.Second, 110*time.Second, func(i int) toll.Question {
			return ask(ranges(i), unlisted)
		})},
		{"the same over all extensions", oneHour, series(2400, 6*time.Second, 110*time.Second, func(i int) toll.Question {
			return by(ask(ranges(i), unlisted), toll.Extension, strconv.Itoa(i%10))
		})},
		{"220 calls within a minute", oneHour, series(220, 270*time.Millisecond, 2*time.Hour, func(i int) toll.Question {
			return by(ask(ranges(i), unlisted), toll.Extension, strconv.Itoa(i%10))
		})},
		{"one number in Taiwan, twelve at a time", oneCountry, series(144, 10*time.Minute, 2*time.Hour, func(int) toll.Question {
			return ask(country("TW", "+886912345678"), unlisted)
		})},
		{"one call of ten hours to Cuba", oneCountry, series(1, time.Second, 10*time.Hour, func(int) toll.Question {
			return ask(country("CU", "+5351234567"), unlisted)
		})},
		{"forwarding, access sold", oneCountry, series(385, 110*time.Second, 18*time.Minute, func(int) toll.Question {
			return by(ask(country("LR", "+231771234567"), unlisted), toll.Forward, "1001")
		})},
		{"forty extensions, one range", oneCountry, series(960, 90*time.Second, 5*time.Minute, func(i int) toll.Question {
			return by(ask(country("GM", fmt.Sprintf("+220399%04d", i)), unlisted), toll.Extension, strconv.Itoa(i%40))
		})},
		{"short-call pump", 10 * toll.Unit, series(2000, 20*time.Second, 2*time.Second, func(int) toll.Question {
			q := ask(country("GM", "+2203991234"), unlisted)
			q.Price.Connect = toll.Unit / 2
			return q
		})},
		{"a price that is far too low: minutes bind", 360 * toll.Unit / 1000, series(500, 2*time.Minute, 30*time.Minute, func(int) toll.Question {
			return ask(country("GM", "+2203991234"), "0.001")
		})},
		{"looks domestic", 0, series(28, 10*time.Minute, 18*time.Minute, func(int) toll.Question {
			return ask(toll.Destination{E164: "+17675551234", Country: "DM", Class: toll.ForeignNANP, Valid: true}, unlisted)
		})},
		{"weekend blast", night, after(saturday, series(2400, 6*time.Second, 110*time.Second, func(i int) toll.Question {
			return by(ask(ranges(i), unlisted), toll.Extension, strconv.Itoa(i%10))
		}))},
		{"220 calls within a minute at night", night, after(14*time.Hour, series(220, 270*time.Millisecond, 2*time.Hour, func(i int) toll.Question {
			return by(ask(ranges(i), unlisted), toll.Extension, strconv.Itoa(i%10))
		}))},
		{"one call of ten hours from 18:59", night, after(7*time.Hour-time.Minute, series(1, time.Second, 10*time.Hour, func(int) toll.Question {
			return ask(country("CU", "+5351234567"), unlisted)
		}))},
		{"low and slow, 200 calls in four nights", oneCountry, slices.Concat(
			after(9*time.Hour, lowAndSlow()), after(33*time.Hour, lowAndSlow()), after(57*time.Hour, lowAndSlow()), after(81*time.Hour, lowAndSlow()))},
		{"voicemail at night, one call a minute", night, after(12*time.Hour, series(480, time.Minute, 3*time.Minute, func(int) toll.Question {
			return by(ask(country("LR", "+231771234567"), unlisted), toll.FromTrunk, "carrier")
		}))},
		{"a listed country at night", 2 * oneCountry, after(14*time.Hour, series(1000, 20*time.Second, 30*time.Minute, func(i int) toll.Question {
			return by(ask(country("GB", fmt.Sprintf("+4478220%05d", i)), listed), toll.Extension, strconv.Itoa(i%10))
		}))},
		{"a pump of one call every three minutes", 10 * toll.Unit, series(160, 3*time.Minute, 2*time.Second, func(int) toll.Question {
			q := ask(country("GM", "+2203991234"), unlisted)
			q.Price.Connect = toll.Unit / 2
			return q
		})},
		{"pumping a number at home", 1500 * toll.Unit / 100, series(2500, 20*time.Second, 20*time.Second, func(int) toll.Question {
			return by(ask(munich, atHome), toll.Extension, "1001")
		})},
	}
	for _, tt := range tests {
		s := play(defaultSite(t, 10), tt.calls)
		if s.cost > tt.most {
			t.Errorf("%s: cost %s, at most %s wanted; %v", tt.name, s.cost, tt.most, s.stoppedBy)
		}
		if s.refused+s.cut == 0 {
			t.Errorf("%s: nothing was stopped", tt.name)
		}
		t.Logf("%s: %d served, %d refused, %d cut, cost %s; %v", tt.name, s.served, s.refused, s.cut, s.cost, s.stoppedBy)
	}
}

// lowAndSlow is one night of an attack that hides.
func lowAndSlow() []attempt {
	return series(50, 10*time.Minute, 8*time.Minute, func(i int) toll.Question {
		return ask(country("GM", fmt.Sprintf("+220399%04d", i)), unlisted)
	})
}

func TestOpening(t *testing.T) {
	for _, tt := range []struct {
		country string
		hours   []string
		want    string
		wrong   string
	}{
		{"DE", nil, "[mon-fri 08:00-18:00] [DE]", ""},
		{"SL", []string{"mon-sat 09:00-17:00", "sun 10:00-12:00"}, "[mon-sat 09:00-17:00 sun 10:00-12:00] []", ""},
		{"US", []string{"always"}, "never closes", ""},
		{"US", []string{"always", "mon 08:00-18:00"}, "", "stands alone"},
		{"US", []string{"moon 08:00-18:00"}, "", "is no weekday"},
	} {
		open, err := Opening(tt.country, tt.hours)
		got := "never closes"
		if open != nil {
			got = fmt.Sprint(open.Hours, open.Holidays)
		}
		if err == nil && (tt.wrong != "" || got != tt.want) || err != nil && (tt.wrong == "" || !strings.Contains(err.Error(), tt.wrong)) {
			t.Errorf("%s %v: %s, %v", tt.country, tt.hours, got, err)
		}
	}
}

// A site that never closes has no limits for when it is closed.
func TestDefaultAroundTheClock(t *testing.T) {
	for _, s := range Default(10, "", noon) {
		if s.Schedule != nil || s.Limit.Meter.When != "" {
			t.Errorf("%+v", s)
		}
	}
}

func TestDefaultExplainsItself(t *testing.T) {
	hours, err := Opening("US", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{-1, 0, 1, 10, 1_000_000} {
		p := build(t, Options{})
		for i, s := range DefaultOpen(size, hours, "init", noon) {
			if s.Revision != int64(i+1) || s.Author != "init" || s.At != noon {
				t.Errorf("size %d: %+v", size, s)
			}
			if s.Limit != nil && len(s.Limit.Comment) < 30 {
				t.Errorf("%s does not say why", s.ID())
			}
			next, err := p.With(s)
			if err != nil {
				t.Fatalf("size %d: %v", size, err)
			}
			p = next
		}
		if len(p.Limits())+1 != len(DefaultOpen(size, hours, "", noon)) {
			t.Errorf("size %d: two limits have one name", size)
		}
	}
}
