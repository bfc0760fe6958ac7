package replay

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/tollfuse/tollfuse/pkg/strictyaml"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Largest is how long the file of a scenario may be, in bytes.
const Largest = 1 << 20

// The bounds of a story, so that a slip of a key does not play for a day.
const (
	longestStory   = 400 * 24 * time.Hour
	mostExtensions = 10_000
	mostTraffic    = 200
	mostPerMinute  = 10_000
	mostAtATime    = 5_000
	mostNumbers    = 100_000
	mostAddresses  = 100
	mostGuesses    = 1_000
)

// Parse reads the file of a scenario, strictly: each problem names its line, the key,
// and what is expected there. Where the file says nothing of the site, Site is left
// empty and Starts has no zone yet.
func Parse(file string, text []byte) (*Scenario, error) {
	r := &reader{}
	if len(text) > Largest {
		r.Problem(nil, "", "the file has more than %d bytes", Largest)
	} else if root, problem := strictyaml.Tree(text, noYAML); problem != nil {
		r.Problems = append(r.Problems, problem)
	} else if root == nil {
		r.Problem(nil, "", "the file is empty; want name, starts, lasts and traffic")
	} else {
		r.scenario(root)
	}
	if err := strictyaml.Join(file, r.Problems); err != nil {
		return nil, err
	}
	return &r.made, nil
}

func noYAML(sentence string) string {
	return "this is no YAML: " + strings.Join(strings.Fields(sentence), " ")
}

// reader fills a Scenario from a syntax tree.
type reader struct {
	strictyaml.Reader
	made Scenario
}

// said are the pairs of one mapping, by their keys.
type said struct {
	r     *reader
	key   string
	at    ast.Node
	pairs map[string]*ast.MappingValueNode
}

func (r *reader) fields(key string, n ast.Node, known ...string) said {
	at := n // a mapping has its place where its first key begins
	if m, is := n.(*ast.MappingNode); is && len(m.Values) > 0 {
		at = m.Values[0].Key
	}
	return said{r, key, at, r.Fields(key, n, known)}
}

// value is what stands behind a key; nil if the key is not there.
func (s said) value(name string) ast.Node {
	if e := s.pairs[name]; e != nil {
		return e.Value
	}
	return nil
}

// needs notes the keys that are missing.
func (s said) needs(names ...string) {
	for _, name := range names {
		if s.pairs[name] == nil {
			s.r.Problem(s.at, s.key, "the key %s is missing", name)
		}
	}
}

// text gives the text behind a key to whoever reads it.
func (s said) text(name string, read func(string) error) {
	n := s.value(name)
	if n == nil {
		return
	}
	key := strictyaml.Inside(s.key, name)
	if text, ok := s.r.Text(key, n); ok {
		if err := read(text); err != nil {
			s.r.Problem(n, key, "%s", err)
		}
	}
}

// texts is text for each item of a list.
func (s said) texts(name string, read func(string) error) {
	n := s.value(name)
	if n == nil {
		return
	}
	key := strictyaml.Inside(s.key, name)
	items, _ := s.r.Items(key, n)
	for _, item := range items {
		if text, ok := s.r.Text(key, item); ok {
			if err := read(text); err != nil {
				s.r.Problem(item, key, "%s", err)
			}
		}
	}
}

func (r *reader) scenario(root ast.Node) {
	s := r.fields("", root, "name", "site", "policy", "starts", "lasts", "seed", "traffic", "faults")
	s.needs("name", "starts", "lasts", "traffic")
	made := &r.made
	made.Policy, made.Seed = StandingPolicy, 1
	zone := time.UTC
	s.text("name", nameInto(&made.Name))
	if n := s.value("site"); n != nil {
		made.Policy = DefaultPolicy
		r.made.Site.Size = usualSize
		zone = r.site("site", n)
	}
	s.text("policy", wordInto(&made.Policy))
	if n := s.value("policy"); n != nil {
		made.policyLine, made.policyColumn = strictyaml.Place(n)
	}
	s.text("starts", momentInto(&made.Starts, zone))
	s.text("lasts", lengthInto(&made.Lasts, time.Minute, longestStory))
	s.text("seed", numberInto(&made.Seed))
	r.each("traffic", s.value("traffic"), r.traffic)
	r.each("faults", s.value("faults"), r.fault)
	if n, is := s.value("traffic").(*ast.SequenceNode); is && (len(made.Traffic) == 0 || len(made.Traffic) > mostTraffic) {
		r.Problem(n, "traffic", "want from 1 to %d kinds of traffic", mostTraffic)
	}
}

