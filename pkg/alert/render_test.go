package alert

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

var update = flag.Bool("update", false, "write the expected mails anew")

// samples are notices of every kind, by name.
func samples() map[string]toll.Notice {
	notice := func(kind toll.NoticeKind, i toll.Incident) toll.Notice {
		if i.Opened.IsZero() {
			i.Opened = night
		}
		if i.Newest.IsZero() {
			i.Newest = i.Opened
		}
		i.ID = "7-1a"
		return toll.Notice{ID: "7-1b", Kind: kind, At: night.Add(time.Minute), Incident: i}
	}
	trouble := func(kind toll.IncidentKind, pbx, text string) toll.Notice {
		return notice(toll.NoticeOpened, toll.Incident{Kind: kind, PBX: pbx, Text: text})
	}
	mended := func(kind toll.IncidentKind, pbx, text string) toll.Notice {
		return notice(toll.NoticeClosed, toll.Incident{Kind: kind, PBX: pbx, Text: text, Closed: night.Add(42 * time.Minute), ClosedBy: "quiet"})
	}
	worse := attack()
	worse.Kind = toll.NoticeWorse
	worse.Incident.Calls[5].Ended, worse.Incident.Calls[5].Cost, worse.Incident.Calls[5].Talked = time.Time{}, 0, 0
	over := attack()
	over.Kind, over.Incident.Closed, over.Incident.ClosedBy = toll.NoticeClosed, night.Add(48*time.Minute), "quiet"
	first := over
	first.Incident.Noticed = 1
	late := attack()
	late.Tries, late.Error = 7, "connect to the mail server mail.example.com:587: connection refused"
	forever := attack()
	forever.Kind, forever.Incident.Closed, forever.Incident.ClosedBy = toll.NoticeClosed, night.Add(24*time.Hour), "quiet"
	forever.Incident.Newest = forever.Incident.Closed
	observed := attack()
	observed.Incident.Observed, observed.Incident.Cut, observed.Incident.Calls, observed.Incident.Locks = true, 0, nil, nil
	observed.Incident.Cost, observed.Incident.Causes = 0, observed.Incident.Causes[:1]
	observed.Incident.From = []toll.Tally{{Name: "extension:1003", Count: 400}}
	shadow := observed // a call that would have been cut when a budget was spent
	shadow.Incident.Refused, shadow.Incident.AtStake = 1, 15_000_000
	shadow.Incident.From, shadow.Incident.To = []toll.Tally{{Name: "extension:1003", Count: 1}}, []toll.Tally{{Name: "+23222", Place: "SL", Count: 1}}
	shadow.Incident.Causes = []toll.Tally{{Name: "abroad-caller-day", Kind: string(toll.ReasonSpent), Text: "limit abroad-caller-day: 150.00 of 150.00 EUR in 24h to abroad by 1003; it only observes", Count: 1}}
	return map[string]toll.Notice{
		"attack-first-over": first,
		"refused-once": notice(toll.NoticeOpened, toll.Incident{
			Kind: toll.Attack, PBX: "office", Caller: "1003", Refused: 1, AtStake: 15_000_000, Assumed: true,
			From:   []toll.Tally{{Name: "extension:1003", Count: 1}},
			To:     []toll.Tally{{Name: "+1767615", Kind: string(toll.ForeignNANP), Place: "DM", Count: 1}},
			Causes: []toll.Tally{{Name: "default:foreign_nanp", Kind: string(toll.ReasonDeniedClass), Text: "it looks domestic, but lies in a country of +1 that is not listed", Count: 1}},
		}),
		"observed-spent": shadow,
		"attack":         attack(), "attack-worse": worse, "attack-over": over, "attack-late": late, "attack-forever": forever, "observed": observed,
		"bypass": notice(toll.NoticeOpened, toll.Incident{
			Kind: toll.Attack, PBX: "office", Caller: "carrier", Bypassed: 1, Cut: 1, Cost: 300_000,
			From:   []toll.Tally{{Name: "originated:carrier", Count: 1}},
			To:     []toll.Tally{{Name: "+5345", Kind: "intl_fixed", Place: "CU", Count: 1}},
			Causes: []toll.Tally{{Kind: "bypass", Count: 1}},
			Calls: []toll.IncidentCall{{
				Lease: "7-9", Caller: toll.Caller{Kind: toll.Originated, ID: "carrier"}, Number: "+5345123456", Country: "CU", Class: toll.IntlFixed,
				Began: night, Cut: toll.ReasonBypass, Bypassed: true, Ended: night.Add(2 * time.Second), Talked: 2 * time.Second, Cost: 300_000,
			}},
		}),
		"by-hand": notice(toll.NoticeOpened, toll.Incident{
			Kind: toll.Attack, PBX: "office", Caller: "1003", Cut: 1, Cost: 20_000,
			From:   []toll.Tally{{Name: "extension:1003", Count: 1}},
			To:     []toll.Tally{{Name: "+44207946", Kind: "intl_fixed", Place: "GB", Count: 1}},
			Causes: []toll.Tally{{Kind: "manual", Name: "anna", Count: 1}},
			Calls: []toll.IncidentCall{{
				Lease: "7-9", Caller: toll.Caller{Kind: toll.Extension, ID: "1003"}, Number: "+442079460123", Country: "GB", Class: toll.IntlFixed,
				Began: night, Cut: toll.ReasonManual, By: "anna", Ended: night.Add(4 * time.Second), Talked: 4 * time.Second, Cost: 20_000,
			}},
		}),
		"several": notice(toll.NoticeOpened, toll.Incident{
			Kind: toll.Attack, PBX: "office", Refused: 18_000, AtStake: 180_000 * toll.Unit,
			From:   []toll.Tally{{Name: "extension:1001", Count: 9_000}, {Name: "forward:1002", Count: 8_000}, {Count: 1_000}},
			To:     []toll.Tally{{Name: "+88213", Kind: "global", Place: "001", Count: 18_000}},
			Causes: []toll.Tally{{Name: "no-satellites", Kind: "denied_rule", Text: "the rule no-satellites denies calls to global", Count: 18_000}},
		}),
		"emergency": notice(toll.NoticeOpened, toll.Incident{
			Kind: toll.EmergencyCall, PBX: "office", Caller: "1007", Bypassed: 1,
			From:  []toll.Tally{{Name: "extension:1007", Count: 1}},
			Calls: []toll.IncidentCall{{Lease: "7-8", Caller: toll.Caller{Kind: toll.Extension, ID: "1007"}, Number: "112", Class: toll.Emergency, Began: night}},
		}),
		"limit-warns": notice(toll.NoticeOpened, toll.Incident{Kind: toll.LimitReached, Causes: []toll.Tally{
			{Name: "abroad-site-day", Kind: toll.Warns, Text: "cost per site abroad in 24h: 75.20 counted and 6.40 held of 150.00", Count: 1},
			{Name: "abroad-caller-day", Kind: toll.Warns, Place: "1003", Text: "cost per caller abroad in 24h of \"1003\": 70.10 counted and 6.40 held of 150.00", Count: 1},
		}}),
		"limit-reached": notice(toll.NoticeWorse, toll.Incident{Kind: toll.LimitReached, Reached: true, Causes: []toll.Tally{
			{Name: "abroad-site-day", Kind: toll.Warns, Text: "cost per site abroad in 24h: 75.20 counted and 6.40 held of 150.00", Count: 1},
			{Name: "five-a-minute", Kind: toll.Acts, Place: "1003", Text: "calls per caller in 1m of \"1003\": 6 counted and 0 held of 5", Count: 2},
		}}),
		"limit-observed": notice(toll.NoticeOpened, toll.Incident{Kind: toll.LimitReached, Reached: true, Observed: true, Causes: []toll.Tally{
			{Name: "five-a-minute", Kind: toll.Acts, Place: "1003", Text: "calls per caller in 1m of \"1003\": 6 counted and 0 held of 5; it only observes", Count: 1},
		}}),
		"fuse":          trouble(toll.FuseBlown, "", "5 calls went around the dialplan within 10 min"),
		"fuse-failed":   notice(toll.NoticeWorse, toll.Incident{Kind: toll.FuseBlown, Refused: 1, Text: "5 calls went around the dialplan within 10 min; its command failed: exit status 1"}),
		"fuse-reset":    notice(toll.NoticeClosed, toll.Incident{Kind: toll.FuseBlown, Text: "5 calls went around the dialplan within 10 min", Closed: night.Add(time.Hour), ClosedBy: "anna"}),
		"contact":       trouble(toll.ContactTrouble, "office", "the contact of extension:1001 has the address 203.0.113.7 of the trunk carrier"),
		"link":          trouble(toll.LinkTrouble, "office", "nothing was heard of it for 1 min: connection refused"),
		"link-mended":   mended(toll.LinkTrouble, "office", "nothing was heard of it for 1 min: connection refused"),
		"ledger":        trouble(toll.LedgerTrouble, "", "append: disk I/O error"),
		"ledger-mended": mended(toll.LedgerTrouble, "", "append: disk I/O error"),
		"disk":          trouble(toll.DiskTrouble, "", "412 MB are free where the ledger lies"),
		"disk-mended":   mended(toll.DiskTrouble, "", "412 MB are free where the ledger lies"),
		"mail":          trouble(toll.MailTrouble, "", "the oldest notice waits since an hour"),
		"mail-mended":   mended(toll.MailTrouble, "", "the oldest notice waits since an hour"),
		"test":          {ID: "test-1", Kind: toll.NoticeTest, At: night},
	}
}

