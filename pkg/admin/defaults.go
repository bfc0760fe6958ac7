package admin

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Defaults are the settings that protect a site of so many extensions from its
// first minute, for Change to take one by one.
func Defaults(size int) []toll.Setting { return policy.Default(size, "", time.Time{}) }
