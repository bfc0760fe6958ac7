package authorize_test

import (
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/authorize"
)

func TestTold(t *testing.T) {
	long := strings.Repeat("1", 33)
	for dialled, want := range map[string]string{
		"0012025550123": "0012025550123", "*98#": "*98#", "+4420": "+4420",
		"": "?", "1&112": "?1112", "112\r\n": "?112", "sip:alice@x": "?", "${EXTEN}": "?", "1 2": "?12",
		long[1:]: long[1:], long: "?" + long[1:], "a" + long: "?" + long[1:],
	} {
		if got := authorize.Told(dialled); got != want {
			t.Errorf("%q is told as %q, not %q", dialled, got, want)
		}
		if got := authorize.Dialable(dialled); got == strings.HasPrefix(want, "?") {
			t.Errorf("%q: dialable %t", dialled, got)
		}
	}
}
