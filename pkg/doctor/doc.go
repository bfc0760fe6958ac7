// Package doctor looks at a site and says what is wrong and how to mend it: in
// Asterisk's configuration, in the dialplan, on the machine, and with the
// daemon.
//
// Gather asks the sources for Facts: files below Asterisk's configuration
// directory, its console, its manager interface, the operating system, the mail
// server, the daemon. Examine is pure: facts in, findings out. A source that
// cannot be had is a fact too, and the checks that need it say "not checked",
// never "ok".
//
// The dialplan is judged without a call. It is walked from every context in
// which a call can begin, through includes, Goto, Gosub, Macro and Local
// channels, with what is known on that path of Tollfuse's answer. Conditions
// that nobody can decide beforehand count as both true and false.
package doctor
