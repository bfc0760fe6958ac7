package cdr

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// An owner whose calls are not found sees where they went.
func TestElsewhere(t *testing.T) {
	leg := func(name string) string {
		return row("10:00", "0023222123456", "PJSIP/1001-00000001", name, "Dial", "", 9, "ANSWERED", "")
	}
	c := NewCalls(NewReader(strings.NewReader(leg("PJSIP/out-1-0000000a")+leg("SIP/carrier-2")+leg("PJSIP/out-1-0000000b")+leg("")), nil, time.UTC), trunks)
	if _, err := c.Next(); err != nil || !slices.Equal(c.Elsewhere(), []string{"PJSIP/out-1"}) {
		t.Errorf("%q, %v", c.Elsewhere(), err)
	}
}

// A trunk that the owner has not named stands first among more extensions than are told.
func TestElsewhereTellsTheTrunkFirst(t *testing.T) {
	var file strings.Builder
	leg := func(dst, channel string) {
		file.WriteString(row("10:00", dst, "PJSIP/1001-00000001", channel, "Dial", "", 9, "ANSWERED", ""))
	}
	for n := range 2 * lookedElsewhere {
		extension := strconv.Itoa(2000 + n)
		leg(extension, "PJSIP/"+extension+"-00000002")
		if n == 20 || n == 30 {
			leg("0023222123456", "PJSIP/unnamed-00000003")
		}
	}
	leg("600", "PJSIP/2001-00000004") // by a group
	c := NewCalls(NewReader(strings.NewReader(file.String()), nil, time.UTC), trunks)
	if _, err := c.Next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	want := []string{"PJSIP/unnamed", "PJSIP/2001", "PJSIP/2000", "PJSIP/2002", "PJSIP/2003", "PJSIP/2004", "PJSIP/2005", "PJSIP/2006"}
	if got := c.Elsewhere(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// An end to which many different numbers outside were dialled looks like a trunk; one that is rung from outside, by a
// group, or for a few numbers only does not.
func TestUnnamedTrunks(t *testing.T) {
	var file strings.Builder
	for n := range 3 * likeATrunk {
		two := strconv.Itoa(10 + n)
		for _, leg := range []struct{ dst, channel, to, data string }{
			{"00232221234" + two, "PJSIP/1001-00000001", "PJSIP/backup-00000002", ""},
			{"s", "PJSIP/1001-00000001", "SIP/old-00000002", "SIP/old/00442079460" + two + ",60"},
			{"493012345" + two, "PJSIP/carrier-00000001", "PJSIP/1002-00000002", ""},
			{"6" + two, "PJSIP/1001-00000001", "PJSIP/1003-00000002", ""},
			{"0023222123456", "PJSIP/1001-00000001", "PJSIP/1004-00000002", ""},
			{"0023222123" + two, "PJSIP/1001-00000001", "PJSIP/0023222123" + two + "-00000002", ""},
		} {
			if n >= likeATrunk && strings.HasPrefix(leg.to, "SIP/") {
				continue
			}
			file.WriteString(row("10:00", leg.dst, leg.channel, leg.to, "Dial", leg.data, 9, "ANSWERED", ""))
		}
	}
	c := NewCalls(NewReader(strings.NewReader(file.String()), nil, time.UTC), trunks)
	if _, err := c.Next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if got, want := c.Unnamed(), []Unnamed{{"PJSIP/backup", 3 * likeATrunk}, {"SIP/old", likeATrunk}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
