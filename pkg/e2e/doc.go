// Package e2e holds the end-to-end tests: Tollfuse against a real Asterisk 22 and 16, with SIP calls.
// They are behind the build tag e2e, need root on Debian, and make three chroots the first time (a minute):
//
//	go test -tags e2e ./pkg/e2e
//
// TOLLFUSE_LAB names the directory of the chroots, TOLLFUSE_LAB_KEEP=1 keeps the directories of the
// instances after the tests. The configuration of the exchange is in testdata/lab.
//
// # The exchange
//
// [Start] starts a fresh Asterisk in about a second, with free ports, a directory and a systemname of its
// own, and stops it when the test ends. forEachAsterisk does so for both versions at once, as parallel
// subtests:
//
//	forEachAsterisk(t, func(t *testing.T, l *Lab) {
//		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
//		call := phone.Dial("0023222123456")
//		call.WaitAnswered(t, 5*time.Second)
//		…
//	})
//
// A [Lab] has its ports (SIP, AMI, AGI where the dialplan expects the daemon, HTTP), Dir and Path for its
// files, WriteConfig and Reload, CLI, Channels and WaitIdle, CDRs and WaitCDRs for Master.csv, and Stop,
// Kill, Signal and Run for its process. [Prepare] and Run are [Start] in two steps, for configuration that
// must know the ports. Files that "tollfuse init" generates go to etc/extensions_tollfuse.conf and
// etc/manager.d.
//
// # Phones and carriers
//
// [Carrier] and [Phone] are SIP user agents of our own, about 600 lines over UDP. A [Carrier] keeps each
// call it was sent: one INVITE is one call however often it was repeated, with the number exactly as it
// came and the talk time by the monotonic clock. OnCall and Always say what it does: ring, answer, refuse,
// stay silent, hang up after a time or vanish. A [Phone] dials anything, in any number of calls at once,
// and learns the status and the Q.850 cause of a refusal; [Call] can Hangup, Vanish, Press keys and
// Refer, and StaysUp is how a test talks.
//
// A crowd of phones calls again and again, each until its call is cut, and the budget tests compare what their
// carrier bills with what they may spend.
//
// "make bench-asterisk" is BenchmarkCallSetUp: calls at a steady rate from some 900 further extensions, which one phone
// speaks for.
//
// [SIPp] runs the phones of testdata/lab/sipp instead: the plain call, the blind transfer, the forward with
// 302, load, and a phone that dials one string after the other. What is dialled so, and what must become of it,
// is in testdata/numbers.
//
// Why both: SIPp is a foreign SIP stack, so the standard scenarios and the load do not rest on our own
// reading of the RFCs. But it writes no talk time per call, a scenario that meets anything unforeseen
// aborts and leaves its call up, every variation is another XML file, and it cannot be asked in the middle
// of a test how many calls are up. So what must be counted, timed or hostile is done by our own agents;
// the carrier, which is the bill, always is.
//
// # Mail
//
// [StartSMTPD] starts Debian's Exim, which wants STARTTLS and a password, in milliseconds. [SMTPD] has the Mails
// it has taken, each of them checked and taken apart, and Stop, Start, Kill and Busy to make it fail.
// TOLLFUSE_E2E_SMTP_DOWN=10m keeps it away for that long in the test of that, and TOLLFUSE_E2E_KEEP_MAIL names a
// directory into which the test of an attack puts a mail as text, HTML and as it came.
//
// # What fails
//
// [Proxy] is a link that can be cut, for the manager connection. [SmallDisk], [FillDisk] and [SetReadOnly]
// make the disk of a ledger fail. TestClockIsSet sets the clock of the machine itself, by ten seconds for half a
// minute, and puts it right; where the machine does not allow that, as in a container, it skips and says so.
package e2e
