package numbering

import (
	"fmt"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// maxShort bounds short numbers: the longest known have six digits.
const maxShort = 6

// shortNumber is a number that a carrier answers and that is no E.164 number.
type shortNumber struct {
	pattern
	class toll.Class
}

// shortRow is one row of the table of national short numbers.
type shortRow struct {
	country, pattern string
	class            toll.Class
	source           string
}

// shortRows are the short numbers whose price is known. Harmonised European
// 116 numbers are free of charge (Decision 2007/116/EC); directory enquiries
// are the classic premium short numbers. Never written to.
var shortRows = []shortRow{
	{"US", "[2357]11", toll.TollFree, "FCC, N11 codes: 211, 311, 511, 711"},
	{"US", "[68]11", toll.TollFree, "FCC, N11 codes: 611 repair, 811 call before you dig"},
	{"US", "411", toll.SharedCost, "FCC, N11 codes: 411 directory assistance, charged"},
	{"US", "988", toll.TollFree, "47 CFR 52.200, suicide prevention lifeline"},
	{"US", "933", toll.TollFree, "the test of an emergency call at most carriers of VoIP; not an emergency number"},
	{"CA", "[23578]11", toll.TollFree, "CRTC, N11 codes"},
	{"CA", "611", toll.TollFree, "CRTC, N11 codes"},
	{"CA", "411", toll.SharedCost, "CRTC, N11 codes: directory assistance, charged"},
	{"CA", "988", toll.TollFree, "CRTC Telecom Regulatory Policy 2022-234"},
	{"GB", "118XXX", toll.HomePremium, "Ofcom, National Telephone Numbering Plan: 118 directory enquiries"},
	{"GB", "116XXX", toll.TollFree, "Ofcom, National Telephone Numbering Plan: 116 harmonised services"},
	{"GB", "1[01]1", toll.TollFree, "Ofcom, National Telephone Numbering Plan: 101, 111"},
	{"GB", "105", toll.TollFree, "Ofcom, National Telephone Numbering Plan: 105 power cuts"},
	{"GB", "123", toll.SharedCost, "Ofcom, National Telephone Numbering Plan: type B access code, speaking clock"},
	{"GB", "119", toll.TollFree, "Ofcom, National Telephone Numbering Plan: 119 health service"},
	{"GB", "159", toll.HomeFixed, "Ofcom, National Telephone Numbering Plan: 159 anti-fraud, a geographic call at most"},
	{"GB", "100", toll.SharedCost, "Ofcom, National Telephone Numbering Plan: 100 operator"},
	{"GB", "155", toll.SharedCost, "Ofcom, National Telephone Numbering Plan: 155 international operator"},
	{"GB", "195", toll.TollFree, "Ofcom, National Telephone Numbering Plan: 195 enquiries for the disabled"},
	{"GB", "1571", toll.SharedCost, "Ofcom, National Telephone Numbering Plan: type B access code, voicemail"},
	{"GB", "1471", toll.TollFree, "Ofcom, National Telephone Numbering Plan: type B access code, last caller"},
	{"DE", "118XX", toll.HomePremium, "Bundesnetzagentur, Nummernraum 118"},
	{"DE", "1180XX", toll.HomePremium, "Bundesnetzagentur, Nummernraum 118"},
	{"DE", "116XXX", toll.TollFree, "Bundesnetzagentur, Nummernraum 116"},
	{"DE", "115", toll.HomeFixed, "Bundesnetzagentur, Behoerdenruf 115, at the price of a local call"},
	{"FR", "118XXX", toll.HomePremium, "Arcep, decision 2018-0881: 118XYZ"},
	{"FR", "116XXX", toll.TollFree, "Arcep, decision 2018-0881: 116XYZ"},
	{"FR", "300[0-79]", toll.TollFree, "Arcep, decision 2022-1583, 2.4.9: 3000 to 3007, 3009 to 3169, 3180 to 3199"},
	{"FR", "30[1-9]X", toll.TollFree, "Arcep, decision 2022-1583, 2.4.9: 3009 to 3169"},
	{"FR", "31[0-689]X", toll.TollFree, "Arcep, decision 2022-1583, 2.4.9: 3009 to 3169, 3180 to 3199"},
	{"FR", "3XXX", toll.SharedCost, "Arcep, decision 2022-1583: 3BPQ, up to majorated; everyday services, each given out by Arcep"},
	{"FR", "10XX", toll.SharedCost, "Arcep, decision 2018-0881: 10YT, customer services"},
	{"ES", "118XX", toll.HomePremium, "CNMC, Plan nacional de numeracion: 118AB"},
	{"ES", "116XXX", toll.TollFree, "CNMC, Plan nacional de numeracion: 116A(BC)"},
	{"ES", "016", toll.TollFree, "CNMC, numeros cortos: 016 violence against women, free"},
	{"ES", "017", toll.TollFree, "CNMC, numeros cortos: 017 help with cyber security, free"},
	{"ES", "024", toll.TollFree, "CNMC, numeros cortos: 024 suicide prevention, free"},
	{"ES", "01[0-9]", toll.SharedCost, "CNMC, numeros cortos: 010, 011, 012"},
	{"ES", "060", toll.SharedCost, "CNMC, numeros cortos: 060"},
	{"ES", "02[0-9]", toll.SharedCost, "CNMC, numeros cortos: 02X"},
	{"AU", "13[1-9]XXX", toll.SharedCost, "ACMA, Numbering Plan 2025, local rate numbers"},
	{"AU", "1234", toll.HomePremium, "ACMA, Numbering Plan 2025, 1234 directory"},
	{"AU", "12455", toll.HomePremium, "ACMA, Numbering Plan 2025, 12455 call connection"},
	{"AU", "122[0-9]", toll.TollFree, "ACMA, Numbering Plan 2025, 122X directory and faults"},
	{"BR", "18[058]", toll.TollFree, "Anatel, Ato 43.151/2004: 180, 185, 188"},
	{"BR", "1[08]1", toll.TollFree, "Anatel, Ato 43.151/2004: 181; 101"},
	{"BR", "100", toll.TollFree, "Anatel, Ato 43.151/2004: 100 human rights"},
	{"BR", "1[0-5][0-9]", toll.SharedCost, "Anatel, Ato 43.151/2004: public services, partly charged"},
	{"BR", "103XX", toll.SharedCost, "Anatel, Ato 43.151/2004: carriers' own services"},
	{"BR", "10[56]XX", toll.SharedCost, "Anatel, Ato 43.151/2004: carriers' own services"},
	{"BR", "133[12]", toll.TollFree, "Anatel, its own call centre, and for the deaf"},
	{"IN", "10[34]", toll.TollFree, "DoT, National Numbering Plan: traffic police, health"},
	{"IN", "1033", toll.TollFree, "DoT, National Numbering Plan: highways"},
	{"IN", "1909", toll.TollFree, "TRAI, do not call"},
	{"IN", "1930", toll.TollFree, "DoT, National Numbering Plan: cyber crime"},
	{"IN", "198", toll.TollFree, "DoT, National Numbering Plan: complaints to the carrier"},
	{"IN", "1947", toll.TollFree, "DoT, National Numbering Plan: Aadhaar"},
	{"IN", "14567", toll.TollFree, "DoT, National Numbering Plan: elder line"},
	{"IN", "1098", toll.TollFree, "DoT, National Numbering Plan: child helpline"},
	{"IN", "1091", toll.TollFree, "DoT, National Numbering Plan: women's helpline"},
	{"IN", "139", toll.SharedCost, "DoT, National Numbering Plan: railway enquiry, charged"},
	{"IN", "181", toll.TollFree, "DoT, National Numbering Plan: women's helpline"},
	{"IN", "5XXXX", toll.HomePremium, "DoT, National Numbering Plan: level 5 short codes, premium"},
	{"AT", "118XXX", toll.HomePremium, "RTR, KEM-V 2009: 118 directory"},
	{"AT", "116XXX", toll.TollFree, "RTR, KEM-V 2009: 116 harmonised services"},
	{"CH", "18XX", toll.HomePremium, "BAKOM, short numbers 18xx directory"},
	{"IE", "118XX", toll.HomePremium, "ComReg, National Numbering Conventions: 118XX"},
	{"BE", "116XXX", toll.TollFree, "BIPT, numbering plan: 116 harmonised services"},
	{"NL", "116XXX", toll.TollFree, "ACM, Nummerplan: 116 harmonised services"},
	{"NL", "18XX", toll.HomePremium, "ACM, Nummerplan: 18XY directory"},
	{"BE", "1[2-4]0[47]", toll.HomePremium, "BIPT, numbering plan: 1204, 1207, 1307, 1407 directory"},
	{"PT", "118", toll.HomePremium, "ANACOM, Plano Nacional de Numeracao: 118 directory"},
	{"PT", "18XX", toll.HomePremium, "ANACOM, Plano Nacional de Numeracao: 18XX directory"},
	{"IT", "12XX", toll.HomePremium, "AGCOM, delibera 8/15/CIR: 12XX directory"},
	{"PL", "118XXX", toll.HomePremium, "UKE, plan numeracji: 118 directory"},
	{"SE", "118XXX", toll.HomePremium, "PTS, Swedish numbering plan: 118 directory"},
	{"DK", "118", toll.HomePremium, "Styrelsen for Dataforsyning, Den danske nummerplan: 118 directory"},
	{"DK", "18XX", toll.HomePremium, "Styrelsen for Dataforsyning, Den danske nummerplan: 18XX directory"},
	{"NO", "18XX", toll.HomePremium, "Nkom, Nummerplan E.164: 18XX directory"},
	{"FI", "118", toll.HomePremium, "Traficom, regulation 32: 118 directory"},
	{"CZ", "118X", toll.HomePremium, "CTU, vyhlaska 117/2007: 118X directory"},
	{"SK", "118X", toll.HomePremium, "RU, Narodna cislovacia tabulka: 118X directory"},
	{"SI", "1188", toll.HomePremium, "AKOS, Splosni akt o nacrtu ostevilcenja: 1188 directory"},
	{"HR", "118XX", toll.HomePremium, "HAKOM, Plan numeriranja: 118XX directory"},
	{"HU", "118XX", toll.HomePremium, "NMHH, decree 3/2011: 118XX directory"},
	{"RO", "118XXX", toll.HomePremium, "ANCOM, Planul national de numerotatie: 118 directory"},
	{"GR", "118XX", toll.HomePremium, "EETT, National Numbering Plan: 118XX directory"},
	{"LV", "118X", toll.HomePremium, "SPRK, National Numbering Plan: 118X directory"},
	{"EE", "118X", toll.HomePremium, "TTJA, Estonian numbering plan: 118X directory"},
	{"TR", "118XX", toll.HomePremium, "BTK, Numaralandirma Yonetmeligi: 118XX directory"},
	{"NZ", "018", toll.HomePremium, "NAD, New Zealand numbering plan: 018 directory"},
	{"NZ", "105", toll.TollFree, "NAD, New Zealand numbering plan: 105 police, no emergency"},
	{"ZA", "116", toll.TollFree, "ICASA, Numbering Plan Regulations: 116 child helpline"},
	{"ZA", "3XXXX", toll.HomePremium, "ICASA, Numbering Plan Regulations: codes beginning with 3 are premium"},
	{"CY", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"CZ", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"DK", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"EE", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"FI", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"GR", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"HR", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"HU", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"IE", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"IT", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"LT", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"LU", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"LV", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"NO", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"PL", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"PT", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"RO", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"SE", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"SI", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
	{"SK", "116XXX", toll.TollFree, "Decision 2007/116/EC: 116 harmonised services"},
}

// nationalShorts are the short numbers of a country.
func nationalShorts(country string) ([]shortNumber, error) {
	var shorts []shortNumber
	for _, row := range shortRows {
		if row.country != country {
			continue
		}
		p, err := parsePattern(row.pattern)
		if err != nil {
			return nil, fmt.Errorf("short numbers of %s: %w", country, err)
		}
		shorts = append(shorts, shortNumber{p, row.class})
	}
	return shorts, nil
}
