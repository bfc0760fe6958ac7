package policy

// tariffed are the parts of +1 whose calls cost about what a call inside the
// United States costs: the two large countries and the US territories.
// Everywhere else a number that only looks domestic is a known trap.
func tariffed(country string) bool {
	switch country {
	case "US", "CA", "PR", "VI", "GU", "AS", "MP":
		return true
	}
	return false
}