// each reads the items of a list of mappings.
func (r *reader) each(key string, n ast.Node, read func(key string, n ast.Node)) {
	if n == nil {
		return
	}
	items, _ := r.Items(key, n)
	for i, item := range items {
		read(indexed(key, i), item)
	}
}

func (r *reader) traffic(key string, n ast.Node) {
	s := r.fields(key, n, "label", "from", "to", "via", "pick", "numbers", "per_minute", "every", "per_day", "shape", "concurrent",
		"after", "until", "calls", "days", "between", "repeat", "talk", "ring", "answered", "addresses", "guesses", "failovers", "lines", "price")
	s.needs("label", "from", "to")
	t := Traffic{Answered: 1, Talk: Talk{Min: time.Minute, Max: 3 * time.Minute}, Ring: Talk{Min: 3 * time.Second, Max: 15 * time.Second}}
	s.text("label", oneOfInto(&t.Label, Attack, Legitimate, Misdial))
	s.text("from", originInto(&t.From))
	t.To, t.ToIn = r.numbers(s, "to")
	t.Via, t.ViaIn = r.numbers(s, "via")
	if n := s.value("via"); n != nil && t.From.Kind != "" && !t.From.transfers() {
		r.Problem(n, strictyaml.Inside(key, "via"), "only a call that is transferred was another one first: want it with transfer or attended")
	}
	s.text("pick", func(text string) error {
		t.InOrder = text == "round-robin"
		if !t.InOrder && text != "random" {
			return wants(text, "random or round-robin")
		}
		return nil
	})
	r.pace(s, &t)
	s.text("after", lengthInto(&t.After, 0, longestStory))
	s.text("until", lengthInto(&t.Until, 0, longestStory))
	r.window(s, &t)
	s.text("calls", countInto(&t.Calls, 1, 10_000_000))
	s.texts("days", func(text string) error {
		day, err := weekday(text)
		t.Days = append(t.Days, day)
		return err
	})
	r.between(s, &t)
	s.text("repeat", chanceInto(&t.Repeat))
	r.talk(strictyaml.Inside(key, "talk"), s.value("talk"), &t.Talk)
	r.talk(strictyaml.Inside(key, "ring"), s.value("ring"), &t.Ring)
	s.text("answered", chanceInto(&t.Answered))
	r.network(s, &t)
	s.text("numbers", countInto(&t.Numbers, 1, mostNumbers))
	s.text("failovers", countInto(&t.Failovers, 0, 9))
	s.text("lines", countInto(&t.Lines, 1, mostAtATime))
	if n := s.value("lines"); n != nil && t.Concurrent > 0 {
		r.Problem(n, key+".lines", "so many at a time is what concurrent says; lines goes with the others")
	}
	if n := s.value("price"); n != nil {
		t.Price = r.price(strictyaml.Inside(key, "price"), n)
	}
	r.made.Traffic = append(r.made.Traffic, t)
}

// window is when the traffic flows: a slip there would play a story without it.
func (r *reader) window(s said, t *Traffic) {
	if n := s.value("after"); n != nil && r.made.Lasts > 0 && t.After >= r.made.Lasts {
		r.Problem(n, strictyaml.Inside(s.key, "after"), "want a time before the story is over: it lasts %s", toll.FormatLength(r.made.Lasts))
	}
	if n := s.value("until"); n != nil && t.Until <= t.After {
		r.Problem(n, strictyaml.Inside(s.key, "until"), "want a later time than after, %s", toll.FormatLength(t.After))
	}
}

// network is where the phones are. Who does not dial has shown no password.
func (r *reader) network(s said, t *Traffic) {
	s.texts("addresses", func(text string) error {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" || len(t.Addresses) == mostAddresses {
			return wants(text, fmt.Sprintf("an IP address such as 203.0.113.7, and at most %d of them", mostAddresses))
		}
		t.Addresses = append(t.Addresses, a)
		return nil
	})
	s.text("guesses", countInto(&t.Guesses, 1, mostGuesses))
	for _, name := range []string{"addresses", "guesses"} {
		if n := s.value(name); n != nil && t.From.Kind != "" && !t.dials() {
			r.Problem(n, strictyaml.Inside(s.key, name), "only a phone shows where it is: want it with extension, extensions, attended, or transfer and via")
		}
	}
}

