package doctor

import (
	"cmp"
	"net"
	"os"
	"path/filepath"
	"slices"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// Survey is what Asterisk's files say of a site that is not configured yet: what
// can be proposed to its owner. Like every file it may hold anything.
type Survey struct {
	Trunks    []config.Trunk // endpoints that Asterisk knows where to find by itself
	Phones    []string       // the others, by name
	Manager   string         // host and port of the manager interface
	ManagerOn bool           // it is switched on
}

// Look reads the files of a configuration directory. What cannot be read is
// left out.
func Look(dir string) Survey {
	s := Survey{Manager: net.JoinHostPort("127.0.0.1", "5038")}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return s
	}
	p := &PBX{Files: readFiles(os.DirFS("/"), filepath.ToSlash(dir))}
	for _, e := range p.endpoints() {
		name := e.Name
		if e.Tech != "PJSIP" {
			name = e.Tech + "/" + e.Name
		}
		switch hosts := e.hosts(); {
		case isAnonymous(e.Name):
		case len(hosts) > 0 && !e.registers():
			s.Trunks = append(s.Trunks, config.Trunk{Name: name, Addresses: withoutPorts(hosts)})
		default:
			s.Phones = append(s.Phones, e.Name)
		}
	}
	if g := p.Files.Confs["manager.conf"].Section("general"); g != nil {
		s.ManagerOn = isYes(g.Get("enabled"))
		host := g.Get("bindaddr")
		if host == "0.0.0.0" || host == "::" {
			host = "" // everywhere, so on this machine too
		}
		s.Manager = net.JoinHostPort(cmp.Or(host, "127.0.0.1"), cmp.Or(g.Get("port"), "5038"))
	}
	slices.SortStableFunc(s.Trunks, func(a, b config.Trunk) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(s.Phones)
	return s
}

// withoutPorts are hosts whatever port a call goes to.
func withoutPorts(hosts []string) []string {
	var all []string
	for _, host := range hosts {
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !slices.Contains(all, host) {
			all = append(all, host)
		}
	}
	return all
}
