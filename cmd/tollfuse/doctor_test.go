package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/doctor"
)

// TestMendsRepeatWhatWasTold compares the commands that doctor proposes with what
// it was called with.
func TestMendsRepeatWhatWasTold(t *testing.T) {
	const write, reload = "tollfuse dialplan --force", "asterisk -rx 'dialplan reload'"
	asked, elsewhere := doctor.Console{}, doctor.Console{Missing: "the console is on another machine"}
	pbx := func(name string, c doctor.Console) doctor.PBX {
		return doctor.PBX{Asterisk: config.Asterisk{Name: name}, Console: c}
	}
	told := func(dir, name, agi, asterisk string) examination {
		return examination{plan: plan{dir: dir, pbx: name, agi: agi}, asterisk: asterisk}
	}
	for _, c := range []struct {
		told         examination
		pbxs         []doctor.PBX
		want, reload string
	}{
		{told(usualAsterisk, "", "", "asterisk"), []doctor.PBX{pbx("pbx", asked)}, write, reload},
		{told("/opt/my asterisk", "", "", "/opt/sbin/asterisk"), []doctor.PBX{pbx("pbx", asked)},
			"tollfuse dialplan --dialplan-dir '/opt/my asterisk' --force", "/opt/sbin/asterisk -C '/opt/my asterisk/asterisk.conf' -rx 'dialplan reload'"},
		{told("/copy", "pbx", "10.0.0.5:4573", "asterisk"), []doctor.PBX{pbx("pbx", elsewhere), pbx("main", elsewhere)},
			"tollfuse dialplan --pbx pbx --dialplan-dir /copy --agi 10.0.0.5:4573 --force", reload},
		{told("/copy", "main", "10.0.0.5:4573", "asterisk"), []doctor.PBX{pbx("pbx", elsewhere), pbx("main", elsewhere)}, write, reload},
		{told(usualAsterisk, "", "", "asterisk"), []doctor.PBX{pbx("pbx", elsewhere), pbx("main", asked)}, "tollfuse dialplan --pbx pbx --force", reload},
	} {
		all := []doctor.Finding{{PBX: "pbx", Mend: []string{write, reload}}}
		c.told.repeat(all, doctor.Facts{PBXs: c.pbxs})
		if want := []string{c.want, c.reload}; !slices.Equal(all[0].Mend, want) {
			t.Errorf("%+v: %q, want %q", c.told, all[0].Mend, want)
		}
	}
}

// TestNoFolderThatNobodyNamed is made by dialplan, whose flag would have named it.
func TestNoFolderThatNobodyNamed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, there := range map[string]bool{dir: true, filepath.Join(dir, "none"): false, file: false} {
		err := plan{dir: path}.folderIsThere()
		if (err == nil) != there || err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
