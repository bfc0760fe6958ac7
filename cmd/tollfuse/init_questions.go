package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/doctor"
)

// none answers that a list is to be empty, where Enter would take a
// proposal.
const none = "none"

// usualManager is where an Asterisk's manager interface is that nobody moved.
const usualManager = "127.0.0.1:5038"

// interview fills in the choices by asking for them.
type interview struct {
	*dialogue
	*choices
	given   func(flag string) bool // the owner has said it
	machine machine
	found   doctor.Survey
}

// askAll asks for everything that no flag has said, shows what will be written,
// and asks whether to.
func (c *choices) askAll(cmd *cobra.Command, m machine, path string, out io.Writer) error {
	i := &interview{
		dialogue: newDialogue(cmd.InOrStdin(), out), choices: c, machine: m,
		given: cmd.Flags().Changed, found: doctor.Look(c.dialplanDir),
	}
	defer i.close()
	fmt.Fprint(i.out, "A few questions. Enter takes what stands in [brackets], ? explains, Ctrl-D ends\nand writes nothing.\n\n")
	for _, part := range []func(context.Context) error{i.site, i.numbers, i.asterisk, i.failure, i.mailing} {
		if err := part(cmd.Context()); err != nil {
			return err
		}
	}
	return i.confirm(cmd.Context(), path)
}

// about asks for what a flag could have said, unless it has. The answer is kept
// by set, and refused with the sentence of the configuration.
func (i *interview) about(ctx context.Context, flag string, q question, set func(answer string)) error {
	if i.given(flag) {
		return nil
	}
	q.take = func(answer string) error {
		if answer == none {
			answer = ""
		}
		set(answer)
		return i.wrongWith(flag)
	}
	return i.ask(ctx, q)
}

