package alert

import (
	"cmp"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// emergency tells that somebody called for help.
func (w *writer) emergency() {
	i := w.incident
	w.Tone, w.Label, w.Subject = Alarm, "Emergency call", "Emergency call"
	n := max(i.Up(), int64(len(i.Calls)))
	if len(i.Calls) > 0 {
		c := &i.Calls[len(i.Calls)-1]
		w.Subject = "Emergency: " + clean(c.Caller.ID, 24) + " called " + clean(c.Number, 24) + " at " + c.Began.In(w.site.zone()).Format("15:04")
		w.say(upper(who(c.Caller)) + " called " + word(c.Number) + " on " + w.site.moment(c.Began) + ".")
	}
	if n > 1 {
		w.say(count(n, "such call", "such calls") + " belong to this.")
	}
	w.say("Nothing was blocked: emergency calls always go out, and are never cut.")
	if !i.Open() {
		w.Label, w.Tone = "Emergency calls, summed up", Good
	}
	w.since()
	w.pbx()
	w.calls()
	w.advise("Somebody may need help. Find out who sits there, and let the ambulance or the fire brigade in.")
}

// fuse tells that the main fuse has blown, how its command went, or that it was
// reset.
func (w *writer) fuse() {
	i := w.incident
	failed := i.Refused > 0
	switch {
	case !i.Open():
		w.Tone, w.Label, w.Subject = Good, "Main fuse reset", "Main fuse reset: calls can go out again"
		w.say("The main fuse was reset" + by(i.ClosedBy) + ".")
	case failed:
		w.Tone, w.Label, w.Subject = Alarm, "Main fuse has failed", "Main fuse FAILED: the way out may be open"
		w.say("The main fuse should have blown, and its command failed: the way out may still be open.")
	default:
		w.Tone, w.Label, w.Subject = Alarm, "Main fuse has blown", "Main fuse blown: no calls go out"
		w.say("The main fuse has blown: Tollfuse ran your command that shuts the way out.")
	}
	w.reason("Why")
	w.since()
	w.pbx()
	if !i.Open() {
		return
	}
	if failed {
		w.advise("Shut the way out by hand at once, at the firewall or at the carrier.")
		w.step("Mend the command, and run it with the word “test”:", "tollfuse fuse test")
	}
	w.step("See what goes on:", "tollfuse calls live")
	w.step("See what led to it:", "tollfuse incidents list")
	w.step("Let calls go out again, once the hole is closed:", "tollfuse fuse reset")
}

func by(author string) string {
	if author == "" || author == "quiet" {
		return ""
	}
	return " by " + word(author)
}

// reason tells what the incident itself says.
func (w *writer) reason(name string) {
	if w.incident.Text != "" {
		w.fact(name, sentence(w.incident.Text))
	}
}

// told is what there is to say about one kind of trouble.
type told struct {
	label        string // above it, where it is not Tollfuse's own
	begins, ends string // for the subject; what it is about follows
	meanwhile    string // what Tollfuse does as long as it lasts
	after        string // what is to be known once it is over
	steps        []Step
}

// troubles are the incidents about Tollfuse itself.
var troubles = map[toll.IncidentKind]told{
	toll.CutTrouble: {
		begins:    "A call cannot be hung up",
		ends:      "No call is left that cannot be hung up",
		meanwhile: "Tollfuse tries again every two seconds, by every way that is configured. The main fuse blows if it has a command. Until the call ends it costs money.",
		after:     "The calls have ended; what they cost is in the ledger.",
		steps: []Step{
			{"See what is up:", "tollfuse calls live"},
			{"See what Asterisk itself says:", "asterisk -rx 'core show channels concise'"},
			{"If nothing helps, stop it. That ends every call:", "systemctl stop asterisk"},
		},
	},
	toll.ContactTrouble: {
		label:     "Somebody may have a phone's password",
		begins:    "A phone is where a trunk is",
		ends:      "No phone is where a trunk is",
		meanwhile: "Who calls that phone calls out by the carrier, and no dialplan is asked. Tollfuse cuts such a call as soon as it is dialled, if bypass says so. A phone registers like that when somebody has its password, or the web interface.",
		after:     "The contact is gone. Whoever made it may still have the password.",
		steps: []Step{
			{"See all contacts:", "asterisk -rx 'pjsip show contacts'"},
			{"See from where the phones have registered, and change the password of that one:", "asterisk -rx 'pjsip show endpoints'"},
		},
	},
	toll.LinkTrouble: {
		begins:    "No link to Asterisk",
		ends:      "Link to Asterisk is back",
		meanwhile: "The dialplan still asks before each call, limits and locks hold, and Asterisk ends each call when its time is up. But nobody sees calls that go around the dialplan, and no call that is up can be cut.",
		after:     "Tollfuse has compared its calls with those of Asterisk; what was found is an incident of its own.",
		steps: []Step{
			{"See whether Asterisk runs, and whether Tollfuse is logged in:", "asterisk -rx 'manager show connected'"},
			{"Let Tollfuse look for what is wrong:", "tollfuse doctor"},
		},
	},
	toll.LedgerTrouble: {
		begins:    "The ledger cannot be written",
		ends:      "The ledger can be written again",
		meanwhile: "No call is allowed that cannot be recorded. Until it is mended the failure policy answers: emergency calls go out, ordinary calls at home as configured, everything else is refused. Cuts and locks go on in memory.",
		after:     "What happened meanwhile is written now.",
		steps: []Step{
			{"See whether the disk is full or read-only:", "df -h"},
			{"See what the daemon says about it:", "journalctl -u tollfuse -n 50"},
			{"Let Tollfuse look for what is wrong:", "tollfuse doctor"},
		},
	},
	toll.DiskTrouble: {
		begins:    "The disk is nearly full",
		ends:      "The disk has room again",
		meanwhile: "Everything works still. When the disk is full the ledger cannot be written, and only emergency calls and ordinary calls at home, as configured, go out.",
		after:     "Nothing was lost.",
		steps: []Step{
			{"See what is left:", "df -h"},
			{"Find what fills it; on a PBX mostly recordings, voicemail and logs:", "du -xsh /var/log /var/spool/asterisk /var/lib/tollfuse"},
		},
	},
	toll.MailTrouble: {
		begins:    "Mails do not leave",
		ends:      "Mails leave again",
		meanwhile: "Calls are decided, watched and cut as ever. The mails wait in the ledger and leave in order as soon as the mail server takes them; after three days one is given up.",
		after:     "What waited has been sent, the oldest first.",
		steps: []Step{
			{"Try it, and read what is wrong:", "tollfuse alert test"},
			{"See what the mails would have said:", "tollfuse incidents list"},
		},
	},
}

// trouble tells of something wrong with Tollfuse itself.
func (w *writer) trouble() {
	i := w.incident
	t, known := troubles[i.Kind]
	if !known {
		t = told{begins: "Trouble: " + word(string(i.Kind)), ends: "Mended: " + word(string(i.Kind))}
	}
	about := ""
	if i.PBX != "" {
		about = " (" + clean(i.PBX, 24) + ")"
	}
	if i.Open() {
		w.Tone, w.Label, w.Subject = Warning, cmp.Or(t.label, "Tollfuse itself is in trouble"), t.begins+about
		w.say(t.begins + about + ", since " + w.site.moment(i.Opened) + ".")
		w.sayIf(t.meanwhile)
		w.Steps = append(w.Steps, t.steps...)
	} else {
		w.Tone, w.Label, w.Subject = Good, "Mended", t.ends+about
		w.say(t.ends + about + ", after " + span(i.Closed.Sub(i.Opened)) + ".")
		w.sayIf(t.after)
	}
	w.reason("Seen")
	w.since()
	w.pbx()
}

func (w *writer) sayIf(text string) {
	if text != "" {
		w.say(text)
	}
}
