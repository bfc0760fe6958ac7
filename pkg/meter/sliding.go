package meter

import "time"

// Buckets is how finely a window is cut. What happened stays counted for up to
// one bucket longer than the window, never shorter.
const Buckets = 60

// sliding is a rolling window and the time that it has come to.
type sliding struct {
	window time.Duration
	width  time.Duration // of a bucket
	now    int64         // newest bucket seen
}

func newSliding(window time.Duration) sliding {
	return sliding{window: window, width: max(window/Buckets, time.Second)}
}

func (s *sliding) bucketOf(t time.Time) int64 { return t.UnixNano() / int64(s.width) }

// expired tells whether the whole bucket lies a window or more before now.
func (s *sliding) expired(bucket int64) bool {
	return bucket+1 <= s.now-int64((s.window+s.width-1)/s.width)
}
