package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/doctor"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
)

// serve answers each connection until the test ends, and returns the address.
func serve(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				answer(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return l.Addr().String()
}

// managerThatLists is a manager interface whose user may do so.
func managerThatLists(t *testing.T, secret string, booted bool, actions ...ami.Field) string {
	return serve(t, func(conn net.Conn) {
		s := ami.NewServerConn(conn)
		if s.Login("11.0.0", "tollfuse", secret) != nil {
			return
		}
		if booted {
			_ = s.Event("FullyBooted", ami.Field{Name: "Status", Value: "Fully Booted"})
		}
		for {
			a, err := s.ReadAction()
			switch {
			case err != nil:
				return
			case a.Name == "CoreSettings":
				err = s.Respond(a, "Success", "", ami.Field{Name: "AsteriskVersion", Value: "22.1.0"}, ami.Field{Name: "SystemName", Value: "pbx"})
			case a.Name == "ListCommands":
				err = s.Respond(a, "Success", "", actions...)
			default:
				err = s.Respond(a, "Success", "")
			}
			if err != nil {
				return
			}
		}
	})
}

// right is an action as ListCommands has it.
func right(name, classes string) ami.Field {
	return ami.Field{Name: name, Value: "What it does.  (Priv: " + classes + ")"}
}

func enough() []ami.Field {
	return []ami.Field{
		right("Hangup", "system,call,all"), right("AbsoluteTimeout", "system,call,all"), right("Status", "system,call,reporting,all"), right("Ping", "<none>"),
		right("Getvar", "call,reporting,all"), right("CoreShowChannels", "system,reporting,all"), right("CoreStatus", "system,reporting,all"),
	}
}

// gathered gathers from a careful exchange, whose manager is at that address.
func gathered(t *testing.T, manager string, change func(*doctor.Sources)) doctor.Facts {
	t.Helper()
	files, c := exchange(t, "careful")
	withGenerated(t, files, c)
	c.Asterisk[0].AMI.Address = manager
	c.Ledger.Path = filepath.Join(t.TempDir(), "ledger.db")
	c.Mail.To, c.Mail.Sendmail, c.Warnings = []string{"owner@example.com"}, "/bin/true", nil
	store, err := sqlite.Open(c.Ledger.Path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s := doctor.Sources{
		Version: "1.0", Config: c, Emergency: []string{"110", "112"}, Plain: []string{"110", "112"}, Files: files, Dir: "/etc/asterisk",
		Status: func(context.Context) (admin.Status, error) {
			return admin.Status{Process: admin.Process{Version: "1.0", Daemon: true, Links: []admin.Link{{PBX: "pbx", Up: true}}}}, nil
		},
		Wanted: func(config.Asterisk) (string, error) {
			return string(files["etc/asterisk/extensions_tollfuse.conf"].Data), nil
		},
	}
	if change != nil {
		change(&s)
	}
	return doctor.Gather(t.Context(), s)
}

// found is the finding of that ID, or nothing.
func found(all []doctor.Finding, id string) doctor.Finding {
	if i := slices.IndexFunc(all, func(f doctor.Finding) bool { return f.ID == id }); i >= 0 {
		return all[i]
	}
	return doctor.Finding{}
}

func TestGatherFromAHealthySite(t *testing.T) {
	manager := managerThatLists(t, "a-long-secret-of-the-tests", true, enough()...)
	f := gathered(t, manager, nil)
	if f.Ledger.Sync <= 0 || f.Ledger.FreeMB <= 0 || f.Ledger.DamageMissing != "" {
		t.Errorf("ledger: %+v", f.Ledger)
	}
	for _, finding := range doctor.Examine(f) {
		if finding.Level != doctor.OK && finding.ID != noConsole && finding.ID != "system.clock" && finding.ID != "system.disk-sync" { // which are this machine's
			t.Errorf("%s %s: %s; %s", finding.Level, finding.ID, finding.Title, finding.Detail)
		}
	}
	left, err := os.ReadDir(filepath.Dir(f.Config.Ledger.Path))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range left {
		if !strings.HasPrefix(file.Name(), "ledger.db") {
			t.Errorf("%s was left beside the ledger", file.Name())
		}
	}
}

func TestManagerThatDisagrees(t *testing.T) {
	const secret = "a-long-secret-of-the-tests"
	for _, c := range []struct{ name, address, want string }{
		{"another secret", managerThatLists(t, "another", true), "manager.login"},
		{"nobody there", "127.0.0.1:1", "manager.reach"},
		{"too many rights", managerThatLists(t, secret, true, append(enough(), right("Originate", "originate,all"))...), "manager.rights-many"},
		{"too few rights", managerThatLists(t, secret, true, enough()[:4]...), "manager.rights-few"},
		{"no system to read", managerThatLists(t, secret, false, enough()...), "manager.rights-few"},
		{"no manager at all", serve(t, func(conn net.Conn) { fmt.Fprint(conn, "SSH-2.0-x\r\n") }), "manager.reach"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := found(doctor.Examine(gathered(t, c.address, nil)), c.want)
			if !f.Level.Wrong() || len(f.Mend) == 0 {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestOneLoginOnly is no fault: the daemon has the one login that there is.
func TestOneLoginOnly(t *testing.T) {
	f := gathered(t, managerThatLists(t, "another", true), func(s *doctor.Sources) {
		replaced("etc/asterisk/manager.conf", "[general]", "[general]\nallowmultiplelogin = no")(s.Files.(fstest.MapFS))
	})
	if got := found(doctor.Examine(f), "manager.login"); got.Level != doctor.Unchecked {
		t.Errorf("%+v", got)
	}
}

// TestConsole lets a script stand for asterisk.
func TestConsole(t *testing.T) {
	dir := t.TempDir()
	show, err := filepath.Abs("testdata/dialplan-show-22.txt")
	if err != nil {
		t.Fatal(err)
	}
	endpoints, err := filepath.Abs("testdata/pjsip-show-endpoints-22.txt")
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "asterisk")
	text := "#!/bin/sh\n[ \"$1\" = -rx ] || exit 9\ncase $2 in\n'dialplan show') cat " + show + ";;\n'pjsip show endpoints') cat " + endpoints + ";;\nesac\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	f := gathered(t, "127.0.0.1:1", func(s *doctor.Sources) { s.Asterisk = script })
	p := f.PBXs[0]
	if p.Plan != p.Console.Plan || p.Plan.Contexts["internal"] == nil {
		t.Errorf("the loaded dialplan was not taken: %+v", p.Console)
	}
	if len(p.Console.Endpoints) < 3 || slices.Contains(p.Console.Endpoints, "") {
		t.Errorf("endpoints %q", p.Console.Endpoints)
	}
	all := doctor.Examine(f)
	if got := found(all, noConsole); got.Level != "" {
		t.Errorf("the console was asked, and yet %+v", got)
	}
	if got := found(all, "dialplan.snippet"); got.Level != doctor.Critical || !strings.Contains(got.Title, "not loaded") || len(got.Mend) != 1 {
		t.Errorf("%+v", got)
	}
	if got := found(all, "endpoint.elsewhere"); got.Level != doctor.Unchecked || !strings.Contains(got.Title, "1003") {
		t.Errorf("%+v", got)
	}

	refusing := filepath.Join(dir, "refusing")
	if err := os.WriteFile(refusing, []byte("#!/bin/sh\necho 'Unable to connect to remote asterisk (does /var/run/asterisk/asterisk.ctl exist?)'\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	f = gathered(t, "127.0.0.1:1", func(s *doctor.Sources) { s.Asterisk = refusing })
	if p := f.PBXs[0]; !strings.Contains(p.Console.Missing, "Unable to connect") || p.Plan == nil {
		t.Errorf("%+v", p.Console)
	}

	for _, nowhere := range []string{"no-such-program-here", filepath.Join(dir, "nowhere")} {
		all = doctor.Examine(gathered(t, "127.0.0.1:1", func(s *doctor.Sources) { s.Asterisk = nowhere }))
		if got := found(all, noConsole); got.Level != doctor.Unchecked || got.Detail != nowhere+": not found" {
			t.Errorf("%+v", got)
		}
		if got := found(all, "dialplan.snippet"); got.Level != doctor.OK || strings.Contains(got.Title, "is loaded") {
			t.Errorf("%+v", got)
		}
	}
}

// TestMailServer speaks to servers that are wrong in different ways.
func TestMailServer(t *testing.T) {
	speak := func(lines ...string) string {
		return serve(t, func(conn net.Conn) {
			buffer := make([]byte, 512)
			for _, line := range lines {
				fmt.Fprint(conn, line+"\r\n")
				if _, err := conn.Read(buffer); err != nil {
					return
				}
			}
			fmt.Fprint(conn, "221 bye\r\n")
		})
	}
	plain := speak("220 mail", "250 mail")
	endless := serve(t, func(conn net.Conn) {
		for err := error(nil); err == nil; {
			_, err = conn.Write(make([]byte, 4096))
		}
	})
	for _, c := range []struct {
		name, server string
		change       func(*config.Mail)
		want         string
	}{
		{"fine", plain, nil, ""},
		{"no STARTTLS", plain, func(m *config.Mail) { m.Security = config.StartTLS }, "STARTTLS"},
		{"no login", plain, func(m *config.Mail) { m.User = "me" }, "log in"},
		{"no TLS", plain, func(m *config.Mail) { m.Security = config.TLS }, "tls"},
		{"nobody", "127.0.0.1:1", nil, "refused"},
		{"no line ever ends", endless, nil, "says more than"},
		{"busy", speak("421 later"), nil, "421"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, site := exchange(t, "careful")
			site.Ledger.Path = filepath.Join(t.TempDir(), "none")
			site.Mail = config.Mail{To: []string{"a@example.com"}, Server: c.server, Security: config.Plain}
			if c.change != nil {
				c.change(&site.Mail)
			}
			f := doctor.GatherQuickly(t.Context(), doctor.Sources{Config: site, Status: nobody})
			if got := f.Mail.Error; c.want == "" && got != "" || !strings.Contains(strings.ToLower(got), strings.ToLower(c.want)) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if f.Mail.Error != "" && f.Mail.Mend == "" {
				t.Error("it does not say how to mend it")
			}
		})
	}
}

func nobody(context.Context) (admin.Status, error) { return admin.Status{}, errors.New("nobody") }

// TestThingsOfTheMachine looks at files in all the ways in which they are wrong.
func TestThingsOfTheMachine(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct{ command, id string }{
		{file("good", 0o755), ""}, {file("plain", 0o644), "system.fuse-command"}, {file("open", 0o777), "system.fuse-owner"}, {dir, "system.fuse-command"}, {filepath.Join(dir, "none"), "system.fuse-command"},
	} {
		_, site := exchange(t, "careful")
		site.Fuse.Command, site.Ledger.Path = []string{c.command}, filepath.Join(dir, "ledger.db")
		f := healthy(site)
		f.Fuse = doctor.GatherQuickly(t.Context(), doctor.Sources{Config: site, Status: nobody}).Fuse
		all := slices.DeleteFunc(doctor.Examine(f), func(f doctor.Finding) bool { return f.Level == doctor.OK })
		if c.id == "" && len(all) > 0 || c.id != "" && (len(all) != 1 || all[0].ID != c.id) {
			t.Errorf("%s: %+v", c.command, all)
		}
	}
}

// TestDamage spoils the ledger's file.
func TestDamage(t *testing.T) {
	f := gathered(t, "127.0.0.1:1", nil)
	if f.Ledger.Damage != "" {
		t.Fatalf("%q", f.Ledger.Damage)
	}
	path := filepath.Join(t.TempDir(), "ledger.db")
	text, err := os.ReadFile(f.Config.Ledger.Path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 8192; i < len(text); i++ {
		text[i] ^= 0xa5
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	g := gathered(t, "127.0.0.1:1", func(s *doctor.Sources) { s.Config.Ledger.Path = path })
	if got := found(doctor.Examine(g), "system.ledger-integrity"); got.Level != doctor.Critical {
		t.Errorf("of a spoiled ledger: %+v", got)
	}
}
