package numbering

import "iter"

// homeRows are the home rows of a country. They serve twice: they accept home
// numbers that phonenumbers has not heard of yet (plans open new blocks every
// month, always inside such ranges), and they become the dialplan's patterns for
// the time when no daemon answers. Ranges of specialRows inside them are left out
// by those who use them. The sources are the plans that specialRows name, or the
// comment before the rows of a country. What is missing here is refused when no
// daemon answers, not lost. North America is in nanp.go.
func homeRows(country string) iter.Seq[homeRow] {
	return func(yield func(homeRow) bool) {
		for _, rows := range [][]homeRow{europeHome, worldHome} {
			for _, row := range rows {
				if row.country == country && !yield(row) {
					return
				}
			}
		}
	}
}

// europeHome are the home rows of European countries. Never written to.
var europeHome = []homeRow{
	{"GB", "1[1-9]", 9, 10, fixed, "110 111 112 119"},
	{"GB", "2[03489]", 10, 10, fixed, ""},
	{"GB", "3[0347]", 10, 10, fixed, ""},
	{"GB", "7[1-57-9]", 10, 10, mobile, "7457 7509 7524 7700 7781 7797 7829 7839 7911 7924 7937"}, // Crown dependencies
	{"GB", "800", 9, 9, free, ""},
	{"GB", "80[08]", 10, 10, free, ""},

	{"DE", "[2-6]", 6, 11, fixed, "31"},
	{"DE", "[7-9]", 6, 11, fixed, "700 701 800 801 900 901 902 903 904 905"},
	{"DE", "1[57]", 10, 11, mobile, ""},
	{"DE", "16[0-3]", 10, 11, mobile, ""},
	{"DE", "800", 10, 10, free, ""},

	{"FR", "[1-5]", 9, 9, fixed, ""},
	{"FR", "6", 9, 9, mobile, ""},
	{"FR", "7[3-9]", 9, 9, mobile, ""},
	{"FR", "9", 9, 9, fixed, "938 939 947"}, // overseas, as 976 is
	{"FR", "80[0-5]", 9, 9, free, ""},

	{"ES", "[89][1-8]", 9, 9, fixed, ""},
	{"ES", "6", 9, 9, mobile, ""},
	{"ES", "7[1-49]", 9, 9, mobile, ""},
	{"ES", "[89]00", 9, 9, free, ""},

	{"NL", "[1-57]", 9, 9, fixed, "14"},
	{"NL", "6[1-58]", 9, 9, mobile, ""},
	{"NL", "8[58]", 9, 9, fixed, ""},

	{"BE", "[1-36]", 8, 8, fixed, ""},
	{"BE", "[57-9][1-9]", 8, 8, fixed, ""},
	{"BE", "4[5-9]", 9, 9, mobile, ""},

	{"CH", "[2-6]", 9, 9, fixed, ""},
	{"CH", "7[5-9]", 9, 9, mobile, ""},

	{"PT", "2", 9, 9, fixed, ""},
	{"PT", "9[1236]", 9, 9, mobile, ""},
	{"PT", "800", 9, 9, free, ""},

	// ComReg, National Numbering Conventions.
	{"IE", "1[2-9]", 8, 8, fixed, "15 18"}, // 15XX is premium behind a spare digit
	{"IE", "21", 9, 9, fixed, ""},
	{"IE", "2[2-9]", 7, 9, fixed, ""},
	{"IE", "[4569][0-9]", 7, 9, fixed, ""},
	{"IE", "71", 9, 9, fixed, ""},
	{"IE", "74", 9, 9, fixed, ""},
	{"IE", "8[35-9]", 9, 9, mobile, ""},
	{"IE", "1800", 10, 10, free, ""},

	// AGCOM, delibera 8/15/CIR: fixed numbers keep their 0.
	{"IT", "0[1-9]", 8, 11, fixed, "0549 06698 0878"},
	{"IT", "3[1-9]", 10, 10, mobile, ""},
	{"IT", "800", 9, 9, free, ""},

	// RTR, KEM-V 2009. Corporate numbers (05) and nomadic ones (0720, 0780) are left out.
	{"AT", "1[2-9]", 7, 12, fixed, ""},
	{"AT", "[234][1-9]", 8, 12, fixed, ""},
	{"AT", "5[2-68]", 8, 12, fixed, ""},
	{"AT", "512", 8, 12, fixed, ""},
	{"AT", "6[1-4]", 8, 12, fixed, "648"},
	{"AT", "7[2-79]", 8, 12, fixed, "720"},
	{"AT", "6[5-9]", 9, 12, mobile, "652 654 656 658 662"},
	{"AT", "800", 9, 10, free, ""},

	// UKE, plan numeracji.
	{"PL", "1[2-8]", 9, 9, fixed, ""},
	{"PL", "2[2-69]", 9, 9, fixed, ""},
	{"PL", "3[2-4]", 9, 9, fixed, ""},
	{"PL", "4[1-468]", 9, 9, fixed, ""},
	{"PL", "5[24-689]", 9, 9, fixed, ""},
	{"PL", "6[1-3578]", 9, 9, fixed, ""},
	{"PL", "7[14-7]", 9, 9, fixed, ""},
	{"PL", "8[1-79]", 9, 9, fixed, ""},
	{"PL", "9[145]", 9, 9, fixed, ""},
	{"PL", "45", 9, 9, mobile, ""},
	{"PL", "5[0137]", 9, 9, mobile, ""},
	{"PL", "6[069]", 9, 9, mobile, ""},
	{"PL", "7[2389]", 9, 9, mobile, ""},
	{"PL", "88", 9, 9, mobile, ""},
	{"PL", "800", 9, 9, free, ""},

	// PTS, the Swedish numbering plan.
	{"SE", "8", 7, 9, fixed, ""},
	{"SE", "[12][1-9]", 7, 9, fixed, ""},
	{"SE", "[345]", 7, 9, fixed, ""},
	{"SE", "6[0-689]", 7, 9, fixed, "649"},
	{"SE", "9[0-8]", 7, 9, fixed, "900 939 944"},
	{"SE", "7[02369]", 9, 9, mobile, ""},
	{"SE", "20", 6, 9, free, ""},

	// Styrelsen for Dataforsyning, Den danske nummerplan: fixed and mobile share ranges.
	{"DK", "[2-7]", 8, 8, fixed, ""},
	{"DK", "[89][1-9]", 8, 8, fixed, ""},
	{"DK", "80", 8, 8, free, ""},

	// Nkom, Nummerplan E.164.
	{"NO", "2[1-4]", 8, 8, fixed, ""},
	{"NO", "3[1-3578]", 8, 8, fixed, ""},
	{"NO", "5[1-35-7]", 8, 8, fixed, ""},
	{"NO", "6[1-46-9]", 8, 8, fixed, ""},
	{"NO", "7[0-8]", 8, 8, fixed, ""},
	{"NO", "[49]", 8, 8, mobile, ""},
	{"NO", "80[01]", 8, 8, free, ""},

	// Traficom, regulation 32 on numbering.
	{"FI", "1[3-79][1-8]", 6, 9, fixed, ""},
	{"FI", "[235689][1-8]", 6, 9, fixed, ""},
	{"FI", "4[0-8]", 7, 10, mobile, ""},
	{"FI", "50", 7, 10, mobile, ""},
	{"FI", "800", 8, 9, free, ""},

	// CTU, vyhlaska 117/2007.
	{"CZ", "2", 9, 9, fixed, ""},
	{"CZ", "3[1257-9]", 9, 9, fixed, ""},
	{"CZ", "4[16-9]", 9, 9, fixed, ""},
	{"CZ", "5[13-9]", 9, 9, fixed, ""},
	{"CZ", "60[1-8]", 9, 9, mobile, ""},
	{"CZ", "70[2-5]", 9, 9, mobile, ""},
	{"CZ", "7[2379]", 9, 9, mobile, ""},
	{"CZ", "800", 9, 9, free, ""},

	// EETT, National Numbering Plan.
	{"GR", "2[1-8]", 10, 10, fixed, ""},
	{"GR", "69", 10, 10, mobile, ""},
	{"GR", "800", 10, 10, free, ""},

	// ANCOM, Planul national de numerotatie.
	{"RO", "[23][13-6]", 9, 9, fixed, ""},
	{"RO", "7", 9, 9, mobile, ""},
	{"RO", "800", 9, 9, free, ""},

	// NMHH, decree 3/2011: 06 before all of them.
	{"HU", "1", 8, 8, fixed, ""},
	{"HU", "[27][2-9]", 8, 8, fixed, ""},
	{"HU", "3[2-7]", 8, 8, fixed, ""},
	{"HU", "4[24-9]", 8, 8, fixed, ""},
	{"HU", "5[2-79]", 8, 8, fixed, ""},
	{"HU", "6[23689]", 8, 8, fixed, ""},
	{"HU", "8[2-57-9]", 8, 8, fixed, ""},
	{"HU", "9[2-69]", 8, 8, fixed, ""},
	{"HU", "[2357]0", 9, 9, mobile, ""},
	{"HU", "31", 9, 9, mobile, ""},
	{"HU", "80", 8, 8, free, ""},

	// SPRK, National Numbering Plan.
	{"LV", "2", 8, 8, mobile, ""},
	{"LV", "6", 8, 8, fixed, ""},
	{"LV", "80", 8, 8, free, ""},

	// RRT, National Telephone Numbering Plan.
	{"LT", "3[1478]", 8, 8, fixed, ""},
	{"LT", "4[124-6]", 8, 8, fixed, ""},
	{"LT", "52", 8, 8, fixed, ""},
	{"LT", "6", 8, 8, mobile, ""},
	{"LT", "800", 8, 8, free, ""},

	// TTJA, Estonian numbering plan.
	{"EE", "3[23589]", 7, 7, fixed, ""},
	{"EE", "4[3-8]", 7, 7, fixed, ""},
	{"EE", "6", 7, 7, fixed, ""},
	{"EE", "7[1-9]", 7, 7, fixed, ""},
	{"EE", "5", 7, 8, mobile, ""},

	// RU, Narodna cislovacia tabulka.
	{"SK", "2[2-9]", 9, 9, fixed, ""},
	{"SK", "[345][1-8]", 9, 9, fixed, ""},
	{"SK", "9[0145]", 9, 9, mobile, "900 909"},
	{"SK", "800", 9, 9, free, ""},

	// AKOS, Splosni akt o nacrtu ostevilcenja.
	{"SI", "[1-357][2-8]", 8, 8, fixed, ""},
	{"SI", "4[24-8]", 8, 8, fixed, ""},
	{"SI", "[37][01]", 8, 8, mobile, ""},
	{"SI", "4[013]", 8, 8, mobile, ""},
	{"SI", "51", 8, 8, mobile, ""},
	{"SI", "6[489]", 8, 8, mobile, ""},

	// HAKOM, Plan numeriranja.
	{"HR", "1", 8, 8, fixed, ""},
	{"HR", "2[0-3]", 8, 9, fixed, ""},
	{"HR", "3[1-5]", 8, 9, fixed, ""},
	{"HR", "4[02-47-9]", 8, 9, fixed, ""},
	{"HR", "5[1-3]", 8, 9, fixed, ""},
	{"HR", "9[1257-9]", 8, 9, mobile, ""},

	// OCECPR, National Numbering Plan.
	{"CY", "2[2-6]", 8, 8, fixed, ""},
	{"CY", "9[4-79]", 8, 8, mobile, ""},
	{"CY", "800", 8, 8, free, ""},
}
