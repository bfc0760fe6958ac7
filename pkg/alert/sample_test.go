package alert

import (
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// night is when the attack of these tests begins.
var night = time.Date(2026, 11, 21, 1, 14, 5, 0, time.UTC)

func berlin() Site {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return Site{Name: "pbx1.example.com", Currency: "EUR", Zone: zone}
}

// attack is what a night's attack leaves: 400 calls refused, 6 cut.
func attack() toll.Notice {
	who := toll.Caller{Kind: toll.Extension, ID: "1003"}
	i := toll.Incident{
		ID: "7-4k2", Kind: toll.Attack, PBX: "office", Caller: "1003",
		Opened: night, Newest: night.Add(17*time.Minute + 39*time.Second),
		Refused: 400, Cut: 6, Cost: 37_820_000, AtStake: 6_000_000_000,
		From: []toll.Tally{{Name: "extension:1003", Count: 406}},
		To: []toll.Tally{
			{Name: "+23222", Kind: "intl_fixed", Place: "SL", Count: 310},
			{Name: "+2209", Kind: "intl_mobile", Place: "GM", Count: 96},
		},
		Causes: []toll.Tally{
			{Name: "caller-abroad-cost", Kind: "limit", Count: 6, Text: "limit caller-abroad-cost: 40.00 of 40.00 EUR in 24h to abroad by 1003"},
			{Name: "caller=1003", Kind: "locked", Count: 400, Text: "the caller 1003 is locked by the limit caller-abroad-cost"},
		},
		Locks: []toll.Lock{{Scope: toll.PerCaller, Subject: "1003", Since: night.Add(9 * time.Minute), Author: "limit caller-abroad-cost", Reason: "40.00 of 40.00 EUR in 24h"}},
	}
	for n := range 6 {
		began := night.Add(time.Duration(n) * 13 * time.Second)
		i.Calls = append(i.Calls, toll.IncidentCall{
			Lease: fmt.Sprintf("7-%d", n), Caller: who, Number: fmt.Sprintf("+232221234%02d", n*7), Country: "SL", Class: toll.IntlFixed,
			Began: began, Cut: toll.ReasonLimit, By: "caller-abroad-cost",
			Ended: night.Add(9 * time.Minute), Talked: night.Add(9 * time.Minute).Sub(began), Cost: 6_303_334,
		})
	}
	return toll.Notice{ID: "7-4k3", Kind: toll.NoticeOpened, At: night.Add(18 * time.Minute), Incident: i}
}
