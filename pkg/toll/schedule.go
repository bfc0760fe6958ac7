package toll

// Schedule is a named set of times, such as opening hours, in the site's time
// zone. Its texts are read by pkg/schedule, which also says what is wrong with
// them. A schedule without hours is never open.
type Schedule struct {
	Name     string   `json:"name"`
	Hours    []string `json:"hours,omitempty"`    // "mon-fri 08:00-18:00", "fri,sat 22:00-02:00", "sun 00:00-24:00"
	Holidays []string `json:"holidays,omitempty"` // ISO 3166: "US", "DE-BY"; hours do not begin on their public holidays
	Closed   []string `json:"closed,omitempty"`   // "2026-12-24", "12-24" for each year, "2026-12-24/2027-01-01"
	Open     []string `json:"open,omitempty"`     // "2026-12-06 10:00-16:00": instead of all else that day
	Comment  string   `json:"comment,omitempty"`
}
