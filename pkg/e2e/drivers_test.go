//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// drivers is a dialplan for phones and trunks of other channel drivers. It keeps in AstDB who has logged in at a
// hot desk, and which user a handset of a gateway is.
func drivers() string {
	const ask = `
 same => n,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(%s,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
`
	return `
[internal]
exten => 1015,1,Dial(SIP/1015,20)
exten => 2001,1,Dial(Local/` + inLondon(27) + `@internal/n,30)
exten => ` + inLondon(30) + `,1,Set(TOLLFUSE_TRUNK=IAX2/backup)` + fmt.Sprintf(ask, "IAX2/backup/${TOLLFUSE_DIAL}") + `
exten => ` + inLondon(31) + `,1,Set(TOLLFUSE_TRUNK=SIP/old)` + fmt.Sprintf(ask, "SIP/old/${TOLLFUSE_DIAL}") + `
exten => _0X.,1,Set(CHANNEL(accountcode)=${DB(hotdesk/${CUT(CHANNEL(name),-,1)})})` + fmt.Sprintf(ask, "PJSIP/${TOLLFUSE_DIAL}@carrier") + `
[iax-world]
exten => _X.,1,Dial(PJSIP/${EXTEN}@1021,60)
#include extensions_tollfuse.conf
`
}

// driverSite is what the configuration says of it.
func driverSite(c *config.Config) {
	a := &c.Asterisk[0]
	a.Trunks = append(a.Trunks, config.Trunk{Name: "IAX2/backup"}, config.Trunk{Name: "SIP/old"})
	a.Gateways, a.Accounts = []string{"1017", "1018"}, []string{"1016", "1018", "1020"}
	c.Numbering.Extensions = append(c.Numbering.Extensions, "2XXX")
}

// loadIAX2 gives an exchange a phone 1013 and a trunk by IAX2, both of which lead back to itself.
func loadIAX2(t *testing.T, l *Lab) {
	t.Helper()
	port := freePort(t)
	const end = "[%s]\ntype = user\nauth = md5\nsecret = %s\ncontext = %s\n[%s]\ntype = peer\nhost = 127.0.0.1\nport = %d\nusername = %s\nsecret = %s\nauth = md5\n"
	l.WriteConfig(t, "iax.conf", fmt.Sprintf("[general]\nbindport = %d\nbindaddr = 127.0.0.1\nrequirecalltoken = no\ntransfer = no\ndisallow = all\nallow = ulaw\n", port)+
		fmt.Sprintf(end, "1013", "pw1013", "internal", "phone", port, "1013", "pw1013")+
		fmt.Sprintf(end, "world", "pwworld", "iax-world", "backup", port, "world", "pwworld"))
	l.CLI(t, "module load chan_iax2.so")
}

// loadSIP gives an exchange the phones 1014 and 1015 and a trunk by chan_sip, and returns its port.
func loadSIP(t *testing.T, l *Lab) int {
	t.Helper()
	port := freePort(t)
	text := fmt.Sprintf("[general]\nudpbindaddr = 127.0.0.1:%d\ndirectmedia = no\ndisallow = all\nallow = ulaw\n", port)
	for _, p := range [][3]string{
		{"1014", l.phoneHost(t, "1014"), "internal"}, {"1015", l.phoneHost(t, "1015"), "internal"}, {"old", secondCarrierHost, "from-carrier"},
	} {
		text += fmt.Sprintf("[%s]\ntype = peer\nhost = %s\nport = %d\ncontext = %s\n", p[0], p[1], l.SIP, p[2])
	}
	l.WriteConfig(t, "sip.conf", text)
	l.CLI(t, "module load chan_sip.so")
	return port
}

