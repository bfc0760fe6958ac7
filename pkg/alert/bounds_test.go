package alert

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// TestAnyFigureFitsAMail fills every kind of notice with figures at their
// bounds, and with texts that are empty or without measure.
func TestAnyFigureFitsAMail(t *testing.T) {
	for name, n := range samples() {
		for _, figure := range []int64{0, -1, math.MaxInt64, math.MinInt64} {
			for _, text := range []string{"", strings.Repeat("\u202e\x00é=?", 1000)} {
				t.Run(fmt.Sprint(name, " ", figure, " ", len(text)), func(t *testing.T) {
					m, err := Render(filled(n, figure, text), berlin())
					if err != nil || len(m.Warnings) > 0 {
						t.Fatalf("%v %q", err, m.Warnings)
					}
					if m.Subject == "" || len(m.Text) > 100<<10 || len(m.HTML) > 200<<10 {
						t.Errorf("subject %q, %d bytes of text, %d of HTML", m.Subject, len(m.Text), len(m.HTML))
					}
				})
			}
		}
	}
}

// filled is a notice with 500 calls, 30 callers, places and causes, and that
// figure and text wherever there is one.
func filled(n toll.Notice, figure int64, text string) toll.Notice {
	i := &n.Incident
	i.Calls, i.From, i.To, i.Causes = nil, nil, nil, nil
	for range 500 {
		i.Calls = append(i.Calls, toll.IncidentCall{
			Lease: text, Number: text, Country: text, Cost: toll.Money(figure), Talked: time.Duration(figure), Began: time.Unix(0, figure),
		})
	}
	for range 30 {
		tally := toll.Tally{Name: text, Kind: text, Place: text, Text: text, Count: figure}
		i.From, i.To, i.Causes = append(i.From, tally), append(i.To, tally), append(i.Causes, tally)
	}
	i.Text, i.Caller, i.PBX, i.ID = text, text, text, text
	i.Cut, i.Refused, i.Bypassed, i.Cost = figure, figure, figure, toll.Money(figure)
	i.Opened, i.Newest = time.Time{}, time.Unix(math.MaxInt32*100, 0)
	n.Tries = math.MaxInt
	return n
}
