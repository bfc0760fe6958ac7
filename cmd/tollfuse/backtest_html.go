package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/report"
)

// writePage writes the page about a backtest in the place of a file that is there, as
// a whole or not at all. Nobody else may read it: who has called whom is nobody else's
// business.
func writePage(path string, o *options, records string, r *backtest.Result) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("write the page: %s is no file", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".tollfuse-*") // with mode 0600
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	defer func() {
		if gone := os.Remove(file.Name()); err == nil && gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = fmt.Errorf("write the page: %w", gone)
		}
	}()
	pasted := *r
	pasted.Proposals = slices.Clone(r.Proposals)
	for i := range pasted.Proposals {
		pasted.Proposals[i].Command = o.pasteable(pasted.Proposals[i].Command)
	}
	if err := errors.Join(report.Backtest(file, records, &pasted), file.Close()); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}
