package replay

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/schedule"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The share of a weekday's calls that each hour has, in thousandths. They are our
// own, drawn after the shape that telephone traffic of offices is known for: a peak
// before noon, a dip at lunch, a lower peak in the afternoon.
var (
	officeDay = [24]int{7: 10, 8: 70, 9: 130, 10: 150, 11: 140, 12: 60, 13: 80, 14: 125, 15: 115, 16: 80, 17: 30, 18: 10}
	clinicDay = [24]int{0: 3, 3: 2, 5: 5, 6: 20, 7: 80, 8: 150, 9: 140, 10: 120, 11: 100, 12: 50, 13: 80, 14: 90, 15: 70, 16: 45, 17: 20, 18: 10, 20: 8, 22: 7}
	centreDay = [24]int{8: 60, 9: 85, 10: 95, 11: 90, 12: 75, 13: 80, 14: 85, 15: 85, 16: 80, 17: 80, 18: 75, 19: 60, 20: 35, 21: 15}
)

// share is which part of a day's calls comes in the hour that has begun, on the
// site's clock. What a day off has, it has of a weekday.
func (s Shape) share(now time.Time, holiday bool) float64 {
	free := holiday || now.Weekday() == time.Sunday
	part, hours := 1.0, officeDay
	switch s {
	case Office:
		switch {
		case free:
			part = 0.01
		case now.Weekday() == time.Saturday:
			part = 0.04
		}
	case Clinic:
		hours = clinicDay
		switch {
		case free:
			part = 0.05
		case now.Weekday() == time.Saturday:
			part = 0.2
		}
	case Centre:
		hours = centreDay
		if free || now.Weekday() == time.Saturday {
			part = 0.4
		}
	default:
		return 1. / 24
	}
	return part * float64(hours[now.Hour()]) / 1000
}

// holidays tells on which days of the site's calendar nobody works; none where no
// calendar of its country is known.
func (s *Scenario) holidays() func(time.Time) bool {
	always := toll.Schedule{Name: "workdays", Hours: []string{"mon-sun 00:00-24:00"}, Holidays: []string{s.Site.Country}}
	calendar, err := schedule.New(always, s.Starts.Location())
	if err != nil {
		return func(time.Time) bool { return false }
	}
	return func(now time.Time) bool { return !calendar.Open(now) }
}
