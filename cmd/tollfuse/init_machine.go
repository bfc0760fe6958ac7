package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
)

// machine is what init looks at to propose answers. Whatever cannot be found
// out is not proposed.
type machine struct {
	root   string // "/", but in tests
	getenv func(string) string
}

func thisMachine() machine { return machine{"/", os.Getenv} }

func (m machine) file(name string) string { return filepath.Join(m.root, name) }

// timezone is the IANA name of the machine's zone: what /etc/localtime points
// at (localtime(5)), or what Debian writes beside it.
func (m machine) timezone() string {
	if path, err := os.Readlink(m.file("etc/localtime")); err == nil {
		if _, zone, ok := strings.Cut(path, "/zoneinfo/"); ok {
			return zone
		}
	}
	text, err := os.ReadFile(m.file("etc/timezone"))
	if err != nil || len(text) > 100 {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// country is where the machine is: the only country of its time zone in the
// table of tzdata, or the one of its locale.
func (m machine) country() string {
	if found := m.countriesOf(m.timezone()); len(found) == 1 {
		return found[0]
	}
	for _, name := range []string{"LC_ALL", "LC_TELEPHONE", "LC_ADDRESS", "LANG"} {
		locale, _, _ := strings.Cut(m.getenv(name), ".") // de_DE.UTF-8
		if _, country, ok := strings.Cut(locale, "_"); ok && len(country) == 2 {
			return strings.ToUpper(country)
		}
	}
	return ""
}

func (m machine) countriesOf(zone string) []string {
	f, err := os.Open(m.file("usr/share/zoneinfo/zone.tab"))
	if err != nil || zone == "" {
		return nil
	}
	defer f.Close()
	var found []string
	for s := bufio.NewScanner(f); s.Scan(); {
		// A line is: country, coordinates, zone, and perhaps a comment.
		if columns := strings.Split(s.Text(), "\t"); len(columns) >= 3 && columns[2] == zone {
			found = append(found, columns[0])
		}
	}
	return found
}

// sendmail tells whether the machine has one.
func (m machine) sendmail() bool {
	_, err := os.Stat(m.file("usr/sbin/sendmail"))
	return err == nil
}

// currencyOf is the currency of a country; "" where that is not known.
func currencyOf(country string) string {
	switch country {
	case "HR", "BG": // took the euro in 2023 and 2026, later than the table of the CLDR
		return "EUR"
	}
	region, err := language.ParseRegion(country)
	if err != nil {
		return ""
	}
	unit, ok := currency.FromRegion(region)
	if !ok {
		return ""
	}
	return unit.String()
}
