package doctor

import (
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// TestWhoseFiles takes a folder for an Asterisk's own only where that is sure.
func TestWhoseFiles(t *testing.T) {
	at := func(name, address string) config.Asterisk {
		return config.Asterisk{Name: name, AMI: config.AMI{Address: address}}
	}
	here, alsoHere, far := at("here", "127.0.0.1:5038"), at("also", "localhost:5039"), at("far", "192.0.2.1:5038")
	for _, c := range []struct {
		all   []config.Asterisk
		named string
		of    config.Asterisk
		want  string
	}{
		{[]config.Asterisk{here}, "", here, ""},
		{[]config.Asterisk{here, far}, "", here, ""},
		{[]config.Asterisk{here, far}, "", far, "--pbx far --dialplan-dir"},
		{[]config.Asterisk{here, far}, "far", far, ""},
		{[]config.Asterisk{here, far}, "far", here, "another Asterisk"},
		{[]config.Asterisk{here, alsoHere}, "", here, "several"},
		{[]config.Asterisk{here, alsoHere}, "also", alsoHere, ""},
	} {
		s := Sources{Config: config.Config{Asterisk: c.all}, PBX: c.named}
		got := s.notHere(&PBX{Asterisk: c.of})
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s with --pbx %q: %q, want %q", c.of.Name, c.named, got, c.want)
		}
	}
}
