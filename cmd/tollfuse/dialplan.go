package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
)

// longestDialled is what the dialplan lets through to be asked about; no number
// with every prefix before it is longer.
const longestDialled = 32

// usualAsterisk is the folder of Asterisk's configuration.
const usualAsterisk = "/etc/asterisk"

// plan is which files for Asterisk are wanted.
type plan struct {
	dir, pbx, agi string
	force         bool
}

func (p program) dialplanCommand(o *options) *cobra.Command {
	var wanted plan
	cmd := &cobra.Command{
		Use:   "dialplan",
		Short: "Write the files for Asterisk again, from the configuration",
		Long: withExits(`Write the files for Asterisk again, after a change of the configuration: it reads
fastagi.listen, failure.home, calls.max_home, numbering, and the name, the first
trunk and the manager user of that Asterisk. Nothing that exists is replaced
without --force, and no folder is made that you have not named. For an Asterisk
on another machine write into a folder of your own, and copy the files there.`, exitDone, exitFailed, exitUsage),
		Example: "  tollfuse dialplan --force\n" +
			"  tollfuse dialplan --pbx branch --agi 10.0.0.5:4573 --dialplan-dir ./branch",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return wanted.run(cmd, o) },
	}
	f := cmd.Flags()
	f.StringVar(&wanted.dir, "dialplan-dir", usualAsterisk, "folder to write into")
	f.StringVar(&wanted.pbx, "pbx", "", "name of the Asterisk, where there are several")
	f.StringVar(&wanted.agi, "agi", "", "address of the daemon as that Asterisk sees it, if it is not fastagi.listen")
	f.BoolVar(&wanted.force, "force", false, "replace files that exist; each is kept with .old at its end")
	return cmd
}

func (w plan) run(cmd *cobra.Command, o *options) error {
	c, err := o.load()
	if err != nil {
		return err
	}
	a, err := w.asterisk(cmd, c)
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed("dialplan-dir") {
		if err := w.folderIsThere(); err != nil {
			return err
		}
	}
	files, err := w.files(c, a)
	if err != nil {
		return &misuse{cmd.CommandPath(), err}
	}
	if err := writeAll(files, w.force); err != nil {
		return err
	}
	done := struct {
		PBX   string   `json:"pbx"`
		Files []string `json:"files"`
	}{PBX: a.Name}
	for _, f := range files {
		done.Files = append(done.Files, f.path)
	}
	if o.json {
		return printJSON(cmd.OutOrStdout(), done)
	}
	_, err = io.WriteString(cmd.OutOrStdout(), wrote(done.Files)+"\nLet Asterisk read them: asterisk -rx 'core reload'\n")
	return err
}

// folderIsThere keeps a folder from being made that nobody has named: without it
// Asterisk has another, or is on another machine.
func (w plan) folderIsThere() error {
	if info, err := os.Stat(w.dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return &hinted{fmt.Errorf("nothing was written, because there is no folder %s", w.dir), "name Asterisk's folder with --dialplan-dir"}
	}
	return nil
}

// asterisk is the one that is meant.
func (w plan) asterisk(cmd *cobra.Command, c config.Config) (config.Asterisk, error) {
	var names []string
	for _, a := range c.Asterisk {
		if a.Name == w.pbx || w.pbx == "" && len(c.Asterisk) == 1 {
			return a, nil
		}
		names = append(names, a.Name)
	}
	if w.pbx == "" {
		return config.Asterisk{}, badUsage(cmd, "there are several, name one with --pbx: %s", strings.Join(names, ", "))
	}
	return config.Asterisk{}, badUsage(cmd, "there is no Asterisk %q in the configuration; there is %s", w.pbx, strings.Join(names, ", "))
}

// files are those of one Asterisk, as the configuration wants them.
func (w plan) files(c config.Config, a config.Asterisk) ([]newFile, error) {
	resolver, err := app.Resolver(c)
	if err != nil {
		return nil, err
	}
	agi, permit, err := w.daemon(c, a)
	if err != nil {
		return nil, err
	}
	patterns := resolver.Dialplan()
	rendered, err := dialplan.Render(dialplan.Site{
		Country: c.Site.Country, PBX: a.Name, AGI: agi, Trunk: exampleTrunk(a),
		Emergency: patterns.Emergency, AccessCodes: patterns.Access, HomePatterns: patterns.Home, FailHome: c.Failure.Home == config.Allow,
		MaxHomeSeconds: int(c.Calls.MaxHome / time.Second), MaxDialledLength: longestDialled,
		AMI: dialplan.AMI{User: a.AMI.User, Secret: a.AMI.Secret.Reveal(), Permit: permit},
	})
	if err != nil {
		return nil, err
	}
	var files []newFile
	for _, f := range rendered {
		files = append(files, newFile{path: filepath.Join(w.dir, filepath.FromSlash(f.Name)), text: f.Text, mode: f.Mode, own: giveToAsterisk})
	}
	return files, nil
}

// daemon is where the Asterisk asks, and from where the daemon logs in to it. A
// daemon that listens everywhere is on this machine for an Asterisk whose
// manager is; for one elsewhere only the owner knows the address.
func (w plan) daemon(c config.Config, a config.Asterisk) (string, []netip.Prefix, error) {
	agi := c.FastAGI.Listen
	if w.agi != "" {
		agi = w.agi
	}
	where, err := netip.ParseAddrPort(agi)
	if err != nil {
		return "", nil, fmt.Errorf("the dialplan needs the daemon's address as numbers, such as 127.0.0.1:4573, and not %q: give it with --agi", agi)
	}
	manager, _ := netip.ParseAddrPort(a.AMI.Address)
	here := manager.Addr().IsLoopback() || strings.HasPrefix(a.AMI.Address, "localhost:")
	if where.Addr().IsUnspecified() {
		if !here {
			return "", nil, fmt.Errorf("%s asks from another machine: name the daemon's address there with --agi", a.Name)
		}
		where = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), where.Port())
	}
	permit := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	from := where.Addr() // without another sign the daemon logs in from where it is asked
	if here {
		from = manager.Addr()
	}
	if from.IsValid() && from != permit[0].Addr() {
		permit = append(permit, netip.PrefixFrom(from, from.BitLen()))
	}
	return where.String(), permit, nil
}

// exampleTrunk is the trunk of the example, which dials by PJSIP.
func exampleTrunk(a config.Asterisk) string {
	for _, t := range a.Trunks {
		if name := strings.TrimPrefix(t.Name, "PJSIP/"); !strings.Contains(name, "/") {
			return name
		}
	}
	return "carrier"
}
