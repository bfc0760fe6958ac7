//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A number can be written as many URIs. What Asterisk makes of one is asked about and sent as it is, or the
// call is refused, or not heard at all; nothing else of it reaches the carrier.
func TestURIs(t *testing.T) {
	const number, e164 = "00442079460958", "+442079460958"
	// What the carrier gets of each; "" is nothing. @ is the PBX.
	sent := map[string]string{
		"sip:" + number + "@": number, "SIP:" + number + "@": number, "sip:%30%30442079460958@": number, "sip:%2B442079460958@": e164,
		"sip:" + number + "@;user=phone": number, "sip:" + number + "@?Replaces=x": number,
		"sip:" + number + ":pw@":       number, // a password, which Asterisk ignores
		"sip:" + number + "%00@":       number, // it reads up to the zero
		"sip:" + number + "@127.0.2.1": number, // whatever host it is meant for
		"tel:" + e164:                  e164, "tel:" + number: number,
		"tel:030123456;phone-context=+4420": "030123456", // Asterisk takes no notice of the context, nor does the carrier
		"tel:+44-20-7946-0958":              "", "sip:+44-20-7946-0958@": "",
		"sip:" + number + ";phone-context=+1@": "", "sip:" + e164 + ";isub=1;postd=pp22@": "",
		"sips:" + number + "@": "", "sip:sip:" + number + "@": "", "sip:tel:" + e164 + "@": "", "sip:+@": "", "sip:%2B@": "",
	}
	// What is no SIP, above all digits of other scripts that are not escaped.
	unheard := []string{
		"sip:@", "sip:００４４２０７９４６０９５８@", "sip:٠٠٤٤٢٠٧٩٤٦٠٩٥٨@", "sip:0０442079460958@", "sip:١١٢@", "sip:\xff\xfe112@", "sip:112\t@",
		"sip:" + number + " @", "sip:" + number + "\x00@", "sip:" + number + "\n@", "sip:" + number + "@carrier@", "http:" + number + "@", "<sip:" + number + "@>",
	}
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", takesAnything)
		l.Reload(t)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		carrier.Always(Answer{Status: 486})
		dial := func(uri string) *Call {
			user, rest, _ := strings.Cut(uri, "@")
			if !strings.HasPrefix(uri, "tel:") && !strings.HasPrefix(rest, "127.") {
				rest = fmt.Sprintf("127.0.0.1:%d%s", l.SIP, rest)
			}
			if rest != "" {
				user += "@" + rest
			}
			return phone.DialWith("", Dialling{URI: user})
		}
		var want []string
		for uri, number := range sent {
			before := len(carrier.Calls())
			o := dial(uri).WaitEnded(t, 10*time.Second)
			if o.Status == 416 && strings.HasPrefix(uri, "tel:") && l.Suite == Asterisk16 {
				continue // it knows no such URIs
			}
			if got := strings.Join(carrier.Numbers()[before:], " and "); got != number {
				t.Errorf("%q: the carrier got %q, want %q", uri, got, number)
			}
			if number != "" {
				want = append(want, number)
			}
		}
		var strange []*Call
		for _, uri := range unheard {
			strange = append(strange, dial(uri))
		}
		carrier.Always(Answer{})
		stillServes(t, carrier, phone, london)
		for i, call := range strange {
			if o := call.Outcome(); o.Status == 200 {
				t.Errorf("%q: %+v", unheard[i], o)
			}
		}
		if got := carrier.Numbers(); !slices.Equal(got, append(want, london)) {
			t.Errorf("the carrier got %q, want %q", got, append(want, london))
		}
		d.WaitLive(t, 0, 5*time.Second)
		for _, one := range d.asked(t) {
			if one.word == "allowed" && one.number != e164 && one.number != "+442079460000" && one.number != "+4930123456" {
				t.Errorf("allowed: %+v", one)
			}
		}
	})
}
