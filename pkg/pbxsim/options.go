package pbxsim

import (
	"strings"
	"time"
)

// Options say what Asterisk is simulated. Only User and Secret have no default.
type Options struct {
	Name       string // by which the snippet names this PBX to the daemon; default "pbx"
	SystemName string // of asterisk.conf: stands before each Uniqueid and in each event; may be empty
	Listen     string // address of the AMI; default 127.0.0.1:0
	User       string // of the AMI
	Secret     string
	AGI        string // host:port that is asked before a call; empty: nobody listens there

	Dialplan Dialplan
	Tariff   Tariff // of the carrier; default: nothing costs anything
}

// Dialplan is what the snippet was generated with.
type Dialplan struct {
	Emergency  []string                 // exact numbers as dialled; they go out without asking
	Home       func(number string) bool // whom the failure policy lets out; nil: nobody
	MaxHome    time.Duration            // how long; default 4 h
	MaxDialled int                      // characters; what is longer is refused; default 32
}

const (
	// emergencySeconds is the timer of an emergency call, a day.
	emergencySeconds = 86400
	// dialTimeout is how long Dial() lets a leg ring.
	dialTimeout = 60 * time.Second
	// agiConnectTimeout is Asterisk's own (res/res_agi.c).
	agiConnectTimeout = 2 * time.Second
	// timerLag is by how much Asterisk was seen to be late with a timer: 10 to 20 ms.
	timerLag = 15 * time.Millisecond
	// longestExtension is where Asterisk cuts what was dialled (AST_MAX_EXTENSION).
	longestExtension = 79
)

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = "pbx"
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Dialplan.MaxHome <= 0 {
		o.Dialplan.MaxHome = 4 * time.Hour
	}
	if o.Dialplan.MaxDialled <= 0 {
		o.Dialplan.MaxDialled = 32
	}
	if o.Dialplan.Home == nil {
		o.Dialplan.Home = func(string) bool { return false }
	}
	if o.Tariff == nil {
		o.Tariff = func(string) int64 { return 0 }
	}
	return o
}

// filter is FILTER() of the dialplan: what is left of s when everything but the allowed is taken away.
func filter(s, allowed string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(allowed, r) {
			return r
		}
		return -1
	}, s)
}