// words takes an answer apart at commas and blanks.
func words(answer string) []string {
	return strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

// site asks where the firm is.
func (i *interview) site(ctx context.Context) error {
	err := i.about(ctx, "country", question{
		text:  "Country of the site, two letters",
		help:  "The code of ISO 3166-1, such as DE or US. It decides how dialled numbers are read, what is at home, and which emergency numbers always go out.",
		usual: i.machine.country(),
	}, func(s string) { i.country = strings.ToUpper(s) })
	if err != nil {
		return err
	}
	err = i.about(ctx, "timezone", question{
		text: "Time zone", usual: cmp.Or(i.machine.timezone(), "Local"),
		help: "A name of the IANA database, such as Europe/Berlin, for times that are shown; Local is the zone of this machine.",
	}, func(s string) { i.timezone = s })
	if err != nil {
		return err
	}
	err = i.about(ctx, "currency", question{
		text: "Currency of all amounts", usual: cmp.Or(currencyOf(i.country), "USD"),
		help: "Three letters of ISO 4217, such as EUR. One for all budgets and prices, because nothing is converted: that of your carrier's bill.",
	}, func(s string) { i.currency = strings.ToUpper(s) })
	if err != nil {
		return err
	}
	err = i.about(ctx, "countries", question{
		text: "Countries where the firm calls, two letters each", usual: none,
		help: "Such as AT,CH. Ordinary numbers there are reckoned at a lower price and have budgets of their own. Other countries are not shut: their budgets are small.",
	}, func(s string) { i.countries = words(strings.ToUpper(s)) })
	if err != nil {
		return err
	}
	if err := i.extent(ctx); err != nil {
		return err
	}
	return i.opening(ctx)
}

// opening asks when the firm works: at other times less may go abroad.
func (i *interview) opening(ctx context.Context) error {
	if i.given("hours") {
		return nil
	}
	return i.ask(ctx, question{
		text: "Opening hours, with commas between several; " + admin.Around + " for a hotel or a call centre", usual: admin.UsualHours,
		help: "Outside of them, and on public holidays, less may be spent abroad, since most attacks come when nobody is there. Such as mon-thu 08:00-17:00, fri 08:00-14:00. \"tollfuse schedule set open\" changes them.",
		take: func(answer string) error {
			i.hours = hoursIn(answer)
			_, err := i.defaults()
			return err
		},
	})
}

// extent asks how large the site is.
func (i *interview) extent(ctx context.Context) error {
	if i.given("size") {
		return nil
	}
	return i.ask(ctx, question{
		text: "Number of extensions", usual: strconv.Itoa(cmp.Or(len(i.found.Phones), i.size)),
		help: "The limits that protect you from the first minute are scaled by it. \"tollfuse limit list\" shows them, \"tollfuse limit set\" changes them.",
		take: func(answer string) error {
			size, err := strconv.Atoi(answer)
			if err != nil {
				return fmt.Errorf("want the number of extensions in digits, such as 12, not %q", clip(answer))
			}
			i.size = size
			return i.wrongWith("size")
		},
	})
}

// hoursIn takes an answer apart at the commas behind times; those between days
// belong together.
func hoursIn(answer string) (all []string) {
	var days string
	for part := range strings.SplitSeq(answer, ",") {
		days += part
		if strings.Contains(part, ":") {
			all, days = append(all, strings.TrimSpace(days)), ""
			continue
		}
		days += ","
	}
	if days = strings.Trim(days, ", "); days != "" {
		all = append(all, days)
	}
	return all
}

// numbers asks how people dial.
func (i *interview) numbers(ctx context.Context) error {
	err := i.about(ctx, "extension", question{
		text: "Numbers inside the site, X for any digit", usual: cmp.Or(strings.Join(insidePatterns(i.found.Phones), ","), none),
		help: "Patterns such as 1XXX, with commas between them. A call to them stays inside and costs nothing.",
	}, func(s string) { i.extensions = words(s) })
	if err != nil {
		return err
	}
	err = i.about(ctx, "access-code", question{
		text: "What people dial before an outside number", usual: none,
		help: "Such as 9, if the dialplan takes it off before the trunk. Most sites have none.",
	}, func(s string) { i.accessCodes = words(s) })
	if err != nil {
		return err
	}
	return i.about(ctx, "emergency", question{
		text: "Emergency numbers that always go out: " + i.always() + ". Others beside them", usual: none,
		help: "Two to six digits each. They go out without asking anybody, with the daemon dead too, and are never cut. Add only what is an emergency number: there is no limit on it.",
	}, func(s string) { i.emergency = words(s) })
}

// always are the emergency numbers of the country.
func (i *interview) always() string {
	s, err := i.settings()
	if err != nil {
		return "those of " + i.country
	}
	s.Numbering.AccessCodes, s.Numbering.Emergency = nil, nil
	r, err := app.Resolver(s)
	if err != nil {
		return "those of " + i.country
	}
	return strings.Join(r.Dialplan().Emergency, ", ")
}

// asterisk asks for the exchange and its ways out.
func (i *interview) asterisk(ctx context.Context) error {
	err := i.about(ctx, "pbx", question{
		text: "Name of this Asterisk", usual: i.pbx,
		help: "1 to 32 of a-z, 0-9 and -. It stands in every record, so it must never change.",
	}, func(s string) { i.pbx = s })
	if err != nil {
		return err
	}
	err = i.about(ctx, "ami-address", question{
		text: "Its manager interface (AMI)", usual: i.found.Manager,
		help: "Host and port, as bindaddr and port in manager.conf have them. A user of its own with the fewest rights and a new secret is written into manager.d/tollfuse.conf.",
	}, func(s string) { i.amiAddress = s })
	if err != nil {
		return err
	}
	err = i.about(ctx, "trunk", question{
		text: "Trunks, and the carrier's addresses, as name=address,address with blanks between trunks", usual: strings.Join(trunkFlags(i.found.Trunks), " "),
		help: "The name is that of the endpoint, as in Dial(PJSIP/NUMBER@name). The addresses are those that calls are sent to: with them a call to the carrier is found under whatever name it leaves. All calls on these endpoints are watched, so name every one that costs money.",
	}, func(s string) {
		i.trunks = withAddresses(strings.Fields(strings.ReplaceAll(s, ", ", ",")), i.found.Trunks)
	})
	if left := leftOut(i.trunks, i.found.Trunks); err == nil && len(left) > 0 {
		i.say("Not named, so not watched: " + strings.Join(left, ", ") + ". If calls there cost money, begin again and name them too.")
	}
	return err
}

// failure asks what happens without a daemon.
func (i *interview) failure(ctx context.Context) error {
	if i.given("fail-home") {
		return nil
	}
	i.say("While no daemon answers, emergency calls go out and calls abroad and to premium numbers are refused. Ordinary calls at home can go out, for at most four hours each.")
	return i.about(ctx, "fail-home", question{
		text: "Ordinary calls at home while no daemon answers: allow or deny", usual: i.failHome,
		help: "With allow a dead daemon never stops the firm's own business, and what can be lost is the price of home calls. With deny nothing but emergency calls goes out then.",
	}, func(s string) { i.failHome = strings.ToLower(s) })
}

// mailing asks who is told, and how.
func (i *interview) mailing(ctx context.Context) error {
	err := i.about(ctx, "mail-to", question{
		text: "Mail addresses of those who are told of an attack", usual: none,
		help: "Such as admin@example.com, with commas between several. An attack makes a handful of mails, not one for each call. Without an address nobody is told.",
	}, func(s string) { i.mail.to = words(s) })
	if err != nil || len(i.mail.to) == 0 {
		return err
	}
	err = i.about(ctx, "mail-server", question{
		text: "Mail server, host:port", usual: i.proposedServer(),
		help: "Such as smtp.example.com:587, or localhost:25 for one on this machine. The daemon has too few rights for most sendmail programs; none means that it tries the one of this machine all the same.",
	}, func(s string) { i.mail.server = s })
	if err != nil {
		return err
	}
	if i.mail.server != "" {
		if err := i.login(ctx); err != nil {
			return err
		}
	}
	if i.given("mail-emergency") {
		return nil
	}
	return i.ask(ctx, question{
		text: "A mail for each emergency call too", usual: map[bool]string{true: "yes", false: "no"}[i.country == "US"],
		help: "So that somebody at the site knows and can show the way. In the United States Kari's Law asks for such a notification.",
		take: yesOrNo(&i.mail.emergency),
	})
}

// proposedServer is nothing where a sendmail is all there is to propose.
func (i *interview) proposedServer() string {
	if i.machine.sendmail() {
		return "localhost:25" // what a sendmail hands over to
	}
	return ""
}

// login asks how to speak to the mail server.
func (i *interview) login(ctx context.Context) error {
	err := i.about(ctx, "mail-security", question{
		text: "Security of the connection: starttls, tls or none", usual: usualSecurity(i.mail.server),
		help: "starttls on ports 587 and 25, tls on port 465, none only for a server on this machine. A mail is not sent where the server cannot do it.",
	}, func(s string) { i.mail.security = strings.ToLower(cmp.Or(s, none)) })
	if err != nil {
		return err
	}
	err = i.about(ctx, "mail-user", question{
		text: "User at the mail server", usual: none,
		help: "If the server wants a name and a password of those who send. None where it does not.",
	}, func(s string) { i.mail.user = s })
	if err != nil || i.mail.user == "" {
		return err
	}
	return i.about(ctx, "mail-password-file", question{
		text: "Password of that user", hidden: true,
		help: "It is written into a file of its own that only the daemon and root can read.",
	}, func(s string) { i.mail.password = s })
}

// yesOrNo takes an answer of that kind.
func yesOrNo(into *bool) func(string) error {
	return func(answer string) error {
		answer = strings.ToLower(answer)
		if answer == "" || !strings.HasPrefix("yes", answer) && !strings.HasPrefix("no", answer) {
			return errors.New("say yes or no")
		}
		*into = answer[0] == 'y'
		return nil
	}
}
