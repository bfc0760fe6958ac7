//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
)

// The ports of the lab lie below the RTP ports, which any Asterisk may take at any moment, and below the
// ports that the system gives to outgoing connections: one of those could sit on a port that is free while
// its daemon restarts.
const (
	firstPort = 10000
	lastPort  = 19999
)

var lastGiven atomic.Int64

// freePort returns a port that is free now, for TCP and for UDP, at the addresses of the PBX, the carriers
// and the phones. No port is given twice in a run.
func freePort(t testing.TB) int {
	t.Helper()
	const span = lastPort - firstPort + 1
	for range span {
		// The process number keeps two runs on one machine apart.
		port := firstPort + int(lastGiven.Add(1)+int64(os.Getpid())*101)%span
		if free(port) {
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

func free(port int) bool {
	for _, host := range []string{"127.0.0.1", carrierHost, secondCarrierHost, "127.0.1.1"} {
		packets, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(host), Port: port})
		if err != nil {
			return false
		}
		packets.Close()
	}
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	listener.Close()
	return true
}
