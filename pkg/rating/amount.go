package rating

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// maxDigits bounds the digits of an amount.
const maxDigits = 30

// amounts reads prices. It never uses a floating point number.
type amounts struct {
	mark      byte     // of the decimals; 0 until somebody or something decides
	numerator *big.Int // of what each price is multiplied with, in 10^-decimals
	decimals  int
	hundredth bool // an amount may be written in hundredths, for the owner has said what to multiply it with

	known map[string]toll.Money // of cells before: lists repeat their prices
}

// maxKnown bounds the prices that are remembered.
const maxKnown = 1 << 14

// newAmounts reads prices with a decimal mark, or any for "", and multiplies
// them.
func newAmounts(f Format) (amounts, error) {
	a := amounts{known: make(map[string]toll.Money)}
	switch f.Decimal {
	case "":
	case ".", ",":
		a.mark = f.Decimal[0]
	default:
		return a, badFormat("--decimal is %s: want . or ,", quoted(f.Decimal))
	}
	times := f.Times
	if times == "" {
		times = "1"
	}
	whole, fraction, _ := strings.Cut(times, ".")
	digits := whole + fraction
	if whole == "" || len(whole) > 6 || len(fraction) > 12 || strings.HasSuffix(times, ".") || strings.Trim(digits, "0123456789") != "" || strings.Trim(digits, "0") == "" {
		return a, badFormat("--times is %s: want a number above 0 and below 1000000, such as 0.01", quoted(f.Times))
	}
	a.numerator, _ = new(big.Int).SetString(digits, 10)
	a.decimals = len(fraction)
	a.hundredth = f.Times != ""
	return a, nil
}

// errMark is an amount that two decimal marks would make two amounts of.
var errMark = errors.New("is it a decimal mark or does it part thousands? say it with --decimal")

// parse reads an amount, multiplies it, and rounds it up to the millionth. A
// mark that is not known yet is learned from the first amount that shows it.
func (a *amounts) parse(cell string) (toll.Money, error) {
	if amount, known := a.known[cell]; known {
		return amount, nil
	}
	amount, err := a.read(cell)
	if err != nil {
		return 0, fmt.Errorf("price %s: %w", quoted(cell), err)
	}
	if len(a.known) < maxKnown {
		a.known[strings.Clone(cell)] = amount // not the whole line that it is a part of
	}
	return amount, nil
}

func (a *amounts) read(cell string) (toll.Money, error) {
	if !a.hundredth && strings.ContainsRune(cell, '¢') {
		return 0, errors.New("it is in hundredths: say --times 0.01")
	}
	bare, err := bareAmount(cell)
	if err != nil {
		return 0, err
	}
	if a.mark == 0 {
		mark, sure := decimalMark(bare)
		if !sure {
			return 0, errMark
		}
		a.mark = mark
	}
	whole, fraction, ok := parts(bare, a.mark)
	if !ok {
		return 0, fmt.Errorf("want a number such as 0%c0123", cmp.Or(a.mark, '.'))
	}
	return a.multiply(whole, fraction)
}

// multiply makes money of digits, rounded up.
func (a *amounts) multiply(whole, fraction string) (toll.Money, error) {
	product, ok := new(big.Int).SetString(whole+fraction+"000000", 10)
	if !ok {
		return 0, errors.New("it has no digits")
	}
	product.Mul(product, a.numerator)
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(fraction)+a.decimals)), nil)
	amount, rest := product.QuoRem(product, unit, new(big.Int))
	if rest.Sign() > 0 {
		amount.Add(amount, big.NewInt(1))
	}
	if !amount.IsInt64() || toll.Money(amount.Int64()) > maxPrice {
		return 0, fmt.Errorf("it is above %s; is it in the column of another thing?", maxPrice)
	}
	return toll.Money(amount.Int64()), nil
}

// bareAmount is an amount without its currency, with its digits and marks only;
// an apostrophe or any blank between thousands is a blank.
func bareAmount(cell string) (string, error) {
	bare := withoutCurrency(cell)
	if bare == "" || bare == "-" {
		return "", errors.New("there is none")
	}
	digits := 0
	bare = strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			digits++
			return r
		case r == '.' || r == ',':
			return r
		case r == '\'' || r == '’' || unicode.IsSpace(r):
			return ' '
		}
		return 'x'
	}, bare)
	switch {
	case strings.ContainsAny(cell, "eE") && strings.Contains(bare, "x") && digits > 1 && strings.Trim(strings.ToLower(cell), "0123456789.,e+-") == "":
		return "", errors.New("written with an exponent it is not exact: write it out")
	case strings.ContainsAny(cell, "-−"):
		return "", errors.New("want no sign: a price cannot be negative")
	case strings.Contains(bare, "x") || digits == 0:
		return "", errors.New("want a number such as 0.0123")
	case digits > maxDigits:
		return "", fmt.Errorf("it has more than %d digits", maxDigits)
	}
	return bare, nil
}

// withoutCurrency takes a sign or an ISO 4217 code from either end.
func withoutCurrency(cell string) string {
	cell = strings.TrimSpace(cell)
	trimmed := strings.TrimSpace(strings.TrimFunc(cell, func(r rune) bool { return unicode.Is(unicode.Sc, r) }))
	upper := func(s string) bool { return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" }
	if len(trimmed) > 3 && upper(trimmed[:3]) && !upper(trimmed[3:4]) {
		return strings.TrimSpace(trimmed[3:])
	}
	if n := len(trimmed) - 3; n > 0 && upper(trimmed[n:]) && !upper(trimmed[n-1:n]) {
		return strings.TrimSpace(trimmed[:n])
	}
	return trimmed
}

// decimalMark tells which mark an amount shows to be that of the decimals: 0 if
// it shows none, and then sure tells whether that is because it has none.
func decimalMark(bare string) (mark byte, sure bool) {
	last := strings.LastIndexAny(bare, ".,")
	if last < 0 {
		return 0, true
	}
	mark = bare[last]
	other := '.' + ',' - mark
	switch {
	case strings.IndexByte(bare, other) >= 0:
		return mark, true // 1.234,56
	case strings.Count(bare, string(mark)) > 1:
		return other, true // 1.234.567
	case strings.Contains(bare, " "):
		return mark, true // 1 234,567
	case len(bare)-last-1 == 3 && last > 0 && last <= 3 && bare[0] != '0':
		return 0, false // 1,234
	}
	return mark, true
}

// parts takes an amount apart at its decimal mark, 0 if it has none, and tells
// whether its thousands are parted well.
func parts(bare string, mark byte) (whole, fraction string, ok bool) {
	whole = bare
	if at := strings.LastIndexByte(bare, mark); mark != 0 && at >= 0 {
		whole, fraction = bare[:at], bare[at+1:]
		if fraction == "" || strings.Trim(fraction, "0123456789") != "" {
			return "", "", false
		}
	}
	separator := strings.IndexAny(whole, "., ")
	if separator < 0 {
		return whole, fraction, true
	}
	if whole[separator] == mark || separator == 0 || separator > 3 || whole[0] == '0' {
		return "", "", false
	}
	groups := strings.Split(whole, whole[separator:separator+1])
	for _, group := range groups[1:] {
		if len(group) != 3 || strings.Trim(group, "0123456789") != "" {
			return "", "", false
		}
	}
	return strings.Join(groups, ""), fraction, true
}
