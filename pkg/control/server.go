package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// places is how many connections are served at a time.
const places = 64

// writeMargin is what it may take to write an answer.
const writeMargin = 5 * time.Second

// Server serves admin.Service to the command line.
type Server struct {
	as   func(author string) admin.Service
	log  *slog.Logger
	http *http.Server
}

// NewServer makes a server. It calls as with the user at the other end of a
// connection, for the service that will record changes as that user's.
func NewServer(as func(author string) admin.Service, log *slog.Logger) *Server {
	s := &Server{as: as, log: log}
	s.http = &http.Server{
		Handler:           s.routes(),
		ConnContext:       withAuthor,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      longestAnswer + writeMargin,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return s
}

// Serve answers until Shutdown; then it returns nil.
func (s *Server) Serve(l *net.UnixListener) error {
	err := s.http.Serve(guarded{l, make(chan struct{}, places)})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the control socket: %w", err)
}

// Shutdown takes the socket away, lets running requests end, and cuts them
// when the context ends first.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop the control socket: %w", err), s.http.Close())
	}
	return nil
}

type authorKey struct{}

// withAuthor is where net/http lets a connection say something about itself.
func withAuthor(ctx context.Context, conn net.Conn) context.Context {
	if c, ok := conn.(*caller); ok {
		return context.WithValue(ctx, authorKey{}, c.author)
	}
	return ctx
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+pathStatus, asked(s, admin.Service.Status))
	mux.Handle("GET "+pathSettings, asked(s, admin.Service.Settings))
	mux.Handle("GET "+pathCalls, asked(s, admin.Service.Live))
	mux.Handle("POST "+pathExplain, told(s, admin.Service.Explain))
	mux.Handle("POST "+pathHistory, told(s, admin.Service.History))
	mux.Handle("POST "+pathSettings, told(s, func(to admin.Service, ctx context.Context, change toll.Setting) (toll.Setting, error) {
		return to.Change(ctx, change)
	}))
	mux.Handle("POST "+pathPolicy, told(s, admin.Service.ImportPolicy))
	mux.Handle("POST "+pathHangup, told(s, admin.Service.Hangup))
	mux.Handle("POST "+pathChanges, told(s, admin.Service.Changes))
	mux.Handle("POST "+pathIncidents, told(s, admin.Service.Incidents))
	mux.Handle("POST "+pathCall, about(s, admin.Service.Call))
	mux.Handle("POST "+pathIncident, about(s, admin.Service.Incident))
	mux.Handle("POST "+pathClose, about(s, admin.Service.CloseIncident))
	mux.Handle("POST "+pathTestAlert, ordered(s, admin.Service.TestAlert))
	mux.Handle("POST "+pathTestFuse, ordered(s, admin.Service.TestFuse))
	mux.Handle("POST "+pathResetFuse, ordered(s, admin.Service.ResetFuse))
	mux.Handle("GET "+pathDecks, asked(s, admin.Service.Decks))
	mux.Handle("POST "+pathRates, told(s, admin.Service.DeckRows))
	mux.Handle("POST "+pathRemoveDeck, about(s, admin.Service.RemoveDeck))
	mux.Handle("POST "+pathPrices, told(s, admin.Service.Prices))
	mux.Handle("POST "+pathPast, told(s, admin.Service.Remember))
	mux.HandleFunc("POST "+pathImport, s.importRates)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, admin.Errorf(admin.BadInput, "tollfuse version shows both versions; restart the daemon after an upgrade",
			"this daemon does not know the request %.60q", r.Method+" "+r.URL.Path))
	})
	return mux
}

// asked answers a request that says nothing.
func asked[A any](s *Server, do func(admin.Service, context.Context) (A, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience(r.URL.Path))
		defer cancel()
		a, err := do(s.service(ctx), ctx)
		s.answer(w, r, a, err)
	})
}

// told answers a request that says what is meant.
func told[Q, A any](s *Server, do func(admin.Service, context.Context, Q) (A, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q Q
		if err := decode(w, r, &q); err != nil {
			s.fail(w, r, err)
			return
		}
		longest := patience(r.URL.Path)
		// What acts may take longer than the server allows for the rest.
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longest + writeMargin)); err != nil {
			s.fail(w, r, err)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), longest)
		defer cancel()
		a, err := do(s.service(ctx), ctx, q)
		s.answer(w, r, a, err)
	})
}

// about answers a request about the one thing of that name.
func about[A any](s *Server, do func(admin.Service, context.Context, string) (A, error)) http.Handler {
	return told(s, func(to admin.Service, ctx context.Context, n named) (A, error) { return do(to, ctx, n.ID) })
}

// ordered answers a request that says nothing and changes something.
func ordered[A any](s *Server, do func(admin.Service, context.Context) (A, error)) http.Handler {
	return told(s, func(to admin.Service, ctx context.Context, _ nothing) (A, error) { return do(to, ctx) })
}

// service is the one that records changes as the caller's.
func (s *Server) service(ctx context.Context) admin.Service {
	author, _ := ctx.Value(authorKey{}).(string)
	return s.as(author)
}

// decode reads exactly one JSON value with no key that is not known.
func decode(w http.ResponseWriter, r *http.Request, to any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != contentType {
		return admin.Errorf(admin.BadInput, "", "the request must be %s", contentType)
	}
	return decodeOne(http.MaxBytesReader(w, r.Body, largest(r.URL.Path)), to)
}

// decodeOne reads exactly one JSON value.
func decodeOne(from io.Reader, to any) error {
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	err := d.Decode(to)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return admin.Errorf(admin.BadInput, "", "the request is longer than %d kB, and so than anything that could be meant", large.Limit>>10)
	case err != nil:
		return admin.Errorf(admin.BadInput, "tollfuse version shows both versions", "the request cannot be read: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return admin.Errorf(admin.BadInput, "", "the request goes on after its end")
	}
	return nil
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, a any, err error) {
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, r, http.StatusOK, a)
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f failure
	f.Error.Kind, f.Error.Text = admin.KindOf(err), err.Error()
	var known *admin.Error
	if errors.As(err, &known) {
		f.Error.Hint = known.Hint
	}
	status := statusOf(f.Error.Kind)
	if status >= http.StatusInternalServerError {
		s.log.Error("a command failed", "path", r.URL.Path, "error", err)
	}
	s.write(w, r, status, f)
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, body any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.Debug("an answer did not arrive", "path", r.URL.Path, "error", err)
	}
}
