package pbxsim

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/agi"
)

const (
	dialable = "0123456789*#+"
	// nameable is what the snippet lets through of a channel name or an account code.
	nameable = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/@_.:+*#-;"
)

// gosub plays Gosub(tollfuse,s,1) on the channel, and tells what stands in its variables afterwards.
func (l *Live) gosub(c *channel, number string) Verdict {
	if !l.lock() {
		return Verdict{}
	}
	for _, preset := range [][2]string{
		{"TOLLFUSE_VERDICT", "deny"}, {"TOLLFUSE_DIAL", ""}, {"TOLLFUSE_SECONDS", "1"}, {"TOLLFUSE_REASON", "bad_number"},
		{"TOLLFUSE_CAUSE", "28"}, {"TOLLFUSE_NUMBER", ""}, {"_TOLLFUSE_LEASE", ""},
	} {
		c.set(preset[0], preset[1])
	}
	began := time.Now()
	asked, ask := l.pbx.options.Dialplan.classify(c, number)
	address := l.pbx.agi
	request := l.request(c, asked, address)
	l.unlock()
	reached := ask && address != "" && l.ask(c, address, request)

	l.pbx.mu.Lock()
	defer l.unlock()
	seconds, _ := strconv.Atoi(value(c, "TOLLFUSE_SECONDS"))
	cause, _ := strconv.Atoi(value(c, "TOLLFUSE_CAUSE"))
	return Verdict{
		Asker: c.uniqueid, Allow: value(c, "TOLLFUSE_VERDICT") == "allow", Reason: value(c, "TOLLFUSE_REASON"),
		Lease: value(c, "TOLLFUSE_LEASE"), Number: value(c, "TOLLFUSE_NUMBER"),
		Seconds: seconds, Cause: cmp.Or(cause, causeRejected), Asked: reached, Took: time.Since(began),
	}
}

func value(c *channel, name string) string { return c.variables[name].value }

// noNumber is in front of what is left of a string that is no number.
const noNumber = "?"

// classify sets what holds without the daemon, and tells what to ask it, and whether.
func (d Dialplan) classify(c *channel, number string) (asked string, ask bool) {
	if clean := filter(number, dialable); number == "" || len(number) > d.MaxDialled || clean != number {
		return noNumber + clean[:min(len(clean), d.MaxDialled)], true
	}
	c.set("TOLLFUSE_DIAL", number)
	c.set("TOLLFUSE_CAUSE", "21")
	switch {
	case slices.Contains(d.Emergency, number):
		c.set("TOLLFUSE_VERDICT", "allow")
		c.set("TOLLFUSE_SECONDS", strconv.Itoa(emergencySeconds))
		c.set("TOLLFUSE_REASON", "emergency")
		c.set("_TOLLFUSE_LEASE", "emergency")
		return number, false
	case d.Home(number):
		c.set("TOLLFUSE_VERDICT", "allow")
		c.set("TOLLFUSE_SECONDS", strconv.Itoa(int(d.MaxHome/time.Second)))
		c.set("TOLLFUSE_REASON", "fail_open")
		c.set("_TOLLFUSE_LEASE", "failopen")
	default:
		c.set("TOLLFUSE_REASON", "fail_closed")
	}
	return number, true
}

// request is what Asterisk sends first. The PBX is locked.
func (l *Live) request(c *channel, number, address string) *agi.Request {
	f := c.facts
	args := []string{"pbx=" + l.pbx.options.Name, "number=" + number}
	for _, fact := range [][2]string{
		{"trunk", l.Call.Trunk}, {"blind", f.blind}, {"attended", f.attended}, {"forward", f.forwarder},
		{"transfer", f.transferer}, {"account", c.account},
	} {
		clean := filter(fact[1], nameable)
		if clean != fact[1] {
			clean = "unreadable"
		}
		args = append(args, fact[0]+"="+clean)
	}
	return &agi.Request{
		URL: "agi://" + address + "/authorize", NetworkScript: "authorize",
		Channel: c.name, Language: "en", Type: c.tech(), Uniqueid: c.uniqueid, Version: asteriskVersion,
		CallerID: cmp.Or(c.caller.number, "unknown"), CallerIDName: cmp.Or(c.caller.name, "unknown"),
		DNID: cmp.Or(c.dnid, "unknown"), RDNIS: cmp.Or(c.rdnis, "unknown"),
		Context: "tollfuse", Extension: "s", Priority: "2", Enhanced: "0.0", AccountCode: c.account, ThreadID: "1",
		Args: append(args, "end=1"),
		Variables: []agi.Variable{
			{Name: "agi_callingpres", Value: "0"}, {Name: "agi_callingani2", Value: "0"},
			{Name: "agi_callington", Value: "0"}, {Name: "agi_callingtns", Value: "0"},
		},
	}
}

// ask plays AGI() on the channel; false if the server cannot be reached. As in Asterisk, a channel that is
// hung up meanwhile says HANGUP, and stays until the server closes.
func (l *Live) ask(c *channel, address string, request *agi.Request) bool {
	dialer := net.Dialer{Timeout: agiConnectTimeout, KeepAlive: -1}
	conn, err := dialer.DialContext(l.life.ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer conn.Close()
	caller := agi.NewCaller(conn)
	var saying sync.WaitGroup
	l.pbx.mu.Lock()
	over := l.over
	c.app, c.data = "AGI", request.URL
	l.asks = func() { saying.Go(func() { _ = caller.Hangup() }) } // the server may not be reading
	l.pbx.mu.Unlock()
	if over {
		return true
	}
	_ = caller.Call(l.life.ctx, request, func(words []string) string { return l.respond(c, words) })
	_ = conn.Close()
	l.pbx.mu.Lock()
	l.asks = nil
	l.pbx.mu.Unlock()
	saying.Wait()
	return true
}

// respond carries out one AGI command, as far as the snippet's server uses it.
func (l *Live) respond(c *channel, words []string) string {
	l.pbx.mu.Lock()
	defer l.pbx.mu.Unlock()
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch name := strings.ToUpper(word(0)); {
	case name == "EXEC" && l.over:
		return "511 Command Not Permitted on a dead channel or intercept routine"
	case name == "EXEC" && (strings.EqualFold(word(1), "MSet") || strings.EqualFold(word(1), "Set")):
		for pair := range strings.SplitSeq(word(2), ",") {
			if name, value, found := strings.Cut(pair, "="); found {
				c.set(name, value)
			}
		}
		return "200 result=0"
	case name == "EXEC":
		return "200 result=-2"
	case name == "SET" && strings.EqualFold(word(1), "VARIABLE"):
		c.set(word(2), word(3))
		return "200 result=1"
	case name == "GET" && strings.EqualFold(word(1), "VARIABLE"):
		if value, ok := c.get(word(2)); ok {
			return "200 result=1 (" + value + ")"
		}
		return "200 result=0"
	case name == "NOOP":
		return "200 result=0"
	case name == "VERBOSE":
		return "200 result=1"
	}
	return "510 Invalid or unknown command"
}
