package control

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
)

func TestShutdownDrains(t *testing.T) {
	s := &script{blocks: make(chan struct{}), inside: make(chan struct{})}
	server, path := serve(t, s)
	answered := make(chan error, 1)
	go func() {
		_, err := NewClient(path).Status(context.Background())
		answered <- err
	}()
	<-s.inside
	stopped := make(chan error, 1)
	go func() { stopped <- server.Shutdown(t.Context()) }()
	select {
	case err := <-stopped:
		t.Fatalf("stopped before the request had ended: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(s.blocks)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestShutdownCutsWhatDoesNotEnd(t *testing.T) {
	s := &script{blocks: make(chan struct{}), inside: make(chan struct{})}
	path := filepath.Join(t.TempDir(), "s")
	l, err := Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(func(author string) admin.Service { return actor{author, s} }, slog.New(slog.DiscardHandler))
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	answered := make(chan error, 1)
	go func() {
		_, err := NewClient(path).Status(context.Background())
		answered <- err
	}()
	<-s.inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Shutdown(ctx); err == nil {
		t.Error("nothing tells that a request was cut")
	}
	if err := <-answered; admin.KindOf(err) != admin.Unreachable {
		t.Errorf("the cut request: %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
