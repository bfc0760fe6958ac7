package app

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// TestHangupOfInternationalCalls ends "international from 214" on a PBX, leaves
// the rest be, and finds all of it in the story of the call.
func TestHangupOfInternationalCalls(t *testing.T) {
	x := newExchange(t, nil)
	abroad, home := x.call(pbxsim.Call{From: "214", Number: london}), x.call(pbxsim.Call{From: "214", Number: friend})
	other := x.call(pbxsim.Call{From: "215", Number: london})
	x.talking(3)
	ended, err := x.client.Hangup(t.Context(), admin.Selection{Caller: "214", Where: toll.Abroad})
	if err != nil || len(ended) != 1 || ended[0].Caller.ID != "214" {
		t.Fatalf("%+v, %v", ended, err)
	}
	if o := abroad.Outcome(); o.End != pbxsim.EndCut {
		t.Errorf("the call abroad ended by %s", o.End)
	}
	x.talking(2)
	home.Hangup()
	other.Hangup()
	x.idle()
	life := x.story(ended[0].ID)
	var kinds []toll.EntryKind
	for i := range life {
		kinds = append(kinds, life[i].Kind)
	}
	last := life[len(life)-1].Lease
	if life[0].Kind != toll.EntryGranted || last.Cut != toll.ReasonManual || last.Talked <= 0 || last.Cost <= 0 {
		t.Errorf("story %v, at the end %+v", kinds, last)
	}
	cut := false
	for i := range life {
		cut = cut || life[i].Kind == toll.EntryCutting
	}
	if !cut {
		t.Errorf("the story does not tell of the cut: %v", kinds)
	}
}

// story waits until the end of a call is recorded.
func (x *exchange) story(lease string) []toll.Entry {
	x.t.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		life, err := x.client.Call(x.t.Context(), lease)
		if err == nil && len(life) > 0 && life[len(life)-1].Kind == toll.EntryEnded {
			return life
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("the call has no end: %+v, %v", life, err)
		}
	}
}

// TestBackupAndRestore copies the ledger under a daemon, and takes it back once
// that is stopped.
func TestBackupAndRestore(t *testing.T) {
	c := testConfig(t)
	r := startDaemon(t, c)
	lock := toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}}
	if _, err := r.client.Change(t.Context(), lock); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := Backup(t.Context(), c, copied); err != nil {
		t.Fatal(err)
	}
	lock.Removed = true
	if _, err := r.client.Change(t.Context(), lock); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), c, copied); admin.KindOf(err) != admin.BadInput || !errors.Is(err, sqlite.ErrInUse) {
		t.Errorf("under a running daemon: %v", err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	done, err := Restore(t.Context(), c, copied)
	if err != nil || done.Locks != 1 || done.Kept == "" || done.Newest.IsZero() {
		t.Fatalf("%+v, %v", done, err)
	}
	again := startDaemon(t, c)
	defer func() { _ = again.stop() }()
	settings, err := again.client.Settings(t.Context())
	if err != nil || len(settings) != 1 || settings[0].ID() != "caller=1001" {
		t.Errorf("after the restore: %+v, %v", settings, err)
	}
}
