//go:build e2e

package e2e

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"testing"
	"time"
)

// CDR is one line of Master.csv, Asterisk's own call record, as cdr_csv writes it with usegmtime,
// loguniqueid and loguserfield.
type CDR struct {
	Account, Source, Destination, Context, CallerID string
	Channel, DestinationChannel, LastApp, LastData  string
	Start, Answer, End                              time.Time // whole seconds, UTC; Answer is zero when there was none
	Duration, Billed                                time.Duration
	Disposition, AMAFlags, Uniqueid, Userfield      string
}

// CDRs returns the call records written so far; none is no error, since the file comes with the first.
func (l *Lab) CDRs(t testing.TB) []CDR {
	t.Helper()
	file, err := os.Open(l.Path("log/cdr-csv/Master.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatalf("opening the call records: %v", err)
	}
	defer file.Close()
	records, err := parseCDRs(file)
	if err != nil {
		t.Fatalf("reading the call records: %v", err)
	}
	return records
}

// WaitCDRs waits until there are n call records. Asterisk writes one a moment after the call.
func (l *Lab) WaitCDRs(t testing.TB, n int, limit time.Duration) []CDR {
	t.Helper()
	var records []CDR
	Eventually(t, limit, fmt.Sprintf("%d call records", n), func() bool {
		records = l.CDRs(t)
		return len(records) >= n
	})
	return records
}

func parseCDRs(r io.Reader) ([]CDR, error) {
	const columns = 18
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = columns
	var records []CDR
	for {
		f, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		record := CDR{
			Account: f[0], Source: f[1], Destination: f[2], Context: f[3], CallerID: f[4], Channel: f[5],
			DestinationChannel: f[6], LastApp: f[7], LastData: f[8],
			Disposition: f[14], AMAFlags: f[15], Uniqueid: f[16], Userfield: f[17],
		}
		for i, into := range []*time.Time{&record.Start, &record.Answer, &record.End} {
			if f[9+i] == "" {
				continue
			}
			if *into, err = time.Parse(time.DateTime, f[9+i]); err != nil {
				return nil, fmt.Errorf("record of %s: %w", record.Uniqueid, err)
			}
		}
		for i, into := range []*time.Duration{&record.Duration, &record.Billed} {
			seconds, err := strconv.Atoi(f[12+i])
			if err != nil {
				return nil, fmt.Errorf("record of %s: %w", record.Uniqueid, err)
			}
			*into = time.Duration(seconds) * time.Second
		}
		records = append(records, record)
	}
}
