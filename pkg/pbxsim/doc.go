// Package pbxsim is a simulated Asterisk, for demonstrations, load and tests: it talks to a daemon over real
// sockets, asks it by FastAGI before a call goes out, and tells by AMI what becomes of the call.
//
// It behaves as Asterisk 16 and 22 were seen to: events come in Asterisk's order with all of their fields,
// a channel keeps its Uniqueid for life, a variable set as _NAME is found as NAME on the leg it dials, a
// timer sits on the trunk leg and fires some milliseconds late. Its dialplan is the one of dialplan-snippets:
// emergency numbers ask nobody, the failure policy is set before the daemon is asked and holds when nobody
// answers, and only an explicit "allow" dials.
//
// At the end of the trunk stands a carrier that answers when the script says so and keeps a bill of its own,
// from what it saw on its side. Neither knows anything of the daemon's ideas of money.
//
// It has no media, no SIP, and no channel driver but the two names PJSIP and Local. Time is the wall clock's.
package pbxsim
