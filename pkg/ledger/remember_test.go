package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// What a ledger that runs is told of the past is new to nobody from then on.
func TestRememberInARunningLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop := open(t, &shelf{})
		defer stop()
		var all []toll.Called
		for range rememberStep { // the last one goes in a second piece
			all = append(all, toll.Called{Scope: toll.PerSite, Country: "GB", First: time.Now()})
		}
		all = append(all, toll.Called{Scope: toll.PerCaller, Subject: "1001", Country: "GB", First: time.Now()})
		if err := l.Remember(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		v, err := decide(t, l, to("GB", id(1), "1001"))
		if err != nil || v.Lease.New != "pbx,trunk" {
			t.Errorf("new to %q, %v", v.Lease.New, err)
		}
		v, err = decide(t, l, to("GB", id(2), "1002"))
		if err != nil || v.Lease.New != "caller" {
			t.Errorf("to the next caller new to %q, %v", v.Lease.New, err)
		}
	})
}
