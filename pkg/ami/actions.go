package ami

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Channels are named here by their Uniqueid, which Asterisk accepts wherever it takes a channel's name and
// which, unlike the name, survives a rename (masquerade, transfer). A name works as well.

// Ping asks for a sign of life.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.Do(ctx, NewAction("Ping"))
	return err
}

// Hangup ends a channel with a cause of Q.850 (1 to 127), or with Asterisk's own choice if cause is 0. It
// returns [ErrNoSuchChannel] if the channel has ended already. Needs the write class call or system.
func (c *Client) Hangup(ctx context.Context, uniqueid string, cause int) error {
	if cause < 0 || cause > 127 {
		return fmt.Errorf("AMI action Hangup: %w: cause %d is not of Q.850", ErrRefused, cause)
	}
	a := NewAction("Hangup", "Channel", uniqueid)
	if cause != 0 {
		a = a.With("Cause", strconv.Itoa(cause))
	}
	return c.onChannel(ctx, uniqueid, a)
}

// AbsoluteTimeout makes Asterisk end a channel so many seconds from now, in place of any such time set
// before. Zero would take the limit away and is refused. Needs the write class call or system.
func (c *Client) AbsoluteTimeout(ctx context.Context, uniqueid string, seconds int) error {
	if seconds <= 0 {
		return fmt.Errorf("AMI action AbsoluteTimeout: %w: %d seconds", ErrRefused, seconds)
	}
	return c.onChannel(ctx, uniqueid, NewAction("AbsoluteTimeout", "Channel", uniqueid, "Timeout", strconv.Itoa(seconds)))
}

// onChannel performs an action that makes no sense without a channel.
func (c *Client) onChannel(ctx context.Context, channel string, a Action) error {
	if channel == "" {
		return fmt.Errorf("AMI action %s: %w: no channel", a.Name, ErrRefused)
	}
	_, err := c.Do(ctx, a)
	return err
}

// Getvar returns the value of a channel's variable or dialplan function, such as CHANNEL(endpoint); of a
// global variable if channel is empty. A variable that is not set is empty.
func (c *Client) Getvar(ctx context.Context, channel, name string) (string, error) {
	a := NewAction("Getvar", "Variable", name)
	if channel != "" {
		a = a.With("Channel", channel)
	}
	m, err := c.Do(ctx, a)
	return m.Get("Value"), err
}

// Status lists all channels as Status events, each with its TimeToHangup and, as headers
// "Variable: NAME=value", with the variables that are named. Needs the write class call, system or
// reporting.
func (c *Client) Status(ctx context.Context, variables ...string) (List, error) {
	return c.status(ctx, "", variables)
}

// ChannelStatus is Status for one channel. It returns [ErrNoSuchChannel] if there is none.
func (c *Client) ChannelStatus(ctx context.Context, uniqueid string, variables ...string) (Message, error) {
	if uniqueid == "" {
		return Message{}, fmt.Errorf("AMI action Status: %w: no channel", ErrRefused)
	}
	list, err := c.status(ctx, uniqueid, variables)
	if err != nil {
		return Message{}, err
	}
	if len(list.Items) != 1 {
		return Message{}, fmt.Errorf("AMI action Status: %d answers for one channel: %w", len(list.Items), ErrNoSuchChannel)
	}
	return list.Items[0], nil
}

func (c *Client) status(ctx context.Context, channel string, variables []string) (List, error) {
	a := NewAction("Status")
	if channel != "" {
		a = a.With("Channel", channel)
	}
	if len(variables) > 0 {
		a = a.With("Variables", strings.Join(variables, ","))
	}
	return c.List(ctx, a)
}

// CoreShowChannels lists all channels as CoreShowChannel events. Needs the write class system or reporting.
func (c *Client) CoreShowChannels(ctx context.Context) (List, error) {
	return c.List(ctx, NewAction("CoreShowChannels"))
}

// CoreStatus returns, among others, CoreStartupDate and CoreStartupTime: Asterisk's own start.
func (c *Client) CoreStatus(ctx context.Context) (Message, error) {
	return c.Do(ctx, NewAction("CoreStatus"))
}

// CoreSettings returns, among others, AsteriskVersion and SystemName.
func (c *Client) CoreSettings(ctx context.Context) (Message, error) {
	return c.Do(ctx, NewAction("CoreSettings"))
}
