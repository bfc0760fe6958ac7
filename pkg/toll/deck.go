package toll

// Deck is the rate deck of a carrier as it was imported: where its rows are, and
// what they were read from. Who imported it, and when, is in its Setting.
type Deck struct {
	ID     int64  `json:"id"`     // of its rows in the store; never used again
	Trunk  string `json:"trunk"`  // whose calls it prices; empty: those of every trunk without a deck of its own
	File   string `json:"file"`   // what it was read from, as the owner named it
	SHA256 string `json:"sha256"` // of that file, in hexadecimal digits
	Rows   int    `json:"rows"`
}

// EveryTrunk names the deck that counts for every trunk without one of its own.
const EveryTrunk = "*"

// Name is the trunk, or EveryTrunk.
func (d Deck) Name() string {
	if d.Trunk == "" {
		return EveryTrunk
	}
	return d.Trunk
}
