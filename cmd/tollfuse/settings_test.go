package main

import (
	"testing"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A call that a lock ends is gone within milliseconds, mostly before anybody
// can ask what has become of it.
func TestCountCut(t *testing.T) {
	lease := func(id, caller string, class toll.Class, cut toll.Reason, by string) toll.Lease {
		l := toll.Lease{ID: id, Caller: toll.Caller{Kind: toll.Extension, ID: caller}, Cut: cut, By: by}
		l.To.Class = class
		return l
	}
	fixed, emergency := toll.IntlFixed, toll.Emergency
	before := []toll.Lease{
		lease("stays", "1001", fixed, "", ""),
		lease("goes", "1001", fixed, "", ""),
		lease("goes too", "1001", fixed, "", ""),
		lease("was ending already", "1001", fixed, toll.ReasonSpent, ""),
		lease("emergency that ends by itself", "1001", emergency, "", ""),
		lease("emergency", "1001", emergency, "", ""),
		lease("another that ends by itself", "1002", fixed, "", ""),
		lease("another", "1002", fixed, "", ""),
		lease("another lock's", "1002", fixed, toll.ReasonLocked, "caller=1002"),
	}
	after := []toll.Lease{
		lease("stays", "1001", fixed, toll.ReasonLocked, "caller=1001"), before[5], before[7], before[8],
	}
	if n := countCut(toll.Lock{Scope: toll.PerCaller, Subject: "1001"}, before, after); n != 3 {
		t.Errorf("%d calls end, want 3", n)
	}
}
