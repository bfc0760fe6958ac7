package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A chart is drawn with widths in percent and heights in pixels, so that it fills any
// screen while its letters keep their size.
const (
	plotTop    = 16.0  // pixels: the highest line
	plotBottom = 166.0 // where zero is
	leastShown = 2.0   // pixels of a part that is not nothing
	gap        = 0.22  // of a column's room that is left free
)

// share is how much of a bar is of one kind: through, pin, cut, refused, spent or
// saved.
type share struct {
	kind  string
	value float64
}

// measure is what a chart shows of a group.
type measure struct {
	shares func(g *backtest.Group) []share // from the axis on
	write  func(v float64) string          // for a line across
	say    func(g *backtest.Group) string
}

// calls measures calls by what would have become of them.
func calls() measure {
	return measure{
		shares: func(g *backtest.Group) []share {
			through := max(g.Calls-g.Refused-g.Cut-g.PIN, 0)
			return []share{{"through", float64(through)}, {"pin", float64(g.PIN)}, {"cut", float64(g.Cut)}, {"refused", float64(g.Refused)}}
		},
		write: func(v float64) string { return grouped(int64(v)) },
		say: func(g *backtest.Group) string {
			return strings.Join(append([]string{plural(g.Calls, "call")}, fates(g)...), ", ")
		},
	}
}

// stopped measures only those that did not just go through.
func stopped() measure {
	m := calls()
	all := m.shares
	m.shares = func(g *backtest.Group) []share { return all(g)[1:] }
	m.say = func(g *backtest.Group) string { return strings.Join(fates(g), ", ") }
	return m
}

// costs measures what calls cost, and how much of it would not have been spent.
func costs() measure {
	return measure{
		shares: func(g *backtest.Group) []share {
			return []share{{"spent", float64(max(g.Cost-g.Stopped, 0))}, {"saved", float64(g.Stopped)}}
		},
		write: func(v float64) string {
			if v < 10*float64(toll.Unit) && v > 0 {
				return amount(toll.Money(v))
			}
			return grouped(int64(v) / int64(toll.Unit))
		},
		say: func(g *backtest.Group) string {
			text := amount(g.Cost) + " for " + plural(g.Calls, "call")
			if g.Stopped > 0 {
				text += ", " + amount(g.Stopped) + " not spent"
			}
			return text
		},
	}
}

// fates are what would have become of calls that did not just go through.
func fates(g *backtest.Group) (all []string) {
	for _, fate := range []struct {
		n    int
		what string
	}{{g.Refused, "refused"}, {g.Cut, "cut"}, {g.PIN, "asked for a PIN"}} {
		if fate.n > 0 {
			all = append(all, grouped(fate.n)+" "+fate.what)
		}
	}
	return all
}

// chart is columns side by side, with lines across.
type chart struct {
	Columns []column
	Lines   []line
}

// column stands for a group.
type column struct {
	Label     string // below it; empty: none
	Middle    string // where the label stands, in percent
	Title     string // said when it is pointed at
	X, Width  string // in percent
	Room      string // the width with the gap
	RoomBegin string
	Parts     []part
}

// part is a piece of a bar: in pixels of a column, in percent of a row.
type part struct{ Kind, From, Size string }

// line goes across a chart.
type line struct{ Y, Label string }

// columns draws groups side by side; label says what stands below which.
func columns(groups []backtest.Group, m measure, label func(i, n int, name string) string, name func(string) string) chart {
	highest := 0.0
	for i := range groups {
		highest = max(highest, sum(m.shares(&groups[i])))
	}
	top, step := scale(highest)
	c := chart{}
	for v := 0.0; v <= top; v += step {
		c.Lines = append(c.Lines, line{number(plotBottom - v/top*(plotBottom-plotTop)), m.write(v)})
	}
	room := 100 / float64(max(len(groups), 1))
	for i := range groups {
		g := &groups[i]
		begin := room * float64(i)
		col := column{
			Label: label(i, len(groups), g.Name), Middle: number(begin + room/2), Title: name(g.Name) + ": " + m.say(g),
			X: number(begin + room*gap/2), Width: number(room * (1 - gap)), Room: number(room), RoomBegin: number(begin),
		}
		y := plotBottom
		for _, s := range m.shares(g) {
			if s.value <= 0 {
				continue
			}
			height := max(s.value/top*(plotBottom-plotTop), leastShown)
			y -= height
			col.Parts = append(col.Parts, part{s.kind, number(y), number(height)})
		}
		c.Columns = append(c.Columns, col)
	}
	return c
}

// bar lies, and stands for a group.
type bar struct {
	Group backtest.Group
	Title string
	Parts []part
}

// bars are the first groups one below the other.
type bars struct {
	Bars []bar
	More int
}

// rows draws groups one below the other; the longest bar is as long as there is room.
func rows(groups []backtest.Group, m measure) bars {
	shown := groups[:min(len(groups), mostBars)]
	longest := 0.0
	for i := range shown {
		longest = max(longest, sum(m.shares(&shown[i])))
	}
	b := bars{More: len(groups) - len(shown)}
	for i := range shown {
		g := &shown[i]
		one := bar{Group: *g, Title: m.say(g)}
		x := 0.0
		for _, s := range m.shares(g) {
			if s.value <= 0 || longest <= 0 {
				continue
			}
			width := s.value / longest * 100
			one.Parts = append(one.Parts, part{s.kind, number(x), number(max(width, 0.5))})
			x += width
		}
		b.Bars = append(b.Bars, one)
	}
	return b
}

func sum(shares []share) (all float64) {
	for _, s := range shares {
		all += s.value
	}
	return all
}

// scale is where an axis ends that shows values up to the highest, and how far its
// lines are apart: 1, 2 or 5 of a power of ten, so that there are three to six.
func scale(highest float64) (top, step float64) {
	if highest <= 0 {
		return 1, 1
	}
	power := math.Pow(10, math.Floor(math.Log10(highest/3)))
	step = power
	for _, n := range []float64{2, 5, 10} {
		if highest/step > 5 {
			step = power * n
		}
	}
	step = max(step, 1) // of calls there are no halves, of money no parts of a millionth
	return math.Ceil(highest/step) * step, step
}

// number writes a length for SVG.
func number(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }
