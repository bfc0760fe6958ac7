package admin

import (
	"context"
	"errors"
	"io"
)

// LargestList bounds a price list, in bytes.
const LargestList = 512 << 20

var errUnbuilt = errors.New("price lists cannot be read yet")

// ImportRates reads a price list and makes it the deck of a trunk.
func (l *Local) ImportRates(_ context.Context, in RatesImport, _ io.Reader) (RatesReport, error) {
	if err := l.checkTrunk(in.Trunk); err != nil {
		return RatesReport{}, err
	}
	return RatesReport{}, errUnbuilt
}
