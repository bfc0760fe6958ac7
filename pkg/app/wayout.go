package app

import (
	"context"
	"errors"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
)

// ledgerError says what to do about a ledger that cannot be opened.
func ledgerError(err error) error {
	hint := "see to it that the folder is there, that this user may write to it and that there is room, or name another with ledger.path; nothing was changed"
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, sqlite.ErrInUse):
		hint = "stop the other daemon first: systemctl stop tollfuse; or name another ledger with ledger.path"
	case errors.Is(err, sqlite.ErrNewer):
		hint = "nothing was changed in it"
	case sqlite.IsDamage(err):
		hint = "put a backup in its place: tollfuse backup --restore FILE; nothing was changed in it"
	case errors.Is(err, sqlite.ErrNotLedger):
		hint = "move the file away, or name another ledger with ledger.path; nothing was changed in it"
	}
	return admin.Errorf(admin.Internal, hint, "%w", err)
}

// listenError says what to do about an address that cannot be listened on.
func listenError(err error) error {
	return admin.Errorf(admin.Internal,
		"stop whatever has the address (ss -ltnp shows it), or name another with fastagi.listen and generate the dialplan again",
		"listen for the dialplan: %w", err)
}
