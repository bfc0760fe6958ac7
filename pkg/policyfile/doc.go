// Package policyfile writes rules, limits, schedules and locks as YAML and reads
// them back, for owners who keep them in a file under version control.
//
// It reads strictly, and what is written, not what YAML makes of it: an unknown
// key, a key that stands twice or a value that cannot be meant is a Problem with
// its line. Names and values are those of the command line: 150.00, 6h, 7d. What
// is written and read again is the same, and written again the same text. PINs,
// rate decks and the main fuse are no part of it.
package policyfile
