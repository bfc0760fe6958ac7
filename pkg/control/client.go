package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// ErrNobody says that no daemon listens at the socket, which is then no reason
// not to open the ledger oneself. Any other failure to connect is.
var ErrNobody = errors.New("no daemon listens")

// Client is admin.Service, answered by a daemon. Its errors have the kinds
// that the service gave them, or Unreachable.
type Client struct {
	path string
	http http.Client
}

// NewClient makes a client. It connects when it is first asked.
func NewClient(path string) *Client {
	return &Client{path: path, http: http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
		DisableCompression:    true,
		ExpectContinueTimeout: longestAnswer, // for a price list, which is not sent before the daemon has agreed
	}}}
}

// Close gives up connections that wait for the next request.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Status is how things stand.
func (c *Client) Status(ctx context.Context) (admin.Status, error) {
	return ask[admin.Status](ctx, c, http.MethodGet, pathStatus, nil)
}

// Explain says what would become of a call.
func (c *Client) Explain(ctx context.Context, q admin.Query) (admin.Explanation, error) {
	return ask[admin.Explanation](ctx, c, http.MethodPost, pathExplain, q)
}

// Settings are the rules, limits and locks that stand.
func (c *Client) Settings(ctx context.Context) ([]toll.Setting, error) {
	return ask[[]toll.Setting](ctx, c, http.MethodGet, pathSettings, nil)
}

// Change makes a setting stand or takes it away.
func (c *Client) Change(ctx context.Context, s toll.Setting) (toll.Setting, error) {
	return ask[toll.Setting](ctx, c, http.MethodPost, pathSettings, s)
}

// ImportPolicy makes schedules, rules and limits stand as a file has them.
func (c *Client) ImportPolicy(ctx context.Context, in admin.PolicyImport) (admin.PolicyReport, error) {
	return ask[admin.PolicyReport](ctx, c, http.MethodPost, pathPolicy, in)
}

// Live are the leases of calls that go on.
func (c *Client) Live(ctx context.Context) ([]toll.Lease, error) {
	return ask[[]toll.Lease](ctx, c, http.MethodGet, pathCalls, nil)
}

// Call is the life of one call.
func (c *Client) Call(ctx context.Context, lease string) ([]toll.Entry, error) {
	return ask[[]toll.Entry](ctx, c, http.MethodPost, pathCall, named{lease})
}

// Hangup ends the live calls that are chosen.
func (c *Client) Hangup(ctx context.Context, s admin.Selection) ([]toll.Lease, error) {
	return ask[[]toll.Lease](ctx, c, http.MethodPost, pathHangup, s)
}

// History lists ended and refused calls.
func (c *Client) History(ctx context.Context, q admin.HistoryQuery) ([]toll.Entry, error) {
	return ask[[]toll.Entry](ctx, c, http.MethodPost, pathHistory, q)
}

// Changes lists the changes of settings.
func (c *Client) Changes(ctx context.Context, q admin.ChangesQuery) ([]toll.Entry, error) {
	return ask[[]toll.Entry](ctx, c, http.MethodPost, pathChanges, q)
}

// Incidents lists incidents.
func (c *Client) Incidents(ctx context.Context, q admin.IncidentQuery) ([]toll.Incident, error) {
	return ask[[]toll.Incident](ctx, c, http.MethodPost, pathIncidents, q)
}

// Incident is one of them, with what was told of it.
func (c *Client) Incident(ctx context.Context, id string) (admin.IncidentReport, error) {
	return ask[admin.IncidentReport](ctx, c, http.MethodPost, pathIncident, named{id})
}

// CloseIncident ends an incident.
func (c *Client) CloseIncident(ctx context.Context, id string) (toll.Incident, error) {
	return ask[toll.Incident](ctx, c, http.MethodPost, pathClose, named{id})
}

// TestAlert sends a mail at once. It may take half a minute.
func (c *Client) TestAlert(ctx context.Context) (admin.AlertTest, error) {
	return ask[admin.AlertTest](ctx, c, http.MethodPost, pathTestAlert, nothing{})
}

// TestFuse runs the main fuse's command with the word "test".
func (c *Client) TestFuse(ctx context.Context) (admin.FuseRun, error) {
	return ask[admin.FuseRun](ctx, c, http.MethodPost, pathTestFuse, nothing{})
}

