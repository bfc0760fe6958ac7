package rating

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// berlin is two hours ahead of UTC in summer.
func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// written is a row as a test writes it down: prefix, price a minute, connect,
// minimum/increment/free, moment in the zone, description.
func written(r Row, zone *time.Location) string {
	from := "-"
	if !r.ValidFrom.IsZero() {
		from = r.ValidFrom.In(zone).Format("2006-01-02T15:04")
	}
	p := r.Price
	return fmt.Sprintf("%s %s %s %.0f/%.0f/%.0f %s %s", r.Prefix, p.PerMinute, p.Connect, p.Minimum.Seconds(), p.Increment.Seconds(), p.Free.Seconds(), from, r.Description)
}

// The lists in testdata are laid out as carriers lay out theirs.
func TestRead(t *testing.T) {
	spanish := []string{
		"34 0.009 0.00 0/1/0 2026-03-01T00:00 España",
		"346 0.029 0.00 0/1/0 2026-03-01T00:00 España - Móvil",
		"34803 1.21 0.30 0/60/0 2026-03-01T00:00 España - Tarificación adicional",
		"54 0.015 0.00 0/1/0 2026-03-01T00:00 Argentina",
	}
	for _, tc := range []struct {
		file    string
		format  Format
		columns string
		rows    []string
	}{
		{"plain.csv", Format{}, "description=Destination per_minute=Rate prefix=Prefix", []string{
			"1 0.0085 0.00 0/0/0 - USA and Canada",
			"1876 0.1125 0.00 0/0/0 - Jamaica",
			"44 0.012 0.00 0/0/0 - United Kingdom",
			"447 0.0255 0.00 0/0/0 - United Kingdom - Mobile",
			`4470 0.45 0.00 0/0/0 - United Kingdom - Personal numbers, "070"`,
			"88213 5.90 0.00 0/0/0 - EMSAT",
		}},
		{"wholesale.csv", Format{}, "connect=Connection Fee description=Destination increment=Interval N minimum=Interval 1 per_minute=Rate (USD/min) prefix=Dial Code valid_from=Effective Date", []string{
			"220 0.5832 0.00 60/1/0 2026-03-01T00:00 Gambia",
			"220 0.61 0.00 60/1/0 2026-04-01T00:00 Gambia",
			"3712 0.073 0.00 1/1/0 2026-03-01T00:00 Latvia - Mobile",
			"37120 0.073 0.00 1/1/0 2026-03-01T00:00 Latvia - Mobile",
			"37121 0.073 0.00 1/1/0 2026-03-01T00:00 Latvia - Mobile",
			"37122 0.073 0.00 1/1/0 2026-03-01T00:00 Latvia - Mobile",
			"37123 0.073 0.00 1/1/0 2026-03-01T00:00 Latvia - Mobile",
			"37124 0.073 0.00 1/1/0 2026-03-01T00:00 Latvia - Mobile",
			"37129 0.073 0.00 1/1/0 2026-03-01T00:00 Latvia - Mobile",
			"52 0.0098 0.00 60/1/0 2026-03-01T00:00 Mexico",
			"521 0.0191 0.00 60/1/0 2026-03-01T00:00 Mexico - Mobile",
			"53 1050.00 0.15 30/6/0 2026-03-01T00:00 Cuba",
		}},
		{"german.csv", Format{}, "connect=Verbindungsgebühr description=Ziel increment=Taktung per_minute=Preis/Min (EUR) prefix=Vorwahl valid_from=Gültig ab", []string{
			"43 0.015 0.00 1/1/0 2026-03-01T00:00 Österreich",
			"49 0.0089 0.00 60/60/0 2026-03-01T00:00 Deutschland",
			"4915 0.039 0.00 60/1/0 2026-03-01T00:00 Deutschland Mobilfunk",
			"881 1234.50 0.05 30/6/0 2026-04-15T00:00 Satellit Global",
		}},
		{"french.csv", Format{}, "connect=Frais de mise en relation description=Destination increment=Palier minimum=Durée minimale per_minute=Prix (€/min) prefix=Indicatif valid_from=Date d’effet", []string{
			"262 0.04 0.00 0/0/0 2026-03-14T00:00 Réunion",
			"33 0.007 0.00 1/1/0 2026-03-14T00:00 France",
			"336 0.035 0.00 1/1/0 2026-03-14T00:00 France - Mobile",
			"3389 0.80 0.15 60/60/0 2026-04-02T00:00 France - Numéros surtaxés",
		}},
		{"spanish.csv", Format{}, "connect=Establecimiento description=Destino increment=Incremento per_minute=Tarifa por minuto prefix=Prefijo valid_from=Fecha efectiva", spanish},
		{"utf16.csv", Format{}, "connect=Establecimiento description=Destino increment=Incremento per_minute=Tarifa por minuto prefix=Prefijo valid_from=Fecha efectiva", spanish},
		{"areas.csv", Format{}, "country_code=Country Code description=Country increment=Increment per_minute=Rate prefix=Area Code", []string{
			"39 0.013 0.00 1/1/0 - Italy",
			"3906 0.011 0.00 1/1/0 - Italy Rome",
			"44 0.012 0.00 1/1/0 - United Kingdom",
			"44207 0.008 0.00 1/1/0 - United Kingdom London",
			"44208 0.008 0.00 1/1/0 - United Kingdom London",
			"44209 0.008 0.00 1/1/0 - United Kingdom London",
			"4474 0.0255 0.00 6/6/0 - United Kingdom Mobile",
			"4475 0.0255 0.00 6/6/0 - United Kingdom Mobile",
			"4477 0.0255 0.00 6/6/0 - United Kingdom Mobile",
			"4478 0.0255 0.00 6/6/0 - United Kingdom Mobile",
			"4479 0.0255 0.00 6/6/0 - United Kingdom Mobile",
		}},
		{"american.csv", Format{}, "connect=Setup Fee description=Description increment=Billing Increment minimum=Min Duration per_minute=New Rate prefix=Dial Code valid_from=Effective Date", []string{
			"1 0.0065 0.00 6/6/0 2026-03-01T00:00 United States, Canada",
			"1242 0.189 0.00 30/6/0 2026-03-15T00:00 Bahamas",
			"1809 0.055 0.00 60/60/0 2026-03-15T00:00 Dominican Republic",
			"251 0.275 0.00 30/6/0 2026-03-01T17:00 Ethiopia",
		}},
		{"cents.csv", Format{Times: "0.01", Columns: Columns{PerMinute: "3"}}, "description=Country free=Free seconds per_minute=Current rate, cents/min prefix=Code", []string{
			"1 0.0125 0.00 0/0/0 - USA",
			"2327 0.485 0.00 0/0/0 - Sierra Leone - Mobile",
			"371 0.12 0.00 0/0/3 - Latvia",
		}},
		{"bare.csv", Format{NoHeading: true, Columns: Columns{Prefix: "1", Description: "2", PerMinute: "3", ValidFrom: "4"}}, "description=2 per_minute=3 prefix=1 valid_from=4", []string{
			"44 0.012 0.00 0/0/0 2026-03-01T00:00 United Kingdom",
			"447 0.0255 0.00 0/0/0 2026-03-01T00:00 United Kingdom Mobile",
			"49 0.01 0.00 0/0/0 2026-03-01T00:00 Germany",
		}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", tc.file))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Read(strings.NewReader(string(raw)), tc.format, berlin(t))
			if err != nil {
				t.Fatal(err)
			}
			var rows []string
			for r := range got.Deck.Rows() {
				rows = append(rows, written(r, berlin(t)))
			}
			if !slices.Equal(rows, tc.rows) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(tc.rows, "\n"))
			}
			if columns := columnList(got.Columns); columns != tc.columns {
				t.Errorf("got columns\n%s\nwant\n%s", columns, tc.columns)
			}
			if got.BadRows != 0 || len(got.Bad) != 0 {
				t.Errorf("rows are bad: %+v", got.Bad)
			}
			sum := sha256.Sum256(raw)
			if got.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("the sum is %s, want %x", got.SHA256, sum)
			}
		})
	}
}

