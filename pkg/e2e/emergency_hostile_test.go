//go:build e2e

package e2e

import (
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// spoiled is a dialplan in which everything that is told of a channel is hostile: each fact in turn is 4 kB of
// what could end a quotation, split arguments, or be evaluated. 112 dials at once, 6112 through a Local channel.
func spoiled() string {
	text := `PJSIP/1002\",)}'|&@${d}{EXTEN}${d}[1/0]` + strings.Repeat(`x,")`, 1000)
	var set strings.Builder
	for _, name := range []string{"TOLLFUSE_TRUNK", "BLINDTRANSFER", "ATTENDEDTRANSFER", "FORWARDERNAME", "TRANSFERERNAME"} {
		set.WriteString(" same => n,Set(__" + name + "=" + text + ")\n")
	}
	set.WriteString(" same => n,Set(CHANNEL(accountcode)=1002,end=1)\n" +
		" same => n,Set(CALLERID(num)=${URIDECODE(1%0D%0Aagi_extension%3A%201)})\n" +
		" same => n,MSet(__TOLLFUSE_VERDICT=deny,__TOLLFUSE_DIAL=1,__TOLLFUSE_SECONDS=0,__number=1,__by=1,__remote=1)\n")
	return "[internal]\n" +
		"exten => 112,1,Set(d=$)\n" + set.String() + " same => n,Goto(out,112,1)\n" +
		"exten => 6112,1,Set(d=$)\n" + set.String() + " same => n,Dial(Local/112@out/n,30)\n" +
		"exten => _00.,1,Set(d=$)\n" + set.String() + " same => n,Goto(out,${EXTEN},1)\n" + `
[out]
exten => _X.,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
#include extensions_tollfuse.conf
`
}

// An emergency call asks nobody, so neither what is told of its channel nor who listens at the daemon's address
// can stop it.
func TestEmergencyCallWithHostileFacts(t *testing.T) {
	forEachVersion(t, DaemonOptions{Change: everythingShut}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", spoiled())
		l.Reload(t)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		both := func(when string) {
			t.Helper()
			for _, dialled := range []string{emergencyNumber, "6" + emergencyNumber} {
				n := len(carrier.Calls())
				call := phone.Dial(dialled)
				if _, after := reaches(t, carrier, n+1, call, emergencyNumber); after > atOnce {
					t.Errorf("%s, %s: at the carrier after %v", dialled, when, after)
				}
				call.WaitAnswered(t, 5*time.Second)
				call.Hangup()
				call.WaitEnded(t, 5*time.Second)
			}
		}
		both("daemon alive")
		// The same facts do not charge another extension with a call that has to ask.
		call := phone.Dial(sierraLeone)
		d.WaitDecision(t, "caller=unknown:unknown", "number=+23222221234")
		call.Hangup()
		call.WaitEnded(t, 5*time.Second)
		d.Signal(t, syscall.SIGSTOP)
		both("daemon hung")
		d.Signal(t, syscall.SIGCONT)
		d.Kill(t)
		both("daemon dead")
		asked := answersGarbage(t, d.Config.FastAGI.Listen)
		both("garbage in its place")
		if n := asked.Load(); n != 0 {
			t.Errorf("%d emergency calls have asked", n)
		}
	})
}

// answersGarbage listens where the daemon should, and counts who comes.
func answersGarbage(t *testing.T, address string) *atomic.Int64 {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			_, _ = conn.Write([]byte("SET VARIABLE TOLLFUSE_VERDICT deny\n\x00\xff\nHANGUP\n"))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return &asked
}
