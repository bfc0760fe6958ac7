package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// ErrNotFound says that the ledger has no such thing, or has it no more.
var ErrNotFound = errors.New("the ledger knows no such thing")

const (
	replaceIncident = `REPLACE INTO incident (id, kind, pbx, caller, opened, newest, closed, refused, cut, bypassed, cost, at_stake, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	replaceNotice = `REPLACE INTO notice (id, incident, kind, at, sent, given_up, tries, error, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	pruneIncident = `DELETE FROM incident WHERE id IN (
		SELECT id FROM incident WHERE opened < ?1 AND closed IS NOT NULL ORDER BY opened LIMIT ?2)`
	pruneNotice = `DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE at < ?1 LIMIT ?2)`
)

// putIncident writes the incident as it stands.
func (w *writer) putIncident(i *toll.Incident) error {
	body, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("write incident as JSON: %w", err)
	}
	_, err = w.exec(w.incident, i.ID, string(i.Kind), i.PBX, i.Caller, forPeople(i.Opened), forPeople(i.Newest), forPeople(i.Closed),
		i.Refused, i.Cut, i.Bypassed, int64(i.Cost), int64(i.AtStake), string(body))
	return err
}

// putNotice writes the notice as it stands.
func (w *writer) putNotice(n *toll.Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write notice as JSON: %w", err)
	}
	_, err = w.exec(w.notice, n.ID, n.Incident.ID, string(n.Kind), forPeople(n.At), forPeople(n.Sent), n.GivenUp, int64(n.Tries), n.Error, string(body))
	return err
}

// IncidentQuery chooses from the incidents. What is zero does not narrow.
type IncidentQuery struct {
	Open   bool
	Kind   toll.IncidentKind
	Caller string    // Caller.ID
	From   time.Time // opened at or after
	To     time.Time // and before
	Limit  int       // rows; 100 if zero, at most 1000
}

// Incidents lists incidents, the newest first.
func (r *Reader) Incidents(ctx context.Context, q IncidentQuery) ([]toll.Incident, error) {
	to := q.To
	if to.IsZero() {
		to = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	from, _ := forPeople(q.From).(string)
	all, err := bodies[toll.Incident](ctx, r.db, `SELECT id, body FROM incident
		WHERE opened >= ?1 AND opened < ?2 AND (NOT ?3 OR closed IS NULL) AND (?4 = '' OR kind = ?4) AND (?5 = '' OR caller = ?5)
		ORDER BY opened DESC, id DESC LIMIT ?6`, from, forPeople(to), q.Open, string(q.Kind), q.Caller, pageSize(q.Limit))
	if err != nil {
		return nil, fmt.Errorf("read the incidents: %w", err)
	}
	return all, nil
}

// Incident is one incident with its notices, the oldest first; ErrNotFound if
// there is none by that name.
func (r *Reader) Incident(ctx context.Context, id string) (toll.Incident, []toll.Notice, error) {
	found, err := bodies[toll.Incident](ctx, r.db, "SELECT id, body FROM incident WHERE id = ?1", id)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return toll.Incident{}, nil, fmt.Errorf("read incident %q: %w", id, err)
	}
	notices, err := bodies[toll.Notice](ctx, r.db, "SELECT id, body FROM notice WHERE incident = ?1 ORDER BY at, length(id), id", id)
	if err != nil {
		return toll.Incident{}, nil, fmt.Errorf("read the notices of incident %q: %w", id, err)
	}
	return found[0], notices, nil
}

// bodies reads rows of a name and a JSON body.
func bodies[T any](ctx context.Context, db querier, query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var id, body string
		if err := rows.Scan(&id, &body); err != nil {
			return nil, err
		}
		var one T
		if err := json.Unmarshal([]byte(body), &one); err != nil {
			return nil, fmt.Errorf("row %q: %w", id, err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// recentlyClosed is how many incidents that are over are given: what has been told
// of an attack bounds what is told when it goes on.
const recentlyClosed = 40

// replayOwner gives the incidents that are open, the newest of those that are over,
// and the notices that wait.
func replayOwner(ctx context.Context, tx *sql.Tx, out *sender) error {
	open, err := bodies[toll.Incident](ctx, tx, "SELECT id, body FROM incident WHERE closed IS NULL ORDER BY id")
	if err != nil {
		return fmt.Errorf("incidents: %w", err)
	}
	over, err := bodies[toll.Incident](ctx, tx, "SELECT id, body FROM incident WHERE closed IS NOT NULL AND kind IN ('attack', 'limit') ORDER BY newest DESC LIMIT ?", recentlyClosed)
	if err != nil {
		return fmt.Errorf("incidents that are over: %w", err)
	}
	waiting, err := bodies[toll.Notice](ctx, tx, "SELECT id, body FROM notice WHERE sent IS NULL AND given_up = 0 ORDER BY id")
	if err != nil {
		return fmt.Errorf("notices: %w", err)
	}
	var entries []toll.Entry
	for i := range slices.Backward(over) { // the oldest first
		entries = append(entries, toll.Entry{At: over[i].Newest, Kind: toll.EntryIncident, Incident: &over[i]})
	}
	for i := range open {
		entries = append(entries, toll.Entry{At: open[i].Newest, Kind: toll.EntryIncident, Incident: &open[i]})
	}
	for i := range waiting {
		entries = append(entries, toll.Entry{At: waiting[i].At, Kind: toll.EntryNotice, Notice: &waiting[i]})
	}
	for _, entry := range entries {
		e := out.add()
		if e == nil {
			return ctx.Err()
		}
		*e = entry
	}
	return nil
}
