//go:build e2e

package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// betweenKeys is how fast a finger is.
const betweenKeys = 200 * time.Millisecond

// Press presses keys in an answered call that goes out, one after the other, as a phone does that sends
// them by SIP INFO (RFC 6086, application/dtmf-relay). A call that ends meanwhile takes no more of them.
func (c *Call) Press(t testing.TB, keys string) {
	t.Helper()
	c.makeSound(t)
	for _, key := range keys {
		c.mu.Lock()
		c.sequence++
		m := c.build("INFO", c.target, c.sequence)
		m.add("Content-Type", "application/dtmf-relay")
		m.body = fmt.Sprintf("Signal=%c\r\nDuration=100\r\n", key)
		taken := make(chan struct{})
		c.open[m.get("CSeq")] = taken
		c.agent.resend(m, taken)
		c.mu.Unlock()
		select {
		case <-taken:
		case <-c.ended:
			return
		case <-time.After(5 * time.Second):
			t.Fatalf("key %c in the call to %q is not taken", key, c.Number)
		}
		select {
		case <-time.After(betweenKeys):
		case <-c.ended:
			return
		}
	}
}

// makeSound sends silence until the call ends (RFC 3550, RFC 3551: G.711 µ-law, 20 ms in a packet). Asterisk
// measures by what it hears how long a key is pressed.
func (c *Call) makeSound(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sounds || c.media == nil {
		return
	}
	conn, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(c.agent.host())}, c.media)
	if err != nil {
		t.Fatalf("send sound: %v", err)
	}
	c.sounds = true
	c.agent.done.Go(func() {
		defer conn.Close()
		packet := append([]byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0x54, 0x6F, 0x6C, 0x6C}, bytes.Repeat([]byte{0xFF}, 160)...)
		every := time.NewTicker(20 * time.Millisecond)
		defer every.Stop()
		for n := uint32(0); ; n++ {
			binary.BigEndian.PutUint16(packet[2:], uint16(n))
			binary.BigEndian.PutUint32(packet[4:], n*160)
			_, _ = conn.Write(packet)
			select {
			case <-every.C:
			case <-c.ended:
				return
			case <-c.agent.stop:
				return
			}
		}
	})
}

// mediaOf is where a session description (RFC 8866) wants its first stream; nil where it does not say.
func mediaOf(description string) *net.UDPAddr {
	var a net.UDPAddr
	for line := range strings.Lines(description) {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "c=") && len(words) == 3:
			a.IP = net.ParseIP(words[2])
		case strings.HasPrefix(line, "m=") && len(words) > 1 && a.Port == 0:
			a.Port, _ = strconv.Atoi(words[1])
		}
	}
	if a.IP == nil || a.Port == 0 {
		return nil
	}
	return &a
}
