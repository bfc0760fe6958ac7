package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// fill sets every field of a struct to something random and seldom zero, so
// that a field that layout forgets is found, also one that toll gains later.
func fill(t *rapid.T, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		seconds := rapid.Int64Range(-60_000_000_000, 250_000_000_000).Draw(t, "seconds")
		v.Set(reflect.ValueOf(time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.String:
		v.SetString(rapid.String().Draw(t, "string"))
	case reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int64"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Pointer: // a setting; incidents and notices have tables of their own
		if v.Type() == reflect.TypeFor[*toll.Setting]() && rapid.Bool().Draw(t, "setting") {
			v.Set(reflect.ValueOf(&toll.Setting{
				Limit:    &toll.Limit{ID: "l", Act: rapid.Int64().Draw(t, "act"), Do: []toll.Action{toll.Cut}},
				Revision: rapid.Int64().Draw(t, "revision"),
				At:       noon,
			}))
		}
	default:
		t.Fatalf("an entry has a field of kind %s, which fill does not know", v.Kind())
	}
}

func TestDecodeGivesWhatWasEncoded(t *testing.T) {
	w := newWords()
	rapid.Check(t, func(t *rapid.T) {
		var e, back toll.Entry
		fill(t, reflect.ValueOf(&e).Elem())
		body, err := appendEntry(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeEntry(body, w, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(e, back) {
			t.Fatalf("wrote %+v\n read %+v", e, back)
		}
	})
}

func TestAnyDamageToABodyIsFound(t *testing.T) {
	whole := sealed(t, entry(7, noon, toll.EntryEnded, "a"))
	for i := range whole {
		for _, flip := range []byte{1, 0x80, 0xFF} {
			body := bytes.Clone(whole)
			body[i] ^= flip
			if err := decodeEntry(body, newWords(), new(toll.Entry)); err == nil {
				t.Errorf("byte %d changed by %#x is not noticed", i, flip)
			}
		}
		if err := decodeEntry(whole[:i], newWords(), new(toll.Entry)); err == nil {
			t.Errorf("cut to %d bytes is not noticed", i)
		}
	}
}

// sealed is the body of an entry.
func sealed(tb testing.TB, e toll.Entry) []byte {
	tb.Helper()
	body, err := appendEntry(nil, &e)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// bodyOf puts format and checksum around fields that are written by hand.
func bodyOf(fields ...byte) []byte {
	body := append([]byte{format}, fields...)
	return binary.LittleEndian.AppendUint32(body, seal(body))
}

func TestDecodeIsStrict(t *testing.T) {
	long := bytes.Repeat([]byte{0xFF}, 11)
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"nothing":             {nil, "0 bytes"},
		"another format":      {append([]byte{2}, bodyOf()[1:]...), "format 2"},
		"tag 0":               {bodyOf(0, 1), "field 0 after field 0"},
		"tags descend":        {bodyOf(5<<1, 2, 1<<1, 2), "field 1 after field 5"},
		"tag twice":           {bodyOf(1<<1, 2, 1<<1, 2), "field 1 after field 1"},
		"value missing":       {bodyOf(1 << 1), "bad varint"},
		"number too long":     {bodyOf(append([]byte{1 << 1}, long...)...), "bad varint"},
		"text longer":         {bodyOf(8<<1|1, 3, 'a', 'b'), "field 8 is cut off"},
		"text of 2^63 bytes":  {bodyOf(8<<1|1, 255, 255, 255, 255, 255, 255, 255, 255, 127, 'a'), "field 8 is cut off"},
		"text for a number":   {bodyOf(1<<1|1, 1, 'a'), "field 1 has the wrong form"},
		"number for a text":   {bodyOf(8<<1, 1), "field 8 has the wrong form"},
		"too many ns":         {bodyOf(2<<1, 2, 3<<1, 0x80, 0x94, 0xEB, 0xDC, 0x03), "1000000000 nanoseconds"},
		"setting not JSON":    {bodyOf(6<<1|1, 1, '{'), "setting is not JSON"},
		"damage behind known": {bodyOf(1<<1, 2, 63<<1|1, 9), "field 63 is cut off"},
		"far too long":        {make([]byte, maxBody+1), "1048577 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			err := decodeEntry(c.body, newWords(), new(toll.Entry))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	var e toll.Entry
	// Seq 1, unknown 7 (text) between known ones, ID "a", unknown 60 and 61 behind.
	body := bodyOf(1<<1, 2, 7<<1|1, 2, 'x', 'y', 8<<1|1, 1, 'a', 60<<1, 9, 61<<1|1, 1, 'z')
	if err := decodeEntry(body, newWords(), &e); err != nil {
		t.Fatal(err)
	}
	if want := (toll.Entry{Seq: 1, Lease: toll.Lease{ID: "a"}}); !reflect.DeepEqual(e, want) {
		t.Errorf("read %+v", e)
	}
}

func TestEntryThatIsTooLongIsRefused(t *testing.T) {
	e := toll.Entry{Lease: toll.Lease{ID: strings.Repeat("a", maxBody)}}
	if body, err := appendEntry([]byte("kept"), &e); err == nil || string(body) != "kept" {
		t.Errorf("wrote %d bytes, error %v", len(body), err)
	}
}

// TestWordsDoNotGrow shows that hostile strings push words out, and nothing more.
func TestWordsStayRight(t *testing.T) {
	w := newWords()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "word")
		if got := w.of([]byte(s)); got != s {
			t.Fatalf("%q came back as %q", s, got)
		}
	})
}

// FuzzDecodeEntry takes fields without the checksum, which no fuzzer would ever
// get right. Whatever can be read must come out the same once written again.
func FuzzDecodeEntry(f *testing.F) {
	for _, kind := range []toll.EntryKind{toll.EntryGranted, toll.EntryEnded, toll.EntryRefused} {
		body := sealed(f, entry(1<<40, noon, kind, "a"))
		f.Add(body[1 : len(body)-sealSize])
	}
	body := sealed(f, ruleSet(9, noon, "abroad", 4, false))
	f.Add(body[1 : len(body)-sealSize])
	w := newWords()
	f.Fuzz(func(t *testing.T, fields []byte) {
		var e, again toll.Entry
		err := decodeEntry(fields, w, &e) // as it stands, mostly damaged
		if err == nil && len(fields) < 1+sealSize {
			t.Fatal("a body without a checksum was read")
		}
		e = toll.Entry{}
		if err := decodeEntry(bodyOf(fields...), w, &e); err != nil {
			if len(fields) < maxBody/2 && !errors.Is(err, errBody) {
				t.Fatalf("error %v does not say that the body is damaged", err)
			}
			return
		}
		first := sealed(t, e)
		if err := decodeEntry(first, w, &again); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if second := sealed(t, again); !bytes.Equal(first, second) {
			t.Fatalf("written %x, then %x", first, second)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	e := entry(1<<20, noon, toll.EntryEnded, "office-1772452800.17-1")
	var body []byte
	for b.Loop() {
		body, _ = appendEntry(body[:0], &e)
	}
	b.ReportMetric(float64(len(body)), "bytes/entry")
}

func BenchmarkDecode(b *testing.B) {
	body := sealed(b, entry(1<<20, noon, toll.EntryEnded, "office-1772452800.17-1"))
	w := newWords()
	var e toll.Entry
	b.ReportAllocs()
	for b.Loop() {
		e = toll.Entry{}
		if err := decodeEntry(body, w, &e); err != nil {
			b.Fatal(err)
		}
	}
}