// ResetFuse runs it with "reset", after which the fuse can blow again.
func (c *Client) ResetFuse(ctx context.Context) (admin.FuseRun, error) {
	return ask[admin.FuseRun](ctx, c, http.MethodPost, pathResetFuse, nothing{})
}

// Decks are the rate decks that count.
func (c *Client) Decks(ctx context.Context) ([]admin.DeckStanding, error) {
	return ask[[]admin.DeckStanding](ctx, c, http.MethodGet, pathDecks, nil)
}

// DeckRows is a part of one of them.
func (c *Client) DeckRows(ctx context.Context, q admin.RatesQuery) (admin.RatesPage, error) {
	return ask[admin.RatesPage](ctx, c, http.MethodPost, pathRates, q)
}

// RemoveDeck takes one of them away.
func (c *Client) RemoveDeck(ctx context.Context, name string) (admin.DeckStanding, error) {
	return ask[admin.DeckStanding](ctx, c, http.MethodPost, pathRemoveDeck, named{name})
}

// Prices says what a call costs by each trunk.
func (c *Client) Prices(ctx context.Context, q admin.PriceQuery) (admin.PriceAnswer, error) {
	return ask[admin.PriceAnswer](ctx, c, http.MethodPost, pathPrices, q)
}

// Remember notes who has called which country before.
func (c *Client) Remember(ctx context.Context, in admin.PastImport) (admin.PastReport, error) {
	return ask[admin.PastReport](ctx, c, http.MethodPost, pathPast, in)
}

// ask sends a request and reads the answer.
func ask[A any](ctx context.Context, c *Client, method, path string, body any) (A, error) {
	var answer A
	err := c.send(ctx, method, path, body, &answer)
	return answer, err
}

func (c *Client) send(ctx context.Context, method, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, patience(path)+time.Second) // the daemon's own word comes first
	defer cancel()
	var text bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&text).Encode(body); err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://tollfuse"+path, &text)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	r.Header.Set("Content-Type", contentType)
	return c.exchange(ctx, r, answer)
}

// exchange sends the request and reads the answer.
func (c *Client) exchange(ctx context.Context, r *http.Request, answer any) error {
	res, err := c.http.Do(r)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("ask the daemon: %w", context.Canceled) // whoever asked has gone; the daemon is well
	case err != nil:
		return c.unreachable(err)
	}
	defer res.Body.Close()
	d := json.NewDecoder(io.LimitReader(res.Body, largestAnswer))
	if res.StatusCode != http.StatusOK {
		return c.failed(res.Status, d)
	}
	if err := d.Decode(answer); err != nil {
		return c.unreachable(fmt.Errorf("read the answer: %w", err))
	}
	return nil
}

// failed is the error that the service gave.
func (c *Client) failed(status string, d *json.Decoder) error {
	var f failure
	if err := d.Decode(&f); err != nil || f.Error.Kind == "" || f.Error.Text == "" {
		return &admin.Error{Kind: admin.Unreachable, Text: fmt.Sprintf("what answers at %s is no Tollfuse: %.40q", c.path, status), Err: err}
	}
	return &admin.Error{Kind: f.Error.Kind, Text: f.Error.Text, Hint: f.Error.Hint}
}

// unreachable says why there is no answer, and what to do about it.
func (c *Client) unreachable(err error) error {
	e := &admin.Error{Kind: admin.Unreachable, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		e.Text, e.Hint = "no daemon listens at "+c.path, "start it: systemctl start tollfuse"
		e.Err = errors.Join(ErrNobody, err)
	case errors.Is(err, fs.ErrPermission):
		e.Text, e.Hint = "you may not use the control socket "+c.path, "run the command as root, or as a member of the group in control.group"
	case errors.Is(err, context.DeadlineExceeded):
		e.Text, e.Hint = "the daemon does not answer at "+c.path, "look at it: systemctl status tollfuse"
	default:
		// What was asked for is known, and may be long.
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		e.Text, e.Hint = fmt.Sprintf("the daemon cannot be reached: %v", err), "look at it: systemctl status tollfuse"
	}
	return e
}
