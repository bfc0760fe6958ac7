package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/pbxsim"
)

// scene is a part of the weekend.
type scene struct {
	title string
	begin time.Time // on the clock of the story
	steps []step
}

// step is one call of the script.
type step struct {
	at     time.Duration // from the beginning of the scene
	attack bool
	call   pbxsim.Call
}

// played is a call of the script and what became of it.
type played struct {
	step
	outcome pbxsim.Outcome
}

// friday is the day on which the story begins; only the name of the day is shown.
func friday(hour, minute int) time.Time { return time.Date(2026, 11, 20, hour, minute, 0, 0, time.UTC) }

// minutes is so much of the story's time in fast motion. A little less, so that neither clock falls on the
// other side of a started second.
func minutes(n int) time.Duration { return time.Duration(n)*time.Minute/fast - 150*time.Millisecond }

// scenes are the whole script. All of it is fixed: the same calls at the same moments in every run.
func scenes() []scene {
	return []scene{
		{"Friday afternoon: the firm of twelve at work", friday(16, 0), office()},
		{"Saturday night: the password of " + stolen + " is known, and nobody is there", friday(26, 10), attack()},
		{"Saturday morning: somebody comes in to work", friday(33, 30), morning()},
	}
}

// own is a call of the firm's.
func own(at time.Duration, from, number string, talk time.Duration) step {
	return step{at: at, call: pbxsim.Call{From: from, Number: number, Trunk: carrier, Ring: 80 * time.Millisecond, Talk: talk}}
}

// office is what a small firm does: calls at home, a customer in London, one in Tokyo, and an accident.
func office() []step {
	const tick = 220 * time.Millisecond
	return []step{
		own(0*tick, "1001", "12025550123", minutes(5)),
		own(1*tick, "1002", "18005550199", minutes(10)),
		own(2*tick, "1003", "011442079460018", minutes(10)),
		own(3*tick, "1004", "13105550142", minutes(5)),
		own(4*tick, "1005", "011819012345678", minutes(5)),
		own(5*tick, "1006", "14165550123", minutes(5)),
		own(6*tick, "1010", "911", minutes(5)),
		own(7*tick, "1011", "12125550171", minutes(5)),
		own(8*tick, "1012", "011447700900123", minutes(5)),
	}
}

// targets are ranges that are known for it: mobiles that pay who is called, satellites, premium numbers, and
// one that looks domestic.
var targets = []string{ //nolint:gochecknoglobals // a table
	"01123276%06d", "0112203%06d", "01188165%05d", "011371212%05d", "011535%07d", "01125261%07d",
	"0114490612%05d", "011670772%05d", "01138161%07d", "1767265%04d", "011387612%05d", "01123278%06d",
}

// The attack: so many calls a second for so long, each as long as the owner of the numbers likes it.
const (
	perSecond  = 24
	attackFor  = 9 * time.Second
	attackTalk = 40 // minutes
)

// attack comes over the stolen extension, over a call forward that was set on another, and once around the
// dialplan.
func attack() []step {
	var steps []step
	const between = time.Second / perSecond
	for i := range int(attackFor / between) {
		number := fmt.Sprintf(targets[(i*7+i/12)%len(targets)], 1000+i*7)
		call := pbxsim.Call{From: stolen, Number: number, Trunk: carrier, Ring: 60 * time.Millisecond, Talk: minutes(attackTalk + i%3*10)}
		if i%16 == 15 { // somebody outside calls the extension that is forwarded
			call.From, call.Forwarder = carrier, diverted
		}
		steps = append(steps, step{time.Duration(i) * between, true, call})
	}
	around := pbxsim.Call{Way: pbxsim.Originated, Number: "0115352555555", Trunk: carrier, Ring: 60 * time.Millisecond, Talk: minutes(attackTalk)}
	return append(steps, step{5 * time.Second, true, around})
}

// morning shows that the firm is not shut: calls at home, the customer in London, and an emergency from the
// very extension that was abused.
func morning() []step {
	const tick = 300 * time.Millisecond
	return []step{
		own(0*tick, "1001", "12025550123", minutes(5)),
		own(1*tick, stolen, "911", minutes(5)),
		own(2*tick, "1008", "13105550142", minutes(5)),
		own(3*tick, "1003", "011442079460018", minutes(5)),
		own(4*tick, "1002", "18885550123", minutes(5)),
	}
}

// script is the calls without what became of them.
func script(calls []played) []pbxsim.Call {
	all := make([]pbxsim.Call, len(calls))
	for i, c := range calls {
		all[i] = c.call
	}
	return all
}

// playScene dials every call at its moment and waits for the end of all.
func playScene(ctx context.Context, p *pbxsim.PBX, s *screen, sc scene) ([]played, error) {
	calls := make([]played, len(sc.steps))
	var going sync.WaitGroup
	defer going.Wait()
	began := time.Now()
	for i, st := range slices.SortedStableFunc(slices.Values(sc.steps), func(a, b step) int { return cmp.Compare(a.at, b.at) }) {
		wait := time.NewTimer(time.Until(began.Add(st.at)))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, ctx.Err()
		}
		live, err := p.Dial(st.call)
		if err != nil {
			return nil, err
		}
		going.Go(func() {
			calls[i] = played{st, live.Outcome()}
			s.ended(calls[i])
		})
	}
	going.Wait()
	return calls, ctx.Err()
}
