package rating

// moderate tells whether carriers ask a moderate price for the ordinary numbers of
// a country, fixed and mobile ones: at most 0.30 a minute in each of the published
// price lists that were compared (interconn.it, db/call_rates.sql; ephoneus.com,
// rate plans; the mobile rates of some small European networks are the highest of
// them). Most everyday calls abroad go to these countries, and a share-holder in
// fraud earns little there.
//
// Countries with ranges of ordinary look that cost several times as much, such as
// Latvia's, are not among them, nor Taiwan, where one attack paid 11.67 a minute.
func moderate(country string) bool {
	switch country {
	case "AT", "BE", "CH", "CY", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "HU", "IE", "IS", "IT", "LU", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SK",
		"CA", "US", "PR", "MX", "AR", "BR", "CL", "CO", "CR", "PE",
		"AU", "NZ", "CN", "HK", "IN", "JP", "KR", "MY", "SG", "TH",
		"AE", "IL", "TR", "ZA":
		return true
	}
	return false
}
