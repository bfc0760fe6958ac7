package policyfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/strictyaml"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// section is one kind of settings in the file.
type section struct {
	key    string                                  // in the file
	kind   string                                  // toll.Setting.Kind
	named  func(name string) (toll.Setting, error) // a setting that says nothing yet
	fields []field
}

// field is one thing that can be said of a setting. Where a value depends on
// another one, that one stands before it in the list.
type field struct {
	key    string
	list   bool // of texts, else one
	bare   bool // needs no quotes, though it is no plain word
	needed bool
	get    func(s toll.Setting) []string // nil where nothing is said
	set    func(s toll.Setting, texts []string) error
}

// Sections are the sections of a file, in their order.
func Sections() []string {
	var keys []string
	for _, s := range sections() {
		keys = append(keys, s.key)
	}
	return keys
}

// SectionLocks is the section that is there only if it is asked for.
const SectionLocks = "locks"

func sections() []section {
	return []section{
		{"schedules", "schedule", func(name string) (toll.Setting, error) {
			return toll.Setting{Schedule: &toll.Schedule{Name: name}}, nil
		}, scheduleFields()},
		{"rules", "rule", func(name string) (toll.Setting, error) {
			return toll.Setting{Rule: &toll.Rule{ID: name}}, nil
		}, ruleFields()},
		{"limits", "limit", func(name string) (toll.Setting, error) {
			return toll.Setting{Limit: &toll.Limit{ID: name}}, nil
		}, limitFields()},
		{SectionLocks, "lock", namedLock, lockFields()},
	}
}

func namedLock(name string) (toll.Setting, error) {
	scope, subject, _ := strings.Cut(name, "=")
	lock := toll.Lock{Scope: toll.Scope(scope), Subject: subject}
	if !slices.Contains(toll.Scopes(), lock.Scope) || lock.Scope != toll.PerSite && subject == "" {
		return toll.Setting{}, errors.New("want what is locked, such as caller=1001 or site")
	}
	return toll.Setting{Lock: &lock}, nil
}

// nameOf is how the file names a setting.
func nameOf(s toll.Setting) string {
	if s.Lock != nil && s.Lock.Scope == toll.PerSite {
		return string(toll.PerSite)
	}
	return s.ID()
}

func ruleFields() []field {
	return []field{
		needed(textField("do", func(s toll.Setting) *toll.Effect { return &s.Rule.Do })),
		textField("kind", func(s toll.Setting) *toll.CallerKind { return &s.Rule.Kind }),
		textField("caller", func(s toll.Setting) *string { return &s.Rule.Caller }),
		textField("group", func(s toll.Setting) *string { return &s.Rule.Group }),
		textField("prefix", func(s toll.Setting) *string { return &s.Rule.Prefix }),
		textField("country", func(s toll.Setting) *string { return &s.Rule.Country }),
		textField("where", func(s toll.Setting) *toll.Where { return &s.Rule.Where }),
		textField("when", func(s toll.Setting) *string { return &s.Rule.When }),
		textField("origin", func(s toll.Setting) *toll.Origin { return &s.Rule.Origin }),
		flagField("observe", func(s toll.Setting) *bool { return &s.Rule.Observe }),
		textField("comment", func(s toll.Setting) *string { return &s.Rule.Comment }),
	}
}

func limitFields() []field {
	return []field{
		needed(textField("measure", func(s toll.Setting) *toll.Measure { return &s.Limit.Meter.Measure })),
		needed(textField("scope", func(s toll.Setting) *toll.Scope { return &s.Limit.Meter.Scope })),
		textField("where", func(s toll.Setting) *toll.Where { return &s.Limit.Meter.Where }),
		textField("when", func(s toll.Setting) *string { return &s.Limit.Meter.When }),
		lengthField("window", func(s toll.Setting) *time.Duration { return &s.Limit.Meter.Window }),
		figureField("warn", func(s toll.Setting) *int64 { return &s.Limit.Warn }),
		needed(figureField("act", func(s toll.Setting) *int64 { return &s.Limit.Act })),
		{key: "do", list: true, get: func(s toll.Setting) []string { return words(s.Limit.Do) }, set: func(s toll.Setting, texts []string) error {
			for _, action := range texts {
				s.Limit.Do = append(s.Limit.Do, toll.Action(action))
			}
			return nil
		}},
		lengthField("lock_for", func(s toll.Setting) *time.Duration { return &s.Limit.LockFor }),
		flagField("observe", func(s toll.Setting) *bool { return &s.Limit.Observe }),
		textField("comment", func(s toll.Setting) *string { return &s.Limit.Comment }),
	}
}

