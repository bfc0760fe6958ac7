//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// hairpin is a dialplan that sends strangers' calls out again and asks nobody.
const hairpin = `
[from-carrier]
exten => _X.,1,Dial(PJSIP/${EXTEN}@carrier2,60)
#include extensions_tollfuse.conf
`

// Line breaks in the caller's number, which spoil the events and the pictures
// of his call, do not hide that it goes round the dialplan.
func TestBypassOfHostileCallerIsCut(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", hairpin)
		l.Reload(t)
		carrier, second := l.Carrier(t), l.SecondCarrier(t)
		for i, from := range []string{"030123", "1%0D%0AUniqueid%3A%20x", "1%0D%0A%0D%0A", "1%0D%0A%0D%0AEvent%3A%20Hangup%0D%0AUniqueid%3A%20x%0D%0A%0D%0A"} {
			carrier.Dial(sierraLeone, from)
			trunk := second.WaitCalls(t, i+1, 10*time.Second)[i]
			began := trunk.Outcome().Begun
			o := trunk.WaitEnded(t, 10*time.Second)
			t.Logf("measured: from %q: cut %v after the INVITE", from, o.Ended.Sub(began))
		}
	})
}
