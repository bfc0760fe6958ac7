package ari

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ErrNoSuchChannel tells that Asterisk knows no channel of that Uniqueid: it has
// ended, or never was.
var ErrNoSuchChannel = errors.New("no such channel")

// mostAnswer bounds an answer of Asterisk: some thousand channels.
const mostAnswer = 8 << 20

// Options are how to reach the interface.
type Options struct {
	URL      string // such as http://127.0.0.1:8088/ari
	User     string // of ari.conf; read_only must be "no"
	Password string
	TLS      *tls.Config // for https; nil trusts what the system trusts
}

// Client makes requests of one Asterisk. It is safe for concurrent use.
type Client struct {
	base           *url.URL
	user, password string
	http           *http.Client
}

// New checks the options and makes a client. Nothing is connected yet.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the address of ARI: %w", err)
	case base.Scheme != "http" && base.Scheme != "https", base.Host == "":
		return nil, fmt.Errorf("the address of ARI is %q: want one such as http://127.0.0.1:8088/ari", base.Redacted())
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the address of ARI: want no user, query or fragment in it")
	}
	return &Client{
		base: base, user: o.User, password: o.Password,
		http: &http.Client{
			// Neither a proxy nor a redirect may see the password.
			Transport:     &http.Transport{TLSClientConfig: o.TLS, MaxIdleConnsPerHost: 4},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Close gives up connections that are kept.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Hangup hangs a channel up with a cause of Q.850. That Asterisk has taken the
// request does not mean that the channel is gone: ask again. The error is
// ErrNoSuchChannel once it is. Source: "Channels REST API", DELETE /channels.
func (c *Client) Hangup(ctx context.Context, uniqueid string, cause int) error {
	query := url.Values{"reason_code": {strconv.Itoa(cause)}}
	if err := c.do(ctx, http.MethodDelete, uniqueid, query, nil); err != nil {
		return fmt.Errorf("hang up over ARI: %w", err)
	}
	return nil
}

// Channel is a live channel.
type Channel struct {
	Uniqueid string `json:"id"`
	Name     string `json:"name"`
	State    string `json:"state"` // Down, Ring, Ringing, Up …
}

// Channel is one live channel, or ErrNoSuchChannel.
func (c *Client) Channel(ctx context.Context, uniqueid string) (Channel, error) {
	var ch Channel
	if err := c.do(ctx, http.MethodGet, uniqueid, nil, &ch); err != nil {
		return Channel{}, fmt.Errorf("look for a channel over ARI: %w", err)
	}
	return ch, nil
}

// do makes a request about a channel and reads the answer into one that is given.
func (c *Client) do(ctx context.Context, method, uniqueid string, query url.Values, answer any) error {
	if uniqueid == "" || strings.Trim(uniqueid, ".") == "" {
		return errors.New("no channel is named") // never the list of all, nor what lies above it
	}
	at := *c.base
	at.Path = strings.TrimSuffix(at.Path, "/") + "/channels/" + uniqueid
	at.RawPath = strings.TrimSuffix(c.base.EscapedPath(), "/") + "/channels/" + url.PathEscape(uniqueid)
	at.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return err
	}
	r.SetBasicAuth(c.user, c.password)
	res, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body := io.LimitReader(res.Body, mostAnswer)
	if err := wrong(res.StatusCode, body); err != nil || answer == nil {
		return err
	}
	if err := json.NewDecoder(body).Decode(answer); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// wrong is what a status says that is no success.
func wrong(status int, body io.Reader) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized:
		return errors.New("ARI does not take the user or the password: see ari.conf")
	case status == http.StatusForbidden:
		return errors.New("ARI refuses the request: the user must not be read_only in ari.conf")
	}
	var said struct {
		Message string `json:"message"`
	}
	_ = json.NewDecoder(body).Decode(&said) // a page that is no JSON has the status to show
	if status == http.StatusNotFound && said.Message == "Channel not found" {
		return ErrNoSuchChannel
	}
	return fmt.Errorf("ARI answers %d %.100q", status, said.Message)
}
