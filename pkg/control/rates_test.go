package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

var (
	theDeck       = toll.Deck{ID: 1 << 60, Trunk: "carrier", File: "a b\x1b.csv", SHA256: "ab", Rows: 5}
	theDeckStands = admin.DeckStanding{Deck: theDeck, Author: "kim", Imported: moment, Trunks: []string{"carrier"}, Error: "no"}
	theRatesPage  = admin.RatesPage{More: true, Rows: []rating.Row{{Prefix: "232", Description: "Sierra Leone <&>", Price: toll.Price{PerMinute: 1, Minimum: time.Minute}, ValidFrom: moment}}}
	theRates      = admin.RatesReport{
		Imported: true, Deck: theDeck, Columns: map[string]string{"prefix": "Code"}, Bad: []rating.Problem{{Line: 7, Text: "why"}}, BadRows: 9,
		Dear: []rating.Dear{{Row: theRatesPage.Rows[0], Class: "intl_fixed", Assumed: 3}}, DearRows: 4, Before: &theDeck, Difference: rating.Difference{Added: 1, Removed: 2},
	}
	thePrices = admin.PriceAnswer{At: moment, Talk: time.Minute, Steps: []numbering.Step{},
		Trunks: []admin.TrunkPrice{{Trunk: "carrier", Quote: rating.Quote{Price: toll.Price{PerMinute: 5}, Deck: "carrier", Prefix: "232", ValidFrom: moment}, Cost: 5}}}
)

// imported is what the service was asked to import.
type imported struct {
	in   admin.RatesImport
	list string
	err  bool
}

func (a actor) ImportRates(ctx context.Context, in admin.RatesImport, list io.Reader) (admin.RatesReport, error) {
	if in.Trunk == "refused" {
		return admin.RatesReport{}, admin.Errorf(admin.BadInput, "name another", "there is no such trunk")
	}
	text, err := io.ReadAll(list)
	if failed := a.patient(ctx, "import rates", 10*time.Minute); failed != nil {
		return admin.RatesReport{}, failed
	}
	a.script.mu.Lock()
	a.script.asked[len(a.script.asked)-1] = imported{in, string(text), err != nil}
	a.script.mu.Unlock()
	if a.script.inside != nil {
		a.script.inside <- struct{}{}
	}
	return theRates, err
}

func (a actor) Decks(context.Context) ([]admin.DeckStanding, error) {
	return []admin.DeckStanding{theDeckStands}, a.note("decks")
}

func (a actor) DeckRows(_ context.Context, q admin.RatesQuery) (admin.RatesPage, error) {
	return theRatesPage, a.note(q)
}

func (a actor) RemoveDeck(_ context.Context, name string) (admin.DeckStanding, error) {
	return theDeckStands, a.note("remove " + name)
}

func (a actor) Prices(_ context.Context, q admin.PriceQuery) (admin.PriceAnswer, error) {
	return thePrices, a.note(q)
}

func TestRatesCross(t *testing.T) {
	s := &script{}
	_, path := serve(t, s)
	c := client(t, path)
	ctx := t.Context()
	in := admin.RatesImport{Trunk: "carrier", File: "Preise <ä>\x1b.csv", SkipBad: true, DryRun: true,
		Format: rating.Format{Delimiter: ";", Times: "0.01", Columns: rating.Columns{Prefix: "Länder&Vorwahl", ValidFrom: "none"}}}
	list := strings.Repeat("232;Sierra Leone;0,45\r\n\x00\xff", 50_000) // more than any buffer on the way
	rows := admin.RatesQuery{Deck: toll.EveryTrunk, Prefix: "232", Text: "sierra", After: "2327", Limit: 7}
	price := admin.PriceQuery{To: "+23222123456", Trunk: "carrier", Talk: time.Minute, At: moment}

	check := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v; want %+v", what, got, err, want)
		}
	}
	report, err := c.ImportRates(ctx, in, strings.NewReader(list))
	check("import", report, theRates, err)
	decks, err := c.Decks(ctx)
	check("decks", decks, []admin.DeckStanding{theDeckStands}, err)
	page, err := c.DeckRows(ctx, rows)
	check("rows", page, theRatesPage, err)
	gone, err := c.RemoveDeck(ctx, toll.EveryTrunk)
	check("remove", gone, theDeckStands, err)
	answer, err := c.Prices(ctx, price)
	check("prices", answer, thePrices, err)
	want := []any{imported{in, list, false}, "decks", rows, "remove *", price}
	if !reflect.DeepEqual(s.asked, want) {
		t.Errorf("the service was asked\n%.400v\nwant\n%.400v", s.asked, want)
	}
}

