package config

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

func (c *Config) warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}

// lookTwice warns of what is allowed and seldom meant.
func (c *Config) lookTwice() {
	for _, text := range c.FastAGI.Allow {
		if network, err := Network(text); err == nil && network.Bits() == 0 {
			c.warn("fastagi.allow: %s lets everybody ask who reaches the port", text)
		}
	}
	for _, a := range c.Asterisk {
		if !a.AMI.TLS && !isLocal(a.AMI.Address) {
			c.warn("asterisk %s: the AMI secret crosses the network to %s in the clear; set tls: true", a.Name, hostOf(a.AMI.Address))
		}
		if strings.HasPrefix(a.ARI.URL, "http:") && !isLocal(urlHost(a.ARI.URL)) {
			c.warn("asterisk %s: the ARI password crosses the network to %s in the clear; set an https address", a.Name, urlHost(a.ARI.URL))
		}
		for _, t := range a.Trunks {
			for _, address := range t.Addresses {
				if _, port, err := net.SplitHostPort(address); err == nil {
					c.warn("asterisk %s: trunk %s: a call to another port of %s than %s is not taken for one of this trunk; write the address without the port", a.Name, t.Name, hostOf(address), port)
				}
			}
		}
	}
	if m := c.Mail; m.Server != "" && m.Security == Plain && !isLocal(m.Server) {
		what := "what is told of attacks"
		if m.User != "" {
			what += ", with the password,"
		}
		c.warn("mail.security: none: %s crosses the network to %s in the clear; set starttls or tls", what, hostOf(m.Server))
	}
	if len(c.Mail.To) == 0 {
		c.warn("mail.to: nobody is told of an attack; name who should be")
	}
	if c.Observe {
		c.warn("observe: true: nothing is blocked, only recorded")
	}
}

// hostOf is the host of an address, with or without its port.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}

// urlHost is the host of a web address.
func urlHost(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// isLocal tells whether what is sent there stays on this machine.
func isLocal(address string) bool {
	host := hostOf(address)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// LookUp looks up the trunks' host names and warns of those that cannot serve
// to find a call to the carrier: one that has no address, and one whose
// addresses are not listed beside it, because a phone that calls the carrier
// around its trunk may do so by address. The lookup is net.DefaultResolver's
// LookupHost, or another in a test; the file is read without any, since a name
// server that is down must not keep a daemon from starting.
func (c *Config) LookUp(ctx context.Context, lookup func(ctx context.Context, host string) ([]string, error)) []string {
	var found []string
	for _, a := range c.Asterisk {
		for _, t := range a.Trunks {
			for _, address := range t.Addresses {
				if warning := lookUp(ctx, t, address, lookup); warning != "" {
					found = append(found, fmt.Sprintf("asterisk %s: trunk %s: %s", a.Name, t.Name, warning))
				}
			}
		}
	}
	return found
}

func lookUp(ctx context.Context, t Trunk, address string, lookup func(context.Context, string) ([]string, error)) string {
	host := hostOf(address)
	if _, err := Network(host); err == nil {
		return ""
	}
	there, err := lookup(ctx, host)
	if len(there) == 0 {
		if err == nil {
			err = errors.New("it has no address")
		}
		return fmt.Sprintf("the name %s cannot be resolved, so nothing is found by it: %v", host, err)
	}
	slices.Sort(there)
	missing := slices.DeleteFunc(there, t.covers)
	if len(missing) > 0 {
		return fmt.Sprintf("a call to %s by its address is not taken for one of this trunk; add to addresses: %s", host, strings.Join(slices.Compact(missing), ", "))
	}
	return ""
}

// covers tells whether an address of the list is that address, or a network
// that it is in.
func (t Trunk) covers(ip string) bool {
	addr, err := netip.ParseAddr(ip)
	return err == nil && slices.ContainsFunc(t.Addresses, func(address string) bool {
		network, err := Network(hostOf(address))
		return err == nil && network.Contains(addr.Unmap().WithZone(""))
	})
}
