package alert

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// Every field that a template of the owner's can use is in the document, and
// the document names no other.
func TestTheDocumentHasEveryField(t *testing.T) {
	text, err := os.ReadFile("../../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| field | what it is |\n|---|---|\n")
	if !found {
		t.Fatal("there is no table of fields")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	named := make(map[string]bool)
	for i, word := range strings.Split(table, "`") {
		if i%2 == 1 && strings.HasPrefix(word, ".") {
			named[word[1:]] = true
		}
	}
	have := make(map[string]bool)
	var walk func(reflect.Type)
	walk = func(kind reflect.Type) {
		for i := range kind.NumField() {
			f := kind.Field(i)
			have[f.Name] = true
			if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct {
				walk(f.Type.Elem())
			}
		}
	}
	walk(reflect.TypeFor[View]())
	for field := range have {
		if !named[field] {
			t.Errorf("docs/alerts.md does not name .%s", field)
		}
	}
	for field := range named {
		if !have[field] {
			t.Errorf("docs/alerts.md names .%s, which there is not", field)
		}
	}
}
