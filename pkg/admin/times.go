package admin

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/schedule"
)

// ScheduleStatus is how a schedule stands now.
type ScheduleStatus struct {
	Name  string    `json:"name"`
	Open  bool      `json:"open"`
	Until time.Time `json:"until,omitzero"` // when that changes; zero where it does not within two years
}

// schedules are those that stand, by name.
func (l *Local) schedules(v View) []ScheduleStatus {
	standing := []ScheduleStatus{}
	for _, s := range sorted(v.Settings) {
		if s.Schedule == nil {
			continue
		}
		times, err := schedule.New(*s.Schedule, l.policy.Options().Zone)
		if err != nil {
			continue // it was read when it was set
		}
		standing = append(standing, ScheduleStatus{Name: s.Schedule.Name, Open: times.Open(v.At), Until: times.Next(v.At)})
	}
	return standing
}
