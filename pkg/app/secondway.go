package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/tollfuse/tollfuse/pkg/ari"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/console"
	"github.com/tollfuse/tollfuse/pkg/trust"
	"github.com/tollfuse/tollfuse/pkg/watch"
)

// secondWays are the ways to hang up on an Asterisk beside its manager interface,
// the better one first.
func secondWays(a config.Asterisk) (ways []watch.SecondWay, err error) {
	if a.ARI.URL != "" {
		tls, err := trust.Config(a.ARI.CA, "")
		if err != nil {
			return nil, err
		}
		client, err := ari.New(ari.Options{URL: a.ARI.URL, User: a.ARI.User, Password: a.ARI.Password.Reveal(), TLS: tls})
		if err != nil {
			return nil, err
		}
		ways = append(ways, byARI{client})
	}
	if len(a.Console) > 0 {
		ways = append(ways, byConsole{console.Console{Command: a.Console}})
	}
	return ways, nil
}

// byARI hangs up over the REST interface, which proves the end of a channel.
type byARI struct{ client *ari.Client }

// Hangup is part of watch.SecondWay.
func (w byARI) Hangup(ctx context.Context, uniqueid, _ string, cause int) error {
	err := w.client.Hangup(ctx, uniqueid, cause)
	if errors.Is(err, ari.ErrNoSuchChannel) {
		return fmt.Errorf("%w: %w", watch.ErrGone, err)
	}
	return err
}

func (byARI) String() string { return "ARI" }

// byConsole hangs up by name. That no channel has the name proves nothing, since
// a transfer renames channels.
type byConsole struct{ console console.Console }

// Hangup is part of watch.SecondWay.
func (w byConsole) Hangup(ctx context.Context, _, name string, _ int) error {
	if name == "" {
		return errors.New("hang up by the console: the name of the channel is not known")
	}
	return w.console.Hangup(ctx, name)
}

func (byConsole) String() string { return "console" }
