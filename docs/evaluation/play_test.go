package evaluation_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/policyfile"
	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	scenarios = "../../testdata/scenarios"
	policies  = "../../testdata/policies"
)

// play is one story under one policy.
type play struct {
	story  *replay.Scenario
	policy string // a file of policies; empty: the default
	fault  string
	seed   uint64
	result replay.Result
}

// all plays everything, as many at a time as there are cores.
func all(t *testing.T, plays []*play) {
	t.Helper()
	var wait sync.WaitGroup
	work := make(chan *play)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for p := range work {
				p.run(t)
			}
		})
	}
	began := time.Now()
	for n, p := range plays {
		work <- p
		if n%50 == 49 {
			t.Logf("%d of %d plays after %s", n+1, len(plays), time.Since(began).Round(time.Second))
		}
	}
	close(work)
	wait.Wait()
}

func (p *play) run(t *testing.T) {
	settings, err := app.ScenarioPolicy(p.story.Site)
	if p.policy != "" {
		settings, err = policyOf(p.policy)
	}
	if err != nil {
		t.Error(err)
		return
	}
	if p.result, err = app.Simulate(t.Context(), app.ScenarioConfig(p.story.Site), settings, p.story); err != nil {
		t.Errorf("%s: %v", p.story.Name, err)
	}
}

func policyOf(name string) ([]toll.Setting, error) {
	path := filepath.Join(policies, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := policyfile.Parse(path, text)
	return p.Settings, err
}

// stories are the scenarios of that pattern, as their files tell them.
func stories(t *testing.T, pattern string) (all []*replay.Scenario) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(scenarios, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("scenarios %s: %d, %v", pattern, len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := replay.Parse(path, text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// sites are the firms at which each attack is played.
func sites(t *testing.T) (all []replay.SiteFacts) {
	t.Helper()
	for _, name := range []string{"us", "gb", "de"} {
		path := filepath.Join(scenarios, "sites", name+".yaml")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		site, err := replay.ParseSite(path, text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, site)
	}
	return all
}

// at is the story at a site.
func at(t *testing.T, s *replay.Scenario, site replay.SiteFacts) *replay.Scenario {
	t.Helper()
	moved, err := s.At(site)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return moved
}

// everywhere are the stories of that pattern at every site.
func everywhere(t *testing.T, pattern string) (plays []*play) {
	t.Helper()
	for _, s := range stories(t, pattern) {
		for _, site := range sites(t) {
			plays = append(plays, &play{story: at(t, s, site)})
		}
	}
	return plays
}

// broken are the same with each fault at each of its moments.
func broken(whole []*play) (plays []*play) {
	for _, p := range whole {
		for _, f := range replay.EveryFault() {
			plays = append(plays, &play{story: p.story.Breaking(f), fault: f.String()})
		}
	}
	return plays
}

// byDay are the same when somebody is there: begun on a Tuesday at eleven.
func byDay(whole []*play) (plays []*play) {
	for _, p := range whole {
		story := *p.story
		y, m, d := story.Starts.Date()
		d += (int(time.Tuesday-story.Starts.Weekday()) + 7) % 7
		story.Starts = time.Date(y, m, d, 11, 0, 0, 0, story.Starts.Location())
		plays = append(plays, &play{story: &story})
	}
	return plays
}

// seeded is the story with other calls.
func seeded(s *replay.Scenario, seed uint64) *play {
	other := *s
	other.Seed = seed
	return &play{story: &other, seed: seed}
}

// peers are the files of what others ship.
func peers(t *testing.T) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(policies, "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("policies: %d, %v", len(paths), err)
	}
	for _, path := range paths {
		names = append(names, strings.TrimPrefix(path, policies+"/"))
	}
	return names
}
