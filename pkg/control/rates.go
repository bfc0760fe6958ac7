package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
)

// A price list is too long to be a value in a request: it is the body, as it
// comes from the file, and what is to become of it stands in the query.
const (
	listType      = "text/csv"
	inQuery       = "import"
	largestImport = 4 << 10 // of what stands in the query, well within a request's head
	longestStall  = time.Minute
)

// ImportRates sends a price list as it is read, so that its length is of no
// account. If reading it fails nothing has changed.
func (c *Client) ImportRates(ctx context.Context, in admin.RatesImport, list io.Reader) (admin.RatesReport, error) {
	var report admin.RatesReport
	text, err := json.Marshal(in)
	if err != nil {
		return report, fmt.Errorf("write the request: %w", err)
	}
	if len(text) > largestImport {
		return report, admin.Errorf(admin.BadInput, "", "the names of file, trunk and columns are longer than anything that could be meant")
	}
	ctx, cancel := context.WithTimeout(ctx, patience(pathImport)+time.Second)
	defer cancel()
	body := lend(list)
	defer context.AfterFunc(ctx, func() { _ = body.Close() })()
	defer body.Close()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://tollfuse"+pathImport+"?"+url.Values{inQuery: {string(text)}}.Encode(), body)
	if err != nil {
		return report, fmt.Errorf("write the request: %w", err)
	}
	r.Header.Set("Content-Type", listType)
	// The daemon may say no before anything is sent: to an unknown trunk, say.
	r.Header.Set("Expect", "100-continue")
	err = c.exchange(ctx, r, &report)
	if failed := body.failed.Load(); err != nil && failed != nil {
		return admin.RatesReport{}, fmt.Errorf("read the price list: %w", *failed)
	}
	return report, err
}

// lent is a list that is sent as it is read, which may stand still for long: at
// the keyboard, say. Reading it goes on beside the request, which net/http would
// not let end before, and goes back to its owner with it. It remembers how it
// failed, which net/http would call a failure of the connection.
type lent struct {
	from   io.Reader
	begin  sync.Once
	pipe   *io.PipeReader
	fill   *io.PipeWriter
	failed atomic.Pointer[error]
}

func lend(from io.Reader) *lent {
	l := &lent{from: from}
	l.pipe, l.fill = io.Pipe()
	return l
}

// Read begins to read the list when somebody wants it.
func (l *lent) Read(p []byte) (int, error) {
	l.begin.Do(func() { go l.pump() })
	return l.pipe.Read(p)
}

// pump reads the list to its end, or until nobody wants it any more.
func (l *lent) pump() {
	chunk := make([]byte, 32<<10)
	for {
		n, err := l.from.Read(chunk)
		if _, gone := l.fill.Write(chunk[:n]); gone != nil {
			return
		}
		if errors.Is(err, io.EOF) {
			_ = l.fill.Close() // never fails
			return
		}
		if err != nil {
			l.failed.Store(&err)
			_ = l.fill.CloseWithError(err) // nor does this
			return
		}
	}
}

// Close gives the list back.
func (l *lent) Close() error { return l.pipe.Close() }

// importRates takes a price list.
func (s *Server) importRates(w http.ResponseWriter, r *http.Request) {
	in, err := decodeImport(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := &arriving{from: r.Body, on: http.NewResponseController(w), end: time.Now().Add(patience(pathImport))}
	if err := errors.Join(list.on.SetReadDeadline(list.end), list.on.SetWriteDeadline(list.end.Add(writeMargin))); err != nil {
		s.fail(w, r, err)
		return
	}
	ctx, cancel := context.WithDeadline(r.Context(), list.end)
	defer cancel()
	report, err := s.service(ctx).ImportRates(ctx, in, list)
	if err != nil && list.begun {
		// Whoever is still sending would take an answer for a broken connection.
		_, _ = io.Copy(io.Discard, io.LimitReader(list, admin.LargestList))
	}
	s.answer(w, r, report, err)
}

func decodeImport(r *http.Request) (in admin.RatesImport, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != listType {
		return in, admin.Errorf(admin.BadInput, "", "the price list must be %s", listType)
	}
	return in, decodeOne(strings.NewReader(r.URL.Query().Get(inQuery)), &in)
}

// arriving is a body that may take its time, as long as it keeps coming.
type arriving struct {
	from  io.Reader
	on    *http.ResponseController
	end   time.Time
	begun bool
}

// Read waits for what comes next, and at the end no longer for anything.
func (a *arriving) Read(p []byte) (int, error) {
	a.begun = true
	patience := time.Now().Add(longestStall)
	if patience.After(a.end) {
		patience = a.end
	}
	if err := a.on.SetReadDeadline(patience); err != nil {
		return 0, err
	}
	n, err := a.from.Read(p)
	if errors.Is(err, io.EOF) {
		// From here on net/http only listens for the client to go away.
		if err := a.on.SetReadDeadline(a.end); err != nil {
			return n, err
		}
	}
	return n, err
}
