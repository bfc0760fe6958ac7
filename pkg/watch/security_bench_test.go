package watch

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/origin"
)

// flood repeats text without end.
type flood struct {
	text string
	at   int
}

func (f *flood) Read(p []byte) (int, error) {
	n := copy(p, f.text[f.at:])
	f.at = (f.at + n) % len(f.text)
	return n, nil
}

// BenchmarkFlood is what the security events of guessers cost, from the manager's
// bytes to the book: wrong passwords for one name, and for 2,000 names that are
// more than the book keeps of strangers.
func BenchmarkFlood(b *testing.B) {
	for _, names := range []int{1, 2000} {
		b.Run(fmt.Sprintf("names=%d", names), func(b *testing.B) {
			wrong := strings.ReplaceAll(strings.Replace(whole, "SuccessfulAuth", "ChallengeResponseFailed", 1)+"\n", "\n", "\r\n")
			var text strings.Builder
			for i := range names {
				text.WriteString(strings.Replace(wrong, "AccountID: 1004", fmt.Sprintf("AccountID: %d", 1000+i), 1))
			}
			var (
				d    = ami.NewDecoder(&flood{text: text.String()}, ami.Limits{})
				book = origin.New()
				told = bookTold{book: book}
				w    = &Watcher{options: Options{PBX: "pbx1", Origins: told}}
			)
			b.ReportAllocs()
			for b.Loop() {
				m, err := d.Next()
				if err != nil && err != io.EOF {
					b.Fatal(err)
				}
				if !w.noteSecurity(m) {
					b.Fatal("not about a password")
				}
			}
			perEvent := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(1/perEvent, "events/s")
			b.ReportMetric(100*1000*perEvent, "%core-at-1000/s")
			if book.Facts(flooded, origin.Account{PBX: "pbx1", Name: "1000"}) != "" {
				b.Fatal("a stranger became known by wrong passwords")
			}
		})
	}
}

// flooded is when all of the flood comes.
var flooded = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// bookTold tells a book.
type bookTold struct{ book *origin.Book }

func (t bookTold) Accepted(pbx, account string, from netip.Addr) {
	t.book.Accepted(flooded, origin.Account{PBX: pbx, Name: account}, from, false)
}

func (t bookTold) Failed(pbx, account string) {
	t.book.Failed(flooded, origin.Account{PBX: pbx, Name: account})
}
