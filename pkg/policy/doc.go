// Package policy judges: may this caller talk to this destination at this
// price, and for how long before it must be asked again? A Policy is an
// immutable value made of options, rules and limits. It has no clock, no I/O
// and no memory: time, figures and locks are arguments, so the same question
// gets the same answer in the daemon, in a simulation and in a test.
//
// The order in which a question is heard: emergency calls pass above
// everything; calls that stay in the site pass; what is no number is refused;
// then locks, then the most specific rule or else the default of the class,
// then the limits, which also say how long the call may go on.
package policy
