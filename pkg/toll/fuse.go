package toll

import "time"

// Fuse is the main fuse: a command of the owner's that shuts the way out, for
// when cutting single calls is not enough. It has blown while such a setting
// stands; to reset it is to take the setting away.
type Fuse struct {
	Blown time.Time `json:"blown"`
	Why   string    `json:"why"`             // a sentence with the figures
	Ran   time.Time `json:"ran,omitzero"`    // when the command ended; zero while that is to come
	Error string    `json:"error,omitempty"` // how it failed
}
