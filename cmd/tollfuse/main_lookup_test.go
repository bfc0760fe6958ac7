package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// The daemon runs before the name server has said anything, and its end does
// not wait for it.
func TestLookingUp(t *testing.T) {
	c := config.Config{Asterisk: []config.Asterisk{{Name: "pbx", Trunks: []config.Trunk{{Name: "carrier", Addresses: []string{"sip.example.com"}}}}}}
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))

	asked := make(chan struct{})
	slow := func(ctx context.Context, _ string) ([]string, error) {
		close(asked)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	failed := errors.New("stopped")
	if err := lookingUp(t.Context(), c, log, slow, func(context.Context) error { <-asked; return failed }); !errors.Is(err, failed) || out.Len() > 0 {
		t.Errorf("%v, %s", err, out.String())
	}

	answered := make(chan struct{})
	quick := func(context.Context, string) ([]string, error) {
		defer close(answered)
		return []string{"203.0.113.7"}, nil
	}
	logged := slog.New(&tellingHandler{slog.NewTextHandler(&out, nil), make(chan struct{})})
	told := logged.Handler().(*tellingHandler).told
	if err := lookingUp(t.Context(), c, logged, quick, func(context.Context) error { <-answered; <-told; return nil }); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "add to addresses: 203.0.113.7") {
		t.Error(out.String())
	}
}

// tellingHandler says when a line has been written.
type tellingHandler struct {
	slog.Handler
	told chan struct{}
}

func (h *tellingHandler) Handle(ctx context.Context, r slog.Record) error {
	defer close(h.told)
	return h.Handler.Handle(ctx, r)
}
