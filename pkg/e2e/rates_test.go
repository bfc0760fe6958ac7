//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// namesTheTrunk takes the generated example for the dialplan: it says by which trunk a call leaves, as prices
// depend on.
func namesTheTrunk(t *testing.T, l *Lab) {
	t.Helper()
	l.WriteConfig(t, "extensions.conf", l.ReadConfig(t, dialplan.ExampleFile))
	l.Reload(t)
}

// priceList writes rows for British numbers, and more of no interest, as a carrier's price list.
func priceList(t *testing.T, name, london string, more int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintf(w, "Prefix,Description,Price per minute,Connect fee,Minimum,Increment\n44,United Kingdom,0.10,0,0,1\n44207,London,%s\n", london)
	for i := range more {
		fmt.Fprintf(w, "7%07d,Row %d,0.2,0,0,1\n", i, i)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// imports makes a price list the deck of the trunk.
func (d *Daemon) imports(t *testing.T, list string) {
	t.Helper()
	began := time.Now()
	if out, code := d.Command(t, "rates", "import", list, "--trunk", "carrier"); code != 0 {
		t.Fatalf("rates import ends with %d: %s", code, out)
	}
	t.Logf("measured: %s is imported in %v", filepath.Base(list), time.Since(began))
}

// deck is the only deck in force.
func (d *Daemon) deck(t *testing.T) admin.DeckStanding {
	t.Helper()
	out, code := d.Command(t, "rates", "list", "--json")
	var decks []admin.DeckStanding
	if err := json.Unmarshal([]byte(out), &decks); err != nil || code != 0 || len(decks) != 1 {
		t.Fatalf("rates list ends with %d, %v: %s", code, err, out)
	}
	return decks[0]
}

// ledgerSize is how many bytes the ledger has on the disk.
func (d *Daemon) ledgerSize(t *testing.T) int64 {
	t.Helper()
	files, err := filepath.Glob(d.Config.Ledger.Path + "*")
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, name := range files {
		if info, err := os.Stat(name); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

// killedInImport kills the daemon when the first rows of an import are on the disk.
func (d *Daemon) killedInImport(t *testing.T, list string) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	size := d.ledgerSize(t)
	importing := exec.Command(path, "rates", "import", list, "--trunk", "carrier", "--config", filepath.Join(d.Dir, "tollfuse.yaml"))
	var said strings.Builder
	importing.Stdout, importing.Stderr = &said, &said
	if err := importing.Start(); err != nil {
		t.Fatal(err)
	}
	Eventually(t, 30*time.Second, "some rows are on the disk", func() bool { return d.ledgerSize(t) > size+2<<20 })
	d.Kill(t)
	if err := importing.Wait(); err == nil {
		t.Fatalf("the import was over before the daemon was killed: %s", said.String())
	}
	t.Logf("killed with %d KB written; the command says: %s", (d.ledgerSize(t)-size)>>10, strings.TrimSpace(said.String()))
}

// Calls are leased at the price of the deck that is in force when they begin, and keep it over another import, a
// kill -9 in the middle of a third, and to the end. What was half imported never counts.
func TestRateDeck(t *testing.T) {
	const rows = 200_000
	old := toll.Price{PerMinute: 600_000, Connect: 50_000, Minimum: 60 * time.Second, Increment: 30 * time.Second}
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		namesTheTrunk(t, l)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		leased := func(want toll.Price) (*Call, toll.Lease) {
			t.Helper()
			before := map[string]bool{}
			for _, lease := range d.Live(t) {
				before[lease.ID] = true
			}
			call := phone.Dial(london)
			call.WaitAnswered(t, 10*time.Second)
			d.WaitAnswered(t, len(before)+1)
			for _, lease := range d.Live(t) {
				if before[lease.ID] {
					continue
				}
				if lease.Price != want || lease.Reserved != want.Reserve(lease.Covered) || lease.Trunk != "carrier" {
					t.Errorf("leased at %+v, want %+v: %+v", lease.Price, want, lease)
				}
				return call, lease
			}
			t.Fatal("no lease")
			return nil, toll.Lease{}
		}
		hangUp := func(call *Call, lease toll.Lease) {
			t.Helper()
			call.Hangup()
			ended := d.WaitHistory(t, admin.HistoryQuery{Lease: lease.ID}, 1)[0].Lease
			if ended.Price.PerMinute != lease.Price.PerMinute || ended.Cost != lease.Price.Cost(ended.Talked+toll.Blur) || ended.Talked == 0 {
				t.Errorf("settled as %+v, leased at %+v", ended, lease.Price)
			}
		}

		assumed, lease := leased(toll.Price{PerMinute: 300_000, Assumed: true})
		d.imports(t, priceList(t, "first.csv", "0.60,0.05,60,30", 0))
		kept, keptLease := leased(old)
		dear := toll.Price{PerMinute: 900_000, Increment: time.Second}
		d.imports(t, priceList(t, "second.csv", "0.90,0,0,1", 0))
		hangUp(leased(dear))
		hangUp(assumed, lease)

		large := priceList(t, "large.csv", "0.01,0,0,1", rows)
		d.killedInImport(t, large)
		began := time.Now()
		d.Start(t)
		t.Logf("measured: the daemon serves again after %v", time.Since(began))
		if deck := d.deck(t).Deck; deck.Rows != 2 || !strings.HasSuffix(deck.File, "second.csv") {
			t.Errorf("after the kill the deck is %+v", deck)
		}
		d.WaitAnswered(t, 1) // the call went on
		hangUp(leased(dear))
		hangUp(kept, keptLease)

		d.imports(t, large)
		if deck := d.deck(t).Deck; deck.Rows != rows+2 {
			t.Errorf("the large deck is %+v", deck)
		}
		hangUp(leased(toll.Price{PerMinute: 10_000, Increment: time.Second}))
		if got := carrier.Numbers(); !slices.Equal(got, slices.Repeat([]string{london}, 5)) {
			t.Errorf("the carrier got %q", got)
		}
	})
}
