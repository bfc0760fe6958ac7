package agi

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrFailed means that Asterisk ran a command and reported failure: no such
// channel, application or file, or the channel hung up meanwhile.
var ErrFailed = errors.New("agi: asterisk reported failure")

// Answer answers the channel if it is not up yet.
func (s *Session) Answer(ctx context.Context) error {
	_, err := s.number(ctx, "ANSWER")
	return err
}

// Hangup hangs up the named channel, or this one if the name is empty.
func (s *Session) Hangup(ctx context.Context, channel string) error {
	_, err := s.number(ctx, "HANGUP", optional(channel)...)
	return err
}

// Noop does nothing in Asterisk but shows the text to who debugs AGI there.
func (s *Session) Noop(ctx context.Context, text string) error {
	_, err := s.Command(ctx, "NOOP", text)
	return err
}

// Verbose writes a message to Asterisk's console at a level of 1 to 4.
func (s *Session) Verbose(ctx context.Context, message string, level int) error {
	_, err := s.Command(ctx, "VERBOSE", message, strconv.Itoa(level))
	return err
}

// SetVariable sets a channel variable, or writes a function such as
// CALLERID(num). The name must not come from the caller.
func (s *Session) SetVariable(ctx context.Context, name, value string) error {
	_, err := s.Command(ctx, "SET VARIABLE", name, value)
	return err
}

// SetVariables sets up to 98 variables in one round trip, through the
// application MSet. MSet splits what it is given, so a name or value with a
// comma, quote, backslash, parenthesis or bracket is refused with ErrArgument
// before anything is sent, and so is a name with "=".
func (s *Session) SetVariables(ctx context.Context, variables ...Variable) error {
	const most = 98
	if len(variables) == 0 || len(variables) > most {
		return fmt.Errorf("%w: MSet of %d variables", ErrArgument, len(variables))
	}
	var pairs strings.Builder
	for i, v := range variables {
		if v.Name == "" || strings.ContainsAny(v.Name, `,"\()[]=`) || strings.ContainsAny(v.Value, `,"\()[]`) {
			return fmt.Errorf("%w: MSet would split %.40q", ErrArgument, v.Name+"="+v.Value)
		}
		if i > 0 {
			pairs.WriteByte(',')
		}
		pairs.WriteString(v.Name + "=" + v.Value)
	}
	_, err := s.Exec(ctx, "MSet", pairs.String())
	return err
}

// GetVariable returns a channel variable, or reads a function such as
// CHANNEL(linkedid), and whether it has a value. Asterisk cuts the value of a function after
// 1023 bytes. A value with a line break ends the dialogue with ErrOutOfStep.
func (s *Session) GetVariable(ctx context.Context, name string) (value string, ok bool, err error) {
	return s.value(ctx, "GET VARIABLE", name)
}

// GetFullVariable returns an expression with its variables substituted, such
// as "${CALLERID(num)} ${EXTEN}", on the named channel, or on this one if the
// name is empty. The expression must not come from the caller: functions in it are run.
func (s *Session) GetFullVariable(ctx context.Context, expression, channel string) (value string, ok bool, err error) {
	return s.value(ctx, "GET FULL VARIABLE", append([]string{expression}, optional(channel)...)...)
}

func (s *Session) value(ctx context.Context, name string, args ...string) (string, bool, error) {
	reply, err := s.Command(ctx, name, args...)
	if err != nil {
		return "", false, err
	}
	if reply.Rest != "" {
		// Nothing follows a value, so a line break within it cut it short.
		s.err = fmt.Errorf("%w: data without an end: %.60q", ErrOutOfStep, reply.Rest)
		return "", false, s.err
	}
	return reply.Data, reply.Result == "1", nil
}

// Exec runs a dialplan application and returns its result. The arguments are
// one string, as in the dialplan: commas split it, so a value of the caller's
// must not be put into it. An application that does not exist, or ends the
// call, is ErrFailed.
func (s *Session) Exec(ctx context.Context, application, arguments string) (int, error) {
	return s.number(ctx, "EXEC", application, arguments)
}

