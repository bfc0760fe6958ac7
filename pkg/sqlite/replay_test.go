package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// short writes what was replayed as "seq kind name".
func short(es []toll.Entry) string {
	var b strings.Builder
	for _, e := range es {
		name := e.Lease.ID
		if e.Setting != nil {
			name = fmt.Sprintf("%s@%d", e.Setting.ID(), e.Setting.Revision)
		}
		fmt.Fprintf(&b, "%d %s %s\n", e.Seq, e.Kind, name)
	}
	return b.String()
}

func TestReplay(t *testing.T) {
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	log := []toll.Entry{
		ruleSet(1, hour(0), "abroad", 1, false),
		ruleSet(2, hour(0), "satellite", 2, false),
		entry(3, hour(0), toll.EntryGranted, "long"),
		entry(4, hour(0), toll.EntryGranted, "short"),
		entry(5, hour(0), toll.EntryRefused, ""),
		entry(6, hour(1), toll.EntryRenewed, "long"),
		entry(7, hour(1), toll.EntryEnded, "short"),
		ruleSet(8, hour(1), "abroad", 3, false),
		entry(9, hour(2), toll.EntryGranted, "across"),
		entry(10, hour(3), toll.EntryChanged, "across"),
		ruleSet(11, hour(3), "satellite", 4, true),
		entry(12, hour(3), toll.EntryRefused, ""),
		entry(13, hour(4), toll.EntryEnded, "across"),
		entry(14, hour(4), toll.EntryAdopted, "new"),
		entry(15, hour(4), toll.EntryCutting, "new"),
	}
	shadows := []toll.Entry{
		entry(1, hour(0), toll.EntryGranted, "over"),
		entry(2, hour(0), toll.EntryShadow, "over"),
		entry(3, hour(1), toll.EntryEnded, "over"),
		entry(4, hour(1), toll.EntryGranted, "live"),
		entry(5, hour(2), toll.EntryShadow, "live"),
	}
	for _, c := range []struct {
		name  string
		log   []toll.Entry
		since time.Time
		want  []string
	}{
		{"empty", nil, time.Time{}, nil},
		{"all", log, time.Time{}, []string{"0 setting abroad@3", "5 refused ", "6 renewed long", "7 ended short",
			"11 setting satellite@4", "12 refused ", "13 ended across", "15 cutting new"}},
		{"window", log, hour(3), []string{"0 setting abroad@3", "6 renewed long", "11 setting satellite@4", "12 refused ",
			"13 ended across", "15 cutting new"}},
		{"nothing in the window", log, hour(9), []string{"0 setting abroad@3", "6 renewed long", "11 setting satellite@4",
			"15 cutting new"}},
		{"newest is old and ended", log[:13], hour(9), []string{"0 setting abroad@3", "6 renewed long",
			"11 setting satellite@4", "13 ended across"}},
		{"newest is a setting", log[:8], hour(9), []string{"0 setting satellite@2", "0 setting abroad@3", "6 renewed long",
			"8 setting abroad@3"}},
		{"what would have been", shadows, time.Time{}, []string{"3 ended over", "5 would_cut live"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newLedger(t)
			mustAppend(t, s, c.log...)
			got := replayed(t, s.Reader, c.since)
			if want := strings.Join(append(c.want, ""), "\n"); short(got) != want {
				t.Errorf("replayed\n%swant\n%s", short(got), want)
			}
			for _, e := range got {
				if e.Seq > 0 && !reflect.DeepEqual(e, c.log[e.Seq-1]) {
					t.Errorf("wrote %+v\n read %+v", c.log[e.Seq-1], e)
				}
			}
		})
	}
}

// sketch is as much of a book as tells whether a replay gave it back.
type sketch struct {
	seq      int64
	revision int64
	live     map[string]toll.Lease
	ended    map[string]toll.Lease // that ended at or after since
	refused  int64                 // since then
	settings map[string]toll.Setting
}

func (k *sketch) apply(e toll.Entry, since time.Time) {
	k.seq = max(k.seq, e.Seq)
	switch e.Kind {
	case toll.EntrySetting:
		k.revision = e.Setting.Revision
		if k.settings[e.Setting.ID()] = *e.Setting; e.Setting.Removed {
			delete(k.settings, e.Setting.ID())
		}
	case toll.EntryRefused:
		if !e.At.Before(since) {
			k.refused += max(e.Count, 1)
		}
	case toll.EntryEnded:
		delete(k.live, e.Lease.ID)
		if !e.At.Before(since) {
			k.ended[e.Lease.ID] = e.Lease
		}
	default:
		k.live[e.Lease.ID] = e.Lease
	}
}

func newSketch() *sketch {
	return &sketch{live: map[string]toll.Lease{}, ended: map[string]toll.Lease{}, settings: map[string]toll.Setting{}}
}

