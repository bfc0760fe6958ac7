package doctor

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
)

// Sources are where facts come from.
type Sources struct {
	Version   string
	Config    config.Config
	Emergency []string // emergency numbers of the site, those behind an access code included
	Plain     []string // those without
	Home      []string // patterns of ordinary numbers at home, those behind an access code included
	// Status asks the daemon.
	Status func(ctx context.Context) (admin.Status, error)
	// Wanted is what the configuration would generate as extensions_tollfuse.conf.
	Wanted func(config.Asterisk) (string, error)

	Files    fs.FS  // of the machine, from its root; os.DirFS("/") where nil
	Dir      string // Asterisk's configuration directory, absolute
	PBX      string // whose directory that is; empty: of the one Asterisk on this machine
	Asterisk string // the program, for its console; empty: the console is not asked
}

// Times that a source may take.
const (
	patience      = 5 * time.Second
	quickPatience = 2 * time.Second
	integrityTime = 20 * time.Second
)

// Gather asks every source. It takes as long as the slowest.
func Gather(ctx context.Context, s Sources) Facts {
	f := Facts{Now: time.Now(), Version: s.Version, Config: s.Config, Emergency: s.Emergency, Plain: s.Plain, Home: s.Home, PBXs: make([]PBX, len(s.Config.Asterisk))}
	if s.Files == nil {
		s.Files = os.DirFS("/")
	}
	var all sync.WaitGroup
	all.Go(func() { f.Daemon = s.daemon(ctx, patience) })
	all.Go(func() { f.Mail = mailServer(ctx, s.Config.Mail, patience) })
	all.Go(func() {
		f.Ledger = space(s.Config.Ledger.Path)
		syncs(&f.Ledger, filepath.Dir(s.Config.Ledger.Path))
		integrity(ctx, &f.Ledger, s.Config.Ledger.Path)
	})
	for i, a := range s.Config.Asterisk {
		all.Go(func() { f.PBXs[i] = s.pbx(ctx, a) })
	}
	f.Machine, f.Fuse, f.Log = machine(), fuse(s.Config.Fuse), decisionLog(s.Config)
	all.Wait()
	return f
}

// GatherQuickly asks only what a monitor must know, within a few seconds.
func GatherQuickly(ctx context.Context, s Sources) Facts {
	f := Facts{Now: time.Now(), Version: s.Version, Config: s.Config}
	var all sync.WaitGroup
	all.Go(func() { f.Daemon = s.daemon(ctx, quickPatience) })
	all.Go(func() { f.Mail = mailServer(ctx, s.Config.Mail, quickPatience) })
	f.Ledger, f.Fuse = space(s.Config.Ledger.Path), fuse(s.Config.Fuse)
	all.Wait()
	return f
}

func (s Sources) daemon(ctx context.Context, limit time.Duration) Daemon {
	var d Daemon
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	status, err := s.Status(ctx)
	if err != nil {
		d.Error = err.Error()
		return d
	}
	d.Status = status
	if info, err := os.Stat(s.Config.Path); err == nil {
		d.Changed = info.ModTime()
	}
	return d
}

// pbx gathers what can be had of one Asterisk.
func (s Sources) pbx(ctx context.Context, a config.Asterisk) PBX {
	p := PBX{Asterisk: a}
	if text, err := s.Wanted(a); err != nil {
		p.NotWanted = err.Error()
	} else {
		p.Wanted = dialplanFromConf(parseConf("extensions_tollfuse.conf", text))
	}
	p.Files.Missing = s.notHere(&p)
	p.Console.Missing = p.Files.Missing
	if p.Files.Missing == "" {
		p.Files = readFiles(s.Files, s.Dir)
		p.Console = s.console(ctx, p.local())
	}
	if p.Plan = p.Console.Plan; p.Plan == nil {
		p.Plan = p.fromFiles()
	}
	p.AMI = manager(ctx, a.AMI)
	return p
}

// notHere says why the directory is not the one of this Asterisk.
func (s Sources) notHere(p *PBX) string {
	local := 0
	for _, a := range s.Config.Asterisk {
		if (&PBX{Asterisk: a}).local() {
			local++
		}
	}
	switch {
	case s.PBX == p.Asterisk.Name:
		return ""
	case s.PBX != "":
		return "another Asterisk was named with --pbx"
	case !p.local():
		return "its files are on another machine: copy them here, and name them with --pbx " + p.Asterisk.Name + " --dialplan-dir FOLDER"
	case local > 1:
		return "there are several on this machine: name this one with --pbx " + p.Asterisk.Name + " and its --dialplan-dir"
	}
	return ""
}
