// Package e2e holds the end-to-end tests: Tollfuse against a real Asterisk 22 and 16, with SIP calls.
// They are behind the build tag e2e and need root on Debian:
//
//	go test -tags e2e ./pkg/e2e
package e2e
