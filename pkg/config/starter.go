package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"text/template"

	_ "embed"
)

//go:embed starter.yml.tmpl
var starter string

// Starter writes a first file with what the owner chose in c and the keys that
// are most often changed; the rest keep their defaults. It has been read back
// before it is returned, so a choice that Parse refuses is the error here.
func Starter(c Config) ([]byte, error) {
	t, err := template.New("starter").Funcs(template.FuncMap{
		"quote":  yamlText,
		"secret": func(s Secret) (string, error) { return yamlText(s.Reveal()) },
	}).Parse(starter)
	if err != nil {
		return nil, fmt.Errorf("read the template of the configuration: %w", err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, c); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	if _, err := Parse(text.Bytes()); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// yamlText writes text or a list of texts as JSON, which YAML reads, and which
// leaves nothing of a hostile text outside its quotes.
func yamlText(v any) (string, error) {
	if list, ok := v.([]string); ok && list == nil {
		v = []string{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return string(bytes.TrimSpace(b.Bytes())), nil
}
