package toll

import "testing"

func TestSecondsReadAsPeopleWriteThem(t *testing.T) {
	w, _ := Seconds.Weigher()
	for seconds, want := range map[int64]string{0: "0s", 45: "45s", 60: "1m", 61: "1m1s", 600: "10m", 3600: "1h", 5400: "1h30m", 97_200: "27h", 97_201: "27h0m1s"} {
		if got := w.Format(seconds); got != want {
			t.Errorf("%d seconds: %q, want %q", seconds, got, want)
		}
	}
}
