package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// HistoryQuery chooses from the calls that ended and the questions that were
// refused. What is zero does not narrow.
type HistoryQuery struct {
	Caller  string         // as Caller.String writes it: extension:1001
	Number  string         // the number, or its beginning
	Lease   string         // its ID
	Outcome toll.EntryKind // EntryEnded, EntryRefused or WouldDeny
	Reason  toll.Reason    // of the end, the refusal or the cut, or of what only observes
	From    time.Time      // ended or refused at or after
	To      time.Time      // and before
	Before  int64          // page on: Seq of the last entry of the page before
	Limit   int            // rows; 100 if zero, at most 1000
}

// The sizes of a page.
const (
	defaultPage = 100
	largestPage = 1000
)

// Each condition stands twice in the text instead of being put together, so
// that no text of a caller's ever comes near SQL. None has an index: the time
// range is what bounds the search.
const selectCalls = `SELECT seq, at, outcome, count, lease, pbx, uniqueid, caller, caller_group, number, dialled, country,
		class, range, trunk, leg, started, answered, ended, seconds, per_minute, assumed, cost, reason, by, cut, would_deny,
		adopted, revision, subdivision
	FROM call
	WHERE seq >= ?1 AND seq < ?2
		AND (?3 = '' OR caller = ?3)
		AND (?4 = '' OR substr(number, 1, length(?4)) = ?4)
		AND (?5 = '' OR lease = ?5)
		AND (?6 = '' OR outcome = ?6 OR ?6 = 'would_deny' AND would_deny <> '')
		AND (?7 = '' OR reason = ?7 OR cut = ?7 OR would_deny = ?7)
	ORDER BY seq DESC LIMIT ?8`

// History lists ended and refused calls, newest first. Each entry has what the
// table call keeps of it: times to the millisecond, and nothing of how the
// lease was timed, reserved or priced beyond the price per minute. History
// outlives the log. There is more if a page is full.
func (r *Reader) History(ctx context.Context, q HistoryQuery) ([]toll.Entry, error) {
	page, err := r.history(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the history of calls: %w", err)
	}
	return page, nil
}

func (r *Reader) history(ctx context.Context, q HistoryQuery) ([]toll.Entry, error) {
	first, end, err := r.historyRange(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := r.db.QueryContext(ctx, selectCalls, first, end,
		q.Caller, q.Number, q.Lease, string(q.Outcome), string(q.Reason), pageSize(q.Limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []toll.Entry
	for rows.Next() {
		e, err := scanCall(rows)
		if err != nil {
			return nil, err
		}
		page = append(page, e)
	}
	return page, rows.Err()
}

// historyRange is the first number that can match, and the one after the last.
func (r *Reader) historyRange(ctx context.Context, q HistoryQuery) (first, end int64, err error) {
	end = math.MaxInt64
	if q.Before > 0 {
		end = q.Before
	}
	if !q.From.IsZero() {
		if first, err = firstSince(ctx, r.db, "call", q.From.UTC().Format(timeLayout)); err != nil {
			return 0, 0, err
		}
	}
	if !q.To.IsZero() {
		after, err := firstSince(ctx, r.db, "call", q.To.UTC().Format(timeLayout))
		if err != nil {
			return 0, 0, err
		}
		end = min(end, after)
	}
	return first, end, nil
}

func scanCall(rows *sql.Rows) (toll.Entry, error) {
	var e toll.Entry
	l := &e.Lease
	var at string
	var caller string
	var started, answered, ended sql.NullString
	var seconds float64
	err := rows.Scan(&e.Seq, &at, &e.Kind, &e.Count, &l.ID, &l.Key.PBX, &l.Key.Uniqueid, &caller, &l.Caller.Group, &l.Key.Number,
		&l.To.Dialled, &l.To.Country, &l.To.Class, &l.To.Range, &l.Trunk, &l.Leg, &started, &answered, &ended, &seconds,
		(*int64)(&l.Price.PerMinute), &l.Price.Assumed, (*int64)(&l.Cost), &l.Why, &l.By, &l.Cut, &l.Denied, &l.Adopted, &l.Revision, &l.To.Subdivision)
	if err != nil {
		return e, err
	}
	l.State = toll.Ended
	if e.Kind == toll.EntryRefused {
		l.State = toll.Refused
	}
	kind, id, _ := strings.Cut(caller, ":")
	l.Caller.Kind, l.Caller.ID = toll.CallerKind(kind), id
	if strings.HasPrefix(l.Key.Number, "+") {
		l.To.E164 = l.Key.Number
	}
	l.Talked = time.Duration(math.Round(seconds*1000)) * time.Millisecond
	for _, t := range []struct {
		text sql.NullString
		to   *time.Time
	}{{sql.NullString{String: at, Valid: true}, &e.At}, {started, &l.Granted}, {answered, &l.Answered}, {ended, &l.Ended}} {
		if !t.text.Valid {
			continue
		}
		if *t.to, err = time.Parse(timeLayout, t.text.String); err != nil {
			return e, fmt.Errorf("call %d: %w", e.Seq, err)
		}
	}
	return e, nil
}

const insertCall = `INSERT INTO call (seq, at, outcome, count, lease, pbx, uniqueid, caller, caller_group, number, dialled,
		country, class, range, trunk, leg, started, answered, ended, seconds, per_minute, assumed, cost, reason, by, cut,
		would_deny, adopted, revision, subdivision)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// callRow is what history keeps of an entry that ended or refused a call. The
// time is the log's, which never falls.
func callRow(at int64, e *toll.Entry) []driver.Value {
	l := &e.Lease
	return []driver.Value{
		e.Seq, forPeople(time.Unix(0, at)), string(e.Kind), max(e.Count, 1), l.ID, l.Key.PBX, l.Key.Uniqueid,
		l.Caller.String(), l.Caller.Group, l.To.Number(), l.To.Dialled,
		l.To.Country, string(l.To.Class), l.To.Range, l.Trunk, l.Leg,
		forPeople(l.Granted), forPeople(l.Answered), forPeople(l.Ended), l.Talked.Seconds(),
		int64(l.Price.PerMinute), l.Price.Assumed, int64(l.Cost), string(l.Why), l.By, string(l.Cut),
		string(l.Denied), l.Adopted, l.Revision, l.To.Subdivision,
	}
}
