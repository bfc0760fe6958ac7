package meter

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// tally keeps the figures of one meter. What a call's thing is, such as its country,
// matters only where different things are counted.
type tally interface {
	count(subject, thing string, at time.Time, v int64)
	hold(subject string, delta int64)
	usage(subject, thing string, now time.Time) toll.Usage
	Len() int
	blank() tally
	absorb(later tally) bool
}

func (c *Counter) count(subject, _ string, at time.Time, v int64) { c.Add(subject, at, v) }
func (c *Counter) hold(subject string, delta int64)               { c.Hold(subject, delta) }

func (c *Counter) usage(subject, _ string, now time.Time) toll.Usage {
	value, held := c.Read(subject, now)
	return toll.Usage{Value: value, Held: held}
}

func (d *Distinct) count(subject, thing string, at time.Time, v int64) {
	d.Add(subject, thing, at, v)
}

// hold has nothing to do: a live call holds no thing that its grant has not counted.
func (d *Distinct) hold(string, int64) {}

func (d *Distinct) usage(subject, thing string, now time.Time) toll.Usage {
	value, again := d.Read(subject, thing, now)
	return toll.Usage{Value: value, Again: again}
}
