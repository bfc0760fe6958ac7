// Package docs_test keeps the documents true where that is cheap: links lead
// somewhere, commands and flags exist, and tables name what the code has.
package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// longestReadme is how much a newcomer reads before the first call is guarded.
const longestReadme = 200

// document is one file for people.
type document struct {
	path string // from this folder
	text string
}

func documents(t *testing.T) []document {
	t.Helper()
	paths, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 5 {
		t.Fatalf("only %d documents: %q", len(paths), paths)
	}
	var all []document
	for _, path := range append(paths, "../README.md", "../CHANGELOG.md", "../dialplan-snippets/README.md") {
		all = append(all, document{path, read(t, path)})
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadmeIsShort(t *testing.T) {
	if n := strings.Count(read(t, "../README.md"), "\n"); n > longestReadme {
		t.Errorf("README.md has %d lines, at most %d are read", n, longestReadme)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, d := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(d.text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := d.path
			if path != "" {
				target = filepath.Join(filepath.Dir(d.path), filepath.FromSlash(path))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link %s: %v", d.path, m[1], err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, target)), anchor) {
				t.Errorf("%s: link %s: no such heading", d.path, m[1])
			}
		}
	}
}

// anchors are the names that GitHub gives to headings.
func anchors(text string) []string {
	var names []string
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
				return r
			}
			return -1
		}, strings.ToLower(m[1]))
		names = append(names, name)
	}
	return names
}

// program builds the program and asks it for its help, once for each command.
type program struct {
	path string
	help map[string]string // by command, such as "lock release"
}

func build(t *testing.T) *program {
	t.Helper()
	p := &program{path: filepath.Join(t.TempDir(), "tollfuse"), help: make(map[string]string)}
	if out, err := exec.Command("go", "build", "-o", p.path, "../cmd/tollfuse").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return p
}

// of is the help of a command.
func (p *program) of(t *testing.T, command []string) string {
	t.Helper()
	name := strings.Join(command, " ")
	text, known := p.help[name]
	if !known {
		out, err := exec.Command(p.path, append(slices.Clone(command), "--help")...).CombinedOutput()
		if err != nil {
			t.Fatalf("tollfuse %s --help: %v\n%s", name, err, out)
		}
		text = string(out)
		p.help[name] = text
	}
	return text
}

// children are the commands below a command.
func (p *program) children(t *testing.T, command []string) []string {
	t.Helper()
	_, below, any := strings.Cut(p.of(t, command), "Available Commands:\n")
	if !any {
		return nil
	}
	below, _, _ = strings.Cut(below, "\n\n")
	var names []string
	for line := range strings.SplitSeq(below, "\n") {
		names = append(names, strings.Fields(line)[0])
	}
	return names
}

// commandLine finds an invocation behind a prompt or sudo, or as an action of
// another program; what follows is its words.
var commandLine = regexp.MustCompile("(?:^|`)(?:[#$] |actionban = )?(?:sudo )?(?:/usr/bin/)?tollfuse ([^`|]+)")

// invocations are the command lines of a document: in fenced blocks, and
// between backticks in the text.
func invocations(text string) []string {
	var all []string
	fenced := false
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		for _, m := range commandLine.FindAllStringSubmatchIndex(line, -1) {
			if fenced || line[m[0]] == '`' {
				all = append(all, line[m[2]:m[3]])
			}
		}
	}
	return all
}

