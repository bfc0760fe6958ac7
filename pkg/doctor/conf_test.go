package doctor

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestConf(t *testing.T) {
	files := fstest.MapFS{
		"etc/asterisk/a.conf": &fstest.MapFile{Data: []byte(`
before = anything        ; outside of every section
[base](!)
allow = ulaw
deny=0.0.0.0/0
[child](base)            ; inherits
allow += ,alaw
password = a\;b          ; one semicolon
;-- a block
[hidden]
--; [seen]
k => v
;--- no block, a line
[child](+)
more = 1
#include "more/*.conf"
#tryinclude nowhere.conf
#include missing.conf
#include /var/other.conf
#exec /bin/date
`)},
		"etc/asterisk/more/1.conf": &fstest.MapFile{Data: []byte("one = 1\n[new](base,child)\n")},
		"etc/asterisk/more/2.conf": &fstest.MapFile{Data: []byte("two = 2\n#include ../a.conf\n")},
		"var/other.conf":           &fstest.MapFile{Data: []byte("[other]\nthree=3")},
	}
	c, err := readConf(files, "etc/asterisk", "a.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ section, name, value string }{
		{"child", "allow", "ulaw,alaw"}, {"child", "deny", "0.0.0.0/0"}, {"child", "password", "a;b"}, {"child", "more", "1"}, {"child", "one", "1"},
		{"seen", "k", "v"}, {"new", "two", "2"}, {"new", "more", "1"}, {"other", "three", "3"},
	} {
		s := c.Section(want.section)
		if s == nil {
			t.Errorf("no section %s", want.section)
		} else if got := s.Get(want.name); got != want.value {
			t.Errorf("[%s] %s = %q, want %q", want.section, want.name, got, want.value)
		}
	}
	if c.Section("base") != nil || c.Section("hidden") != nil {
		t.Error("a template, or what is commented out, counts as a section")
	}
	for _, want := range []string{"missing.conf", "#exec /bin/date"} {
		if !slices.Contains(c.Missing, want) {
			t.Errorf("%s is not among what is missing: %v", want, c.Missing)
		}
	}
	if slices.Contains(c.Missing, "nowhere.conf") {
		t.Error("#tryinclude of what does not exist counts as missing")
	}
	if at := c.Section("seen").entry("k").Place.String(); at != "a.conf:12" {
		t.Errorf("place %s", at)
	}
}

func TestConfThatCannotBeHad(t *testing.T) {
	if _, err := readConf(fstest.MapFS{}, "etc", "a.conf"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	files := fstest.MapFS{"etc/a.conf": &fstest.MapFile{Data: make([]byte, largestConf+1)}, "etc/dir/x": &fstest.MapFile{}}
	for _, name := range []string{"a.conf", "dir"} {
		if _, err := readConf(files, "etc", name); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// TestIncludesEnd includes a file in itself: it is read until the bound, and told.
func TestIncludesEnd(t *testing.T) {
	files := fstest.MapFS{"etc/a.conf": &fstest.MapFile{Data: []byte("[a]\n#include a.conf\n#include a.conf\nx=1\n")}}
	c, err := readConf(files, "etc", "a.conf")
	if err != nil || len(c.Missing) == 0 {
		t.Errorf("%v, missing %v", err, c)
	}
}

func FuzzConf(f *testing.F) {
	f.Add("[a](!)\nb=c\n[d](a)\nb+=e\n;-- x --;\n#include y")
	f.Add("[internal]\nexten => _X.,1(l),Dial(PJSIP/${EXTEN}@c,60,S(1)L(2))\n same => n,Goto(l)\ninclude => other\n[globals]\nA=${A}")
	f.Add("[globals]\nA=Exec(${B})\nB=Goto(${A})\n[a]\nexten=>_X!,1,Exec(${A})\nexten=>_X!,2,Gosub(a,1,1(${ARG1}x,${B}))\nexten=>i,1,Set(TOLLFUSE_DIAL=1)\nexten=>1,1,Macro(a,${A})\n[macro-a]\nexten=>s,1,WaitExten()")
	f.Fuzz(func(t *testing.T, text string) {
		c := parseConf("a.conf", text)
		for _, s := range c.Sections {
			for _, e := range s.Entries {
				if strings.ContainsAny(e.Name+e.Value, "\n") {
					t.Errorf("a line break in %q = %q", e.Name, e.Value)
				}
				if e.Line < 1 {
					t.Errorf("%q has no line", e.Name)
				}
			}
		}
		d := dialplanFromConf(c)
		v := valuesOf(d)
		for _, context := range d.sorted() {
			walk(d, v, context.Name, "", nil)
			walk(d, v, context.Name, "112", func(string) answer { return allowed })
		}
	})
}

// FuzzShow reads what a console might print, among it a dialplan with names
// that break the lines' form.
func FuzzShow(f *testing.F) {
	f.Add("[ Context 'a' created by 'pbx_config' ]\n  '_X.' =>  1. Dial(x)  [extensions.conf:3]\n     [l]  2. Hangup()  [extensions.conf:4]\n  Include => 'b|x' [pbx_config]\n")
	f.Fuzz(func(t *testing.T, text string) {
		d := dialplanFromShow(text)
		d.Globals = globalsFromShow(text)
		for _, c := range d.Contexts {
			for _, x := range c.Extensions {
				for i := 1; i < len(x.Steps); i++ {
					if x.Steps[i].Priority < x.Steps[i-1].Priority {
						t.Errorf("priorities of %s are not in order", x.Pattern)
					}
				}
			}
			walk(d, valuesOf(d), c.Name, "", nil)
		}
	})
}
