package alert

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// weather is how a mail server is for a while.
var weather = map[string]func(Mail, string) error{
	"well": nil,
	"down": down,
	"grey": func(_ Mail, to string) error {
		if to == "b@example.com" {
			return &Failure{Doing: "recipient", Err: errors.New("451 come back later")}
		}
		return nil
	},
	"full": func(Mail, string) error { return &Failure{Doing: "mail", Err: errors.New("452 no room")} },
	"rude": func(Mail, string) error {
		return &Failure{Doing: "mail", Err: errors.New("554 no"), Permanent: true}
	},
}

// step is something that happens to a worker.
type step struct {
	What    string // add, weather, pass or restart
	Weather string
	Passes  time.Duration
}

var steps = rapid.Custom(func(t *rapid.T) step {
	return step{
		rapid.SampledFrom([]string{"add", "add", "weather", "pass", "restart"}).Draw(t, "what"),
		rapid.SampledFrom([]string{"well", "down", "grey", "full", "rude"}).Draw(t, "weather"),
		time.Duration(rapid.IntRange(1, 3600).Draw(t, "seconds")) * time.Second,
	}
})

// Whatever the server does meanwhile, each notice reaches each recipient once.
func TestNothingIsLostAndNothingComesTwice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		to := []string{"a@example.com", "b@example.com"}[:rapid.IntRange(1, 2).Draw(rt, "recipients")]
		story := rapid.SliceOfN(steps, 1, 15).Draw(rt, "story")
		var wrong string
		synctest.Test(t, func(*testing.T) { wrong = live(to, story) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// live plays a story, in a bubble, lets the server be well afterwards, and says
// what is wrong.
func live(to []string, story []step) string {
	o, p := newOutbox(), &post{}
	stop := work(o, p, to...)
	defer func() { stop() }()
	added := 0
	for _, s := range story {
		switch {
		case s.What == "add":
			o.add(fmt.Sprintf("n%03d", added))
			added++
		case s.What == "weather" && s.Weather == "rude" && len(to) > 1:
			// One who is refused for good, while others have the mail, does not get it.
		case s.What == "weather":
			p.set(weather[s.Weather])
		case s.What == "pass":
			time.Sleep(s.Passes) //nolint:forbidigo // in a bubble
		default:
			stop()
			stop = work(o, p, to...)
		}
		synctest.Wait()
	}
	p.set(nil)
	time.Sleep(2 * time.Hour) //nolint:forbidigo // in a bubble
	synctest.Wait()
	var want []string
	for n := range added {
		for _, address := range to {
			want = append(want, arrived(o, fmt.Sprintf("n%03d", n), address))
		}
	}
	got := p.delivered()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Sprintf("delivered\n%q\nwant\n%q", got, want)
	}
	if n := o.waits(); n != 0 {
		return fmt.Sprintf("%d wait still", n)
	}
	return ""
}
