package agi

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	envPrefix = "agi_"
	argPrefix = "agi_arg_"
)

// Variable is one line of the environment block, such as agi_dnid.
type Variable struct {
	Name  string // with its prefix agi_
	Value string
}

// Request is what Asterisk tells about the channel before it takes commands.
// All of it may have been chosen by a stranger on the telephone network,
// except the names that Asterisk makes itself: Channel, Type, Uniqueid.
// "unknown" stands for a number or name that the channel does not have.
type Request struct {
	URL           string // agi_request, as written in the dialplan: agi://host:port/path?query
	NetworkScript string // agi_network_script: the URL's path and query, without the first slash
	Channel       string // channel name, PJSIP/1001-00000001
	Language      string
	Type          string // channel technology: PJSIP, Local, DAHDI
	Uniqueid      string
	Version       string // of Asterisk
	CallerID      string // number; a claim of the caller's
	CallerIDName  string // name; a claim of the caller's
	DNID          string // number dialled first
	RDNIS         string // number that redirected the call; a claim
	Context       string
	Extension     string
	Priority      string
	AccountCode   string
	ThreadID      string
	Enhanced      string // "1.0" for EAGI, else "0.0"

	Args      []string   // agi_arg_1 and so on: what follows the URL in AGI(url,…)
	Variables []Variable // every other line, in the order of arrival
}

// required are the variables without which a block did not come from Asterisk
// or was cut short by a blank line inside one of the caller's values. Asterisk
// sends the last of them after everything a caller can choose, but the arguments.
var required = [...]string{"agi_request", "agi_channel", "agi_uniqueid", "agi_context", "agi_extension", "agi_priority"}

// field returns where the variable of this name belongs, nil if it has no
// field of its own.
func (r *Request) field(name string) *string {
	switch name {
	case "agi_request":
		return &r.URL
	case "agi_network_script":
		return &r.NetworkScript
	case "agi_channel":
		return &r.Channel
	case "agi_language":
		return &r.Language
	case "agi_type":
		return &r.Type
	case "agi_uniqueid":
		return &r.Uniqueid
	case "agi_version":
		return &r.Version
	case "agi_callerid":
		return &r.CallerID
	case "agi_calleridname":
		return &r.CallerIDName
	case "agi_dnid":
		return &r.DNID
	case "agi_rdnis":
		return &r.RDNIS
	case "agi_context":
		return &r.Context
	case "agi_extension":
		return &r.Extension
	case "agi_priority":
		return &r.Priority
	case "agi_accountcode":
		return &r.AccountCode
	case "agi_threadid":
		return &r.ThreadID
	case "agi_enhanced":
		return &r.Enhanced
	}
	return nil
}

// ParseRequest reads an environment block: lines of "agi_name: value", each
// ended by a line feed, without the blank line after them. A value may hold
// anything but a line feed. A variable that comes twice, arguments out of
// order and a missing essential variable are errors, because each is what a
// line break smuggled into a value looks like. Every error wraps
// [ErrEnvironment].
func ParseRequest(block string) (*Request, error) {
	r := &Request{Variables: make([]Variable, 0, 24)}
	for len(block) > 0 {
		line, rest, ended := strings.Cut(block, "\n")
		if !ended {
			return nil, envError("the last line has no end")
		}
		block = rest
		if err := r.add(strings.TrimSuffix(line, "\r")); err != nil {
			return nil, err
		}
	}
	for _, name := range required {
		if _, ok := r.Variable(name); !ok {
			return nil, envError("%s is missing", name)
		}
	}
	return r, nil
}

func (r *Request) add(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok || !validName(name) {
		return envError("not a variable: %.40q", line)
	}
	value = strings.TrimPrefix(value, " ")
	if number, ok := strings.CutPrefix(name, argPrefix); ok {
		if number != strconv.Itoa(len(r.Args)+1) {
			return envError("%.40s comes after %d arguments", name, len(r.Args))
		}
		r.Args = append(r.Args, value)
		return nil
	}
	if _, twice := r.Variable(name); twice {
		return envError("%.40s comes twice", name)
	}
	r.Variables = append(r.Variables, Variable{name, value})
	if field := r.field(name); field != nil {
		*field = value
	}
	return nil
}

// Variable returns the value of the variable with this name, agi_ included,
// and whether it was sent. Arguments are in Args, not here.
func (r *Request) Variable(name string) (string, bool) {
	// There are about twenty, and a scan beats a map that must be built.
	for i := range r.Variables {
		if r.Variables[i].Name == name {
			return r.Variables[i].Value, true
		}
	}
	return "", false
}

// Path returns the path of the URL with its first slash, without the query:
// "/authorize" for agi://127.0.0.1:4573/authorize?x=1. It is "/" if the URL has
// none.
func (r *Request) Path() string {
	rest := r.URL
	if _, after, ok := strings.Cut(rest, "://"); ok {
		rest = after
	}
	rest, _, _ = strings.Cut(rest, "?")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}

// NamedArgs reads every argument as key=value. An argument without "=" or
// with an empty key, and a key that comes twice, are errors: a comma in a
// hostile value splits the argument, and its rest must never pass for another.
func (r *Request) NamedArgs() (map[string]string, error) {
	named := make(map[string]string, len(r.Args))
	for i, arg := range r.Args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("agi: argument %d is not key=value: %.40q", i+1, arg)
		}
		if _, twice := named[key]; twice {
			return nil, fmt.Errorf("agi: argument %.40q comes twice", key)
		}
		named[key] = value
	}
	return named, nil
}

func validName(name string) bool {
	if len(name) <= len(envPrefix) || len(name) > 64 || !strings.HasPrefix(name, envPrefix) {
		return false
	}
	for i := len(envPrefix); i < len(name); i++ {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func envError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrEnvironment, fmt.Sprintf(format, args...))
}
