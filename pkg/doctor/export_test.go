package doctor

import (
	"io/fs"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// PBXFromFiles is one Asterisk of which there are only files.
func PBXFromFiles(files fs.FS, dir string, a config.Asterisk, wanted string) PBX {
	p := PBX{Asterisk: a, Files: readFiles(files, dir), Console: Console{Missing: "the console was not asked"}}
	p.Wanted = dialplanFromConf(parseConf("extensions_tollfuse.conf", wanted))
	p.Plan = p.fromFiles()
	return p
}

// LoadedWithout is that Asterisk with a console: all of its files is loaded but
// one context.
func LoadedWithout(p PBX, context string) PBX {
	p.Plan = p.fromFiles()
	delete(p.Plan.Contexts, context)
	p.Console = Console{Plan: p.Plan}
	return p
}
