package demo

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// fast is how much faster than real life the demo is: a second stands for five minutes.
const fast = 300

// extensions is the size of the firm.
const extensions = 12

// The AMI user of the simulated Asterisk.
const (
	pbxName  = "office"
	amiUser  = "tollfuse"
	amiWord  = "demo"
	carrier  = "carrier"
	stolen   = "1007" // whose password the attacker has
	diverted = "1009" // on which he has set a call forward
)

// siteConfig is what a firm of twelve in the United States would write, with the prices of fast motion.
// Lengths of calls are shortened by the same factor, as far as whole seconds allow.
func siteConfig(dir, ami string) config.Config {
	c := config.Default()
	c.Site = config.Site{Country: "US", Countries: []string{"CA", "GB"}, Timezone: "Local", Currency: "USD", Size: extensions}
	c.Ledger.Path = filepath.Join(dir, "ledger.db")
	c.Control.Socket = filepath.Join(dir, "control.sock")
	c.Log.Decisions = filepath.Join(dir, "decisions")
	c.FastAGI.Listen = "127.0.0.1:0"
	c.Bypass = config.BypassCut
	c.Asterisk = []config.Asterisk{{
		Name: pbxName, AMI: config.AMI{Address: ami, User: amiUser, Secret: amiWord},
		Trunks: []config.Trunk{{Name: carrier}},
	}}
	mailIn(&c)
	p := &c.Prices
	for _, price := range []*toll.Money{&p.Home, &p.SharedCost, &p.Allowed, &p.Other, &p.Premium, &p.TollFree} {
		*price *= fast
	}
	c.Calls.Max, c.Calls.MaxHome = c.Calls.Max/fast, c.Calls.MaxHome/fast
	c.Calls.MinSlice = time.Second
	c.Calls.MaxSlice = 4 * time.Second // 20 minutes; a timer moves in whole seconds, so shorter ones leave gaps
	return c
}

// pbxOptions is the Asterisk of the firm, with the dialplan that "tollfuse init" writes for it.
func pbxOptions() pbxsim.Options {
	return pbxsim.Options{
		Name: pbxName, SystemName: pbxName, User: amiUser, Secret: amiWord, Tariff: tariff(),
		Dialplan: pbxsim.Dialplan{
			Emergency: []string{"911"}, MaxHome: 48 * time.Second,
			Home: func(n string) bool { return len(n) == 11 && strings.HasPrefix(n, "1") && !strings.HasPrefix(n, "1767") },
		},
	}
}

// tariff is the carrier's price list, in fast motion. It charges what the daemon assumes, so that the two can
// be compared to the cent.
func tariff() pbxsim.Tariff {
	prices := config.Default().Prices
	list := []struct {
		prefix string
		price  toll.Money
	}{
		{"911", 0}, {"1800", 0}, {"1888", 0},
		{"1767", prices.Other}, {"1416", prices.Allowed}, {"1", prices.Home},
		{"011449", prices.Premium}, {"01144", prices.Allowed},
		{"011881", prices.Premium}, {"011882", prices.Premium}, {"011870", prices.Premium},
		{"011", prices.Other},
	}
	return func(number string) int64 {
		for _, row := range list {
			if strings.HasPrefix(number, row.prefix) {
				return int64(row.price) * fast
			}
		}
		return 0
	}
}
