package numbering

import "strings"

// areaCodes maps the +1 area codes that are not the United States proper and
// not Canada to their country: they look domestic in +1 and are not. Source:
// NANPA, "Non-US/Canada area codes" and "US territories". Needed beside
// phonenumbers, which names no country for a number it calls invalid. Never
// written to.
var areaCodes = map[string]string{
	"242": "BS", "246": "BB", "264": "AI", "268": "AG", "284": "VG", "345": "KY", "441": "BM", "473": "GD", "649": "TC",
	"658": "JM", "664": "MS", "721": "SX", "758": "LC", "767": "DM", "784": "VC", "809": "DO", "829": "DO", "849": "DO",
	"868": "TT", "869": "KN", "876": "JM",
	"340": "VI", "670": "MP", "671": "GU", "684": "AS", "787": "PR", "939": "PR",
}

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

// northAmerican judges a +1 number that phonenumbers calls invalid. In an area
// code that it knows, an exchange that it does not know is a new one. An area
// code that it does not know is taken for one of the site's own country, but
// not for an ordinary one.
func northAmerican(national, site string) (string, kind) {
	if !couldBeAssigned(national) {
		return "US", unknown
	}
	for _, rest := range []string{"2345678", "3345678", "5345678", "7345678"} {
		probe := number{code: "1", digits: "1" + national[:3] + rest}
		if typ := probe.lookup(); probe.valid && kindOf(typ) == fixed {
			return probe.country, fixed
		}
	}
	if site == "US" || site == "CA" {
		return site, costly
	}
	return "US", unknown
}

// couldBeAssigned tells whether a national number could belong to an area code
// of the United States or Canada that phonenumbers has not heard of yet:
// several are opened every year. N11, N9X, 37X, 96X and the non-geographic codes
// are none (NANPA, "About area codes"); exchanges begin with 2 to 9.
func couldBeAssigned(national string) bool {
	if len(national) != 10 || national[0] < '2' || national[1] == '9' || national[3] < '2' {
		return false
	}
	area := national[:3]
	switch {
	case strings.HasPrefix(area, "37"), strings.HasPrefix(area, "96"):
		return false
	case area[1] == area[2]: // N11, and the easily recognizable codes that are kept for services
		return false
	}
	return areaCodes[area] == ""
}
