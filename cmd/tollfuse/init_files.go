package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/config"
)

// The users that own what init writes, where they exist.
const (
	daemonUser   = "tollfuse"
	asteriskUser = "asterisk"
)

// newFile is a file to be written.
type newFile struct {
	path string
	text []byte
	mode fs.FileMode
	own  func(path string) error
	// ownFolder is for the folder, where that has to be made; without it own is.
	ownFolder func(path string) error
}

// files are all that init writes but the ledger. What is wrong with a choice is
// told by the name of its flag.
func (c choices) files(path string, s config.Config) ([]newFile, error) {
	var files []newFile
	if c.mail.password != "" {
		s.Mail.Password, s.Mail.PasswordFile = "", passwordPath(path)
		files = append(files, newFile{s.Mail.PasswordFile, []byte(c.mail.password + "\n"), 0o600, giveToDaemon, letDaemonIn})
	}
	text, err := config.Starter(s)
	if err != nil {
		return nil, byFlag(err)
	}
	if err := readablePassword(c.mail.passwordFile); err != nil {
		return nil, err
	}
	forAsterisk, err := plan{dir: c.dialplanDir}.files(s, s.Asterisk[0])
	if err != nil {
		return nil, err
	}
	files = append([]newFile{{path, text, 0o600, giveToDaemon, letDaemonIn}}, files...)
	return append(files, forAsterisk...), nil
}

// paths are the files that init writes whatever is chosen, to find those that
// exist before anything is asked. That of the password may not be needed.
func (c choices) paths(path string) []newFile {
	files := []newFile{{path: path}}
	if c.mail.passwordFile == "" {
		files = append(files, newFile{path: passwordPath(path)})
	}
	for _, name := range []string{dialplan.SubroutineFile, dialplan.ManagerFile, dialplan.ExampleFile} {
		files = append(files, newFile{path: filepath.Join(c.dialplanDir, filepath.FromSlash(name))})
	}
	return files
}

// passwordPath is where a typed password goes: beside the configuration, which
// itself can then be shown to somebody who helps.
func passwordPath(path string) string { return filepath.Join(filepath.Dir(path), "mail-password") }

// readablePassword finds a password file that is not there before the daemon
// does.
func readablePassword(path string) error {
	if path == "" {
		return nil
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("--mail-password-file: %w", err)
	}
	return nil
}

// writeAll writes all files, or none if one is there already and not to be
// replaced.
func writeAll(files []newFile, force bool) error {
	if err := refuseExisting(files, force); err != nil {
		return err
	}
	for _, f := range files {
		err := f.write()
		switch {
		case errors.Is(err, fs.ErrPermission):
			return &hinted{fmt.Errorf("write %s: %w", f.path, err), "run it as root, or name folders that are yours, such as with --dialplan-dir"}
		case err != nil:
			return fmt.Errorf("write %s: %w", f.path, err)
		}
	}
	return nil
}

// wrote tells of the files.
func wrote(paths []string) string {
	var b strings.Builder
	for _, path := range paths {
		fmt.Fprintf(&b, "wrote %s\n", clean(path))
	}
	return b.String()
}

// refuseExisting tells of all files that would be replaced.
func refuseExisting(files []newFile, force bool) error {
	var there []string
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil && !force {
			there = append(there, f.path)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if len(there) == 0 {
		return nil
	}
	return &hinted{fmt.Errorf("nothing was written, because there is already: %s", strings.Join(there, ", ")),
		"--force replaces them, and keeps each with .old at its end"}
}

// write puts the file in place whole or not at all; one that was there is kept
// beside it.
func (f newFile) write() (err error) {
	ownFolder := f.ownFolder
	if ownFolder == nil {
		ownFolder = f.own
	}
	if err := makeFolder(filepath.Dir(f.path), ownFolder); err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(f.path), ".tollfuse-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(t.Name()))
		}
	}()
	_, err = t.Write(f.text)
	if err = errors.Join(err, t.Sync(), t.Close()); err != nil {
		return err
	}
	if err := f.own(t.Name()); err != nil {
		return err
	}
	if err := os.Chmod(t.Name(), f.mode); err != nil {
		return err
	}
	if err := keepOld(f.path); err != nil {
		return err
	}
	return os.Rename(t.Name(), f.path)
}

// keepOld keeps a file that is about to be replaced, beside those that were kept
// before: who replaces twice has not lost what was there at first.
func keepOld(path string) error {
	old := path + ".old"
	for n := 2; ; n++ {
		if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
			return ignoreMissing(os.Rename(path, old))
		} else if err != nil {
			return err
		}
		old = fmt.Sprintf("%s.old.%d", path, n)
	}
}

// makeFolder makes a folder that is not there, for those who own what is in it.
func makeFolder(path string, own func(path string) error) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return err
	}
	return own(path)
}

// giveToDaemon lets the daemon's user own the file, where root has written it
// and there is such a user. What holds a secret is not for its group: the
// members of that may use the command line and no more.
func giveToDaemon(path string) error {
	uid, gid, there, err := daemonIDs()
	if err != nil || !there {
		return err
	}
	return ignoreMissing(os.Chown(path, uid, gid))
}

// letDaemonIn lets the daemon's group read the folder, which root goes on to
// own, as the package makes it.
func letDaemonIn(path string) error {
	_, gid, there, err := daemonIDs()
	if err != nil || !there {
		return err
	}
	return os.Chown(path, -1, gid)
}

// daemonIDs are those of the daemon's user; none where the package has not made
// one, and the daemon runs as whoever starts it.
func daemonIDs() (uid, gid int, there bool, err error) {
	u, err := user.Lookup(daemonUser)
	if err != nil || os.Geteuid() != 0 {
		return 0, 0, false, nil //nolint:nilerr // see above
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	return uid, gid, true, errors.Join(uidErr, gidErr)
}

// giveToAsterisk lets Asterisk's group read the file, and root alone write it.
func giveToAsterisk(path string) error {
	g, err := user.LookupGroup(asteriskUser)
	if err != nil || os.Geteuid() != 0 {
		return nil //nolint:nilerr // without such a group Asterisk runs as root, or as whoever installs it
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return err
	}
	return os.Chown(path, -1, gid)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
