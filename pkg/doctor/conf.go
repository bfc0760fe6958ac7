package doctor

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// The bounds of what is read of Asterisk's files. They are the owner's, but a
// loop of includes is quickly made.
const (
	largestConf  = 8 << 20
	deepestConf  = 10
	mostIncludes = 1000
)

// Conf is one of Asterisk's configuration files with everything that it
// includes (main/config.c of Asterisk).
type Conf struct {
	Sections []*Section
	Missing  []string // what was to be included and could not be read
}

// Section is a category of such a file, with what it inherits.
type Section struct {
	Name     string
	Template bool // only for others to inherit from
	Entries  []Entry
	Place
}

// Entry is "name = value" or "name => value".
type Entry struct {
	Name, Value string
	Place
}

// Get is the value of the last entry of that name, which is the one that counts.
func (s *Section) Get(name string) string {
	if e := s.entry(name); e != nil {
		return e.Value
	}
	return ""
}

// All are the values of every entry of that name.
func (s *Section) All(name string) []string {
	var all []string
	for _, e := range s.Entries {
		if strings.EqualFold(e.Name, name) {
			all = append(all, e.Value)
		}
	}
	return all
}

func (s *Section) entry(name string) *Entry {
	for i := len(s.Entries) - 1; i >= 0; i-- {
		if strings.EqualFold(s.Entries[i].Name, name) {
			return &s.Entries[i]
		}
	}
	return nil
}

// Section is the first section of that name, or nil.
func (c *Conf) Section(name string) *Section {
	if c == nil {
		return nil
	}
	for _, s := range c.Sections {
		if strings.EqualFold(s.Name, name) && !s.Template {
			return s
		}
	}
	return nil
}

// confReader reads a file and those that it includes.
type confReader struct {
	files    fs.FS
	dir      string // Asterisk's configuration directory in files
	conf     *Conf
	section  *Section
	comments int // how many block comments are open
	read     int
}

// readConf reads a file of the directory. The error is fs.ErrNotExist or
// fs.ErrPermission where the file itself cannot be had.
func readConf(files fs.FS, dir, name string) (*Conf, error) {
	r := &confReader{files: files, dir: dir, conf: &Conf{}}
	if err := r.file(name, 0); err != nil {
		return nil, err
	}
	return r.conf, nil
}

// parseConf reads a text that includes nothing.
func parseConf(name, text string) *Conf {
	r := &confReader{conf: &Conf{}}
	r.text(name, text, deepestConf)
	return r.conf
}

// inside is the path in files of a name as Asterisk has it.
func (r *confReader) inside(name string) string {
	if path.IsAbs(name) {
		return strings.TrimPrefix(path.Clean(name), "/")
	}
	return path.Join(r.dir, name)
}

func (r *confReader) file(name string, depth int) error {
	f, err := r.files.Open(r.inside(name))
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > largestConf {
		return fs.ErrInvalid
	}
	text, err := fs.ReadFile(r.files, r.inside(name))
	if err != nil {
		return err
	}
	r.text(name, string(text), depth)
	return nil
}

func (r *confReader) text(name, text string, depth int) {
	r.comments = 0
	text = strings.TrimPrefix(text, "\ufeff") // an editor's mark, which Asterisk skips too
	number := 0
	for line := range strings.Lines(text) {
		number++
		r.line(strings.TrimSpace(r.uncomment(line)), Place{name, number}, depth)
	}
}

// uncomment takes comments off a line: from ";" to its end, and what is between
// ";--" and "--;". A semicolon behind a backslash is one.
func (r *confReader) uncomment(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		rest := line[i:]
		switch {
		case r.comments > 0 && strings.HasPrefix(rest, "--;"):
			r.comments--
			i += 2
		case strings.HasPrefix(rest, ";--") && !strings.HasPrefix(rest, ";---"):
			r.comments++
			i += 2
		case r.comments > 0:
		case strings.HasPrefix(rest, `\;`):
			b.WriteByte(';')
			i++
		case rest[0] == ';':
			return b.String()
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String()
}

func (r *confReader) line(line string, at Place, depth int) {
	switch {
	case line == "":
	case line[0] == '#':
		r.directive(line[1:], depth)
	case line[0] == '[':
		r.header(line, at)
	case r.section != nil:
		r.entry(line, at)
	}
}

// directive includes other files. What #exec would print is not known.
func (r *confReader) directive(line string, depth int) {
	word, name, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	name = strings.Trim(strings.TrimSpace(name), `"<>`)
	word = strings.ToLower(word)
	if word == "exec" {
		r.conf.Missing = append(r.conf.Missing, "#exec "+name)
		return
	}
	if word != "include" && word != "tryinclude" || name == "" {
		return
	}
	names := []string{name}
	if strings.ContainsAny(name, "*?[") {
		names = r.glob(name)
	}
	for _, name := range names {
		if r.read++; depth >= deepestConf || r.read > mostIncludes {
			r.conf.Missing = append(r.conf.Missing, name)
			return
		}
		open := r.comments
		if err := r.file(name, depth+1); err != nil && (word == "include" || !isMissing(err)) {
			r.conf.Missing = append(r.conf.Missing, name)
		}
		r.comments = open
	}
}

// glob are the files that a pattern means, named as the pattern is.
func (r *confReader) glob(pattern string) []string {
	found, err := fs.Glob(r.files, r.inside(pattern))
	if err != nil {
		return nil
	}
	for i, name := range found {
		found[i] = strings.TrimPrefix(name, strings.TrimSuffix(r.dir, "/")+"/")
		if path.IsAbs(pattern) {
			found[i] = "/" + name
		}
	}
	return found
}

// header begins a section: [name], [name](!), [name](template,…) or [name](+).
func (r *confReader) header(line string, at Place) {
	name, rest, ok := strings.Cut(line[1:], "]")
	if !ok {
		return
	}
	s := &Section{Name: strings.TrimSpace(name), Place: at}
	options, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(rest), "("), ")")
	for option := range strings.SplitSeq(options, ",") {
		switch option = strings.TrimSpace(option); {
		case option == "":
		case option == "!":
			s.Template = true
		case option[0] == '+':
			if old := r.named(s.Name); old != nil {
				r.section = old
				return
			}
		default:
			if parent := r.named(option); parent != nil {
				s.Entries = append(s.Entries, parent.Entries...)
			}
		}
	}
	r.conf.Sections = append(r.conf.Sections, s)
	r.section = s
}

// named is the newest section of that name.
func (r *confReader) named(name string) *Section {
	for i := len(r.conf.Sections) - 1; i >= 0; i-- {
		if s := r.conf.Sections[i]; strings.EqualFold(s.Name, name) {
			return s
		}
	}
	return nil
}

func (r *confReader) entry(line string, at Place) {
	name, value, ok := strings.Cut(line, "=")
	if !ok {
		return
	}
	value = strings.TrimSpace(strings.TrimPrefix(value, ">"))
	name, adds := strings.CutSuffix(strings.TrimSpace(name), "+")
	name = strings.TrimSpace(name)
	if old := r.section.entry(name); adds && old != nil {
		value = old.Value + value
	}
	r.section.Entries = append(r.section.Entries, Entry{name, value, at})
}

// isMissing tells a file that is not there from one that cannot be read.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
