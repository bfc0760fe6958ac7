package toll

import (
	"fmt"
	"strings"
)

// iso3166 has the codes of ISO 3166-1 alpha-2 and those that number plans
// use beside them: AC (Ascension), TA (Tristan da Cunha), XK (Kosovo).
const iso3166 = "" +
	"AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT " +
	"MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW "

// Worldwide stands where a number belongs to no country (ITU-T E.164.1 calls
// them global services and networks).
const Worldwide = "001"

// CheckCountry refuses what is no country, above all the slips that would
// silently match nothing.
func CheckCountry(code string) error {
	if code == "UK" {
		return fmt.Errorf("country %q: the code of the United Kingdom is GB", code)
	}
	if code == Worldwide || len(code) == 2 && !strings.Contains(code, " ") && strings.Contains(iso3166, code+" ") {
		return nil
	}
	return fmt.Errorf("country %.20q is unknown: want two capital letters of ISO 3166-1, or 001 for satellites and other global services", code)
}
