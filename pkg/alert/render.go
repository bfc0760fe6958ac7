package alert

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode/utf8"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

//go:embed templates/*.tmpl
var builtIn embed.FS

// The templates, by the names of their files. A folder of the owner's can
// replace each of them.
const (
	SubjectTemplate = "subject.tmpl"
	TextTemplate    = "text.tmpl"
	HTMLTemplate    = "html.tmpl"
)

// Site is what must be known of the site to tell its owner something.
type Site struct {
	Name      string         // of the machine that Tollfuse runs on
	Currency  string         // ISO 4217
	Zone      *time.Location // nil means UTC
	Several   bool           // it has several Asterisks, so that calls are said to be on one
	Templates string         // folder with templates that replace the built-in ones; empty: none do
}

// Message is a notice in the words of a mail.
type Message struct {
	Subject  string // one line
	Text     string
	HTML     string
	Warnings []string // what is wrong with templates of the owner's; also said in the mail
}

// Render writes a notice. A template of the owner's that is broken is replaced
// by the built-in one, with a warning: no notice is lost over a template.
func Render(n toll.Notice, s Site) (Message, error) {
	view := newView(&n, s)
	set := make(map[string]source)
	for _, name := range [...]string{SubjectTemplate, TextTemplate, HTMLTemplate} {
		own, err := s.own(name)
		if err == nil && own != "" {
			if _, err = execute(name, own, view); err == nil {
				set[name] = source(own)
			}
		}
		if err != nil {
			view.Warnings = append(view.Warnings, sentence(fmt.Sprintf("your template %s cannot be used, and the built-in one stands in for it: %v", name, err)))
		}
	}
	m := Message{Warnings: view.Warnings}
	for _, part := range [...]struct {
		name string
		to   *string
	}{{SubjectTemplate, &m.Subject}, {TextTemplate, &m.Text}, {HTMLTemplate, &m.HTML}} {
		text, err := set[part.name].execute(part.name, view)
		if err != nil {
			return Message{}, fmt.Errorf("render the notice %s: %w", word(n.ID), err)
		}
		*part.to = text
	}
	m.Subject = header(m.Subject)
	return m, nil
}

// source is a template of the owner's; empty for the built-in one.
type source string

func (own source) execute(name string, v *View) (string, error) {
	text := string(own)
	if text == "" {
		b, err := builtIn.ReadFile("templates/" + name)
		if err != nil {
			return "", err
		}
		text = string(b)
	}
	return execute(name, text, v)
}

// The largest template, and what it may make of a notice. A mail beyond that
// many mail servers refuse.
const (
	largestTemplate = 256 << 10
	largestPart     = 1 << 20
)

// own reads a template of the owner's; "" if he has none.
func (s Site) own(name string) (string, error) {
	if s.Templates == "" {
		return "", nil
	}
	path := filepath.Join(s.Templates, name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular(): // a pipe would be waited for
		return "", errors.New("it is no file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, largestTemplate+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > largestTemplate:
		return "", fmt.Errorf("it is larger than %d bytes", largestTemplate)
	case strings.TrimSpace(string(text)) == "":
		return "", errors.New("it is empty")
	}
	return string(text), nil
}

// execute fills a template. HTML is escaped by html/template.
func execute(name, text string, v *View) (string, error) {
	var out bounded
	var taken turns
	if name == HTMLTemplate {
		t, err := htmltemplate.New(name).Funcs(htmltemplate.FuncMap{"colour": colour, "turn": taken.next}).Parse(text)
		if err != nil {
			return "", err
		}
		for _, part := range t.Templates() {
			if err := bound(part.Tree); err != nil {
				return "", err
			}
		}
		err = t.Execute(&out, v)
		return out.String(), err
	}
	t, err := texttemplate.New(name).Funcs(texttemplate.FuncMap{"wrap": wrap, "upper": strings.ToUpper, "turn": taken.next}).Parse(text)
	if err != nil {
		return "", err
	}
	for _, part := range t.Templates() {
		if err := bound(part.Tree); err != nil {
			return "", err
		}
	}
	err = t.Execute(&out, v)
	if err == nil && !utf8.ValidString(out.String()) {
		err = errors.New("it writes what is no UTF-8")
	}
	return out.String(), err
}

// bounded is a buffer that does not grow beyond what a mail may be.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > largestPart {
		return 0, fmt.Errorf("it writes more than %d bytes", largestPart)
	}
	return b.Buffer.Write(p)
}

// colour is the background of the headline. White text on each of them has the
// contrast that WCAG 2 asks for (4.5 to 1).
func colour(t Tone) string {
	switch t {
	case Alarm:
		return "#b3261e"
	case Warning:
		return "#8a5a00"
	}
	return "#1e6b3a"
}

// textWidth is how long lines of the text part are at most, where a word allows it.
const textWidth = 74

// wrap breaks a text into lines; those after the first are indented by so many
// blanks, and the first is taken to be as well.
func wrap(indent int, text string) string {
	var b strings.Builder
	at := indent
	for i, w := range strings.Fields(text) {
		width := utf8.RuneCountInString(w)
		switch {
		case i == 0:
		case at+1+width > textWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(w)
		at += width
	}
	return b.String()
}
