package numbering

// countryFacts is what a country's dialling rules are where the site's plan
// says nothing else. Lists are separated by spaces.
type countryFacts struct {
	international string // prefixes of international calls
	emergency     string // numbers that always go out
	carriers      string // carrier codes that follow a prefix
	local         int    // digits of the longest local number, if not maxLocal
	bare          bool   // national numbers are dialled without the national prefix, too
	direct        string // patterns of those that are where only some are, and of those that begin like a call abroad
}

// factsOf is what is known of a country; nothing for one that is not listed,
// and then the site's plan has to say it: a guessed emergency number would be
// worse than a question at the start.
func factsOf(country string) countryFacts { return countries[country] }

// countries holds the facts. Never written to.
//
// International prefixes: ITU-T, "Dialling procedures (international prefix,
// national (trunk) prefix and national (significant) number)", annex to
// Operational Bulletin 994. Prefixes that choose one of many carriers are left
// out where 00 serves too, and a site that dials them configures them. Where
// every prefix chooses a carrier, or one could be read as something cheaper, all
// are listed: 005 7 is Russia in Colombia, and 00 57 would be Colombia itself.
//
// Emergency numbers: Directive (EU) 2018/1972, article 109 (112 in the Union
// and the EEA); 47 CFR 9 (US); CRTC Telecom Regulatory Policy 2016-165 (CA);
// Ofcom, General Conditions, A3.2 (GB); TKG section 164 and NotrufV (DE);
// Arcep, decision 2018-0881, annex (FR); Real Decreto 903/1997 and the short
// numbers of CNMC (ES); Telecommunications (Emergency Call Service)
// Determination 2019 (AU); Anatel, Resolucao 749/2022 and Ato 43.151/2004 (BR);
// DoT, National Numbering Plan 2003 and 112 ERSS (IN); for the others the
// emergency numbers of libphonenumber's ShortNumberMetadata, less what is no
// call for help, and with what replaced them.
//
// Carrier codes: Codigos de Selecao de Prestadora, as libphonenumber's national
// prefix for Brazil lists them.
var countries = map[string]countryFacts{
	"AD": {international: "00", emergency: "110 112 116 118"},
	"AE": {international: "00", emergency: "112 997 998 999", direct: "800XX 800XXX 800XXXX 800XXXXX 800XXXXXX 800XXXXXXX 800XXXXXXXX 800XXXXXXXXX [679]00XXXXXX"},
	"AG": {international: "011", emergency: "911 999"},
	"AI": {international: "011", emergency: "911"},
	"AL": {international: "00", emergency: "112 127 128 129"},
	"AM": {international: "00", emergency: "101 102 103 112"},
	"AR": {international: "00", emergency: "100 101 107 911"},
	"AS": {international: "011", emergency: "911"},
	"AT": {international: "00", emergency: "112 122 133 144"},
	"AU": {international: "0011", emergency: "000 106 112", bare: true},
	"AZ": {international: "00", emergency: "101 102 103 112"},
	"BA": {international: "00", emergency: "112 122 123 124"},
	"BB": {international: "011", emergency: "211 311 511 911"},
	"BD": {international: "00", emergency: "100 101 102 199 999"},
	"BE": {international: "00", emergency: "100 101 112"},
	"BG": {international: "00", emergency: "112 150 160 166"},
	"BH": {international: "00", emergency: "199 999"},
	"BM": {international: "011", emergency: "911"},
	"BR": {international: "00", emergency: "112 128 190 191 192 193 194 197 198 199 911", bare: true, local: 9, carriers: "12 14 15 21 22 23 25 31 41 43 55 65 99"},
	"BS": {international: "011", emergency: "911 919"},
	"BY": {international: "810", emergency: "101 102 103 112"},
	"CA": {international: "011", emergency: "911"},
	"CH": {international: "00", emergency: "112 117 118 144"},
	"CL": {international: "00", emergency: "131 132 133 911"},
	"CN": {international: "00", emergency: "110 119 120 122"},
	"CO": {international: "005 007 009 00414 00444 00456", emergency: "112 119 123 125 132 144", bare: true},
	"CR": {international: "00", emergency: "112 911"},
	"CY": {international: "00", emergency: "112 199"},
	"CZ": {international: "00", emergency: "112 150 155 156 158"},
	"DE": {international: "00", emergency: "110 112"},
	"DK": {international: "00", emergency: "112 114"},
	"DM": {international: "011", emergency: "911 999"},
	"DO": {international: "011", emergency: "911"},
	"EC": {international: "00", emergency: "101 102 911"},
	"EE": {international: "00", emergency: "110 112"},
	"EG": {international: "00", emergency: "122 123 180"},
	"ES": {international: "00", emergency: "061 062 080 085 088 091 092 112"},
	"FI": {international: "00 990 994 999", emergency: "112"},
	"FR": {international: "00", emergency: "15 17 18 112 114 115 119 191 196 197 116000 116111 116117"},
	"GB": {international: "00", emergency: "112 18000 999"},
	"GD": {international: "011", emergency: "911"},
	"GF": {international: "00", emergency: "15 17 18 112"},
	"GG": {international: "00", emergency: "112 999"},
	"GH": {international: "00", emergency: "112 191 192 193 999"},
	"GI": {international: "00", emergency: "112 190 199"},
	"GP": {international: "00", emergency: "15 17 18 112"},
	"GR": {international: "00", emergency: "100 108 112 166 199"},
	"GU": {international: "011", emergency: "911"},
	"HK": {international: "001", emergency: "112 999"},
	"HR": {international: "00", emergency: "112 192 193 194"},
	"HU": {international: "00", emergency: "104 105 107 112"},
	"ID": {international: "001 007 008", emergency: "110 112 113 118 119", direct: "1500XXX"},
	"IE": {international: "00", emergency: "112 999", direct: "1800XXXXXX 1850XXXXXX 1890XXXXXX 15XXXXXXXX"},
	"IL": {international: "00 012 013 014 015 016 017 018 019", emergency: "100 101 102 112", direct: "1[5-9]XXXXXXXX"},
	"IM": {international: "00", emergency: "112 999"},
	"IN": {international: "00", emergency: "100 101 102 108 112", bare: true, direct: "000800XXXXXXX"},
	"IS": {international: "00", emergency: "112"},
	"IT": {international: "00", emergency: "112 113 115 118"},
	"JE": {international: "00", emergency: "112 999"},
	"JM": {international: "011", emergency: "110 119 911"},
	"JO": {international: "00", emergency: "112 191 192 911"},
	"JP": {international: "010", emergency: "110 118 119"},
	"KE": {international: "000", emergency: "112 911 999"},
	"KN": {international: "011", emergency: "911"},
	"KR": {international: "001 002 005 006 008 009 00345 00365 00391 00700 00727 0073 00755 00761 00762 00766", emergency: "112 119"},
	"KW": {international: "00", emergency: "112"},
	"KY": {international: "011", emergency: "911"},
	"KZ": {international: "810", emergency: "101 102 103 112"},
	"LB": {international: "00", emergency: "112 140 175"},
	"LC": {international: "011", emergency: "911 999"},
	"LI": {international: "00", emergency: "112 117 118 144"},
	"LK": {international: "00", emergency: "110 118 119"},
	"LT": {international: "00", emergency: "101 102 103 112"},
	"LU": {international: "00", emergency: "112 113"},
	"LV": {international: "00", emergency: "110 112 113"},
	"MA": {international: "00", emergency: "15 19 112 177"},
	"MC": {international: "00", emergency: "15 17 18 112"},
	"MD": {international: "00", emergency: "112 901 902 903"},
	"ME": {international: "00", emergency: "112 122 123 124"},
	"MF": {international: "00", emergency: "15 17 18 112"},
	"MK": {international: "00", emergency: "112 192 193 194"},
	"MO": {international: "00", emergency: "999"},
	"MP": {international: "011", emergency: "911"},
	"MQ": {international: "00", emergency: "15 17 18 112"},
	"MS": {international: "011", emergency: "911 999"},
	"MT": {international: "00", emergency: "112"},
	"MX": {international: "00", emergency: "911"},
	"MY": {international: "00", emergency: "112 999", direct: "1[3678]00XXXXXX"},
	"NG": {international: "009", emergency: "112 199"},
	"NL": {international: "00", emergency: "112"},
	"NO": {international: "00", emergency: "110 112 113"},
	"NP": {international: "00", emergency: "100 101 102"},
	"NZ": {international: "00", emergency: "111"},
	"OM": {international: "00", emergency: "9999"},
	"PA": {international: "00", emergency: "911"},
	"PE": {international: "00", emergency: "105 106 116 117", direct: "9XXXXXXXX 80XXXXXX"},
	"PH": {international: "00", emergency: "911", direct: "1800XXXXXXX 1800XXXXXXXX 1800XXXXXXXXX"},
	"PK": {international: "00", emergency: "15 16 115 1122"},
	"PL": {international: "00", emergency: "112 997 998 999"},
	"PR": {international: "011", emergency: "911"},
	"PT": {international: "00", emergency: "112"},
	"PY": {international: "00", emergency: "911"},
	"QA": {international: "00", emergency: "999"},
	"RE": {international: "00", emergency: "15 17 18 112"},
	"RO": {international: "00", emergency: "112"},
	"RS": {international: "00", emergency: "112 192 193 194"},
	"RU": {international: "810", emergency: "101 102 103 112"},
	"SA": {international: "00", emergency: "112 911 997 998 999", direct: "800XXXXXXX 92XXXXXXX"},
	"SE": {international: "00", emergency: "112"},
	"SG": {international: "000 001 002 008 013 015 018 019 020 021", emergency: "995 999"},
	"SI": {international: "00", emergency: "112 113"},
	"SK": {international: "00", emergency: "112 150 155 158"},
	"SM": {international: "00", emergency: "112 113 115 118"},
	"SX": {international: "011", emergency: "911 919"},
	"TC": {international: "011", emergency: "911 999"},
	"TH": {international: "001 004 005 006 007 008 009", emergency: "191 199 1669", direct: "1[89]00XXXXXX"},
	"TN": {international: "00", emergency: "190 197 198"},
	"TR": {international: "00", emergency: "110 112 155 156", direct: "444XXXX"},
	"TT": {international: "011", emergency: "990 999 811 911"},
	"TW": {international: "002 005 006 007 009 019", emergency: "110 112 119"},
	"UA": {international: "00", emergency: "101 102 103 112"},
	"US": {international: "011", emergency: "911"},
	"UY": {international: "00", emergency: "911"},
	"VA": {international: "00", emergency: "112 113 115 118"},
	"VC": {international: "011", emergency: "911 999"},
	"VE": {international: "00", emergency: "171 911"},
	"VG": {international: "011", emergency: "911 999"},
	"VI": {international: "011", emergency: "911"},
	"VN": {international: "00", emergency: "112 113 114 115", direct: "1[89]00XXXX 1[89]00XXXXX 1[89]00XXXXXX"},
	"XK": {international: "00", emergency: "112 192 193 194"},
	"YT": {international: "00", emergency: "15 17 18 112"},
	"ZA": {international: "00", emergency: "112 10111 10177"},
}
