package toll

import (
	"slices"
	"testing"
	"time"
)

func TestFirstsOfALease(t *testing.T) {
	at := time.Date(2026, 3, 7, 0, 30, 0, 0, time.UTC)
	l := Lease{
		State: Granted, Key: Key{PBX: "pbx1"}, Caller: Caller{Kind: Extension, ID: "1001", Group: "sales"},
		To: Destination{Country: "GB", Class: IntlFixed}, Granted: at, New: "caller,group,trunk",
	}
	want := []Called{ // no trunk is known yet
		{Scope: PerCaller, Subject: "1001", Country: "GB", First: at},
		{Scope: PerGroup, Subject: "sales", Country: "GB", First: at},
	}
	if got := l.Firsts(); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	l.Trunk = "carrier"
	if got := l.Firsts(); len(got) != 3 || got[2] != (Called{Scope: PerTrunk, Subject: "carrier", Country: "GB", First: at}) {
		t.Errorf("by a trunk: %+v", got)
	}
	for name, change := range map[string]func(*Lease){
		"refused": func(l *Lease) { l.State = Refused },
		"not new": func(l *Lease) { l.New = "" },
	} {
		other := l
		change(&other)
		if got := other.Firsts(); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
