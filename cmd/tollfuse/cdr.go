package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) cdrCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cdr",
		Short:   "Learn from Asterisk's call records",
		Long:    withExits(`What Asterisk has written of its calls before Tollfuse was there.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse cdr import /var/log/asterisk/cdr-csv/Master.csv --dry-run",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.cdrImportCommand(o))
	return cmd
}

// cdrFlags say which records are read, and what of them counts.
type cdrFlags struct {
	columns, pbx, until string
	except              []string
	utc, dryRun         bool
}

// cdrReport is what an import has come to.
type cdrReport struct {
	*backtest.Past
	admin.PastReport
}

func (p program) cdrImportCommand(o *options) *cobra.Command {
	var f cdrFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Learn from call records who has called which country before",
		Long: withExits(`Read Asterisk's call records, so that the countries called before Tollfuse was there
are not new to it: to the site, the Asterisk, its callers, groups and trunks. That
is all that is taken from them; limits count none of these calls. FILE is - for
standard input.

It is Master.csv, with any of its optional columns, the table cdr of FreePBX as
CSV, or another CSV whose columns are named with --columns. Rows that cannot be
read are told and left out. Only calls by a trunk that somebody answered count. To
import the same twice changes nothing.

What is learned stays. If somebody has called at the firm's cost in that time, the
countries of that fraud would be known for good: look at the list that --dry-run
prints, then stop before it with --until, or leave countries out with --except.`,
			exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse cdr import /var/log/asterisk/cdr-csv/Master.csv --dry-run\n" +
			"  tollfuse cdr import /var/log/asterisk/cdr-csv/Master.csv --until 2026-03-01 --except SL,LV\n" +
			"  tollfuse cdr import calls.csv --columns start=calldate,billsec=5,channel=6,dstchannel=7,dst=3",
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			columns, err := f.check(cmd)
			if err != nil {
				return err
			}
			c, err := o.load() // which callers and trunks there are, it alone says
			if err != nil {
				return err
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				report, err := f.importFrom(cmd, o, s, c, columns, args[0])
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), report)
				}
				return printPast(cmd.OutOrStdout(), s, args[0], f.dryRun, report)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.columns, "columns", "", "where the fields of CDR() are, by heading or number: start=1,billsec=5,channel=6,dstchannel=7,dst=3")
	flags.BoolVar(&f.utc, "utc", false, "its times are of UTC, as with usegmtime=yes in cdr.conf")
	flags.StringVar(&f.pbx, "pbx", "", "the Asterisk whose records these are, where the site has several")
	flags.StringVar(&f.until, "until", "", "learn only from calls that began before, such as 2026-03-01 or '2026-03-01 18:00'")
	flags.StringSliceVar(&f.except, "except", nil, "learn nothing about this country (ISO 3166-1, such as SL); repeatable")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only say what would be learned")
	return cmd
}

// check reads the flags that need no site.
func (f *cdrFlags) check(cmd *cobra.Command) (columns cdr.Columns, err error) {
	for i, country := range f.except {
		f.except[i] = strings.ToUpper(country)
		if err := toll.CheckCountry(f.except[i]); err != nil {
			return nil, badUsage(cmd, "--except: %s", err)
		}
	}
	if f.columns != "" {
		if columns, err = cdr.ParseColumns(f.columns); err != nil {
			return nil, badUsage(cmd, "--columns: %v", err)
		}
	}
	return columns, nil
}

// importFrom reads the file and tells the ledger what it says.
func (f *cdrFlags) importFrom(cmd *cobra.Command, o *options, s *session, c config.Config, columns cdr.Columns, name string) (cdrReport, error) {
	which := backtest.Chosen{Until: s.status.At, Except: f.except}
	if f.until != "" {
		until, err := parseMoment(f.until, s.zone)
		if err != nil {
			return cdrReport{}, badUsage(cmd, "--until %v", err)
		}
		if until.Before(which.Until) {
			which.Until = until
		}
	}
	file, done, err := openList(cmd.InOrStdin(), name)
	if err != nil {
		return cdrReport{}, fmt.Errorf("read the call records: %w", err)
	}
	defer done()
	if name == "-" {
		name = "standard input"
	}
	seen := watched(file, name, o.errOut)
	records := app.Records{PBX: f.pbx, File: seen, Columns: columns}
	if f.utc {
		records.Zone = time.UTC
	}
	past, err := app.ReadPast(cmd.Context(), c, records, which)
	seen.done()
	if err != nil {
		return cdrReport{}, err
	}
	about := toll.Past{PBX: past.PBX, File: name, Calls: past.Calls, First: past.First, Last: past.Last}
	for i := range past.Countries {
		about.Countries = append(about.Countries, past.Countries[i].Country)
	}
	report, err := s.Remember(cmd.Context(), admin.PastImport{About: about, Called: past.Called, DryRun: f.dryRun})
	return cdrReport{past, report}, err
}
