package calls

import (
	"fmt"
	"testing"
)

// BenchmarkApply is a call of two channels, from the beginning to the end, beside
// a thousand that are talking.
func BenchmarkApply(b *testing.B) {
	m := New(0)
	for i := range 1000 {
		m.Apply(start, Event{Kind: ChannelNew, Channel: named(fmt.Sprintf("talking-%d", i), "PJSIP/1001-00000001", Up)})
	}
	b.ReportAllocs()
	for i := range b.N {
		phone := named(fmt.Sprintf("a-%d", i), "PJSIP/1001-00000001", Ring)
		leg := named(fmt.Sprintf("b-%d", i), "PJSIP/carrier-00000002", Down)
		up := leg
		up.State = Up
		for _, e := range []Event{
			{Kind: ChannelNew, Channel: phone},
			{Kind: ChannelNew, Channel: leg},
			{Kind: DialBegun, Channel: phone, Dest: leg, DialString: "0023222123456@carrier"},
			{Kind: ChannelState, Channel: up},
			{Kind: Bridged, Channel: up, Bridge: "x"},
			{Kind: Unbridged, Channel: up, Bridge: "x"},
			{Kind: Hungup, Channel: phone, Cause: 16},
			{Kind: Hungup, Channel: up, Cause: 16},
		} {
			m.Apply(start, e)
		}
	}
}