// Calls by other drivers, by Local channels that stay, from hot desks and from users of a gateway are answered for as
// the table says. What a phone claims of itself in headers changes nothing.
func TestWhoAnswersByDriverAndAccount(t *testing.T) {
	forEachVersion(t, DaemonOptions{Change: driverSite}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", drivers())
		l.Reload(t)
		loadIAX2(t, l)
		for endpoint, account := range map[string]string{"1016": "4711", "1018": "4712", "1019": "4713", "1020": "no,name"} {
			l.CLI(t, fmt.Sprintf("database put hotdesk PJSIP/%s %s", endpoint, account))
		}
		forged := func(extension string, n int) func(*testing.T) {
			phone := l.Phone(t, extension)
			return func(*testing.T) {
				phone.DialWith(inLondon(n), Dialling{Headers: [][2]string{
					{"Diversion", "<sip:1008@127.0.0.1>"}, {"P-Asserted-Identity", "<sip:1008@127.0.0.1>"},
					{"Remote-Party-ID", "<sip:1008@127.0.0.1>"}, {"P-Charge-Info", "<sip:1008@127.0.0.1>"}, {"X-Account-Code", "1008"},
				}})
			}
		}
		first := l.Phone(t, "1001")
		carrier := l.Carrier(t)
		all := []way{
			{"a phone by IAX2", inLondon(20), "extension:1013", func(t *testing.T) { callFile(t, l, "IAX2/phone/"+inLondon(20)) }},
			{"a hot desk with somebody logged in", inLondon(21), "extension:4711", forged("1016", 21)},
			{"a gateway", inLondon(22), "gateway:1017", forged("1017", 22)},
			{"a user of a gateway", inLondon(23), "gateway:4712", forged("1018", 23)},
			{"a phone whose account the site does not name", inLondon(24), "extension:1019", forged("1019", 24)},
			{"a hot desk with an account that is none", inLondon(25), "extension:1020", forged("1020", 25)},
			{"follow-me by a Local channel that stays", inLondon(27), "forward:2001", func(*testing.T) { first.Dial("2001") }},
		}
		outside := []way{{"out by IAX2", inLondon(30), "extension:1003", nil}}
		iax, third := &Carrier{newAgent(t, l.phoneHost(t, "1021"), l.SIP, l.SIP)}, l.Phone(t, "1003")
		if l.Suite == Asterisk16 {
			all = append(all, bySIP(t, l, loadSIP(t, l))...)
		}
		for _, w := range all {
			w.begin(t)
			carrier.waitNumber(t, w.number)
		}
		answerFor(t, l, d, carrier, all)

		third.Dial(inLondon(30))
		iax.waitNumber(t, inLondon(30))
		if lease := d.WaitLease(t, e164(inLondon(30)), "is answered", 20*time.Second, answered); lease.Trunk != "IAX2/backup" {
			t.Errorf("by IAX2: %+v", lease)
		}
		answerFor(t, l, d, iax, outside)
	})
}

// bySIP are calls of phones that are known to chan_sip.
func bySIP(t *testing.T, l *Lab, port int) []way {
	t.Helper()
	phone := &Phone{newAgent(t, l.phoneHost(t, "1014"), l.SIP, port), "1014"}
	moved := &Phone{newAgent(t, l.phoneHost(t, "1015"), l.SIP, port), "1015"}
	moved.Always(Answer{Status: 302, Contact: fmt.Sprintf("sip:%s@127.0.0.1:%d", inLondon(29), port)})
	other := l.Phone(t, "1006")
	return []way{
		{"a phone by chan_sip", inLondon(28), "extension:1014", func(*testing.T) { phone.Dial(inLondon(28)) }},
		{"a phone by chan_sip answers with 302", inLondon(29), "forward:1015", func(*testing.T) { other.Dial("1015") }},
	}
}

// A trunk of chan_sip is guarded as one of PJSIP is.
func TestTrunkOfSIP(t *testing.T) {
	l, d := WithDaemon(t, Asterisk16, DaemonOptions{Change: driverSite})
	l.WriteConfig(t, "extensions.conf", drivers())
	l.Reload(t)
	port := loadSIP(t, l)
	carrier, phone := &Carrier{newAgent(t, secondCarrierHost, l.SIP, port)}, l.Phone(t, "1003")
	phone.Dial(inLondon(31))
	carrier.waitNumber(t, inLondon(31))
	if lease := d.WaitLease(t, e164(inLondon(31)), "is answered", 20*time.Second, answered); lease.Trunk != "SIP/old" {
		t.Errorf("by chan_sip: %+v", lease)
	}
	answerFor(t, l, d, carrier, []way{{"out by chan_sip", inLondon(31), "extension:1003", nil}})
}
