// Command tollfuse is the daemon and the owner's command line.
package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/demo"
)

// version is set by the Makefile.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := program{
		version:   version,
		openAdmin: app.OpenAdmin,
		backup:    app.Backup,
		restore:   app.Restore,
		serve: func(ctx context.Context, c config.Config) error {
			log := app.NewLog(c.Log, os.Stderr)
			for _, warning := range c.Warnings {
				log.Warn(warning)
			}
			return lookingUp(ctx, c, log, net.DefaultResolver.LookupHost, func(ctx context.Context) error {
				return app.Run(ctx, c, app.Options{Log: log, Version: version})
			})
		},
		demo: func(ctx context.Context, out io.Writer) error {
			return demo.Run(ctx, out, demo.Options{Version: version})
		},
	}
	code := p.run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// lookup finds the addresses of a host, as net.Resolver.LookupHost does.
type lookup = func(ctx context.Context, host string) ([]string, error)

// lookingUp warns of trunks whose names lead nowhere while the daemon runs
// already: a name server that is slow or down must not keep it from starting.
func lookingUp(ctx context.Context, c config.Config, log *slog.Logger, lookup lookup, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, warning := range c.LookUp(ctx, lookup) {
			if ctx.Err() == nil {
				log.Warn(warning)
			}
		}
	}()
	err := run(ctx)
	cancel()
	<-done
	return err
}
