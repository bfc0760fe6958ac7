// Package incident gathers what belongs to one attack, or to one trouble of
// ours, and says when the owner should hear of it: when it opens, when it has
// become ten times worse, and when it is over. It reads the entries of the
// ledger and is pure: time comes with them.
package incident