// columnList writes columns down in the order of their fields' names.
func columnList(columns map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		list = append(list, name+"="+columns[name])
	}
	return strings.Join(list, " ")
}

func TestReadTellsBadRows(t *testing.T) {
	file, err := os.Open(filepath.Join("testdata", "broken.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	got, err := Read(file, Format{Decimal: ","}, berlin(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`3: prefix "44x": want digits`,
		`4: prefix "045": no country code begins with 0`,
		`5: prefix "4.42E+11": a spreadsheet has rounded it`,
		`6: prefix "1234567890123456": it has more than 15 digits`,
		`7: there is no prefix`,
		`8: price "": there is none`,
		`9: price "-0,01": want no sign`,
		`10: price "NaN": want a number`,
		`11: price "1E-5": written with an exponent`,
		`12: price "0.0120": want a number such as 0,0123`,
		`13: connect fee: price "x": want a number`,
		`14: billing "1/1/1": want seconds`,
		`15: seconds "7200": want at most an hour`,
		`16: date "2026-02-30": there is no such day`,
		`17: date "soon": want a date`,
		`18: it has 7 cells where the heading has 6`,
		`19: prefix 44: line 2 has another price`,
		`20: a quotation mark is opened and not closed`,
		`21: prefix "27-83": is the dash that of a range`,
		`22: prefix "371 372 373": are these several prefixes?`,
		`23: price "9999999": it is above 1000000.00`,
		`24: date "2026-03-01 25:00": want a time of day`,
	}
	for i, problem := range got.Bad {
		text := fmt.Sprintf("%d: %s", problem.Line, problem.Text)
		if i >= len(want) || !strings.HasPrefix(text, want[i]) {
			t.Errorf("got %s", text)
		}
	}
	if len(got.Bad) != len(want) || got.BadRows != len(want) || got.Rows != 24 {
		t.Errorf("got %d problems, %d bad rows of %d; want %d of 24", len(got.Bad), got.BadRows, got.Rows, len(want))
	}
	var rows []string
	for r := range got.Deck.Rows() {
		rows = append(rows, written(r, berlin(t)))
	}
	const good = "379 0.000001 0.00 0/0/0 2026-03-01T10:30 Vatican; 44 0.013 0.00 1/1/0 - United Kingdom"
	if strings.Join(rows, "; ") != good {
		t.Errorf("got rows %q, want %s", rows, good)
	}
}

func TestReadRefuses(t *testing.T) {
	const plain = "Prefix,Rate\n44,0.01\n"
	for _, tc := range []struct {
		name, file string
		format     Format
		want       string
	}{
		{"nothing", "", Format{}, "is empty"},
		{"blanks", "\ufeff \r\n\n", Format{}, "is empty"},
		{"spreadsheet", "PK\x03\x04\x00\x00", Format{}, "save its sheet as CSV"},
		{"old spreadsheet", "\xd0\xcf\x11\xe0\xa1\xb1", Format{}, "save its sheet as CSV"},
		{"PDF", "%PDF-1.7\n", Format{}, "PDF"},
		{"compressed", "\x1f\x8b\x08\x00", Format{}, "gunzip"},
		{"binary", "Prefix,Rate\n44,0.01\x00\n", Format{}, "is no text"},
		{"no heading", "44,UK,0.01\n", Format{}, "--no-heading"},
		{"heading alone", "Prefix,Rate\n\n", Format{}, "no rows behind its heading"},
		{"no price", "Prefix,Destination,EUR\n44,UK,0.01\n", Format{}, `no column of prices a minute among "Prefix", "Destination", "EUR": name it with --price-column`},
		{"no prefix", "Destination,Rate\nUK,0.01\n", Format{}, `line 1: no column of prefixes among "Destination", "Rate": name it with --prefix-column`},
		{"two prices", "Prefix,Rate,Price\n44,0.01,0.02\n", Format{}, `columns 2 ("Rate") and 3 ("Price") could both be the price a minute: which of them is it? Say it with --price-column`},
		{"a second", "Prefix,Rate/sec\n44,0.01\n", Format{}, "--times 60"},
		{"cents", "Prefix,Rate (cents per minute)\n44,0.01\n", Format{}, "--times 0.01"},
		{"areas alone", "Area code,Rate\n20,0.01\n", Format{}, "--country-code-column"},
		{"not called so", plain, Format{Columns: Columns{PerMinute: "Cost"}}, `no column is called "Cost" (--price-column); there are "Prefix", "Rate"`},
		{"called so twice", "Prefix,Rate,Rate\n44,1.5,2.5\n", Format{Columns: Columns{PerMinute: "rate"}}, "2 columns are called"},
		{"no such number", plain, Format{Columns: Columns{PerMinute: "3"}}, "--price-column is 3, and there are 2 columns"},
		{"prefix not wanted", plain, Format{Columns: Columns{Prefix: "none"}}, "--prefix-column"},
		{"thousand or not", "Prefix;Rate\n44;1,234\n45;2\n", Format{}, `price "1,234": is it a decimal mark`},
		{"two marks", "Prefix;Rate\n44;0,25\n45;0.25\n", Format{}, "--decimal"},
		{"two dates", "Prefix;Rate;Date\n44;0,25;03/04/2026\n", Format{}, `date "03/04/2026": which is the day`},
		{"two orders", "Prefix;Rate;Date\n44;0,25;03/14/2026\n44;0,25;14/03/2026\n", Format{}, "--date"},
		{"free", "Prefix,Rate,Other\n44,0,05\n45,0,07\n", Format{}, "every price in the list is 0: name the column of the prices with --price-column"},
		{"codes in some", "Country code;Prefix;Rate\n44;4420;0,25\n49;30;0,25\n", Format{}, `some, such as "30", have not`},
		{"delimiter", plain, Format{Delimiter: ",,"}, "--delimiter"},
		{"decimal", plain, Format{Decimal: "x"}, "--decimal"},
		{"date", plain, Format{Date: "ydm"}, "--date"},
		{"times nothing", plain, Format{Times: "0.0"}, "--times"},
		{"times less", plain, Format{Times: "-1"}, "--times"},
		{"times a lot", plain, Format{Times: "1000000"}, "--times"},
		{"times e", plain, Format{Times: "1e3"}, "--times"},
		{"times point", plain, Format{Times: "1."}, "--times"},
		{"numbers wanted", plain, Format{NoHeading: true, Columns: Columns{Prefix: "Prefix"}}, "named by its number"},
		{"number wanted", plain, Format{NoHeading: true, Columns: Columns{Prefix: "1"}}, "prices a minute with --price-column"},
		{"no delimiter", "44 0.01\n45 0.02\n", Format{NoHeading: true, Columns: Columns{Prefix: "1", PerMinute: "2"}}, "--delimiter"},
		{"long name", plain, Format{Columns: Columns{Connect: strings.Repeat("x", 10_000)}}, "--connect-column is too long"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Read(strings.NewReader(tc.file), tc.format, time.UTC)
			var format *FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %+v, %v; want a FormatError with %s", got, err, tc.want)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// What a file leaves open the options decide.
func TestReadAsTold(t *testing.T) {
	for _, tc := range []struct {
		name, file string
		format     Format
		want       string
	}{
		{"comma", "Prefix;Rate\n44;1,234\n", Format{Decimal: ","}, "44 1.234 0.00 0/0/0 - "},
		{"point", "Prefix;Rate\n44;1,234\n", Format{Decimal: "."}, "44 1234.00 0.00 0/0/0 - "},
		{"another price decides", "Prefix;Rate\n44;1,234\n45;0,5\n", Format{}, "44 1.234 0.00 0/0/0 - ;45 0.50 0.00 0/0/0 - "},
		{"day first", "Prefix;Rate;Date\n44;1;03/04/2026\n", Format{Date: "dmy"}, "44 1.00 0.00 0/0/0 2026-04-03T00:00 "},
		{"month first", "Prefix;Rate;Date\n44;1;3/4/26\n", Format{Date: "mdy"}, "44 1.00 0.00 0/0/0 2026-03-04T00:00 "},
		{"another date decides", "Prefix;Rate;Date\n44;1;03/04/2026\n45;1;03/14/2026\n", Format{}, "44 1.00 0.00 0/0/0 2026-03-04T00:00 ;45 1.00 0.00 0/0/0 2026-03-14T00:00 "},
		{"either way the same", "Prefix;Rate;Date\n44;1;03/03/2026\n", Format{}, "44 1.00 0.00 0/0/0 2026-03-03T00:00 "},
		{"any delimiter", "Prefix^Rate\n44^1,5\n", Format{Delimiter: "^"}, "44 1.50 0.00 0/0/0 - "},
		{"tab", "Prefix\tRate\n44\t1,5\n", Format{Delimiter: "tab"}, "44 1.50 0.00 0/0/0 - "},
		{"by heading", "Nummernblock;Einkauf\n44;1,5\n", Format{Columns: Columns{Prefix: "nummernblock", PerMinute: "EINKAUF"}}, "44 1.50 0.00 0/0/0 - "},
		{"by number, with a heading", "x;y\n44;1,5\n", Format{Columns: Columns{Prefix: "1", PerMinute: "2"}}, "44 1.50 0.00 0/0/0 - "},
		{"by number, without saying that there is no heading", "44;1,5\n45;2,5\n", Format{Columns: Columns{Prefix: "1", PerMinute: "2"}}, "44 1.50 0.00 0/0/0 - ;45 2.50 0.00 0/0/0 - "},
		{"not that one", "Prefix;Rate;Setup\n44;1,5;2,5\n", Format{Columns: Columns{Connect: "none"}}, "44 1.50 0.00 0/0/0 - "},
		{"which of two", "Prefix;Rate;Price\n44;1,5;2,5\n", Format{Columns: Columns{PerMinute: "Price"}}, "44 2.50 0.00 0/0/0 - "},
		{"a second", "Prefix;Rate per second\n44;0,001\n", Format{Times: "60", Columns: Columns{PerMinute: "rate per second"}}, "44 0.06 0.00 0/0/0 - "},
		{"times both", "Prefix;Rate;Setup\n44;100;50\n", Format{Times: "0.92"}, "44 92.00 46.00 0/0/0 - "},
		{"codes of countries by their letters", "Country code;Prefix;Rate\nGB;44;0,25\n", Format{}, "44 0.25 0.00 0/0/0 - "},
		{"codes beside whole prefixes", "Country code;Prefix;Rate\n44;44;0,25\n44;4420;0,5\n", Format{}, "44 0.25 0.00 0/0/0 - ;4420 0.50 0.00 0/0/0 - "},
		{"codes beside whole prefixes, as told", "Country code;Prefix;Rate\n44;441;0,25\n", Format{Columns: Columns{CountryCode: "1"}}, "44441 0.25 0.00 0/0/0 - "},
		{"codes before the rest", "Country code;Prefix;Rate\n44;20;0,25\n44;;0,5\n", Format{}, "44 0.50 0.00 0/0/0 - ;4420 0.25 0.00 0/0/0 - "},
		{"countries alone", "Country code;Rate\n44;0,25\n", Format{}, "44 0.25 0.00 0/0/0 - "},
		{"minimum and billing", "Prefix;Rate;Minimum;Billing\n44;1;60 sec;6\n45;1;30;30/6\n", Format{}, "44 1.00 0.00 60/6/0 - ;45 1.00 0.00 30/6/0 - "},
		{"lines end in CR", "Prefix;Rate\r44;1,5\r\r45;2\r", Format{}, "44 1.50 0.00 0/0/0 - ;45 2.00 0.00 0/0/0 - "},
		{"comments", "#Prefix;Rate\n44;1,5\n# 45;2\n", Format{}, "44 1.50 0.00 0/0/0 - "},
		{"equal twins", "Prefix;Rate\n44;1,5\n44;1,5\n", Format{}, "44 1.50 0.00 0/0/0 - "},
		{"zones", "Prefix;Rate;Date\n44;1;2026-07-01T00:00:00Z\n45;1;20260701\n46;1;1 July 2026 13:05\n47;1;Jul 1, 2026\n", Format{},
			"44 1.00 0.00 0/0/0 2026-07-01T02:00 ;45 1.00 0.00 0/0/0 2026-07-01T00:00 ;46 1.00 0.00 0/0/0 2026-07-01T13:05 ;47 1.00 0.00 0/0/0 2026-07-01T00:00 "},
		{"what a terminal would obey", "Prefix;Destination;Rate\n44;\x1b[2Jevil\u202e\u0007 text;1,5\n", Format{}, "44 1.50 0.00 0/0/0 - [2Jevil text"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Read(iotest.OneByteReader(strings.NewReader(tc.file)), tc.format, berlin(t))
			if err != nil || got.BadRows > 0 {
				t.Fatalf("got %v, %v", got.Bad, err)
			}
			var rows []string
			for r := range got.Deck.Rows() {
				rows = append(rows, written(r, berlin(t)))
			}
			if strings.Join(rows, ";") != tc.want {
				t.Errorf("got  %s\nwant %s", strings.Join(rows, ";"), tc.want)
			}
		})
	}
}

// However a text is encoded, it is the same list.
func TestReadEncodings(t *testing.T) {
	const text = "Prefix;Destination;Rate €\n34;España, 𝄞;0,25\n351;Açores;1,5\n"
	little, big := []byte{}, []byte{}
	for _, unit := range utf16.Encode([]rune(text)) {
		little = append(little, byte(unit), byte(unit>>8))
		big = append(big, byte(unit>>8), byte(unit))
	}
	for name, file := range map[string]string{
		"UTF-8":                    text,
		"UTF-8 with a mark":        "\ufeff" + text,
		"UTF-16 LE":                string(little),
		"UTF-16 BE":                string(big),
		"UTF-16 LE with a mark":    "\xff\xfe" + string(little),
		"UTF-16 BE with a mark":    "\xfe\xff" + string(big),
		"UTF-16 LE, half a letter": string(little) + "x",
		"CR LF":                    strings.ReplaceAll(text, "\n", "\r\n"),
	} {
		got, err := Read(strings.NewReader(file), Format{}, time.UTC)
		if err != nil || got.BadRows > 0 || got.Deck.Len() != 2 {
			t.Errorf("%s: got %+v, %v", name, got, err)
			continue
		}
		if row, _ := got.Deck.Find("+34911234567", noon); row.Description != "España, 𝄞" || row.Price.PerMinute != toll.Unit/4 {
			t.Errorf("%s: got %+v", name, row)
		}
	}
	got, err := Read(strings.NewReader("Prefix;Destination;Rate\n34;Espa\xf1a \x96 M\xf3vil;\x80 0,25\n"), Format{}, time.UTC)
	if err != nil || got.BadRows > 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if row, _ := got.Deck.Find("+34911234567", noon); row.Description != "España – Móvil" {
		t.Errorf("Windows-1252: got %+v", row)
	}
}

// What is hostile in a list is bounded, and costs its own row alone.
func TestReadIsBounded(t *testing.T) {
	long := strings.Repeat("x", 2*maxLine)
	many := strings.Repeat("\"open\n", 6*maxTold) // the second quote closes the first
	wide := "1000-9999;1\n" + strings.Repeat("1000,", 2000) + ";1\n"
	got, err := Read(strings.NewReader("Prefix;Rate;Destination\n44;0,1;"+long+"\n"+long+";1\n"+many+wide+"45;0,2;"+long[:1000]+"\n"), Format{}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	if want := 2 + 3*maxTold + 2; got.BadRows != want || len(got.Bad) != maxTold || got.Deck.Len() != 1 {
		t.Errorf("got %d bad rows, %d told, %d rows in the deck; want %d, %d, 1", got.BadRows, len(got.Bad), got.Deck.Len(), want, maxTold)
	}
	for _, problem := range got.Bad {
		if len(problem.Text) > 300 {
			t.Errorf("line %d: the problem has %d bytes", problem.Line, len(problem.Text))
		}
	}
	if row, _ := got.Deck.Find("45", noon); len(row.Description) != maxDescription {
		t.Errorf("a description has %d bytes, want %d", len(row.Description), maxDescription)
	}
	endless := io.MultiReader(strings.NewReader("Prefix;Rate\n"), strings.NewReader(strings.Repeat("x;1\n", maxBad+1)))
	if _, err := Read(endless, Format{}, time.UTC); err == nil || !strings.Contains(err.Error(), "is this the right file") {
		t.Errorf("got %v, want an error for a list of bad rows", err)
	}
}

func TestReadFailsWithItsFile(t *testing.T) {
	gone := errors.New("gone")
	for _, head := range []string{"", "Prefix;Rate\n", "Prefix;Rate\n44;1\n" + strings.Repeat("45;1;"+strings.Repeat("x", 1000)+"\n", 2*sample/1000)} {
		_, err := Read(io.MultiReader(strings.NewReader(head), iotest.ErrReader(gone)), Format{}, time.UTC)
		var format *FormatError
		if !errors.Is(err, gone) || errors.As(err, &format) {
			t.Errorf("got %v, want the error of the file", err)
		}
	}
}

func TestHeadingsAmongRows(t *testing.T) {
	got, err := Read(strings.NewReader("Prefix,Name,Rate\n44,UK,0.1\nPREFIX,Name,Rate,\n45,DK,0.2\n"), Format{}, time.UTC)
	if err != nil || got.BadRows != 0 || got.Rows != 2 || got.Deck.Len() != 2 {
		t.Errorf("the same heading again: got %+v, %v", got, err)
	}
	var format *FormatError
	_, err = Read(strings.NewReader("Prefix,Name,Rate,Connect\n44,UK,0.1,0\n\nName,Rate,Prefix,x\n33,0.2,49,1\n"), Format{}, time.UTC)
	if !errors.As(err, &format) || !strings.Contains(err.Error(), "line 4 is another heading") {
		t.Errorf("another table: got %v", err)
	}
}

func TestHundredthsInACell(t *testing.T) {
	const file = "Prefix,Name,Rate\n44,UK,1.5¢\n"
	got, err := Read(strings.NewReader(file), Format{}, time.UTC)
	if err != nil || got.BadRows != 1 || !strings.Contains(got.Bad[0].Text, "--times 0.01") {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = Read(strings.NewReader(file), Format{Times: "0.01"}, time.UTC)
	if err != nil || got.BadRows != 0 || got.Deck.prices[0].PerMinute != 15_000 {
		t.Errorf("as told: got %+v, %v", got, err)
	}
}

// Where clocks are put forward at midnight a day begins at one o'clock.
func TestDayWithoutMidnight(t *testing.T) {
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(strings.NewReader("Prefix,Rate,Valid from\n44,0.1,2026-09-06\n45,0.1,2026-02-29\n"), Format{}, zone)
	if err != nil || got.BadRows != 1 || got.Deck.Len() != 1 {
		t.Fatalf("got %+v, %v", got, err)
	}
	for row := range got.Deck.Rows() {
		if want := time.Date(2026, time.September, 6, 4, 0, 0, 0, time.UTC); !row.ValidFrom.Equal(want) {
			t.Errorf("valid from %s, want %s", row.ValidFrom, want)
		}
	}
}
