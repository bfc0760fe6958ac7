package toll

// Moderate tells whether carriers ask a moderate price for the ordinary numbers of
// a country, fixed and mobile ones: some 0.30 a minute at most in each of two
// published price lists (interconn.it, db/call_rates.sql; ephoneus.com, rate
// plans). Most everyday calls abroad go to these countries, and whoever rents a
// number there earns little by the calls.
//
// Countries with ranges of ordinary look that cost several times as much, such as
// Latvia's, are not among them, nor Taiwan, where one attack paid 11.67 a minute.
func Moderate(country string) bool {
	switch country {
	case "AT", "BE", "CH", "CY", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "HU", "IE", "IS", "IT", "LU", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SK",
		"CA", "US", "PR", "MX", "AR", "BR", "CL", "CO", "CR", "PE",
		"AU", "NZ", "CN", "HK", "IN", "JP", "KR", "MY", "SG", "TH",
		"AE", "IL", "TR", "ZA":
		return true
	}
	return false
}
