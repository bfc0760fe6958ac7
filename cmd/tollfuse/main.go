// Command tollfuse is the daemon and the owner's command line.
package main

import (
	"context"
	"io"
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
		serve: func(ctx context.Context, c config.Config) error {
			log := app.NewLog(c.Log, os.Stderr)
			for _, warning := range c.Warnings {
				log.Warn(warning)
			}
			return app.Run(ctx, c, app.Options{Log: log, Version: version})
		},
		demo: func(ctx context.Context, out io.Writer) error {
			return demo.Run(ctx, out, demo.Options{Version: version})
		},
	}
	code := p.run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
