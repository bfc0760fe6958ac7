package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// confNames are the files that checks look at.
var confNames = []string{
	"asterisk.conf", "extensions.conf", "manager.conf", "pjsip.conf", "pjsip_wizard.conf",
	"sip.conf", "iax.conf", "chan_dahdi.conf", "users.conf", "voicemail.conf", "followme.conf",
	"queues.conf", "features.conf", "confbridge.conf", "res_parking.conf",
}

// readFiles reads the files of a configuration directory.
func readFiles(files fs.FS, dir string) Files {
	f := Files{Dir: dir, Confs: map[string]*Conf{}, Failed: map[string]string{}}
	inside := strings.TrimPrefix(path.Clean(dir), "/")
	if _, err := fs.ReadDir(files, inside); err != nil {
		f.Missing = dir + " cannot be read: " + reason(err)
		return f
	}
	for _, name := range confNames {
		c, err := readConf(files, inside, name)
		switch {
		case err == nil:
			f.Confs[name] = c
		case !isMissing(err):
			f.Failed[name] = path.Join(dir, name) + " cannot be read: " + reason(err)
		}
	}
	return f
}

// reason is an error for a person, who may only lack the right.
func reason(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	if text == fs.ErrPermission.Error() {
		text += " (run doctor as root)"
	}
	return text
}

// largestOutput is what a console command may print; a dialplan of FreePBX has
// some megabytes.
const largestOutput = 32 << 20

// console asks Asterisk's console. It never writes.
func (s Sources) console(ctx context.Context, local bool) Console {
	var c Console
	switch {
	case s.Asterisk == "":
		c.Missing = "no program was named with --asterisk"
		return c
	case !local:
		c.Missing = "the console is on another machine"
		return c
	}
	plan, err := s.ask(ctx, "dialplan show")
	switch {
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist):
		c.Missing = s.Asterisk + ": not found"
		return c
	case err != nil:
		c.Missing = "Asterisk's console does not answer: " + err.Error()
		return c
	}
	c.Plan = dialplanFromShow(plan)
	if globals, err := s.ask(ctx, "dialplan show globals"); err == nil {
		c.Plan.Globals = globalsFromShow(globals)
	}
	if text, err := s.ask(ctx, "pjsip show endpoints"); err == nil {
		for _, m := range shownEndpoint.FindAllStringSubmatch(text, -1) {
			c.Endpoints = append(c.Endpoints, m[1])
		}
	}
	text, err := s.ask(ctx, "module show like chan_sip.so")
	c.ChanSIP = err == nil && strings.Contains(text, "Running")
	return c
}

// shownEndpoint is a line of "pjsip show endpoints"; the first is a heading.
var shownEndpoint = regexp.MustCompile(`(?m)^ Endpoint:  ([^</\s]+)`)

func (s Sources) ask(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	args := []string{"-rx", command}
	if s.Dir != usualDir {
		args = append([]string{"-C", filepath.Join(s.Dir, "asterisk.conf")}, args...)
	}
	cmd := exec.CommandContext(ctx, s.Asterisk, args...) //nolint:gosec // the program is the owner's choice, the command is ours
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &bounded{w: &out, left: largestOutput}, &bounded{w: &complaint, left: 4096}
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	text := out.String()
	if err != nil || strings.Contains(text, "Unable to connect to remote asterisk") {
		line, _, _ := strings.Cut(strings.TrimSpace(complaint.String()+text), "\n")
		if line == "" && err != nil {
			return "", err
		}
		return "", fmt.Errorf("%s", line)
	}
	return text, nil
}

// usualDir is where Asterisk looks without -C.
const usualDir = "/etc/asterisk"

// bounded keeps the beginning of what is written.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.left -= n
	if _, err := b.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}
