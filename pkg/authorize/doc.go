// Package authorize is the use case behind FastAGI: it turns what the dialplan
// says about a call into a question, asks the ledger, and tells the dialplan
// the verdict. It judges nothing itself, but for the failure policy that must
// answer when the ledger cannot.
package authorize
