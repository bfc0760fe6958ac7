package numbering

import (
	"sync"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// cacheSize is how many destinations a generation of the cache holds.
const cacheSize = 4096

// cache keeps the destinations of strings that repeat. It has two generations:
// when the young one is full it becomes the old one, so a flood of strings that
// never repeat costs no more than two generations of memory. A zero cache is
// ready for use.
type cache struct {
	mu         sync.RWMutex
	young, old map[string]toll.Destination
}

// get finds a string; one found in the old generation is kept alive.
func (c *cache) get(key string) (toll.Destination, bool) {
	c.mu.RLock()
	d, ok := c.young[key]
	aged := false
	if !ok {
		d, aged = c.old[key]
	}
	c.mu.RUnlock()
	if aged {
		c.put(key, d)
	}
	return d, ok || aged
}

// put remembers a string.
func (c *cache) put(key string, d toll.Destination) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= cacheSize {
		c.old, c.young = c.young, make(map[string]toll.Destination)
	}
	c.young[key] = d
}
