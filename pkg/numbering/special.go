package numbering

import (
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// kind is what a number is in its own country, wherever it is dialled from.
type kind int

const (
	unknown    kind = iota
	fixed           // geographic, or charged like it
	mobile          // mobile
	free            // free for callers of its own country
	costly          // geographic, but dearer than the rest of its country
	shared          // dearer than a plain call
	premium         // premium rate
	personal        // follow-me and similar
	global          // owned by no country: satellites and the like
	unassigned      // nobody has been given the code
)

// specialRow is a range that phonenumbers does not know, or takes for something
// cheaper than it is.
type specialRow struct {
	prefix string // E.164 without the +
	length int    // of the national number, where only that one is meant; 0 means any
	kind   kind
	source string
}

// specialRows hold wherever a number is dialled from, also where phonenumbers
// calls the number invalid: ranges change their lengths, not their meaning. The
// longest prefix wins. Never written to.
var specialRows = []specialRow{
	// Codes that no country owns. Satellites and networks are premium by nature.
	{"870", 0, global, "ITU-T E.164 list of assigned codes: Inmarsat SNAC"},
	{"878", 0, global, "ITU-T E.164 list of assigned codes: universal personal telecommunication"},
	{"881", 0, global, "ITU-T E.164 list of assigned codes: global mobile satellite systems"},
	{"882", 0, global, "ITU-T E.164 list of assigned codes: international networks"},
	{"883", 0, global, "ITU-T E.164 list of assigned codes: international networks"},
	{"888", 0, global, "ITU-T E.164 list of assigned codes: disaster relief, withdrawn"},
	{"979", 0, global, "ITU-T E.169.2: international premium rate service"},
	{"808", 0, shared, "ITU-T E.169.3: international shared cost service"},
	{"871", 0, unassigned, "ITU-T E.164 list of assigned codes: Inmarsat, ended 2008"},
	{"872", 0, unassigned, "ITU-T E.164 list of assigned codes: Inmarsat, ended 2008"},
	{"873", 0, unassigned, "ITU-T E.164 list of assigned codes: Inmarsat, ended 2008"},
	{"874", 0, unassigned, "ITU-T E.164 list of assigned codes: Inmarsat, ended 2008"},
	{"875", 0, unassigned, "ITU-T E.164 list of assigned codes: reserved, maritime mobile"},
	{"876", 0, unassigned, "ITU-T E.164 list of assigned codes: reserved, maritime mobile"},
	{"877", 0, unassigned, "ITU-T E.164 list of assigned codes: reserved, maritime mobile"},
	{"879", 0, unassigned, "ITU-T E.164 list of assigned codes: reserved, national use"},

	// North America. Exchange 976 and 555-1212 are in nanp.go.
	{"1900", 0, premium, "NANPA, non-geographic codes: 900 premium services"},
	{"1700", 0, premium, "NANPA, non-geographic codes: 700 carrier services, price unknown"},
	{"1600", 0, premium, "CNA, Canadian non-geographic code 600: satellite and data"},
	{"1500", 0, personal, "NANPA, non-geographic codes: 5YY personal communications"},
	{"1456", 0, unassigned, "NANPA, 456: inbound international, returned"},
	{"1867", 0, costly, "CNA, area code 867: northern Canada, costly inside"},
	{"1907", 0, costly, "NANPA, area code 907: Alaska, costly inside"},

	{"443", 0, fixed, "Ofcom, National Telephone Numbering Plan: 03 at the price of 01 and 02"},
	{"4455", 0, shared, "Ofcom, National Telephone Numbering Plan: 055 corporate"},
	{"4456", 0, shared, "Ofcom, National Telephone Numbering Plan: 056 location independent"},
	{"4470", 0, personal, "Ofcom, National Telephone Numbering Plan: 070 personal numbers"},
	{"4476", 0, shared, "Ofcom, National Telephone Numbering Plan: 076 radiopaging"},
	{"447624", 0, mobile, "Ofcom, National Telephone Numbering Plan: 07624 Isle of Man mobile"},
	{"4484", 0, shared, "Ofcom, National Telephone Numbering Plan: 084 unbundled tariff"},
	{"4487", 0, shared, "Ofcom, National Telephone Numbering Plan: 087 unbundled tariff"},
	{"449", 0, premium, "Ofcom, National Telephone Numbering Plan: 09 premium rate"},
	{"44118", 6, premium, "Ofcom, National Telephone Numbering Plan: 118 directory enquiries"},

	{"4910", 0, unassigned, "Bundesnetzagentur: 010 carrier selection, no subscriber number"},
	{"4912", 0, premium, "Bundesnetzagentur: 012 innovative services"},
	{"49137", 0, shared, "Bundesnetzagentur: 0137 mass traffic"},
	{"49138", 0, shared, "Bundesnetzagentur: 0138 mass traffic, former"},
	{"4918", 0, shared, "Bundesnetzagentur: 0180 shared cost, 0181 to 0189 user groups"},
	{"49190", 0, premium, "Bundesnetzagentur: 0190 premium, until 2005"},
	{"4919", 0, shared, "Bundesnetzagentur: 0191 to 0199 online services and routing"},
	{"49118", 5, premium, "Bundesnetzagentur: 118 directory enquiries"},
	{"49118", 6, premium, "Bundesnetzagentur: 118 directory enquiries"},
	{"49700", 0, personal, "Bundesnetzagentur: 0700 personal numbers"},
	{"49900", 0, premium, "Bundesnetzagentur: 0900 premium services"},

	{"338", 0, premium, "Arcep, decision 2018-0881: 08 special numbers, unless said otherwise"},
	{"33800", 0, free, "Arcep, decision 2018-0881: 0800 to 0805 free"},
	{"33801", 0, free, "Arcep, decision 2018-0881: 0800 to 0805 free"},
	{"33802", 0, free, "Arcep, decision 2018-0881: 0800 to 0805 free"},
	{"33803", 0, free, "Arcep, decision 2018-0881: 0800 to 0805 free"},
	{"33804", 0, free, "Arcep, decision 2018-0881: 0800 to 0805 free"},
	{"33805", 0, free, "Arcep, decision 2018-0881: 0800 to 0805 free"},
	{"33806", 0, shared, "Arcep, decision 2018-0881: 0806 to 0809 at the price of a call"},
	{"33807", 0, shared, "Arcep, decision 2018-0881: 0806 to 0809 at the price of a call"},
	{"33808", 0, shared, "Arcep, decision 2018-0881: 0806 to 0809 at the price of a call"},
	{"33809", 0, shared, "Arcep, decision 2018-0881: 0806 to 0809 at the price of a call"},
	{"3381", 0, shared, "Arcep, decision 2018-0881: 081 majorated, capped at 0.06 a minute"},
	{"3382", 0, shared, "Arcep, decision 2018-0881: 082 majorated, capped at 0.20 a minute"},
	{"33118", 6, premium, "Arcep, decision 2018-0881: 118XYZ directory enquiries"},
	{"333", 4, shared, "Arcep, decision 2018-0881: 3BPQ short numbers"},
	{"3310", 4, shared, "Arcep, decision 2018-0881: 10YT short numbers"},

	{"3480", 0, premium, "CNMC, Plan nacional de numeracion: 803, 806, 807 premium; others reserved"},
	{"34800", 0, free, "CNMC, Plan nacional de numeracion: 800 free"},
	{"3490", 0, premium, "CNMC, Plan nacional de numeracion: 905, 907 premium; others reserved"},
	{"34900", 0, free, "CNMC, Plan nacional de numeracion: 900 free"},
	{"34901", 0, shared, "CNMC, Plan nacional de numeracion: 901 shared cost"},
	{"34902", 0, shared, "CNMC, Plan nacional de numeracion: 902 shared cost"},
	{"34704", 0, personal, "CNMC, Plan nacional de numeracion: 704 personal numbers"},
	{"3470", 0, personal, "CNMC, Plan nacional de numeracion: 70 personal numbers"},
	{"34118", 5, premium, "CNMC, Plan nacional de numeracion: 118AB directory enquiries"},

	{"6113", 0, shared, "ACMA, Numbering Plan 2025: 13, 1300, 1345 local rate"},
	{"6114", 0, premium, "ACMA, Numbering Plan 2025: 0145, 0147 satellite and others"},
	{"6116", 0, shared, "ACMA, Numbering Plan 2025: 016 paging"},
	{"6119", 0, premium, "ACMA, Numbering Plan 2025: 19 premium services"},
	{"615", 0, personal, "ACMA, Numbering Plan 2025: 05 location independent and personal"},
	{"61550", 0, fixed, "ACMA, Numbering Plan 2025: 0550 location independent"},

	{"55300", 9, shared, "Anatel, Resolucao 749/2022: 0300 shared"},
	{"55300", 10, shared, "Anatel, Resolucao 749/2022: 0300 shared"},
	{"55303", 9, shared, "Anatel, Resolucao 749/2022: 0303 telemarketing"},
	{"55303", 10, shared, "Anatel, Resolucao 749/2022: 0303 telemarketing"},
	{"55500", 9, premium, "Anatel, Resolucao 749/2022: 0500 donations"},
	{"55500", 10, premium, "Anatel, Resolucao 749/2022: 0500 donations"},
	{"55900", 9, premium, "Anatel, Resolucao 749/2022: 0900 premium"},
	{"55900", 10, premium, "Anatel, Resolucao 749/2022: 0900 premium"},

	{"911860", 0, shared, "DoT, National Numbering Plan: 1860 universal access"},
	{"911861", 0, premium, "DoT, National Numbering Plan: 1861 premium rate"},
	{"911900", 11, premium, "DoT, National Numbering Plan: 1900 premium rate"},
	{"911901", 11, premium, "DoT, National Numbering Plan: 1901 premium rate"},
	{"91140", 0, shared, "DoT, National Numbering Plan: 140 telemarketing"},

	{"3989", 0, premium, "AGCOM, delibera 8/15/CIR: 89X premium"},
	{"39199", 0, premium, "AGCOM, delibera 8/15/CIR: 199 premium"},
	{"3984", 0, shared, "AGCOM, delibera 8/15/CIR: 84X shared cost"},
	{"39178", 0, personal, "AGCOM, delibera 8/15/CIR: 178 personal numbers"},
	{"4151", 9, fixed, "BAKOM, 051 corporate numbers, at the price of a geographic call"},
	{"4158", 9, fixed, "BAKOM, 058 corporate numbers, at the price of a geographic call"},
	{"4190", 0, premium, "BAKOM, 090x premium services"},
	{"4184", 0, shared, "BAKOM, 084x shared cost"},
	{"41878", 0, personal, "BAKOM, 0878 personal numbers"},
	{"439", 0, premium, "RTR, KEM-V 2009: 09xx premium services"},
	{"4381", 0, shared, "RTR, KEM-V 2009: 0810 regulated maximum price"},
	{"4382", 0, shared, "RTR, KEM-V 2009: 0820, 0821, 0828 regulated maximum price"},
	{"3188", 9, fixed, "ACM, Nummerplan: 088 companies, at the price of a geographic call"},
	{"3190", 0, premium, "ACM, Nummerplan: 090x premium services"},
	{"3290", 0, premium, "BIPT, numbering plan: 090x premium services"},
	{"3270", 0, shared, "BIPT, numbering plan: 070 surcharge"},
	{"3278", 0, shared, "BIPT, numbering plan: 078 national number"},
	{"35315", 10, premium, "ComReg, National Numbering Conventions: 15XX premium rate"},
	{"4870", 0, premium, "UKE, plan numeracji: 70X premium"},
	{"46900", 0, premium, "PTS, Swedish numbering plan: 0900 premium"},
	{"46939", 0, premium, "PTS, Swedish numbering plan: 0939 premium"},
	{"46944", 0, premium, "PTS, Swedish numbering plan: 0944 premium"},
}

// overseas maps national numbers of France that lead out of it to the country
// code they belong to: dialled 0590, a call goes to Guadeloupe. Arcep, decision
// 2018-0881; the codes that follow are from the same plan. Never written to.
var overseas = map[string]string{
	"262": "262", "263": "262", "269": "262", "639": "262", "692": "262", "693": "262", "976": "262",
	"508": "508", "590": "590", "690": "590", "691": "590",
	"594": "594", "694": "594", "596": "596", "696": "596", "697": "596",
}

// offshore is what a number becomes that is written like one of France and is
// not; unchanged for all others.
func offshore(digits string) string {
	national, french := strings.CutPrefix(digits, "33")
	if !french || len(national) != 9 {
		return digits
	}
	if code, ok := overseas[national[:3]]; ok {
		return code + national
	}
	return digits
}

// specials finds special rows by the longest prefix.
type specials struct {
	rows    map[string][]specialRow
	longest int
}

func newSpecials() specials {
	s := specials{rows: make(map[string][]specialRow, len(specialRows))}
	for _, row := range specialRows {
		s.rows[row.prefix] = append(s.rows[row.prefix], row)
		s.longest = max(s.longest, len(row.prefix))
	}
	return s
}

// find is the row for a number whose country code has so many digits.
func (s specials) find(digits string, code int) (specialRow, bool) {
	for n := min(len(digits), s.longest); n > 0; n-- {
		for _, row := range s.rows[digits[:n]] {
			if row.length == 0 || row.length == len(digits)-code {
				return row, true
			}
		}
	}
	return specialRow{}, false
}

// class is the class of a kind of number, seen from home, from a +1 country
// that is not its own, or from abroad.
func (k kind) class(home, foreignNANP bool) toll.Class {
	switch {
	case k == global:
		return toll.Global
	case k == unassigned:
		return toll.Unassigned
	case foreignNANP && k != premium && k != personal && k != shared:
		return toll.ForeignNANP
	case home:
		return k.homeClass()
	}
	switch k {
	case mobile:
		return toll.IntlMobile
	case shared, premium, personal:
		return toll.IntlPremium
	}
	return toll.IntlFixed
}

// homeClass is the class of a kind of number in the site's own country.
func (k kind) homeClass() toll.Class {
	switch k {
	case fixed:
		return toll.HomeFixed
	case mobile:
		return toll.HomeMobile
	case free:
		return toll.TollFree
	case costly, shared:
		return toll.SharedCost
	case premium:
		return toll.HomePremium
	case personal:
		return toll.Personal
	}
	return toll.Unplaced
}
