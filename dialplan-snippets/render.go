package dialplan

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// The names of the files, below Asterisk's configuration directory.
const (
	SubroutineFile = "extensions_tollfuse.conf"
	ManagerFile    = "manager.d/tollfuse.conf"
	ExampleFile    = "extensions_example.conf"
)

// File is one file to put into Asterisk's configuration directory.
type File struct {
	Name string // with slashes, below the directory
	Text []byte
	Mode fs.FileMode // 0o640 where there is a secret inside; Asterisk's group has to be able to read it
}

//go:embed templates
var templates embed.FS

// Render makes the files of a site. The error says what is wrong with it.
func Render(s Site) ([]File, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("dialplan: %w", err)
	}
	p := newPage(s)
	var files []File
	for _, f := range []File{
		{Name: SubroutineFile, Mode: 0o644},
		{Name: ManagerFile, Mode: 0o640},
		{Name: ExampleFile, Mode: 0o644},
	} {
		t, err := template.ParseFS(templates, "templates/"+f.Name)
		if err != nil {
			return nil, fmt.Errorf("dialplan: read the template of %s: %w", f.Name, err)
		}
		var text bytes.Buffer
		if err := t.Execute(&text, p); err != nil {
			return nil, fmt.Errorf("dialplan: render %s: %w", f.Name, err)
		}
		f.Text = text.Bytes()
		files = append(files, f)
	}
	return files, nil
}

// page is a site with what else the templates need.
type page struct {
	Site
	EmergencySeconds int
	CallerIDs        []string // what Asterisk sends to AGI of the caller ID
	Facts            []fact
	Access           []accessCode
	Plain            []string // emergency numbers without an access code before them
}

// accessCode is what the example takes off.
type accessCode struct {
	Pattern string // without the underscore
	Length  int
}

// fact is an argument of the request that tells about the channel.
type fact struct{ Argument, Value string }

func newPage(s Site) page {
	s.Emergency = sorted(s.Emergency)
	s.HomePatterns = sorted(s.HomePatterns)
	if len(s.AMI.Permit) == 0 {
		s.AMI.Permit = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	}
	p := page{
		Site:             s,
		EmergencySeconds: EmergencySeconds,
		CallerIDs:        []string{"num", "dnid", "rdnis"},
		Facts: []fact{
			{"trunk", "${TOLLFUSE_TRUNK}"}, // the dialplan may set it
			{"blind", "${BLINDTRANSFER}"},
			{"attended", "${ATTENDEDTRANSFER}"},
			{"forward", "${FORWARDERNAME}"},
			{"transfer", "${TRANSFERERNAME}"},
			{"account", "${CHANNEL(accountcode)}"},
		},
	}
	for _, code := range sorted(s.AccessCodes) {
		pattern := strings.TrimPrefix(code, "_")
		p.Access = append(p.Access, accessCode{pattern, len(digitSet.ReplaceAllString(pattern, "X"))})
	}
	if len(p.Access) > 0 {
		p.Plain = slices.DeleteFunc(slices.Clone(s.Emergency), p.isBehindCode)
	}
	return p
}

// digitSet is one position of a pattern.
var digitSet = regexp.MustCompile(`\[[^\]]*\]`)

// isBehindCode tells whether the example may take an access code off this
// emergency number: only if an emergency number is left, so never off 911.
func (p page) isBehindCode(number string) bool {
	return slices.ContainsFunc(p.Access, func(c accessCode) bool {
		return len(number) > c.Length && slices.Contains(p.Emergency, number[c.Length:])
	})
}

// AfterCallerID is the label behind the cleaning of one part of the caller ID.
func (p page) AfterCallerID(i int) string {
	if i+1 < len(p.CallerIDs) {
		return p.CallerIDs[i+1]
	}
	return "facts"
}

// sorted makes the files the same whatever the order, and keeps Asterisk from
// complaining of an extension that comes twice.
func sorted(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}
