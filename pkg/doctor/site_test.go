package doctor_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/doctor"
	"github.com/tollfuse/tollfuse/pkg/numbering"
)

// sites is where the two exchanges are.
const sites = "../../testdata/doctor"

var placeholders = strings.NewReplacer("@NAME@", "pbx", "@SIP_PORT@", "5060", "@AMI_PORT@", "5038")

// exchange reads one of the exchanges as files of a machine, and its
// configuration.
func exchange(t testing.TB, name string) (fstest.MapFS, config.Config) {
	t.Helper()
	files := fstest.MapFS{}
	paths, err := filepath.Glob(filepath.Join(sites, name, "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files of %s: %v", name, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files["etc/asterisk/"+filepath.Base(path)] = &fstest.MapFile{Data: []byte(placeholders.Replace(string(text))), Mode: 0o644}
	}
	c, err := config.Parse(files["etc/asterisk/tollfuse.yaml"].Data)
	if err != nil {
		t.Fatal(err)
	}
	return files, c
}

// resolver reads numbers as the exchange dials them.
func resolver(t *testing.T, c config.Config) *numbering.Resolver {
	t.Helper()
	r, err := numbering.New(numbering.Plan{Country: c.Site.Country, Extensions: c.Numbering.Extensions, AccessCodes: c.Numbering.AccessCodes})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plain are the emergency numbers as the carrier knows them.
func plain(t *testing.T, c config.Config) []string {
	t.Helper()
	c.Numbering.AccessCodes = nil
	return resolver(t, c).Dialplan().Emergency
}

// rendered are the files that the configuration generates.
func rendered(t *testing.T, c config.Config) []dialplan.File {
	t.Helper()
	patterns, a := resolver(t, c).Dialplan(), c.Asterisk[0]
	files, err := dialplan.Render(dialplan.Site{
		Country: c.Site.Country, PBX: a.Name, AGI: c.FastAGI.Listen, Trunk: a.Trunks[0].Name,
		Emergency: patterns.Emergency, AccessCodes: patterns.Access, HomePatterns: patterns.Home, FailHome: true,
		MaxHomeSeconds: int(c.Calls.MaxHome / time.Second), MaxDialledLength: 32,
		AMI: dialplan.AMI{User: a.AMI.User, Secret: a.AMI.Secret.Reveal()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// withGenerated puts the generated files into the exchange.
func withGenerated(t *testing.T, files fstest.MapFS, c config.Config) {
	t.Helper()
	for _, f := range rendered(t, c) {
		name := f.Name
		if name == dialplan.ExampleFile {
			name = "extensions.conf"
		}
		files["etc/asterisk/"+name] = &fstest.MapFile{Data: f.Text, Mode: 0o644}
	}
}

// examine judges an exchange by its files alone: no console, which goes without saying here, no manager, on a
// machine where all is well.
func examine(t *testing.T, files fs.FS, c config.Config, systemName string) []doctor.Finding {
	t.Helper()
	wanted := ""
	for _, f := range rendered(t, c) {
		if f.Name == dialplan.SubroutineFile {
			wanted = string(f.Text)
		}
	}
	f := healthy(c)
	dialled := resolver(t, c).Dialplan()
	f.Emergency, f.Home, f.Plain = dialled.Emergency, dialled.Home, plain(t, c)
	f.PBXs = []doctor.PBX{doctor.PBXFromFiles(files, "/etc/asterisk", c.Asterisk[0], wanted)}
	f.PBXs[0].AMI = doctor.AMI{Booted: true, Version: "22", SystemName: systemName, Actions: map[string][]string{
		"Hangup": {"call"}, "AbsoluteTimeout": {"call"}, "Status": {"call"}, "Getvar": {"call"}, "CoreShowChannels": {"reporting"}, "CoreStatus": {"reporting"},
	}}
	return slices.DeleteFunc(doctor.Examine(f), func(f doctor.Finding) bool { return f.ID == noConsole })
}

// noConsole is what is said where there are files alone.
const noConsole = "dialplan.console"

// healthy are facts about which there is nothing to say.
func healthy(c config.Config) doctor.Facts {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	c.Mail.To, c.Warnings = []string{"owner@example.com"}, nil
	return doctor.Facts{
		Now: now, Version: "1.0", Config: c,
		Daemon: doctor.Daemon{Status: admin.Status{Process: admin.Process{
			Version: "1.0", Daemon: true, Since: now.Add(-time.Hour), Links: []admin.Link{{PBX: "pbx", Up: true}},
		}}},
		Machine: doctor.Machine{Synchronized: true},
		Ledger:  doctor.Ledger{Exists: true, FreeMB: 10000, Sync: time.Millisecond},
	}
}

// planted are the IDs that a careless exchange is marked with.
func planted(t *testing.T) []string {
	t.Helper()
	marks := regexp.MustCompile(`\b(?:manager|dialplan|endpoint|trunk|emergency)\.[A-Za-z_-]+\b`)
	ids := map[string]bool{}
	paths, err := filepath.Glob(filepath.Join(sites, "careless", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			i := strings.IndexAny(line, ";#")
			for _, id := range marks.FindAllString(line[max(i, 0):], -1) {
				if i >= 0 && !strings.HasSuffix(id, ".conf") {
					ids[id] = true
				}
			}
		}
	}
	var all []string
	for id := range ids {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}
