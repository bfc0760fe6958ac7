// Package transcripts_test records what the program says, as text files for the
// documents, and fails when the program says something else now:
//
//	go test ./docs/transcripts -update
//
// writes the files again. The program is the real one, on a machine of its own:
// a folder that it takes for /, with a configuration, a ledger and Asterisk's
// files at their usual places. What moves from run to run (moments, lengths,
// amounts that hang on them, figures of this machine) is kept as it was recorded
// and left out of the comparison.
package transcripts_test
