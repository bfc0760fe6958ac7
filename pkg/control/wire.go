package control

import (
	"net/http"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
)

// The paths, with the version of the interface in front.
const (
	pathStatus   = "/v1/status"
	pathExplain  = "/v1/explain"
	pathSettings = "/v1/settings"
	pathCalls    = "/v1/calls"
	pathHangup   = "/v1/hangup"
	pathHistory  = "/v1/history"
)

// The bounds of what is carried.
const (
	largestRequest = 64 << 10
	largestAnswer  = 64 << 20 // 50,000 live leases
	longestAnswer  = 15 * time.Second
)

const contentType = "application/json"

// hangup names the call to end.
type hangup struct {
	Lease string `json:"lease"`
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