// StreamFile plays a sound file, named without its extension, until its end or
// one of the escape digits. It returns the digit pressed, 0 if none, and the
// position in samples.
func (s *Session) StreamFile(ctx context.Context, file, escapeDigits string) (digit byte, endpos int64, err error) {
	reply, err := s.Command(ctx, "STREAM FILE", file, escapeDigits)
	if err != nil {
		return 0, 0, err
	}
	digit, err = asDigit(reply)
	endpos, _ = reply.Endpos()
	return digit, endpos, err
}

// SayDigits says digits one by one and returns the escape digit pressed, 0 if none.
func (s *Session) SayDigits(ctx context.Context, digits, escapeDigits string) (byte, error) {
	reply, err := s.Command(ctx, "SAY DIGITS", digits, escapeDigits)
	if err != nil {
		return 0, err
	}
	return asDigit(reply)
}

// WaitForDigit waits for a key and returns it, 0 if none came in time. A
// negative timeout waits for ever, which the server's timeouts do not.
func (s *Session) WaitForDigit(ctx context.Context, timeout time.Duration) (byte, error) {
	reply, err := s.Command(ctx, "WAIT FOR DIGIT", milliseconds(timeout))
	if err != nil {
		return 0, err
	}
	return asDigit(reply)
}

// GetData plays a sound file and collects up to limit digits, ended by "#".
// TimedOut means that no "#" and not all digits came; what came is returned.
func (s *Session) GetData(ctx context.Context, file string, timeout time.Duration, limit int) (digits string, timedOut bool, err error) {
	reply, err := s.Command(ctx, "GET DATA", file, milliseconds(timeout), strconv.Itoa(limit))
	if err != nil {
		return "", false, err
	}
	if reply.Result == "-1" {
		return "", false, fmt.Errorf("%w: GET DATA", ErrFailed)
	}
	return reply.Result, reply.Data == "timeout", nil
}

// ChannelState is the state of a channel, as Asterisk numbers it.
type ChannelState int

// The states of include/asterisk/channelstate.h.
const (
	StateDown ChannelState = iota
	StateReserved
	StateOffHook
	StateDialing
	StateRing
	StateRinging
	StateUp
	StateBusy
	StateDialingOffHook
	StatePreRing
)

// ChannelStatus returns the state of the named channel, or of this one if the
// name is empty. A channel that does not exist is ErrFailed.
func (s *Session) ChannelStatus(ctx context.Context, channel string) (ChannelState, error) {
	n, err := s.number(ctx, "CHANNEL STATUS", optional(channel)...)
	return ChannelState(n), err
}

// SetContext says in which context the dialplan goes on when the dialogue has
// ended.
func (s *Session) SetContext(ctx context.Context, name string) error {
	_, err := s.number(ctx, "SET CONTEXT", name)
	return err
}

// SetExtension says at which extension the dialplan goes on.
func (s *Session) SetExtension(ctx context.Context, extension string) error {
	_, err := s.number(ctx, "SET EXTENSION", extension)
	return err
}

// SetPriority says at which priority the dialplan goes on, a number or a label.
func (s *Session) SetPriority(ctx context.Context, priority string) error {
	_, err := s.number(ctx, "SET PRIORITY", priority)
	return err
}

// number runs a command whose result is a number that is negative on failure.
func (s *Session) number(ctx context.Context, name string, args ...string) (int, error) {
	reply, err := s.Command(ctx, name, args...)
	if err != nil {
		return 0, err
	}
	n, err := reply.Int()
	if err == nil && n < 0 {
		err = fmt.Errorf("%w: %s, result %d", ErrFailed, name, n)
	}
	return n, err
}

// asDigit reads a result that is the ASCII code of a key, 0 for none.
func asDigit(reply Reply) (byte, error) {
	n, err := reply.Int()
	switch {
	case err != nil:
		return 0, err
	case n < 0:
		return 0, fmt.Errorf("%w: result %d", ErrFailed, n)
	case n > 127:
		return 0, fmt.Errorf("agi: not a key: %d", n)
	}
	return byte(n), nil
}

func optional(arg string) []string {
	if arg == "" {
		return nil
	}
	return []string{arg}
}

func milliseconds(d time.Duration) string {
	if d < 0 {
		return "-1"
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}