// Every command line in a document is one that the program understands.
func TestCommandsExist(t *testing.T) {
	p := build(t)
	count := 0
	for _, d := range documents(t) {
		for _, line := range invocations(d.text) {
			count++
			if problem := p.check(t, strings.Fields(line)); problem != "" {
				t.Errorf("%s: tollfuse %s: %s", d.path, line, problem)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d invocations were found in all documents", count)
	}
}

// check says what is wrong with the words behind "tollfuse".
func (p *program) check(t *testing.T, words []string) string {
	t.Helper()
	var command []string
	for _, word := range words {
		if !slices.Contains(p.children(t, command), word) {
			break
		}
		command = append(command, word)
	}
	if len(command) == 0 {
		return "there is no such command"
	}
	rest := words[len(command):]
	if len(rest) > 0 && !strings.HasPrefix(rest[0], "-") && !takesName(p.of(t, command), command) {
		return "it takes no " + rest[0]
	}
	for _, word := range rest {
		flag, _, _ := strings.Cut(word, "=")
		if strings.HasPrefix(flag, "--") && !regexp.MustCompile(`(?m)^ +(-\w, )?`+regexp.QuoteMeta(flag)+`\b`).MatchString(p.of(t, command)) {
			return "there is no flag " + flag
		}
	}
	return ""
}

// takesName tells whether a command wants a name, as "tollfuse lock SUBJECT" does,
// or can have one, as "tollfuse hangup [LEASE]".
func takesName(help string, command []string) bool {
	return regexp.MustCompile(`(?m)^  tollfuse ` + strings.Join(command, " ") + ` \[?[A-Z]`).MatchString(help)
}

func TestInvocationsAreSeen(t *testing.T) {
	text := "Type `tollfuse lock 1001` now.\n```sh\n$ sudo tollfuse init --country US \\\n  --size 3\n```\nWhere tollfuse is.\n"
	got := invocations(text)
	if len(got) != 2 || got[0] != "lock 1001" || !strings.Contains(got[1], "--size 3") {
		t.Errorf("%q", got)
	}
	p := build(t)
	for _, wrong := range []string{"frobnicate", "lock 1001 --forever", "limit set x --amount 3", "limit lists", "serve now"} {
		if p.check(t, strings.Fields(wrong)) == "" {
			t.Errorf("tollfuse %s passes", wrong)
		}
	}
}

// code takes what stands between backticks.
var code = regexp.MustCompile("`([^`\n]+)`")

func TestTablesNameWhatTheCodeHas(t *testing.T) {
	limits, operations := read(t, "limits.md"), read(t, "operations.md")
	var wanted []string
	for _, m := range toll.Measures() {
		wanted = append(wanted, string(m))
	}
	for _, s := range toll.Scopes() {
		wanted = append(wanted, string(s))
	}
	for _, s := range defaults(t) {
		wanted = append(wanted, s.ID())
	}
	wanted = append(wanted, constants(t, "../pkg/toll/destination.go", "Class")...)
	missing(t, "limits.md", limits, wanted, "emergency", "internal", "feature")
	missing(t, "operations.md", operations, constants(t, "../pkg/toll/reason.go", "Reason"))
}

// constants are the values of the constants of a type in a file.
func constants(t *testing.T, path, name string) []string {
	t.Helper()
	var values []string
	for _, m := range regexp.MustCompile(`(?m)^\t\w+\s+`+name+`\s+= "(\w+)"`).FindAllStringSubmatch(read(t, path), -1) {
		values = append(values, m[1])
	}
	if len(values) == 0 {
		t.Fatalf("no constant of type %s in %s", name, path)
	}
	return values
}

// missing reports what a document does not name between backticks.
func missing(t *testing.T, path, text string, wanted []string, but ...string) {
	t.Helper()
	named := make(map[string]bool)
	for _, m := range code.FindAllStringSubmatch(text, -1) {
		named[m[1]] = true
	}
	for _, word := range wanted {
		if !named[word] && !slices.Contains(but, word) {
			t.Errorf("%s does not name %s", path, word)
		}
	}
}

// keyed finds keys of the configuration in running text, such as calls.max.
var keyed = regexp.MustCompile("`((?:site|ledger|fastagi|control|asterisk|numbering|prices|calls|failure|alerts|mail|fuse|log)\\.[a-z_]+)[:`]")

func TestConfigurationKeysExist(t *testing.T) {
	keys := sampleKeys()
	for _, d := range documents(t) {
		for _, m := range keyed.FindAllStringSubmatch(d.text, -1) {
			if !keys[m[1]] && !strings.HasSuffix(m[1], ".db") {
				t.Errorf("%s names the key %s, which the sample does not have", d.path, m[1])
			}
		}
	}
}

// sampleKeys are the keys of the sample that stand one level below a section.
func sampleKeys() map[string]bool {
	keys := make(map[string]bool)
	section := ""
	for line := range strings.SplitSeq(config.Sample(), "\n") {
		name, _, isKey := strings.Cut(line, ":")
		switch {
		case !isKey || strings.HasPrefix(strings.TrimSpace(name), "#"):
		case !strings.HasPrefix(name, " "):
			section = name
		case strings.HasPrefix(name, "  ") && !strings.HasPrefix(name, "   "):
			keys[section+"."+strings.TrimSpace(name)] = true
		}
	}
	return keys
}

var source = regexp.MustCompile(`(?m)^  - src: (\S+)$`)

// The decision log is documented where the unit lets the daemon write and
// logrotate looks, and the package has all that its list names.
func TestPackageFitsTheDocuments(t *testing.T) {
	log := regexp.MustCompile("`log\\.decisions: (\\S+)`").FindStringSubmatch(read(t, "operations.md"))
	rotate := read(t, "../packaging/tollfuse.logrotate")
	pattern := regexp.MustCompile(`(?m)^(/\S+) \{$`).FindStringSubmatch(rotate)
	if log == nil || pattern == nil {
		t.Fatalf("log %q, rotated %q", log, pattern)
	}
	if fits, err := filepath.Match(pattern[1], log[1]); err != nil || !fits {
		t.Errorf("%s is not rotated by %s: %v", log[1], pattern[1], err)
	}
	if !strings.Contains(rotate, "\n\tcopytruncate\n") {
		t.Error("the log is moved away from under the daemon, which keeps it open")
	}
	unit := read(t, "../packaging/tollfuse.service")
	if folder := "LogsDirectory=" + filepath.Base(filepath.Dir(log[1])); filepath.Dir(filepath.Dir(log[1])) != "/var/log" || !strings.Contains(unit, "\n"+folder+"\n") {
		t.Errorf("the unit has no %s for %s", folder, log[1])
	}
	packed := source.FindAllStringSubmatch(read(t, "../packaging/nfpm.yaml"), -1)
	if len(packed) < 5 {
		t.Fatalf("packed: %q", packed)
	}
	for _, m := range packed {
		if _, err := os.Stat("../" + m[1]); err != nil && !strings.HasPrefix(m[1], "bin/") {
			t.Errorf("the package lacks: %v", err)
		}
	}
}

// foreign are folders of the writer's machine; a document speaks of the reader's.
var foreign = regexp.MustCompile(`(^|[\s"'(=])/(work|tmp|root|home)/`)

func TestNoPathOfAWorkplace(t *testing.T) {
	for _, d := range documents(t) {
		for n, line := range strings.Split(d.text, "\n") {
			if foreign.MatchString(line) {
				t.Errorf("%s:%d: %s", d.path, n+1, line)
			}
		}
	}
}

// defaults are what a site with opening hours begins with.
func defaults(t *testing.T) []toll.Setting {
	t.Helper()
	open, err := policy.Opening("US", nil)
	if err != nil {
		t.Fatal(err)
	}
	return policy.DefaultOpen(10, open, "", time.Time{})
}
