package control

import (
	"net/http"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
)

// The paths, with the version of the interface in front.
const (
	pathStatus     = "/v1/status"
	pathExplain    = "/v1/explain"
	pathSettings   = "/v1/settings"
	pathPolicy     = "/v1/policy"
	pathChanges    = "/v1/changes"
	pathCalls      = "/v1/calls"
	pathCall       = "/v1/call"
	pathHangup     = "/v1/hangup"
	pathHistory    = "/v1/history"
	pathIncidents  = "/v1/incidents"
	pathIncident   = "/v1/incident"
	pathClose      = "/v1/incident/close"
	pathTestAlert  = "/v1/alert/test"
	pathTestFuse   = "/v1/fuse/test"
	pathResetFuse  = "/v1/fuse/reset"
	pathDecks      = "/v1/decks"
	pathRemoveDeck = "/v1/deck/remove"
	pathRates      = "/v1/rates"
	pathImport     = "/v1/rates/import"
	pathPrices     = "/v1/prices"
	pathPast       = "/v1/past"
)

// The bounds of what is carried.
const (
	largestRequest = 64 << 10
	largestPolicy  = 8 << 20  // thousands of rules, each with a comment
	largestPast    = 64 << 20 // as many facts as a book keeps apart
	largestAnswer  = 64 << 20 // 50,000 live leases
	longestAnswer  = 15 * time.Second
	longestAlert   = 35 * time.Second               // a mail server may take half a minute to refuse
	longestFuse    = 5*time.Minute + 15*time.Second // the longest fuse.timeout, and what surrounds it
	longestImport  = 15 * time.Minute               // a price list that comes through a pipe, and has millions of rows
	longestRemoval = time.Minute                    // as long as an import may keep its turn once it has the list, and enough to write a past
)

const contentType = "application/json"

// named is a request about one thing.
type named struct {
	ID string `json:"id"`
}

// nothing is a request that says nothing. It is sent all the same, so that
// whatever acts is a POST with our content type.
type nothing struct{}

// patience is how long the answer to a request may take.
func patience(path string) time.Duration {
	switch path {
	case pathTestAlert:
		return longestAlert
	case pathTestFuse, pathResetFuse:
		return longestFuse
	case pathImport:
		return longestImport
	case pathRemoveDeck, pathPast:
		return longestRemoval
	}
	return longestAnswer
}

// largest is how long a request may be.
func largest(path string) int64 {
	switch path {
	case pathPolicy:
		return largestPolicy
	case pathPast:
		return largestPast
	}
	return largestRequest
}

// failure is an error on its way.
type failure struct {
	Error struct {
		Kind admin.Kind `json:"kind"`
		Text string     `json:"text"`
		Hint string     `json:"hint,omitempty"`
	} `json:"error"`
}

// statusOf is the HTTP status of a kind; the kind itself is in the body.
func statusOf(k admin.Kind) int {
	switch k {
	case admin.BadInput:
		return http.StatusBadRequest
	case admin.NotFound:
		return http.StatusNotFound
	case admin.NeedsDaemon:
		return http.StatusConflict
	case admin.LedgerDown:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
