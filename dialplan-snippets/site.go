package dialplan

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
)

// Site is what the files depend on. It is plain data: whoever knows the number
// plan of the country fills it in.
type Site struct {
	Country string // ISO 3166-1 alpha-2; only named in comments
	PBX     string // the name of this Asterisk in Tollfuse's configuration
	AGI     string // IP address and port of the daemon, as "127.0.0.1:4573"; a name could be slow to resolve
	Trunk   string // PJSIP endpoint that the example dials through

	Emergency    []string // exact numbers as dialled, those behind an access code included
	AccessCodes  []string // what the example takes off behind the verdict: "9", or a pattern "_101XXXX"
	HomePatterns []string // ordinary home numbers as dialled, as extensions.conf has them: "_0[1-9]XXXXXXXX"

	FailHome         bool // ordinary home numbers go out while the daemon does not answer
	MaxHomeSeconds   int  // how long such a call may last
	MaxDialledLength int  // characters; what is longer is refused

	AMI AMI
}

// AMI is the manager user that the daemon logs in as.
type AMI struct {
	User, Secret string
	Permit       []netip.Prefix // where the daemon connects from; empty means 127.0.0.1
}

// EmergencySeconds is the timer of an emergency call: a day. A timer has to
// stand there, since an empty S() has no meaning to rely on.
const EmergencySeconds = 86400

// maxExtension is how long an extension can be in Asterisk (AST_MAX_EXTENSION
// in include/asterisk/channel.h, less the end of the string).
const maxExtension = 79

// What may stand in a file. All of it is narrower than what Asterisk would
// read: nothing here may end a line, begin a comment or split an argument.
var shapes = map[string]*regexp.Regexp{
	"country":          regexp.MustCompile(`^[A-Z]{2}$`),
	"PBX name":         regexp.MustCompile(`^[a-z0-9-]{1,32}$`),
	"trunk":            regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`),
	"manager user":     regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`),
	"manager secret":   regexp.MustCompile(`^[A-Za-z0-9_+/=.-]{1,128}$`),
	"emergency number": regexp.MustCompile(`^[0-9*#+]{2,}$`),
	"access code":      regexp.MustCompile(`^([0-9*#]+|_([0-9*#XZN]|\[([0-9]|[0-9]-[0-9])+\])+)$`),
	"home pattern":     regexp.MustCompile(`^([0-9*#+]+|_[0-9*#+]*([0-9XZN]|\[([0-9]|[0-9]-[0-9])+\])+)$`),
}

// check tells the first thing that is wrong with a site.
func (s Site) check() error {
	for _, field := range []struct{ shape, value string }{
		{"country", s.Country}, {"PBX name", s.PBX}, {"trunk", s.Trunk}, {"manager user", s.AMI.User},
	} {
		if err := match(field.shape, field.value); err != nil {
			return err
		}
	}
	if s.AMI.User == "general" {
		return errors.New(`manager user "general": that section of manager.conf is not a user`)
	}
	// Never shown in an error: errors are logged.
	if !shapes["manager secret"].MatchString(s.AMI.Secret) {
		return errors.New("manager secret: want 1 to 128 of A-Z a-z 0-9 _ + / = . -")
	}
	if a, err := netip.ParseAddrPort(s.AGI); err != nil || a.Addr().Zone() != "" || a.Port() == 0 {
		return fmt.Errorf("address of the daemon %q: want an IP address and a port, as 127.0.0.1:4573", s.AGI)
	}
	if err := s.checkBounds(); err != nil {
		return err
	}
	return s.checkNumbers()
}

func (s Site) checkBounds() error {
	if s.MaxHomeSeconds < 1 || s.MaxHomeSeconds > EmergencySeconds {
		return fmt.Errorf("longest home call of %d seconds: want 1 to %d", s.MaxHomeSeconds, EmergencySeconds)
	}
	if s.MaxDialledLength < 3 || s.MaxDialledLength > maxExtension {
		return fmt.Errorf("longest dialled string of %d characters: want 3 to %d", s.MaxDialledLength, maxExtension)
	}
	for _, p := range s.AMI.Permit {
		if !p.IsValid() {
			return errors.New("address range that the daemon connects from is not valid")
		}
	}
	return nil
}

func (s Site) checkNumbers() error {
	if len(s.Emergency) == 0 {
		return errors.New("no emergency number: a dialplan without one could cost a life")
	}
	for _, number := range s.Emergency {
		if err := match("emergency number", number); err != nil {
			return err
		}
		if len(number) > s.MaxDialledLength {
			return fmt.Errorf("emergency number %q is longer than the longest dialled string of %d", number, s.MaxDialledLength)
		}
	}
	for _, code := range s.AccessCodes {
		if err := match("access code", code); err != nil {
			return err
		}
	}
	for _, pattern := range s.HomePatterns {
		if err := match("home pattern", pattern); err != nil {
			return err
		}
		if slices.Contains(s.Emergency, pattern) {
			return fmt.Errorf("home pattern %q is an emergency number", pattern)
		}
	}
	return nil
}

func match(shape, value string) error {
	if re := shapes[shape]; !re.MatchString(value) {
		return fmt.Errorf("%s %.80q: does not match %s", shape, value, re)
	}
	return nil
}