// What is told of each kind of notice is kept as files, so that a change of the
// words is seen. "go test ./pkg/alert -update" writes them.
func TestRenderSays(t *testing.T) {
	for name, n := range samples() {
		t.Run(name, func(t *testing.T) {
			m, err := Render(n, berlin())
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Warnings) > 0 {
				t.Errorf("warnings: %q", m.Warnings)
			}
			got := "Subject: " + m.Subject + "\n\n" + m.Text
			path := filepath.Join("testdata", "mails", name+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; got:\n%s", path, got)
			}
			checkBoth(t, n, m)
		})
	}
}

// checkBoth sees to it that the HTML says what the text says.
func checkBoth(t *testing.T, n toll.Notice, m Message) {
	t.Helper()
	v := newView(&n, berlin())
	flat := func(s string) string {
		return strings.Join(strings.Fields(strings.NewReplacer("&#39;", "'", "&#43;", "+", "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`).Replace(s)), " ")
	}
	text, html := flat(m.Text), flat(m.HTML)
	said := slices.Concat([]string{v.Subject, v.Delayed, v.Show, v.Host, v.AsOf}, v.Lead)
	for _, f := range v.Facts {
		said = append(said, f.Name, f.Strong, f.Value)
	}
	for _, c := range v.Causes {
		said = append(said, c.Count, c.What, c.Text)
	}
	for _, c := range v.Calls {
		said = append(said, c.At, c.From, c.Number, c.Country, c.Talked, c.Cost, c.What)
	}
	for _, l := range v.Locks {
		said = append(said, l.What, l.Since, l.Until, l.Why)
	}
	for _, s := range v.Steps {
		said = append(said, s.Text, s.Command)
	}
	for _, s := range said {
		if !strings.Contains(text, flat(s)) {
			t.Errorf("the text lacks %q", s)
		}
		if !strings.Contains(html, flat(s)) {
			t.Errorf("the HTML lacks %q", s)
		}
	}
	if len([]rune(m.Subject)) > 80 {
		t.Errorf("the subject is too long for a phone: %q", m.Subject)
	}
}

func TestALongAttackIsNotALongMail(t *testing.T) {
	n := attack()
	i := &n.Incident
	for len(i.Calls) < 500 {
		i.Calls = append(i.Calls, i.Calls[0])
	}
	i.Cut = 1_200
	for k := range 20 {
		i.Locks = append(i.Locks, toll.Lock{Scope: toll.PerCaller, Subject: string(rune('a' + k)), Since: night})
	}
	for k := range 29 {
		i.To = append(i.To, toll.Tally{Name: "+1" + string(rune('a'+k)), Place: "GM", Count: int64(k)})
		i.Causes = append(i.Causes, toll.Tally{Name: "r" + string(rune('a'+k)), Kind: "denied_rule", Count: 1})
	}
	m, err := Render(n, berlin())
	if err != nil {
		t.Fatal(err)
	}
	if len(m.HTML) > 90_000 {
		t.Errorf("the HTML has %d bytes; some mail programs show no more than 100 kB", len(m.HTML))
	}
	if lines := strings.Count(m.Text, "\n"); lines > 160 {
		t.Errorf("the text has %d lines:\n%s", lines, m.Text)
	}
	for _, more := range []string{"and 1175 more", "and 11 more", "tollfuse incidents show 7-4k2"} {
		if !strings.Contains(m.Text, more) || !strings.Contains(m.HTML, more) {
			t.Errorf("%q is not said", more)
		}
	}
}

// What nobody can be named for has no commands that need a name.
func TestAnAttackOfNobody(t *testing.T) {
	n := attack()
	i := &n.Incident
	i.Caller, i.From, i.Calls, i.Locks = "unknown", []toll.Tally{{Name: "unknown:", Count: 406}}, nil, nil
	m, err := Render(n, berlin())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.Text, "Unknown caller made calls") || strings.Contains(m.Text, "tollfuse lock") || strings.Contains(m.Text, "unknown caller unknown") {
		t.Errorf("got\n%s", m.Text)
	}
}

// write puts a template of the owner's into a folder.
func write(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTemplatesOfTheOwner(t *testing.T) {
	s := berlin()
	s.Templates = t.TempDir()
	write(t, s.Templates, SubjectTemplate, "[PBX]\n{{.Subject}} \r\n Bcc: x@example.com")
	write(t, s.Templates, HTMLTemplate, "<b>{{.Subject}}</b>{{range .Calls}}<i>{{.Number}}</i>{{end}}")
	n := attack()
	n.Incident.Calls[0].Number = "<script>"
	m, err := Render(n, s)
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "[PBX] 1003: 6 calls cut, 400 refused (Sierra Leone and Gambia) Bcc: x@example.com" {
		t.Errorf("subject %q", m.Subject)
	}
	if !strings.HasPrefix(m.HTML, "<b>1003: 6 calls cut") || !strings.Contains(m.HTML, "<i>&lt;script&gt;</i>") {
		t.Errorf("HTML %q", m.HTML)
	}
	if !strings.Contains(m.Text, "WHAT TO DO") || len(m.Warnings) > 0 {
		t.Errorf("the text is not the built-in one: %q %q", m.Text, m.Warnings)
	}
}

func TestABrokenTemplateLosesNoMail(t *testing.T) {
	for name, text := range map[string]string{
		"does not parse":  "{{.Subject",
		"no such field":   "{{.Subjekt}}",
		"no such func":    "{{shout .Subject}}",
		"fails late":      "{{range .Calls}}{{index .At 99}}{{end}}",
		"is empty":        " \n",
		"is too large":    strings.Repeat("x", largestTemplate+1),
		"writes too much": `{{define "a"}}{{range .}}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{end}}{{end}}` + strings.Repeat(`{{template "a" .Subject}}{{range .Calls}}{{range $.Calls}}{{range $.Calls}}{{range $.Calls}}{{range $.Calls}}{{range $.Calls}}{{range $.Calls}}xxxxxxxxxxxxxxxxxxxx{{end}}{{end}}{{end}}{{end}}{{end}}{{end}}{{end}}`, 4),
		"never ends":      `{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}`,
		"loops for ever":  `{{range 9223372036854775807}}{{end}}`,
		"calls too often": `{{define "a"}}{{end}}{{define "b"}}` + strings.Repeat(`{{template "a"}}`, 50) + `{{end}}{{define "c"}}` + strings.Repeat(`{{template "b"}}`, 50) + `{{end}}{{define "d"}}` + strings.Repeat(`{{template "c"}}`, 50) + `{{end}}{{if true}}{{with 1}}{{template "d"}}{{end}}{{end}}`,
		"is no UTF-8":     "\xff\xfe",
	} {
		t.Run(name, func(t *testing.T) {
			for _, file := range []string{SubjectTemplate, TextTemplate, HTMLTemplate} {
				if file == HTMLTemplate && name == "is no UTF-8" {
					continue // html/template writes what is none as U+FFFD
				}
				s := berlin()
				s.Templates = t.TempDir()
				write(t, s.Templates, file, text)
				m, err := Render(attack(), s)
				if err != nil {
					t.Fatal(err)
				}
				want, err := Render(attack(), berlin())
				if err != nil {
					t.Fatal(err)
				}
				if m.Subject != want.Subject || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], file) {
					t.Fatalf("%s: subject %q, warnings %q", file, m.Subject, m.Warnings)
				}
				for _, part := range []string{m.Text, m.HTML} {
					if !strings.Contains(part, file) || !strings.Contains(part, "tollfuse incidents show 7-4k2") {
						t.Errorf("%s: the built-in mail with a warning was expected:\n%s", file, part)
					}
				}
			}
		})
	}
}

func TestTemplatesCannotBeRead(t *testing.T) {
	s := berlin()
	s.Templates = t.TempDir()
	if err := os.Mkdir(filepath.Join(s.Templates, TextTemplate), 0o700); err != nil {
		t.Fatal(err)
	}
	m, err := Render(attack(), s)
	if err != nil || len(m.Warnings) != 1 || !strings.Contains(m.Text, "1003") {
		t.Errorf("%v %q", err, m.Warnings)
	}
	if err := os.Remove(filepath.Join(s.Templates, TextTemplate)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(s.Templates, TextTemplate), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := Render(attack(), s); err != nil || len(m.Warnings) != 1 {
		t.Errorf("a pipe is no template: %v %q", err, m.Warnings)
	}
	s.Templates = filepath.Join(s.Templates, "missing")
	if m, err := Render(attack(), s); err != nil || len(m.Warnings) != 0 {
		t.Errorf("no template is no broken one: %v %q", err, m.Warnings)
	}
}

func TestHTMLIsForOldMailPrograms(t *testing.T) {
	html, err := builtIn.ReadFile("templates/" + HTMLTemplate)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<style", "<script", "<img", "http:", "https:", "url(", "class=", "flex", "grid"} {
		if bytes.Contains(html, []byte(bad)) {
			t.Errorf("the HTML has %q", bad)
		}
	}
}

// Whoever reads an amount is told that no price list says it, and only then.
func TestAssumedAmountsSaySo(t *testing.T) {
	for _, assumed := range []bool{false, true} {
		n := attack()
		n.Incident.Assumed = assumed
		for k := range n.Incident.Calls {
			n.Incident.Calls[k].Assumed = assumed
		}
		m, err := Render(n, berlin())
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{m.Text, m.HTML} {
			if strings.Contains(text, "prices are assumed where no price list names one") != assumed || strings.Contains(text, " assumed, cut:") && !assumed {
				t.Errorf("assumed %t:\n%s", assumed, text)
			}
		}
		if strings.Contains(m.Text, "assumed") != assumed {
			t.Errorf("assumed %t:\n%s", assumed, m.Text)
		}
	}
}

func TestCallsSayOnWhichOfSeveralAsterisks(t *testing.T) {
	n := attack()
	n.Incident.Calls[0].PBX = "branch"
	for _, several := range []bool{false, true} {
		m, err := Render(n, Site{Currency: "EUR", Several: several})
		if err != nil {
			t.Fatal(err)
		}
		if says := strings.Contains(m.Text, " on branch") && strings.Contains(m.HTML, " on branch"); says != several {
			t.Errorf("several %t: the mail says so: %t\n%s", several, says, m.Text)
		}
	}
}
