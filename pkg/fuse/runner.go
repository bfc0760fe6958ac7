package fuse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The words that the command can get as its last argument.
const (
	Blow  = "blow"  // shut the way out
	Reset = "reset" // open it again
	Test  = "test"  // show that you could do both, and change nothing
)

// ErrNoCommand says that the configuration names no command for the main fuse.
var ErrNoCommand = errors.New("no command is configured for the main fuse (fuse.command)")

// defaultTimeout is for a Runner that was given none.
const defaultTimeout = 10 * time.Second

// outputDelay is how long the output of a command that has ended is still read:
// what it left behind in the background may hold it open.
const outputDelay = time.Second

// defaultPath is where the command finds programs when the daemon's own PATH is
// empty.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Runner runs the owner's command. Its methods may be called by several
// goroutines at a time.
type Runner struct {
	Command []string      // the program and its first arguments; empty: there is none
	Timeout time.Duration // of one run; 0: ten seconds
	Log     *slog.Logger

	turn sync.Mutex // one run at a time

	mu   sync.Mutex
	shut bool
}

// Result is what a run has brought.
type Result struct {
	Output string // the end of what it wrote to standard output and error, printable
	Took   time.Duration
}

// Run runs the command with the word as its last argument, and waits for its
// end. While another run goes on it waits for that one first, which is bounded
// by the timeout.
//
// There is no shell. The command gets PATH, LANG and TOLLFUSE_WHY, a sentence
// of one line, and nothing else of the daemon's environment; it starts in / with
// no standard input, in a process group of its own. At the timeout, or at the
// end of ctx, the whole group is killed. The error tells exit code and signal;
// the result is filled in both cases.
func (r *Runner) Run(ctx context.Context, word string, why toll.Fuse) (Result, error) {
	switch {
	case len(r.Command) == 0:
		return Result{}, ErrNoCommand
	case word != Blow && word != Reset && word != Test:
		return Result{}, fmt.Errorf("the main fuse knows no word %q", word)
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("run the main fuse's command: %w", err)
	}
	if word == Blow {
		r.setShut(true)
	}
	result, err := r.run(ctx, word, why)
	if err != nil {
		return result, fmt.Errorf("main fuse: %s %s: %w", r.Command[0], word, err)
	}
	if word == Reset {
		r.setShut(false)
	}
	r.Log.Info("the main fuse's command has run", "word", word, "took", result.Took.Round(time.Millisecond), "output", result.Output)
	return result, nil
}

// Shut tells whether the way out may be shut by this Runner: Blow was begun,
// however it ended, and Reset has not ended well since.
func (r *Runner) Shut() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shut
}

func (r *Runner) setShut(shut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut = shut
}

func (r *Runner) run(ctx context.Context, word string, why toll.Fuse) (Result, error) {
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	args := append(slices.Clone(r.Command[1:]), word)
	cmd := exec.CommandContext(limited, r.Command[0], args...) //nolint:gosec // the owner's own command, from his configuration
	var output tail
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Dir = "/"
	cmd.Env = environment(why)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = outputDelay

	began := time.Now()
	err := cmd.Run()
	result := Result{Output: output.String(), Took: time.Since(began)}
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay): // it ended well; something in the background keeps the output
		return result, nil
	case ctx.Err() != nil:
		return result, fmt.Errorf("killed on the way: %w", ctx.Err())
	case limited.Err() != nil && cmd.ProcessState != nil:
		return result, withOutput(fmt.Sprintf("did not end within %s and was killed", timeout), result.Output)
	}
	return result, failure(err, result.Output)
}

// environment is all that the command gets. What was dialled may stand in the
// reason, so it is bounded, and made one printable line.
func environment(why toll.Fuse) []string {
	path := os.Getenv("PATH")
	if path == "" {
		path = defaultPath
	}
	return []string{"PATH=" + path, "LANG=C.UTF-8", "TOLLFUSE_WHY=" + line(why.Why, maxWhy)}
}

// failure says how a run has failed, in words.
func failure(err error, output string) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err // it could not be started; the error names the program and why
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return withOutput(fmt.Sprintf("ended by signal %d (%s)", status.Signal(), status.Signal()), output)
	}
	return withOutput(fmt.Sprintf("exit code %d", exit.ExitCode()), output)
}

// withOutput adds the last line that the command wrote: it mostly says why.
func withOutput(what, output string) error {
	if last := lastLine(output); last != "" {
		return fmt.Errorf("%s: %s", what, last)
	}
	return errors.New(what)
}
