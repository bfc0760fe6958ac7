package main

import (
	"fmt"

	"github.com/tollfuse/tollfuse/pkg/replay"
)

// variants are the ways in which each scenario is played, as the flags say.
type variants struct {
	policies []string // beside the scenario's own
	sites    []string // files; none: where the scenario itself is
	faults   []string // none: what the scenario itself tells of
	seed     uint64   // 0: the scenario's own
}

// variant is one of them, but for the policy.
type variant struct {
	story *replay.Scenario
	fault string // beside those of the scenario; empty: none
}

// everyFault stands for no fault and then each.
const everyFault = "all"

// of are the variants of a scenario: each fault at each site.
func (v variants) of(s *replay.Scenario) ([]variant, error) {
	if v.seed != 0 {
		s.Seed = v.seed
	}
	stories, err := v.atSites(s)
	if err != nil {
		return nil, err
	}
	var all []variant
	for _, story := range stories {
		if len(v.faults) == 0 {
			all = append(all, variant{story: story})
		}
		for _, text := range v.faults {
			if text == everyFault {
				all = append(all, variant{story: story})
				for _, f := range replay.EveryFault() {
					all = append(all, variant{story.Breaking(f), f.String()})
				}
				continue
			}
			f, err := replay.ParseFault(text)
			if err != nil {
				return nil, &misuse{"tollfuse simulate", err}
			}
			all = append(all, variant{story.Breaking(f), f.String()})
		}
	}
	return all, nil
}

// atSites is the scenario at each site.
func (v variants) atSites(s *replay.Scenario) ([]*replay.Scenario, error) {
	if len(v.sites) == 0 {
		return []*replay.Scenario{s}, nil
	}
	var stories []*replay.Scenario
	for _, path := range v.sites {
		text, err := readSmallFile(path, replay.Largest)
		if err != nil {
			return nil, fmt.Errorf("read the site: %w", err)
		}
		site, err := replay.ParseSite(path, text)
		if err != nil {
			return nil, err
		}
		story, err := s.At(site)
		if err != nil {
			return nil, fmt.Errorf("%s at the site of %s: %w", s.Name, path, err)
		}
		if story.Policy == replay.StandingPolicy {
			story.Policy = replay.DefaultPolicy // what stands belongs to the owner's own site
		}
		stories = append(stories, story)
	}
	return stories, nil
}
