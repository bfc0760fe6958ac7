package shell

import (
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"1001": "1001", "caller=1001": "caller=1001", "/etc/tollfuse/config.yml": "/etc/tollfuse/config.yml", "+4420,a@b:c_d-e": "+4420,a@b:c_d-e",
		"": "''", "it's": `'it'\''s'`, "a b": "'a b'", "$(reboot)": "'$(reboot)'", "a;b": "'a;b'", "~": "'~'", "a\nb": "'a\nb'", "#1": "'#1'",
		"a b c": "'a b c'", "Zürich": "'Zürich'", "a${IFS}b": "'a${IFS}b'", "*": "'*'",
	} {
		if got := Quote(word); got != want {
			t.Errorf("%q is written %s, want %s", word, got, want)
		}
	}
}

// A shell must read what was quoted as the same one word.
func TestAShellReadsTheWordBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.String(), 1, 20).Draw(t, "words")
		var line, want strings.Builder
		line.WriteString(`printf '<%s>'`)
		for i, word := range words {
			words[i] = strings.ReplaceAll(word, "\x00", "") // which no argument can hold
			line.WriteString(" " + Quote(words[i]))
			want.WriteString("<" + words[i] + ">")
		}
		out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", line.String()).Output()
		if err != nil || string(out) != want.String() {
			t.Fatalf("%s: a shell reads %q, %v", line.String(), out, err)
		}
	})
}
