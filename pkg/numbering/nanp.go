package numbering

import "strings"

// nanpExchange is the kind of the exchanges that mean the same behind every
// area code: 976 is premium (NANPA, "976 codes"; phonenumbers lacks it), and
// 555-1212 is directory assistance, which is charged (ATIS-0300067).
func nanpExchange(national string) kind {
	if len(national) != 10 {
		return unknown
	}
	switch {
	case tollFreeCode(national[:3]):
		return unknown
	case national[3:6] == "976":
		return premium
	case national[3:] == "5551212":
		return shared
	}
	return unknown
}

// tollFreeCode tells whether an area code is toll-free (NANPA: 8YY codes; 822
// and up are reserved for the same use).
func tollFreeCode(area string) bool {
	return area == "800" || (area[0] == '8' && area[1] == area[2] && '1' < area[1] && area[1] < '9')
}

// newArea judges a +1 number in an area code that no table has. One that could
// be opened is taken for one of the site's own country, but not for an ordinary
// one; from abroad, one that could not is nobody's.
func newArea(national, site string) (string, kind) {
	northern := site == "US" || site == "CA"
	switch could := couldBeAssigned(national); {
	case could && northern:
		return site, costly
	case !could && !northern:
		return nobody, unassigned
	}
	return "US", unknown
}

// couldBeExchange tells whether a national number has an exchange that can
// exist: those of 0 and 1 do not (ATIS-0300051, NXX format).
func couldBeExchange(national string) bool { return national[3] >= '2' }

// couldBeAssigned tells whether a national number could belong to an area code
// of the United States or Canada that nobody here has heard of yet: several are
// opened every year. N11, N9X, 37X, 96X and the non-geographic codes are none
// (NANPA, "About area codes").
func couldBeAssigned(national string) bool {
	if national[0] < '2' || national[1] == '9' || !couldBeExchange(national) {
		return false
	}
	code := national[:3]
	switch {
	case strings.HasPrefix(code, "37"), strings.HasPrefix(code, "96"):
		return false
	case strings.HasPrefix(code, "88"), code[1] == code[2]: // N11, and the easily recognizable codes that are kept for services
		return false
	}
	return true
}
