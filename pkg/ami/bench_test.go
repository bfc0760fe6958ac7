package ami

import (
	"bytes"
	"io"
	"os"
	"testing"
)

// unneeded are the events a consumer that watches calls does without: two thirds of a capture.
var unneeded = map[string]bool{
	"VarSet": true, "Newexten": true, "TestEvent": true, "DeviceStateChange": true,
	"RTCPSent": true, "RTCPReceived": true, "ChallengeSent": true, "SuccessfulAuth": true,
}

// endless repeats a capture without its banner, as a busy Asterisk would.
type endless struct {
	text []byte
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

func captured(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	_, text, _ = bytes.Cut(text, []byte("\r\n"))
	return text
}

// BenchmarkDecode reads messages of an ordinary call, all of them or without the unneeded ones.
func BenchmarkDecode(b *testing.B) {
	text := captured(b, "simple-call.ami")
	count := bytes.Count(text, []byte("\r\n\r\n"))
	run := func(filter Filter) func(*testing.B) {
		return func(b *testing.B) {
			d := NewDecoder(&endless{text: text}, Limits{})
			d.SetFilter(filter)
			b.ReportAllocs()
			b.SetBytes(int64(len(text) / count))
			for d.Seq() < uint64(b.N) {
				if _, err := d.Next(); err != nil && err != io.EOF {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(d.Seq())/b.Elapsed().Seconds(), "messages/s")
		}
	}
	b.Run("all", run(nil))
	b.Run("filtered", run(func(event, _ []byte) bool { return !unneeded[string(event)] }))
}

// BenchmarkGet reads the five headers a consumer needs of a Newchannel event.
func BenchmarkGet(b *testing.B) {
	d := NewDecoder(bytes.NewReader(captured(b, "simple-call.ami")), Limits{})
	d.SetFilter(func(event, _ []byte) bool { return string(event) == "Newchannel" })
	if _, err := d.Next(); err != nil { // the login's response
		b.Fatal(err)
	}
	m, err := d.Next()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, name := range []string{"Channel", "Uniqueid", "Linkedid", "Exten", "Context"} {
			if m.Get(name) == "" {
				b.Fatal("no", name)
			}
		}
	}
}
