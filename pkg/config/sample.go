package config

import _ "embed"

//go:embed sample.yml
var sample string

// Sample is a whole file with every key, its default, and why it is there.
func Sample() string { return sample }
