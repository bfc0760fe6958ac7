package toll

import "testing"

func TestCheckCountry(t *testing.T) {
	for code, known := range map[string]bool{
		"US": true, "GB": true, "XK": true, "001": true, "ZW": true,
		"": false, "UK": false, "XX": false, "us": false, "U": false, "E ": false, " A": false, "USA": false, "SAU": false,
	} {
		if err := CheckCountry(code); (err == nil) != known {
			t.Errorf("%q: %v", code, err)
		}
	}
}
