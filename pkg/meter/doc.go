// Package meter counts what calls weigh, in rolling windows, for each subject
// apart. It is pure: time is an argument. It is bounded: what a caller can make
// up (a new number for each call) costs no more memory than was set aside, and
// at the bound figures merge upward, so that nobody is forgotten and everything
// errs on the strict side.
package meter
