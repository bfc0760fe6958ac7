// Package control carries admin.Service over a unix socket, as HTTP and JSON:
//
//	GET  /v1/status     POST /v1/explain        POST /v1/alert/test
//	GET  /v1/settings   POST /v1/settings       POST /v1/changes
//	GET  /v1/calls      POST /v1/call           POST /v1/history
//	                    POST /v1/hangup         POST /v1/incidents
//	POST /v1/incident   POST /v1/incident/close
//	POST /v1/fuse/test  POST /v1/fuse/reset
//	GET  /v1/decks      POST /v1/deck/remove    POST /v1/rates
//	POST /v1/prices     POST /v1/rates/import
//
// The body of the last one is a price list, text/csv, and what is to become of
// it stands in the query.
//
// Who may connect is decided by the mode and the group of the socket, and who
// is recorded as the author of a change by the kernel (SO_PEERCRED in
// unix(7)); neither is in what the client says. An error keeps its kind, its
// sentence and its hint:
//
//	{"error": {"kind": "not_found", "text": "…", "hint": "…"}}
package control
