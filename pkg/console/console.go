package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// ErrUnknown tells that the console knows no channel of that name. It may have
// ended, or have another name by now: a transfer renames channels.
var ErrUnknown = errors.New("no channel of that name")

// longestName bounds the name of a channel; Asterisk's own bound is 80.
const longestName = 128

// mostOutput bounds what the command may say.
const mostOutput = 4096

// Console is the command that hands one line to the console.
type Console struct {
	Command []string // such as asterisk, -rx; the line comes behind
}

// Hangup asks for the channel of that name to be hung up. That the console has
// taken the line does not mean that the channel is gone.
func (c Console) Hangup(ctx context.Context, name string) error {
	if len(c.Command) == 0 {
		return errors.New("hang up by the console: no command is configured")
	}
	if !plain(name) {
		return fmt.Errorf("hang up by the console: the name %.80q cannot be typed there", name)
	}
	args := append(append([]string(nil), c.Command[1:]...), "channel request hangup "+name)
	run := exec.CommandContext(ctx, c.Command[0], args...) //nolint:gosec // the owner's command; the name was looked at
	run.WaitDelay = time.Second
	said := &limited{}
	run.Stdout, run.Stderr = said, said
	if err := run.Run(); err != nil {
		return fmt.Errorf("hang up by the console: %w: %.200q", err, said.String())
	}
	switch answer := said.String(); {
	case strings.Contains(answer, "is not a known channel"):
		return ErrUnknown
	case !strings.Contains(answer, "Requested Hangup on channel"):
		return fmt.Errorf("hang up by the console: it says %.200q", answer)
	}
	return nil
}

// plain tells whether the console takes the name as one word, and as that of one
// channel: "all" would end every call, emergency calls too.
func plain(name string) bool {
	if len(name) > longestName || !strings.Contains(name, "/") || strings.HasPrefix(name, "/") {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("/-_.@+*#:;", r)
	}) < 0
}

// limited keeps the beginning of what is written.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	l.Buffer.Write(p[:min(len(p), max(mostOutput-l.Len(), 0))])
	return len(p), nil
}
