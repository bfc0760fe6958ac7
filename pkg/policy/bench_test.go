package policy

import (
	"fmt"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// largePolicy has a thousand rules of all common shapes beside the default
// policy, and two hundred limits in all.
func largePolicy(b *testing.B) *Policy {
	p := defaultSite(b, 100)
	add := func(s toll.Setting) {
		next, err := p.With(s)
		if err != nil {
			b.Fatal(err)
		}
		p = next
	}
	for i := range 1000 {
		r := toll.Rule{ID: fmt.Sprintf("r-%d", i), Do: toll.Permit}
		switch i % 5 {
		case 0:
			r.Prefix = fmt.Sprintf("+%d", 2000+i)
		case 1:
			r.Prefix = fmt.Sprintf("+49%d", 10_000+i)
		case 2:
			r.Caller, r.Country = fmt.Sprint(5000+i), "FR"
		case 3:
			r.Group, r.Country = fmt.Sprintf("group-%d", i), "GB"
		case 4:
			r.Caller, r.Where = fmt.Sprint(5000+i), toll.Abroad
		}
		add(toll.Setting{Rule: &r})
	}
	// No site has two hundred limits on one class: they differ in what they cover.
	wheres := append([]toll.Where{toll.AtHome}, "home_fixed", "home_mobile", "toll_free", "shared_cost", "home_premium", "personal",
		"foreign_nanp", "intl_fixed", "intl_mobile", "intl_premium", "global", "unassigned")
	measures := []toll.Measure{toll.Cost, toll.Calls, toll.Seconds, toll.Attempts}
	for i := len(p.Limits()); i < 200; i++ {
		l := per(fmt.Sprintf("l-%d", i), measures[i/len(wheres)%len(measures)], toll.PerCaller, time.Duration(1+i)*time.Hour, 1<<50)
		l.Meter.Where = wheres[i%len(wheres)]
		add(toll.Setting{Limit: &l})
	}
	return p
}

func BenchmarkJudge(b *testing.B) {
	policies := []struct {
		name   string
		policy *Policy
	}{{"default", defaultSite(b, 100)}, {"large", largePolicy(b)}}
	questions := []struct {
		name string
		q    toll.Question
	}{
		{"home", ask(munich, atHome)},
		{"abroad", ask(gambia, unlisted)},
		{"renew", again(ask(gambia, unlisted), toll.Renew, 5*time.Minute)},
	}
	took := make(map[string]float64) // with the default policy
	compare := func(b *testing.B, policy, question string) {
		each := b.Elapsed().Seconds() / float64(b.N)
		if policy == "default" {
			took[question] = each
		} else if took[question] > 0 {
			b.ReportMetric(each/took[question], "of-default,aim<=2")
		}
	}
	for _, p := range policies {
		for _, q := range questions {
			b.Run(p.name+"/"+q.name, func(b *testing.B) {
				u := quiet()
				b.ReportAllocs()
				for b.Loop() {
					if j := p.policy.Judge(noon, q.q, u); !j.Allow {
						b.Fatal(j)
					}
				}
				compare(b, p.name, q.name)
			})
		}
		b.Run(p.name+"/refused", func(b *testing.B) {
			u := &figures{every: toll.Usage{Value: 1 << 60}}
			q := ask(gambia, unlisted)
			b.ReportAllocs()
			for b.Loop() {
				if j := p.policy.Judge(noon, q, u); j.Allow {
					b.Fatal(j)
				}
			}
			compare(b, p.name, "refused")
		})
	}
}

func BenchmarkReplayOfAThousandSettings(b *testing.B) {
	for b.Loop() {
		largePolicy(b)
	}
}
