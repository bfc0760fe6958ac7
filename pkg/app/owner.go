package app

import (
	"context"
	"log/slog"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/fuse"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// owner is by what the owner is reached, and what acts for him.
type owner struct {
	fuse *fuse.Runner // nil where the main fuse has no command
}

func newOwner(c config.Config, log *slog.Logger) owner {
	var o owner
	if f := c.Fuse; len(f.Command) > 0 {
		o.fuse = &fuse.Runner{Command: f.Command, Timeout: f.Timeout, Log: log}
	}
	return o
}

// startOwner lets notices leave, and the main fuse's command run when it has
// blown.
func (d *daemon) startOwner() {
	d.owner = newOwner(d.config, d.log)
	if d.owner.fuse != nil {
		keeper := &fuse.Keeper{Ledger: d.ledger, Runner: d.owner.fuse, Log: d.log}
		d.parts.run("main fuse", keeper.Run)
	}
}

// alerts is how mail is tried out; nil where nobody is told.
func (o owner) alerts() admin.Alerts { return nil }

// fuseCommand is the main fuse's command; nil where there is none.
func (o owner) fuseCommand() admin.Fuse {
	if o.fuse == nil {
		return nil
	}
	return fuseCommand{o.fuse}
}

type fuseCommand struct{ *fuse.Runner }

// Run runs the command with one more word.
func (f fuseCommand) Run(ctx context.Context, word string) (admin.FuseRun, error) {
	done, err := f.Runner.Run(ctx, word, toll.Fuse{Why: "the owner has asked for it"})
	run := admin.FuseRun{Command: f.Command, Output: done.Output, Took: done.Took}
	if err != nil {
		return run, admin.Errorf(admin.Internal, "look at fuse.command in the configuration; the daemon runs it with its own rights, which are few", "%w", err)
	}
	return run, nil
}
