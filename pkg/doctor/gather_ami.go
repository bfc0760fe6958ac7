package doctor

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/trust"
)

// manager logs in as the daemon's user, asks what it may do, and logs off.
func manager(ctx context.Context, a config.AMI) AMI {
	o := ami.Options{
		Address: a.Address, Username: a.User, Secret: a.Secret.Reveal(), Events: []string{"FullyBooted"},
		LoginTimeout: patience, ActionTimeout: patience,
	}
	if a.TLS {
		var err error
		if o.TLS, err = trust.Config(a.CA, a.ServerName); err != nil {
			return AMI{Missing: err.Error()}
		}
	}
	client, err := ami.New(o)
	if err != nil {
		return AMI{Missing: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := AMI{Missing: "no answer in time"}
	_ = client.Run(ctx, func(ctx context.Context, n ami.Notice) {
		switch n.Kind {
		case ami.Down:
			found = AMI{Missing: n.Err.Error(), Refused: errors.Is(n.Err, ami.ErrAuthentication)}
			cancel()
		case ami.Up:
			found = askManager(ctx, client)
			cancel()
		}
	})
	return found
}

// askManager asks in two actions. FullyBooted comes with the login, before
// their answers, if the user may see it.
func askManager(ctx context.Context, client *ami.Client) AMI {
	var found AMI
	if m, err := client.CoreSettings(ctx); err == nil {
		found.Version, found.SystemName = m.Get("AsteriskVersion"), m.Get("SystemName")
	}
	if m, err := client.Do(ctx, ami.NewAction("ListCommands")); err == nil {
		found.Actions = actionsOf(m)
	}
	for found.Booted = client.State().Booted; !found.Booted && len(found.Actions) > 0; found.Booted = client.State().Booted {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return found
		}
		if time.Since(client.State().Since) > time.Second {
			return found
		}
	}
	return found
}

// privileges stand at the end of an action's line.
var privileges = regexp.MustCompile(`\(Priv: (.*)\)$`)

// actionsOf are the actions that the answer to ListCommands lists, which are
// those that the user may use, with the classes of which one is enough
// (action_listcommands in main/manager.c).
func actionsOf(m ami.Message) map[string][]string {
	actions := map[string][]string{}
	for name, text := range m.All() {
		p := privileges.FindStringSubmatch(text)
		if p == nil {
			continue
		}
		actions[name] = []string{}
		for class := range strings.SplitSeq(p[1], ",") {
			if class != "all" && class != "<none>" {
				actions[name] = append(actions[name], class)
			}
		}
	}
	return actions
}