// A daemon that says no at once is heard, however much there would be to send.
func TestImportIsRefusedBeforeItIsSent(t *testing.T) {
	_, path := serve(t, &script{})
	list := &endless{}
	_, err := client(t, path).ImportRates(t.Context(), admin.RatesImport{Trunk: "refused"}, list)
	var e *admin.Error
	if !errors.As(err, &e) || e.Kind != admin.BadInput || e.Hint != "name another" {
		t.Errorf("got %v", err)
	}
	if list.read {
		t.Error("the list was read before the daemon agreed")
	}
}

// One that says no in the middle is heard too.
func TestImportFailsInTheMiddle(t *testing.T) {
	_, path := serve(t, &script{fails: admin.Errorf(admin.LedgerDown, "look at the disk", "it is full")})
	_, err := client(t, path).ImportRates(t.Context(), admin.RatesImport{}, io.LimitReader(&endless{}, 3<<20))
	if admin.KindOf(err) != admin.LedgerDown || err.Error() != "it is full" {
		t.Errorf("got %v", err)
	}
}

// endless is a list without an end.
type endless struct{ read bool }

func (e *endless) Read(p []byte) (int, error) {
	e.read = true
	return copy(p, bytes.Repeat([]byte("44,0.01\n"), len(p)/8+1)), nil
}

// A list that cannot be read to its end is none: the service hears that it broke
// off, and the client why.
func TestListBreaksOff(t *testing.T) {
	s := &script{inside: make(chan struct{}, 1)}
	_, path := serve(t, s)
	broken := errors.New("the disk is gone")
	list := io.MultiReader(strings.NewReader(strings.Repeat("44,0.01\n", 10_000)), iotest.ErrReader(broken))
	if _, err := client(t, path).ImportRates(t.Context(), admin.RatesImport{}, list); !errors.Is(err, broken) {
		t.Errorf("the client says %v", err)
	}
	<-s.inside
	if got, ok := s.asked[0].(imported); !ok || !got.err {
		t.Errorf("the service took %+v", s.asked)
	}
}

// The same when the client dies.
func TestClientGoesAwayInTheMiddle(t *testing.T) {
	s := &script{inside: make(chan struct{}, 1)}
	_, path := serve(t, s)
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(conn, "POST "+pathImport+"?import=%7B%7D HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n44,0.01\n\r\n")
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
	<-s.inside
	if got, ok := s.asked[0].(imported); !ok || !got.err || got.list != "44,0.01\n" {
		t.Errorf("the service took %+v", s.asked)
	}
}

func TestImportIsAskedForProperly(t *testing.T) {
	s := &script{}
	_, path := serve(t, s)
	for target, kind := range map[string]string{
		pathImport + "?import=%7B%7D":                     contentType,
		pathImport:                                        listType,
		pathImport + "?import=%7B%22tr%22%3A1%7D":         listType,
		pathImport + "?import=%7B%7D%7B%7D":               listType,
		pathImport + "?import=%7B%22trunk%22%3A%5B%5D%7D": listType,
	} {
		if status, f := post(t, path, target, kind, strings.NewReader("44,0.01\n")); status != http.StatusBadRequest || f.Error.Kind != admin.BadInput {
			t.Errorf("%s as %s: %d, %+v", target, kind, status, f)
		}
	}
	if len(s.asked) != 0 {
		t.Errorf("the service was asked %+v", s.asked)
	}
	_, err := client(t, path).ImportRates(t.Context(), admin.RatesImport{File: strings.Repeat("x", largestImport)}, &endless{})
	if admin.KindOf(err) != admin.BadInput {
		t.Errorf("an absurdly long name: %v", err)
	}
}
