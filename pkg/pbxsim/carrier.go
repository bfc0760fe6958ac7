package pbxsim

import "time"

// Tariff is the price of a minute to a number, as the carrier is sent it, in millionths of a currency.
type Tariff func(number string) int64

// Charge is one line of the carrier's bill: a leg that was answered.
type Charge struct {
	Leg       string // Uniqueid
	Number    string
	Answered  time.Time
	Seconds   int64 // started ones
	PerMinute int64
	Amount    int64 // millionths, rounded up
}

// Bill is what the carrier charges, in the order in which calls ended.
type Bill []Charge

// Total is the sum of all charges, in millionths.
func (b Bill) Total() int64 {
	var sum int64
	for _, c := range b {
		sum += c.Amount
	}
	return sum
}

// Seconds is the sum of all billed seconds.
func (b Bill) Seconds() int64 {
	var sum int64
	for _, c := range b {
		sum += c.Seconds
	}
	return sum
}

// charge rates one answered call: every started second at a sixtieth of the minute's price.
func (t Tariff) charge(number string, talk time.Duration) Charge {
	seconds := int64((max(talk, 0) + time.Second - 1) / time.Second)
	perMinute := t(number)
	return Charge{Number: number, Seconds: seconds, PerMinute: perMinute, Amount: (seconds*perMinute + 59) / 60}
}

// Unchecked is the bill for the same calls on a PBX that asks nobody: each is dialled as it is, and lasts as
// long as the caller wants. Calls without an end are left out, since their bill has none either.
func (t Tariff) Unchecked(calls []Call) Bill {
	var b Bill
	for _, c := range calls {
		if c.Reject == 0 && c.Ring >= 0 && c.Talk > 0 {
			b = append(b, t.charge(c.Number, c.Talk))
		}
	}
	return b
}
