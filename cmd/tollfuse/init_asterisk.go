package main

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// trunkFlags are trunks as --trunk takes them.
func trunkFlags(trunks []config.Trunk) []string {
	var all []string
	for _, t := range trunks {
		all = append(all, t.Name+"="+strings.Join(t.Addresses, ","))
	}
	return all
}

// withAddresses gives a trunk that was named without an address those that were
// found.
func withAddresses(named []string, found []config.Trunk) []string {
	for n, text := range named {
		for _, t := range found {
			if text == t.Name && len(t.Addresses) > 0 {
				named[n] = t.Name + "=" + strings.Join(t.Addresses, ",")
			}
		}
	}
	return named
}

// leftOut are the trunks that were found and not named.
func leftOut(named []string, found []config.Trunk) (left []string) {
	for _, t := range found {
		if !slices.ContainsFunc(named, func(text string) bool { name, _, _ := strings.Cut(text, "="); return name == t.Name }) {
			left = append(left, t.Name)
		}
	}
	return left
}

// includes tells whether a file of Asterisk includes one of these.
func includes(path string, names ...string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.ReplaceAll(line, `"`, ""))
		if len(words) >= 2 && (words[0] == "#include" || words[0] == "#tryinclude") && slices.Contains(names, words[1]) {
			return true
		}
	}
	return false
}

// insidePatterns are the patterns that cover numbers such as 1001 to 1099: what
// those of one length and first digit have in common, and X for the rest.
func insidePatterns(phones []string) []string {
	groups := make(map[string]string)
	for _, number := range phones {
		if len(number) < 3 || len(number) > 6 || strings.Trim(number, "0123456789") != "" {
			continue
		}
		group := string(rune('0'+len(number))) + number[:1]
		if common, known := groups[group]; known {
			number = commonPattern(common, number)
		}
		groups[group] = number
	}
	return slices.Sorted(maps.Values(groups))
}

// commonPattern keeps the digits that both begin with.
func commonPattern(a, b string) string {
	n := 0
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return a[:n] + strings.Repeat("X", len(a)-n)
}