// pace is how often calls come: exactly one of four keys says so.
func (r *reader) pace(s said, t *Traffic) {
	said := 0
	for _, name := range []string{"per_minute", "every", "per_day", "concurrent"} {
		if s.value(name) != nil {
			said++
		}
	}
	if said != 1 {
		r.Problem(s.at, s.key, "want exactly one of per_minute, every, per_day and concurrent")
	}
	s.text("per_minute", func(text string) error {
		var n float64
		err := realInto(&n, 0.001, mostPerMinute)(text)
		if err == nil {
			t.Every = time.Duration(float64(time.Minute) / n)
		}
		return err
	})
	s.text("every", lengthInto(&t.Every, time.Minute/mostPerMinute, longestStory))
	s.text("per_day", realInto(&t.Daily, 0.001, 1440*mostPerMinute))
	s.text("concurrent", countInto(&t.Concurrent, 1, mostAtATime))
	s.text("shape", oneOfInto(&t.Shape, Office, Clinic, Centre))
	if n := s.value("shape"); n != nil && t.Daily == 0 {
		r.Problem(n, s.key+".shape", "a shape spreads the calls of a day; it needs per_day")
	}
}

// numbers are a list, or one for each country that the site may be in.
func (r *reader) numbers(s said, name string) (all []Target, in map[string][]Target) {
	key := strictyaml.Inside(s.key, name)
	n := s.value(name)
	if n == nil {
		return nil, nil
	}
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return r.targets(key, n), nil
	}
	in = make(map[string][]Target)
	for _, pair := range r.Entries(key, n) {
		var country string
		text, _ := r.Word(key, pair.Key)
		if err := countryInto(&country)(text); err != nil {
			r.Problem(pair.Key, key, "%s", err)
		}
		in[country] = r.targets(strictyaml.Inside(key, country), pair.Value)
	}
	if home := r.made.Site.Country; home != "" {
		var err error
		if all, err = inCountry(home, nil, in); err != nil {
			r.Problem(n, s.key, "%s: %s", name, err)
		}
	}
	return all, in
}

// targets are numbers, each alone or with its weight.
func (r *reader) targets(key string, n ast.Node) (all []Target) {
	items, ok := r.Items(key, n)
	if ok && len(items) == 0 {
		r.Problem(n, key, "want at least one number")
	}
	for i, item := range items {
		to := Target{Weight: 1}
		at := indexed(key, i)
		if _, alone := strictyaml.Literal(item); alone {
			text, _ := r.Text(at, item)
			if err := patternInto(&to.Number)(text); err != nil {
				r.Problem(item, at, "%s", err)
			}
		} else {
			pair := r.fields(at, item, "number", "weight")
			pair.needs("number")
			pair.text("number", patternInto(&to.Number))
			pair.text("weight", realInto(&to.Weight, 0.0001, 1e6))
		}
		all = append(all, to)
	}
	return all
}

func (r *reader) between(s said, t *Traffic) {
	var times []time.Duration
	s.texts("between", func(text string) error {
		at, err := timeOfDay(text)
		times = append(times, at)
		return err
	})
	switch n := s.value("between"); {
	case n == nil:
	case len(times) != 2 || times[0] == times[1]:
		r.Problem(n, s.key+".between", `want two different times of day, such as ["22:00", "06:00"]`)
	default:
		t.Between = []Hours{{times[0], times[1]}}
	}
}

func (r *reader) talk(key string, n ast.Node, t *Talk) {
	if n == nil {
		return
	}
	*t = Talk{}
	before := len(r.Problems)
	s := r.fields(key, n, "min", "max", "mean")
	s.needs("max")
	s.text("min", lengthInto(&t.Min, 0, longestAfter))
	s.text("max", lengthInto(&t.Max, 0, longestAfter))
	s.text("mean", lengthInto(&t.Mean, 0, longestAfter))
	if len(r.Problems) > before {
		return // what is in order cannot be said
	}
	if t.Min > t.Max || t.Mean != 0 && (t.Mean <= t.Min || t.Mean >= t.Max) {
		r.Problem(n, key, "want min, then mean if there is one, then max, in rising order")
	}
}

func (r *reader) price(key string, n ast.Node) *toll.Price {
	p := &toll.Price{}
	s := r.fields(key, n, "per_minute", "connect", "minimum", "increment")
	s.needs("per_minute")
	s.text("per_minute", moneyInto(&p.PerMinute))
	s.text("connect", moneyInto(&p.Connect))
	s.text("minimum", lengthInto(&p.Minimum, 0, time.Hour))
	s.text("increment", lengthInto(&p.Increment, 0, time.Hour))
	return p
}

func (r *reader) fault(key string, n ast.Node) {
	s := r.fields(key, n, "at", "kind", "for")
	s.needs("at", "kind", "for")
	var f Fault
	s.text("at", lengthInto(&f.At, 0, longestStory))
	s.text("for", lengthInto(&f.For, time.Second, longestStory))
	s.text("kind", oneOfInto(&f.Kind, faultKinds...))
	r.made.Faults = append(r.made.Faults, f)
}
