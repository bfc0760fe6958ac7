//go:build e2e

package e2e

import (
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mailInjections are texts that would be another header, another mail, another recipient or another page, if they
// came into a mail as they are.
var mailInjections = []string{
	"1\r\nBcc: evil@evil.test\r\nX-Evil: yes\r\n\r\nevil",
	"1\nBcc: evil@evil.test\n\nevil",
	"1\rBcc: evil@evil.test\r\revil",
	"1\r\n.\r\nMAIL FROM:<evil@evil.test>\r\nRCPT TO:<evil@evil.test>\r\nDATA\r\nevil",
	"1=?utf-8?q?=0D=0ABcc:_evil=40evil.test?=",
	"1\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>evil",
	"1<script>alert('evil')</script>",
	"1</td></table><img src=http://evil.test/>",
	"1\" onmouseover=\"alert('evil')",
	"1{{.Incident.ID}}evil",
	"1\u202e211\u2066evil",
	"1\x1b[2Jevil\x00",
	"1\xff\xfe\xc3\x28evil",
	"1" + strings.Repeat("evil", 500),
}

// knownHeaders are those that a mail of ours may have, as it is delivered.
var knownHeaders = append([]string{"In-Reply-To", "References", "Importance", "X-Priority", "Priority", "X-Msmail-Priority", "User-Agent", "X-Mailer", "X-Auto-Response-Suppress"}, once...)

// harmless shows that nothing hostile has become a part of the mail's own making.
func harmless(t *testing.T, m Mail) {
	t.Helper()
	for name := range m.Header {
		if !slices.Contains(knownHeaders, name) {
			t.Errorf("header %s: %q", name, m.Header[name])
		}
	}
	for name, want := range map[string]string{"From": senderAddress, "To": ownerAddress} {
		list, err := mail.ParseAddressList(m.Header.Get(name))
		if err != nil || len(list) != 1 || list[0].Address != want {
			t.Errorf("%s: %q (%v)", name, m.Header.Get(name), err)
		}
	}
	if m.From != senderAddress || m.To != ownerAddress {
		t.Errorf("the envelope is from %q to %q", m.From, m.To)
	}
	strange := func(r rune) bool {
		return unicode.Is(unicode.Cc, r) && r != '\n' && r != '\r' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar
	}
	for what, text := range map[string]string{"subject": m.Subject, "text": m.Text, "HTML": m.HTML} {
		if i := strings.IndexFunc(text, strange); i >= 0 {
			t.Errorf("the %s has a character that is not shown as such, at %q", what, text[i:min(i+20, len(text))])
		}
	}
	if strings.ContainsAny(m.Subject, "\r\n") || len(m.Subject) > 200 {
		t.Errorf("the subject %q", m.Subject)
	}
	for _, part := range []string{"<script", "<img", "onmouseover=\""} {
		if strings.Contains(strings.ToLower(m.HTML), part) {
			t.Errorf("the HTML has %s", part)
		}
	}
	for what, text := range map[string]string{"subject": m.Subject, "text": m.Text, "HTML": m.HTML} {
		if strings.Contains(text, "evil") {
			t.Errorf("what a caller wrote is in the %s:\n%s", what, text)
		}
	}
	for line := range strings.Lines(m.Text) {
		if len([]rune(line)) > 300 {
			t.Errorf("a line of %d characters in the text", len([]rune(line)))
		}
	}
}

// What callers write into names and numbers changes nothing in the mails about them: neither headers nor recipients
// nor parts. It does not even come into them, and what the owner himself wrote does as text.
func TestMailOfHostileCallers(t *testing.T) {
	t.Parallel()
	forEachVersionMailing(t, DaemonOptions{Change: cutBypasses}, func(t *testing.T, l *Lab, d *Daemon, s *SMTPD) {
		l.WriteConfig(t, "extensions.conf", takesAnything+unguardedContext)
		l.Reload(t)
		l.trustCallerID(t, "1001")
		l.trustCallerID(t, "1004")
		carrier, phone, unguarded := l.Carrier(t), l.Phone(t, "1001"), l.Phone(t, "1004")
		for _, reason := range []string{"a\r\nBcc: wicked@wicked.test", "a\u202eb", "a\x00b"} {
			lock := toll.Lock{Scope: toll.PerCaller, Subject: "1001", Reason: reason}
			if _, err := d.Admin.Change(t.Context(), toll.Setting{Lock: &lock}); err == nil {
				t.Errorf("a lock has the reason %q", reason)
			}
		}
		d.Set(t, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001", Reason: wickedReason}})
		dialsHostile(t, carrier, phone, unguarded)
		d.WaitLive(t, 0, 10*time.Second)
		for _, caller := range []string{"extension:1001", "trunk:carrier"} {
			if n := len(d.DecisionLines(t, "refused", "caller="+caller)); n < len(mailInjections)/2 {
				t.Errorf("only %d calls of %s were heard", n, caller)
			}
		}
		if d.Logged(t, "cannot be Asterisk's own") == 0 || len(d.DecisionLines(t, "adopted", "caller=extension:1004")) < 2 {
			t.Error("nothing hostile has come as far as the daemon, so nothing was tried")
		}

		var incidents []toll.Incident
		Eventually(t, quietTime+15*time.Second, "the attacks of three callers are over", func() bool {
			incidents = d.Incidents(t, toll.Attack)
			callers := map[string]bool{}
			for _, i := range incidents {
				callers[i.Caller] = !i.Open()
			}
			return callers["1001"] && callers["1004"] && callers["carrier"]
		})
		mails := d.WaitTold(t, s, 10*time.Second, incidents)
		reason := false
		for _, m := range mails {
			harmless(t, m)
			reason = reason || m.Says("Bcc: wicked@wicked.test")
		}
		if !reason {
			t.Errorf("the reason of the lock is in no mail: %q", subjects(mails))
		}
		t.Logf("%d mails about %d incidents: %q", len(mails), len(incidents), subjects(mails))
	})
}

// wickedReason is what somebody with access to the command line could write.
const wickedReason = "Bcc: wicked@wicked.test <script>alert('wicked')</script> {{.}} =?utf-8?q?=0D=0ABcc:_wicked=40wicked.test?="

// dialsHostile puts hostile texts into whatever a caller can write.
func dialsHostile(t *testing.T, carrier *Carrier, phone, unguarded *Phone) {
	t.Helper()
	// A line break in a name would end its header, but not one with a space after it (RFC 3261, section 7.3.1).
	fold := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r\n", "\r\n ", "\n", "\r\n ", "\r", "\r\n ")
	var calls []*Call
	for _, text := range mailInjections {
		name, user := fold.Replace(text), escape(text)
		calls = append(calls,
			phone.Dial(user), phone.DialWith(satellite, Dialling{Display: name}),
			carrier.dial("", "", satellite, Dialling{Display: name, User: "1"}),
			carrier.dial("", "", satellite, Dialling{User: user}),
			unguarded.Dial(user), unguarded.DialWith(sierraLeone, Dialling{Display: name}))
	}
	late := time.After(5 * time.Second)
	for _, c := range calls {
		select {
		case <-either(c):
			c.Hangup()
		case <-late: // Asterisk drops what is no SIP
			return
		}
	}
}

// unguardedContext is that of the lab, which takesAnything has not.
const unguardedContext = `
[unguarded]
exten => _X.,1,Dial(PJSIP/${EXTEN}@carrier,60)
`
