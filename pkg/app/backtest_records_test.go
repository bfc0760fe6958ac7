package app

import (
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// madeRecords writes Master.csv as a PBX with these many numbers in use would, in
// the order of the ends of its calls. It makes rows while they are read.
type madeRecords struct {
	rows    int
	rand    *rand.Rand
	numbers []string
	now     time.Time
	text    []byte
}

// newMadeRecords makes rows of a firm of 200 in the United States: a call every ten
// seconds or so, eight in ten to trunks, and of those one in twenty abroad.
func newMadeRecords(rows, numbers int) *madeRecords {
	m := &madeRecords{
		rows: rows, rand: rand.New(rand.NewPCG(7, 11)),
		now: time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC),
	}
	for n := range numbers {
		number := fmt.Sprintf("1%d55%05d", 212+n%7*100, n)
		if n%20 == 0 {
			number = fmt.Sprintf("01144207946%04d", n%10_000)
		}
		m.numbers = append(m.numbers, number)
	}
	return m
}

// Read gives the next rows.
func (m *madeRecords) Read(b []byte) (int, error) {
	for len(m.text) < len(b) && m.rows > 0 {
		m.rows--
		m.text = m.row(m.text)
	}
	n := copy(b, m.text)
	m.text = m.text[:copy(m.text, m.text[n:])]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (m *madeRecords) row(text []byte) []byte {
	m.now = m.now.Add(time.Duration(m.rand.IntN(20)) * time.Second)
	talk := m.rand.IntN(300)
	ring := 2 + m.rand.IntN(20)
	disposition := "ANSWERED"
	if m.rand.IntN(5) == 0 {
		talk, disposition = 0, "NO ANSWER"
	}
	start := m.now.Add(-time.Duration(talk+ring) * time.Second)
	extension, channel := 1001+m.rand.IntN(200), m.rows
	number, leg := m.numbers[m.rand.IntN(len(m.numbers))], "carrier"
	if m.rand.IntN(5) == 0 {
		number, leg = "1002", "1002"
	}
	return fmt.Appendf(text, `"","%d","%s","internal","""Somebody"" <%d>","PJSIP/%d-%08x","PJSIP/%s-%08x","Dial","PJSIP/%s@carrier,60,S(600)","%s","%s","%s",%d,%d,"%s","DOCUMENTATION","pbx1-%d.%d",""`+"\n",
		extension, number, extension, extension, channel, leg, channel+1, number,
		start.Format(time.DateTime), start.Add(time.Duration(ring)*time.Second).Format(time.DateTime), m.now.Format(time.DateTime),
		talk+ring, talk, disposition, start.Unix(), channel)
}
