package agi_test

import (
	"errors"
	"net"
	"testing"

	"github.com/tollfuse/tollfuse/agi"
)

// listen serves on a free port until the test ends, and then makes sure that
// every goroutine of the server has ended.
func listen(t testing.TB, server *agi.Server) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, server, l)
	return l
}

func serve(t testing.TB, server *agi.Server, l net.Listener) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; !errors.Is(err, agi.ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
	})
}
