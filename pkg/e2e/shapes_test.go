//go:build e2e

package e2e

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// record is where the transcripts of the shapes are written, such as
// ../calls/testdata; nowhere if it is empty.
var record = flag.String("record", "", "folder to write the transcripts of AMI to")

// shapesDialplan has calls that take every turn that a live model must follow.
const shapesDialplan = `
[internal]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20,tT)
exten => 2001,1,Dial(Local/0301234501@internal)
exten => 2002,1,Dial(Local/0301234502@internal/n)
exten => 2003,1,Dial(PJSIP/0301234503@carrier&PJSIP/0301234504@carrier,60)
exten => 2004,1,Dial(PJSIP/nowhere,1)
 same => n,Dial(PJSIP/0301234599@carrier,5)
 same => n,Dial(PJSIP/0301234505@carrier,60)
exten => 2005,1,ConfBridge(9)
exten => 2006,1,Pickup(1002)
exten => 2007,1,Park()
exten => 2008,1,ParkedCall(default,701)
exten => _0X.,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,tTS(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
[from-carrier]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20,tT)
exten => _9X.,1,Goto(internal,2005,1)
#include extensions_tollfuse.conf
`

// shape is a call that takes its turns and ends.
type shape struct {
	name string
	play func(t *testing.T, s *stage)
}

// stage is where they are played.
type stage struct {
	*Lab
	carrier *Carrier
	phones  map[string]*Phone
}

// out has a phone call a number. So many channels are bridged then.
func (s *stage) out(t *testing.T, from, number string, bridged int) *Call {
	t.Helper()
	return goesOut(t, s.Lab, s.phones[from], number, bridged)
}

func shapes() []shape {
	hangs := func(call *Call) { call.Hangup() }
	return []shape{
		{"local-optimized", func(t *testing.T, s *stage) {
			call := s.out(t, "1001", "2001", 4)
			s.carrier.Calls()[0].makeSound(t) // nothing is optimized away while all are silent
			call.makeSound(t)
			s.WaitBridged(t, 2, 10*time.Second)
			call.Hangup()
		}},
		{"local-kept", func(t *testing.T, s *stage) { hangs(s.out(t, "1001", "2002", 4)) }},
		{"fork", func(t *testing.T, s *stage) { hangs(s.out(t, "1001", "2003", 2)) }},
		{"failover", func(t *testing.T, s *stage) {
			s.carrier.OnCall(func(c *Call) Answer {
				if c.Number == "0301234599" {
					return Answer{Status: 503}
				}
				return Answer{}
			})
			hangs(s.out(t, "1001", "2004", 2))
		}},
		{"conference", func(t *testing.T, s *stage) {
			phone := s.phones["1001"].Dial("2005")
			phone.WaitAnswered(t, 10*time.Second)
			other := s.carrier.Dial("9001", "030123")
			other.WaitAnswered(t, 10*time.Second)
			other.Hangup()
			phone.Hangup()
		}},
		{"pickup", func(t *testing.T, s *stage) {
			s.phones["1002"].Always(Answer{Ring: time.Minute})
			s.carrier.Dial("1002", "030123")
			Eventually(t, 10*time.Second, "1002 rings", func() bool { return s.Channels(t) == 2 })
			hangs(s.out(t, "1003", "2006", 2))
		}},
		{"parked", func(t *testing.T, s *stage) {
			call := s.out(t, "1001", "0301234506", 2)
			if status := call.Refer(t, "2007", 10*time.Second); status != 200 {
				t.Errorf("parking comes to %d", status)
			}
			Eventually(t, 10*time.Second, "the call is parked", func() bool { return s.Channels(t) == 1 })
			hangs(s.out(t, "1003", "2008", 2))
		}},
		{"announced", func(t *testing.T, s *stage) {
			first := s.out(t, "1005", "0301234507", 2)
			if status := first.ReferTo(t, s.out(t, "1005", "0301234508", 4), 10*time.Second); status != 200 {
				t.Errorf("the transfer comes to %d", status)
			}
			s.WaitBridged(t, 2, 10*time.Second)
		}},
	}
}

// After whatever turns a call takes, the model has as many channels as Asterisk, and
// no lease is left.
func TestModelFollowsEveryShape(t *testing.T) {
	watching := func(c *config.Config) { c.Bypass = config.BypassAlert } // some of them ask nobody
	forEachVersion(t, DaemonOptions{Change: watching}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", shapesDialplan)
		l.WriteConfig(t, "res_parking.conf", "[default]\nparkpos = 701-720\n")
		l.CLI(t, "module load res_parking.so")
		l.Reload(t)
		on := &stage{Lab: l, carrier: l.Carrier(t), phones: make(map[string]*Phone)}
		for _, extension := range []string{"1001", "1002", "1003", "1005"} {
			on.phones[extension] = l.Phone(t, extension)
		}
		for _, s := range shapes() {
			t.Run(s.name, func(t *testing.T) {
				stop := l.recordAMI(t, fmt.Sprintf("%s-%s.ami", s.name, map[string]string{Asterisk22: "asterisk-22", Asterisk16: "asterisk-16"}[l.Suite]))
				defer l.CLI(t, "channel request hangup all")
				s.play(t, on)
				l.CLI(t, "channel request hangup all")
				l.WaitIdle(t, 10*time.Second)
				d.WaitLive(t, 0, 10*time.Second)
				Eventually(t, 5*time.Second, "the model is empty too", func() bool {
					status, err := d.Admin.Status(t.Context())
					return err == nil && len(status.Process.Links) == 1 && status.Process.Links[0].Channels == 0
				})
				stop()
			})
		}
	})
}

// recordAMI writes down what Asterisk tells of calls until it is stopped, without
// what names this machine.
func (l *Lab) recordAMI(t *testing.T, file string) (stop func()) {
	t.Helper()
	if *record == "" {
		return func() {}
	}
	conn, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", l.AMI))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\nEvents: call\r\n\r\n", AMIUser, AMISecret)
	lines := bufio.NewReader(conn)
	for line := ""; !strings.HasPrefix(line, "Message: Authentication accepted"); {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	said := make(chan []byte)
	go func() {
		text, _ := io.ReadAll(lines)
		said <- text
	}()
	return func() {
		fmt.Fprint(conn, "Action: Logoff\r\n\r\n")
		text := <-said
		conn.Close()
		var kept []string
		told := regexp.MustCompile(`^Event: (Newchannel|Newstate|Rename|DialBegin|DialEnd|LocalBridge|BlindTransfer|AttendedTransfer|Hangup)\r\n`)
		for message := range strings.SplitSeq(strings.TrimLeft(string(text), "\r\n"), "\r\n\r\n") {
			if told.MatchString(message) {
				kept = append(kept, message+"\r\n\r\n")
			}
		}
		whole := strings.ReplaceAll(strings.Join(kept, ""), l.Name, "pbx")
		if err := os.WriteFile(filepath.Join(*record, file), []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
