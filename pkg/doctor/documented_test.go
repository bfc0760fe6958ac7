package doctor_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocumentNamesEveryFinding compares the IDs in the code with those in the
// document.
func TestDocumentNamesEveryFinding(t *testing.T) {
	id := regexp.MustCompile(`(?:ID: |ID, f\.Level, f\.Title = |fine\(|notChecked\(|wrong\(|\{"[A-Za-z]", )"([a-z]+\.[A-Za-z_-]+)"`)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var inCode []string
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range id.FindAllStringSubmatch(string(text), -1) {
			inCode = append(inCode, m[1])
		}
	}
	slices.Sort(inCode)
	inCode = slices.Compact(inCode)
	if len(inCode) < 70 {
		t.Fatalf("only %d IDs in the code: %v", len(inCode), inCode)
	}
	document, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(document), "## What it finds")
	table, _, _ = strings.Cut(table, "\n## ")
	var inDocument []string
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) > 2 {
			for _, m := range regexp.MustCompile("`([a-z]+\\.[A-Za-z_-]+)`").FindAllStringSubmatch(cells[1], -1) {
				inDocument = append(inDocument, m[1])
			}
		}
	}
	for _, id := range inCode {
		if !slices.Contains(inDocument, id) {
			t.Errorf("%s is not in the document", id)
		}
	}
	for _, id := range inDocument {
		if !slices.Contains(inCode, id) {
			t.Errorf("%s is in the document only", id)
		}
	}
}
