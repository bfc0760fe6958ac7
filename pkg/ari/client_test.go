package ari

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// exchange plays the REST interface: one channel, and a log of what was asked.
type exchange struct {
	live  string
	asked []string
}

func (e *exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user != "fuse" || password != "secret" {
		http.Error(w, `{"message":"Authentication required"}`, http.StatusUnauthorized)
		return
	}
	e.asked = append(e.asked, r.Method+" "+r.URL.RequestURI())
	switch {
	case r.URL.Path != "/ari/channels/"+e.live || e.live == "":
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"message":"Channel not found"}`)
	case r.Method == http.MethodDelete:
		e.live = ""
		w.WriteHeader(http.StatusNoContent)
	default:
		_, _ = fmt.Fprintf(w, `{"id":%q,"name":"PJSIP/carrier-00000001","state":"Up","protocol_id":"x"}`, e.live)
	}
}

func newClient(t *testing.T, h http.Handler, password string) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := New(Options{URL: server.URL + "/ari/", User: "fuse", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestHangupUntilTheChannelIsGone(t *testing.T) {
	e := &exchange{live: "pbx-1795386243.2"}
	c := newClient(t, e, "secret")
	ch, err := c.Channel(t.Context(), "pbx-1795386243.2")
	if want := (Channel{"pbx-1795386243.2", "PJSIP/carrier-00000001", "Up"}); err != nil || ch != want {
		t.Fatalf("%+v %v", ch, err)
	}
	if err := c.Hangup(t.Context(), "pbx-1795386243.2", 21); err != nil {
		t.Fatal(err)
	}
	if err := c.Hangup(t.Context(), "pbx-1795386243.2", 21); !errors.Is(err, ErrNoSuchChannel) {
		t.Errorf("the second time: %v", err)
	}
	if _, err := c.Channel(t.Context(), "pbx-1795386243.2"); !errors.Is(err, ErrNoSuchChannel) {
		t.Errorf("looked for: %v", err)
	}
	if want := "DELETE /ari/channels/pbx-1795386243.2?reason_code=21"; e.asked[1] != want {
		t.Errorf("asked %q, want %q", e.asked[1], want)
	}
}

// A Uniqueid is a name, whatever stands in it: never a way to another resource.
func TestUniqueidIsOneStepOfThePath(t *testing.T) {
	for id, want := range map[string]string{
		"../asterisk/modules": "GET /ari/channels/..%2Fasterisk%2Fmodules",
		"a?b=c#d":             "GET /ari/channels/a%3Fb=c%23d",
		"a b\r\nX: y":         "GET /ari/channels/a%20b%0D%0AX:%20y",
	} {
		e := &exchange{}
		if _, err := newClient(t, e, "secret").Channel(t.Context(), id); !errors.Is(err, ErrNoSuchChannel) {
			t.Errorf("%q: %v", id, err)
		}
		if len(e.asked) != 1 || e.asked[0] != want {
			t.Errorf("%q: asked %q, want %q", id, e.asked, want)
		}
	}
	for _, id := range []string{"", ".", ".."} {
		e := &exchange{}
		if err := newClient(t, e, "secret").Hangup(t.Context(), id, 21); err == nil || len(e.asked) > 0 {
			t.Errorf("%q: %v, asked %q", id, err, e.asked)
		}
	}
}

func TestWhatARIRefuses(t *testing.T) {
	answer := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		})
	}
	for name, tc := range map[string]struct {
		handler http.Handler
		want    string
	}{
		"wrong password":    {&exchange{}, "user or the password"},
		"read only":         {answer(http.StatusForbidden, `{"message":"Write access denied"}`), "read_only"},
		"no ARI there":      {answer(http.StatusNotFound, "<html>nginx</html>"), "404"},
		"Asterisk is ill":   {answer(http.StatusInternalServerError, `{"message":"Allocation failed"}`), "Allocation failed"},
		"a redirect":        {answer(http.StatusFound, ""), "302"},
		"an endless answer": {answer(http.StatusBadRequest, strings.Repeat("x", 1<<20)), "400"},
	} {
		t.Run(name, func(t *testing.T) {
			err := newClient(t, tc.handler, "wrong").Hangup(t.Context(), "1.2", 21)
			if err == nil || errors.Is(err, ErrNoSuchChannel) || !strings.Contains(err.Error(), tc.want) || len(err.Error()) > 300 {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

func TestAddressesOfARI(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:8088", "ftp://127.0.0.1/ari", "http://", "http://u:p@127.0.0.1/ari", "http://127.0.0.1/ari?x=1", "http://[::1/ari"} {
		if _, err := New(Options{URL: address}); err == nil {
			t.Errorf("%q is taken", address)
		} else if strings.Contains(err.Error(), "u:p@") {
			t.Errorf("%q: the error shows the password: %v", address, err)
		}
	}
}
