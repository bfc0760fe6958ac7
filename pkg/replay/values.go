package replay

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/tollfuse/tollfuse/pkg/strictyaml"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The values of a scenario's file: each function reads a text into its place, or
// says what it wants instead.

func wants(text, what string) error {
	return fmt.Errorf("want %s, not %s", what, strictyaml.Quote(text))
}

func indexed(key string, i int) string { return fmt.Sprintf("%s[%d]", key, i) }

func wordInto(to *string) func(string) error {
	return func(text string) error {
		*to = text
		return nil
	}
}

func nameInto(to *string) func(string) error {
	plain := regexp.MustCompile(`^[\w][\w ,.()+/'-]{0,79}$`)
	return func(text string) error {
		if *to = text; !plain.MatchString(text) {
			return wants(text, "a name of at most 80 letters, digits and marks")
		}
		return nil
	}
}

func lengthInto(to *time.Duration, least, most time.Duration) func(string) error {
	return func(text string) (err error) {
		if *to, err = toll.ParseLength(text); err != nil {
			return err
		}
		if *to < least || *to > most {
			return wants(text, fmt.Sprintf("a length from %s to %s", least, most))
		}
		return nil
	}
}

func realInto(to *float64, least, most float64) func(string) error {
	return func(text string) (err error) {
		if *to, err = strconv.ParseFloat(text, 64); err != nil || !(*to >= least && *to <= most) {
			return wants(text, fmt.Sprintf("a number from %v to %v", least, most))
		}
		return nil
	}
}

func chanceInto(to *float64) func(string) error { return realInto(to, 0, 1) }

func countInto(to *int, least, most int) func(string) error {
	return func(text string) (err error) {
		if *to, err = strconv.Atoi(text); err != nil || *to < least || *to > most {
			return wants(text, fmt.Sprintf("a whole number from %d to %d", least, most))
		}
		return nil
	}
}

func numberInto(to *uint64) func(string) error {
	return func(text string) (err error) {
		if *to, err = strconv.ParseUint(text, 10, 64); err != nil {
			return wants(text, "a whole number")
		}
		return nil
	}
}

func moneyInto(to *toll.Money) func(string) error {
	return func(text string) (err error) {
		if *to, err = toll.ParseMoney(text); err == nil && *to < 0 {
			return wants(text, "an amount that is not negative")
		}
		return err
	}
}

func oneOfInto[T ~string](to *T, known ...T) func(string) error {
	return func(text string) error {
		if *to = T(text); !slices.Contains(known, *to) {
			all := make([]string, len(known))
			for i, k := range known {
				all[i] = string(k)
			}
			return wants(text, "one of "+strings.Join(all, ", "))
		}
		return nil
	}
}

func countryInto(to *string) func(string) error {
	return func(text string) error {
		if *to = text; text == toll.Worldwide || toll.CheckCountry(text) != nil || phonenumbers.GetCountryCodeForRegion(text) == 0 {
			return wants(text, "a country with a number plan, as ISO 3166 has it, such as US")
		}
		return nil
	}
}

func currencyInto(to *string) func(string) error {
	code := regexp.MustCompile(`^[A-Z]{3}$`)
	return func(text string) error {
		if *to = text; !code.MatchString(text) {
			return wants(text, "a currency as ISO 4217 has it, such as USD")
		}
		return nil
	}
}

func zoneOf(text string) (*time.Location, error) {
	zone, err := time.LoadLocation(text)
	if err != nil || text == "" || text == "Local" {
		return time.UTC, wants(text, "a time zone such as America/New_York")
	}
	return zone, nil
}

// moment is a date and time of day on the site's clock.
const moment = "2006-01-02T15:04:05"

func momentInto(to *time.Time, zone *time.Location) func(string) error {
	return func(text string) (err error) {
		switch *to, err = time.ParseInLocation(moment, text, zone); {
		case err != nil || to.Year() < 2000 || to.Year() > 2100:
			return wants(text, "a moment on the site's clock, such as 2026-03-07T00:30:00")
		case to.Format(moment) != text:
			return wants(text, "a moment that the site's clock shows; it is set forward then")
		}
		return nil
	}
}

func timeOfDay(text string) (time.Duration, error) {
	at, err := time.Parse("15:04", text)
	if err != nil {
		return 0, wants(text, "a time of day such as 22:00")
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}

func weekday(text string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.ToLower(d.String()[:3]) == text {
			return d, nil
		}
	}
	return 0, wants(text, "one of mon, tue, wed, thu, fri, sat, sun")
}

// patternInto reads what is dialled, with an x for any digit where it is a number. An
// attacker's phone may send anything.
func patternInto(to *string) func(string) error {
	return func(text string) error {
		if *to = text; len(text) > 400 {
			return wants(text, "what is dialled, of at most 400 bytes")
		}
		return nil
	}
}

// originInto reads who calls: extension:1001, extensions:1001-1040, forward:1002,
// transfer:1003, attended:1003, trunk:carrier, originate.
func originInto(to *Origin) func(string) error {
	one := regexp.MustCompile(`^(extension|forward|transfer|attended|trunk):([A-Za-z0-9][A-Za-z0-9._-]{0,39})$`)
	many := regexp.MustCompile(`^extensions:([1-9][0-9]{0,8})-([1-9][0-9]{0,8})$`)
	return func(text string) error {
		if text == string(FromNowhere) {
			*to = Origin{Kind: FromNowhere}
			return nil
		}
		if m := one.FindStringSubmatch(text); m != nil {
			*to = Origin{Kind: OriginKind(m[1]), Names: []string{m[2]}}
			return nil
		}
		m := many.FindStringSubmatch(text)
		if m == nil {
			return wants(text, "extension:1001, extensions:1001-1040, forward:1002, transfer:1003, attended:1003, trunk:NAME or originate")
		}
		first, _ := strconv.Atoi(m[1])
		last, _ := strconv.Atoi(m[2])
		if last < first || last-first >= mostExtensions {
			return wants(text, fmt.Sprintf("a range upward, of at most %d extensions", mostExtensions))
		}
		*to = Origin{Kind: FromExtension}
		for n := first; n <= last; n++ {
			to.Names = append(to.Names, strconv.Itoa(n))
		}
		return nil
	}
}
