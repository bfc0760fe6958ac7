package alert

import (
	"bytes"
	"net/mail"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// head are the headers of a notice's mail.
func head(t *testing.T, n toll.Notice) mail.Header {
	t.Helper()
	m, err := Render(n, berlin())
	if err != nil {
		t.Fatal(err)
	}
	letter := NewMail(&n, m, "tollfuse@pbx.example.com", "pbx1.example.com", n.At.Add(time.Hour))
	body, err := letter.encode([]string{"owner@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header
}

func TestHeaders(t *testing.T) {
	h := head(t, attack())
	for name, want := range map[string]string{
		"From":           `"Tollfuse pbx1.example.com" <tollfuse@pbx.example.com>`,
		"To":             "<owner@example.com>",
		"Auto-Submitted": "auto-generated",
		"Message-Id":     "<incident.7-4k2.1795223645@pbx.example.com>",
		"Date":           "Sat, 21 Nov 2026 02:32:05 +0000",
		"Importance":     "high",
		"X-Priority":     "1",
		"References":     "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestMailsOfOneIncidentAreAConversation(t *testing.T) {
	first := head(t, attack()).Get("Message-Id")
	later := attack()
	later.ID, later.Kind, later.At = "7-99", toll.NoticeWorse, later.At.Add(time.Minute)
	h := head(t, later)
	if h.Get("References") != first || h.Get("In-Reply-To") != first || h.Get("Message-Id") == first {
		t.Errorf("%v does not refer to %s", h, first)
	}
	if again := head(t, later).Get("Message-Id"); again != h.Get("Message-Id") {
		t.Errorf("the same notice has the IDs %s and %s", again, h.Get("Message-Id"))
	}
	// A new ledger counts from the beginning: the same IDs, at another time.
	anew := attack()
	anew.Incident.Opened = anew.Incident.Opened.Add(24 * time.Hour)
	if head(t, anew).Get("Message-Id") == first {
		t.Error("an incident of another ledger has the same Message-ID")
	}
}

func TestOnlyWhatIsUrgentSaysSo(t *testing.T) {
	for name, urgent := range map[string]bool{
		"attack": true, "attack-worse": true, "attack-over": false, "observed": false, "observed-spent": false, "emergency": true, "fuse": true, "fuse-reset": false,
		"link": false, "mail-mended": false, "test": false,
	} {
		if got := head(t, samples()[name]).Get("Importance") == "high"; got != urgent {
			t.Errorf("%s: urgent %t, want %t", name, got, urgent)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	s := Site{Currency: "EUR"}
	for in, want := range map[toll.Money]string{
		0: "0.00 EUR", 1: "0.01 EUR", 10_000: "0.01 EUR", 10_001: "0.02 EUR", 37_820_000: "37.82 EUR", 999_999_999: "1,000.00 EUR",
		1_234_567_890_000: "1,234,567.89 EUR", -500_000: "-0.50 EUR",
	} {
		if got := s.money(in); got != want {
			t.Errorf("money(%d) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[time.Duration]string{
		0: "0 s", -time.Second: "0 s", 38 * time.Second: "38 s", 252 * time.Second: "4 min 12 s", time.Hour: "1 h", 2*time.Hour + 5*time.Minute + 3*time.Second: "2 h 5 min",
	} {
		if got := span(in); got != want {
			t.Errorf("span(%v) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"SL": "Sierra Leone", "DE": "Germany", "001": "global networks", "XX": "XX", "": "", "<b>": "<b>"} {
		if got := country(in); got != want {
			t.Errorf("country(%q) = %q, want %q", in, got, want)
		}
	}
}
