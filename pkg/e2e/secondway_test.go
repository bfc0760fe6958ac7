//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// secondWay gives the daemon another way to hang up on a lab, and a link to the
// manager interface that can be cut.
func secondWay(proxies map[string]*Proxy, way func(t *testing.T, l *Lab, a *config.Asterisk)) func(*testing.T, *Lab) DaemonOptions {
	return func(t *testing.T, l *Lab) DaemonOptions {
		o := throughProxy(proxies, DaemonOptions{})(t, l)
		o.Change = func(c *config.Config) { way(t, l, &c.Asterisk[0]) }
		return o
	}
}

func byARI(t *testing.T, l *Lab, a *config.Asterisk) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(AMISecret), 0o600); err != nil {
		t.Fatal(err)
	}
	a.ARI = config.ARI{URL: fmt.Sprintf("http://127.0.0.1:%d/ari", l.HTTP), User: AMIUser, PasswordFile: password}
}

func byConsole(t *testing.T, l *Lab, a *config.Asterisk) {
	lab, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	a.Console = []string{lab, "cli", l.Suite, l.Name}
}

// The link to the manager interface is away. A caller is locked, and his call ends
// all the same, at once; ARI proves it, so that the lease is settled as well.
func TestLockWhileTheLinkIsAway(t *testing.T) {
	for name, way := range map[string]func(*testing.T, *Lab, *config.Asterisk){"ARI": byARI, "console": byConsole} {
		t.Run(name, func(t *testing.T) {
			proxies := map[string]*Proxy{}
			forEachVersionWith(t, secondWay(proxies, way), func(t *testing.T, l *Lab, d *Daemon) {
				carrier := l.Carrier(t)
				shut, other := l.Phone(t, "1001").Dial(london), l.Phone(t, "1002").Dial(berlin)
				shut.WaitAnswered(t, 5*time.Second)
				other.WaitAnswered(t, 5*time.Second)
				d.WaitLease(t, e164(london), "is answered", 5*time.Second, answered)
				proxies[l.Suite].Cut()
				d.Lock(t, "1001")
				locked := time.Now()
				o := trunkCall(t, carrier, london).WaitEnded(t, 5*time.Second)
				t.Logf("measured: ended at the carrier %v after the lock", o.Ended.Sub(locked).Round(time.Millisecond))
				if o.EndedBy != ByPBX {
					t.Errorf("it was ended by %v", o.EndedBy)
				}
				if name == "ARI" {
					d.WaitLive(t, 1, 10*time.Second)
				}
				other.StaysUp(t, time.Second)
				proxies[l.Suite].Restore()
				d.WaitLinked(t)
				d.WaitLive(t, 1, 10*time.Second)
				for _, e := range d.Replayed(t) {
					if e.Setting != nil && e.Setting.Fuse != nil {
						t.Error("the main fuse has blown")
					}
				}
			})
		})
	}
}
