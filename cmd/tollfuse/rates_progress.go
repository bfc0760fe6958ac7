package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// progress is a file that says on a terminal how much of it was read: half a million
// rows of a price list take some seconds, and so do call records.
type progress struct {
	list io.Reader
	name string
	then string    // what is done once it was read
	size int64     // of the list, in bytes; 0 where nobody knows
	to   io.Writer // nil where there is no terminal

	mu   sync.Mutex // the list is read by a goroutine of the connection, also when that has ended
	read int64
	said string
	over bool
}

// watched is a list with a progress on that terminal.
func watched(list io.Reader, name string, terminal io.Writer) *progress {
	p := &progress{list: list, name: clean(clip(name)), then: "keeping"}
	if _, there := terminalOf(terminal); there {
		p.to = terminal
	}
	if file, ok := list.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			p.size = info.Size()
		}
	}
	return p
}

// Read reads the list, and says so.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.list.Read(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.read += int64(n)
	switch {
	case errors.Is(err, io.EOF):
		p.say(p.then + " " + p.name)
	case p.size > 0:
		p.say(fmt.Sprintf("reading %s: %d %%", p.name, min(100*p.read/p.size, 100)))
	default:
		p.say(fmt.Sprintf("reading %s: %d MB", p.name, p.read>>20))
	}
	return n, err
}

// say writes over what was said before, if it is news.
func (p *progress) say(text string) {
	if p.to == nil || p.over || text == p.said {
		return
	}
	p.said = text
	fmt.Fprint(p.to, "\r"+text+eraseLine)
}

// done takes away what was said.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.to != nil && p.said != "" {
		fmt.Fprint(p.to, "\r"+eraseLine)
	}
	p.over = true
}