func scheduleFields() []field {
	return []field{
		listField("hours", func(s toll.Setting) *[]string { return &s.Schedule.Hours }),
		listField("holidays", func(s toll.Setting) *[]string { return &s.Schedule.Holidays }),
		listField("closed", func(s toll.Setting) *[]string { return &s.Schedule.Closed }),
		listField("open", func(s toll.Setting) *[]string { return &s.Schedule.Open }),
		textField("comment", func(s toll.Setting) *string { return &s.Schedule.Comment }),
	}
}

func lockFields() []field {
	return []field{
		{key: "until", get: func(s toll.Setting) []string {
			if s.Lock.Until.IsZero() {
				return nil
			}
			return []string{s.Lock.Until.UTC().Format(time.RFC3339Nano)}
		}, set: func(s toll.Setting, texts []string) (err error) {
			if s.Lock.Until, err = time.Parse(time.RFC3339Nano, texts[0]); err != nil || s.Lock.Until.IsZero() {
				return fmt.Errorf("want a time such as 2026-12-24T08:00:00Z, not %s", strictyaml.Quote(texts[0]))
			}
			return nil
		}},
		textField("reason", func(s toll.Setting) *string { return &s.Lock.Reason }),
	}
}

// one gets a text that says nothing when it is empty.
func one[T ~string](of func(toll.Setting) *T) func(toll.Setting) []string {
	return func(s toll.Setting) []string {
		if v := *of(s); v != "" {
			return []string{string(v)}
		}
		return nil
	}
}

func text[T ~string](of func(toll.Setting) *T) func(toll.Setting, []string) error {
	return func(s toll.Setting, texts []string) error {
		if texts[0] == "" {
			return errors.New("it is empty; leave the key out if it does not matter")
		}
		*of(s) = T(texts[0])
		return nil
	}
}

func textField[T ~string](key string, of func(toll.Setting) *T) field {
	return field{key: key, get: one(of), set: text(of)}
}

func listField(key string, of func(toll.Setting) *[]string) field {
	return field{
		key: key, list: true, get: func(s toll.Setting) []string { return *of(s) },
		set: func(s toll.Setting, texts []string) error { *of(s) = texts; return nil },
	}
}

func flagField(key string, of func(toll.Setting) *bool) field {
	return field{key: key, bare: true, get: func(s toll.Setting) []string {
		if *of(s) {
			return []string{"true"}
		}
		return nil
	}, set: func(s toll.Setting, texts []string) error {
		if texts[0] != "true" && texts[0] != "false" {
			return fmt.Errorf("want true or false, not %s", strictyaml.Quote(texts[0]))
		}
		*of(s) = texts[0] == "true"
		return nil
	}}
}

func lengthField(key string, of func(toll.Setting) *time.Duration) field {
	return field{key: key, bare: true, get: func(s toll.Setting) []string {
		if d := *of(s); d != 0 {
			return []string{toll.FormatLength(d)}
		}
		return nil
	}, set: func(s toll.Setting, texts []string) (err error) {
		*of(s), err = toll.ParseLength(texts[0])
		return err
	}}
}

// figureField is a threshold, in the unit of the measure. The one at which a
// limit acts is always said, since nothing there would mean that nothing passes.
func figureField(key string, of func(toll.Setting) *int64) field {
	return field{key: key, bare: true, get: func(s toll.Setting) []string {
		if v := *of(s); v != 0 || key == "act" {
			return []string{toll.FormatFigure(s.Limit.Meter.Measure, v)}
		}
		return nil
	}, set: func(s toll.Setting, texts []string) (err error) {
		*of(s), err = toll.ParseFigure(s.Limit.Meter.Measure, texts[0])
		return err
	}}
}

func words[T ~string](all []T) []string {
	var texts []string
	for _, v := range all {
		texts = append(texts, string(v))
	}
	return texts
}

// Value is one thing that a setting says, as the file has it.
type Value struct {
	Key  string
	Text string // a list with commas
}

// Values are all that a setting says, in the order of the file; nothing for a
// kind that the file does not have.
func Values(s toll.Setting) (values []Value) {
	for _, section := range sections() {
		if section.kind != s.Kind() {
			continue
		}
		for _, f := range section.fields {
			if texts := f.get(s); len(texts) > 0 {
				values = append(values, Value{f.key, strings.Join(texts, ", ")})
			}
		}
	}
	return values
}

// Difference is a value that two forms of a setting do not share; an empty text
// where one says nothing.
type Difference struct{ Key, Before, After string }

// Compare lists what one form of a setting says otherwise than another.
func Compare(before, after toll.Setting) (differences []Difference) {
	for _, section := range sections() {
		if section.kind != before.Kind() || section.kind != after.Kind() {
			continue
		}
		for _, f := range section.fields {
			if was, is := f.get(before), f.get(after); !slices.Equal(was, is) {
				differences = append(differences, Difference{f.key, strings.Join(was, ", "), strings.Join(is, ", ")})
			}
		}
	}
	return differences
}

// needed is a field without which a setting says nothing.
func needed(f field) field {
	f.needed = true
	return f
}