// TestReplayGivesTheSameBook writes random logs, in groups, prunes, kills and
// reopens, and compares the books.
func TestReplayGivesTheSameBook(t *testing.T) {
	folder := t.TempDir()
	files := 0
	rapid.Check(t, func(rt *rapid.T) {
		files++
		path := filepath.Join(folder, fmt.Sprintf("%d.db", files))
		s, err := Open(path, Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { s.Close() }()
		if _, err := s.Lead(t.Context()); err != nil {
			rt.Fatal(err)
		}
		log := randomLog(rt)
		since := noon.Add(time.Duration(rapid.IntRange(-1, 70).Draw(rt, "since")) * time.Minute)
		want := newSketch()
		for _, e := range log {
			want.apply(e, since)
		}
		for len(log) > 0 {
			n := min(rapid.IntRange(1, 20).Draw(rt, "group"), len(log))
			if err := s.Append(t.Context(), 1, log[:n]); err != nil {
				rt.Fatal(err)
			}
			log = log[n:]
		}
		if rapid.Bool().Draw(rt, "prune") {
			if _, err := s.Prune(t.Context(), since, since); err != nil {
				rt.Fatal(err)
			}
		}
		got := newSketch()
		err = s.Replay(t.Context(), since, func(e toll.Entry) error {
			got.apply(e, since)
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			rt.Fatalf("replayed %+v\n   wrote %+v", got, want)
		}
	})
}

// randomLog is what a book could have written within an hour or so.
func randomLog(t *rapid.T) []toll.Entry {
	live := map[string]bool{}
	var log []toll.Entry
	at := noon
	for seq := int64(1); seq <= int64(rapid.IntRange(0, 60).Draw(t, "entries")); seq++ {
		at = at.Add(time.Duration(rapid.IntRange(0, 120).Draw(t, "seconds")) * time.Second)
		up := slices.SortedFunc(maps.Keys(live), cmp.Compare[string])
		what := rapid.IntRange(0, 9).Draw(t, "what")
		var e toll.Entry
		switch {
		case what == 0:
			id := fmt.Sprintf("rule-%d", rapid.IntRange(1, 3).Draw(t, "rule"))
			e = ruleSet(seq, at, id, seq, rapid.Bool().Draw(t, "removed"))
		case what == 1:
			e = entry(seq, at, toll.EntryRefused, "")
			e.Count = rapid.Int64Range(0, 9).Draw(t, "count")
		case what < 5 || len(up) == 0:
			e = entry(seq, at, toll.EntryGranted, fmt.Sprintf("lease-%d", seq))
			live[e.Lease.ID] = true
		default:
			kind := rapid.SampledFrom([]toll.EntryKind{toll.EntryChanged, toll.EntryRenewed, toll.EntryCutting, toll.EntryEnded}).Draw(t, "kind")
			e = entry(seq, at, kind, rapid.SampledFrom(up).Draw(t, "lease"))
			if kind == toll.EntryEnded {
				delete(live, e.Lease.ID)
			}
		}
		log = append(log, e)
	}
	return log
}

// A schedule that was changed after the rule that names it comes before that rule.
func TestReplayGivesSchedulesFirst(t *testing.T) {
	s := newLedger(t)
	hours := func(seq, revision int64) toll.Entry {
		return toll.Entry{Seq: seq, At: noon, Kind: toll.EntrySetting, Setting: &toll.Setting{
			Schedule: &toll.Schedule{Name: "open", Hours: []string{"daily 08:00-18:00"}}, At: noon, Revision: revision,
		}}
	}
	mustAppend(t, s, hours(1, 1), ruleSet(2, noon, "abroad", 2, false), hours(3, 3), entry(4, noon, toll.EntryRefused, ""))
	if got, want := short(replayed(t, s.Reader, time.Time{})), "0 setting open@3\n0 setting abroad@2\n3 setting open@3\n4 refused \n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReplayNamesWhatItCannotRead(t *testing.T) {
	for name, c := range map[string]struct{ damage, want string }{
		"cut off":         {"UPDATE entry SET body = substr(body, 1, 20) WHERE seq = 900", "entry 900: "},
		"nothing":         {"UPDATE entry SET body = x'' WHERE seq = 900", "entry 900: "},
		"changed":         {"UPDATE entry SET body = CAST(replace(hex(body), 'FF', 'FE') AS BLOB) WHERE seq = 900", "entry 900: "},
		"another's":       {"UPDATE entry SET body = (SELECT body FROM entry WHERE seq = 897) WHERE seq = 900", "it says that it is entry 897"},
		"setting":         {"UPDATE setting SET body = '{'", `setting rule "abroad": `},
		"another setting": {"UPDATE setting SET id = 'x'", `setting rule "x" holds rule "abroad"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLedger(t)
			mustAppend(t, s, calls(400)...)
			mustAppend(t, s, ruleSet(1201, noon.Add(time.Hour), "abroad", 1, false))
			if _, err := s.w.conn.Exec(c.damage, nil); err != nil {
				t.Fatal(err)
			}
			err := s.Replay(t.Context(), time.Time{}, func(toll.Entry) error { return nil })
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestReplayStops(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, calls(3000)...) // more than there is room for on the way
	enough := errors.New("enough")
	for name, c := range map[string]struct {
		f    func(cancel func()) error
		want error
	}{
		"an error":  {func(func()) error { return enough }, enough},
		"cancelled": {func(cancel func()) error { cancel(); return nil }, context.Canceled},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Replay(ctx, time.Time{}, func(toll.Entry) error { return c.f(cancel) })
		cancel()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if len(replayed(t, s.Reader, time.Time{})) != 3000 {
		t.Error("the next replay is not whole")
	}
}

func BenchmarkReplay(b *testing.B) {
	s := newLedger(b)
	es := calls(200_000)
	for len(es) > 0 {
		n := min(3000, len(es))
		mustAppend(b, s, es[:n]...)
		es = es[n:]
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := s.Replay(b.Context(), time.Time{}, func(toll.Entry) error { n++; return nil }); err != nil || n != 200_000 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200_000, "ns/call")
}
