package config

import (
	"time"
	_ "time/tzdata" // a small container has no time zones of its own

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// DefaultPath is where the packages put the file.
const DefaultPath = "/etc/tollfuse/tollfuse.yaml"

// Config is what the file says, with defaults where it says nothing. It is
// plain data: the rooms that use it have types of their own.
type Config struct {
	Site      Site       `yaml:"site"`
	Ledger    Ledger     `yaml:"ledger"`
	FastAGI   FastAGI    `yaml:"fastagi"`
	Control   Control    `yaml:"control"`
	Asterisk  []Asterisk `yaml:"asterisk"`
	Numbering Numbering  `yaml:"numbering"`
	Prices    Prices     `yaml:"prices"`
	Calls     Calls      `yaml:"calls"`
	Failure   Failure    `yaml:"failure"`
	Bypass    Bypass     `yaml:"bypass"`
	Observe   bool       `yaml:"observe"` // decide and record, but block nothing
	Alerts    Alerts     `yaml:"alerts"`
	Mail      Mail       `yaml:"mail"`
	Fuse      Fuse       `yaml:"fuse"`
	Log       Log        `yaml:"log"`

	// Path is the file that Load read, and Warnings are what it found there
	// that is allowed and unwise.
	Path     string   `yaml:"-"`
	Warnings []string `yaml:"-"`
}

// Site is the firm.
type Site struct {
	Country   string   `yaml:"country"`   // ISO 3166-1 alpha-2; required
	Countries []string `yaml:"countries"` // allowed abroad
	Timezone  string   `yaml:"timezone"`  // IANA name, or "Local" for the machine's
	Currency  string   `yaml:"currency"`  // ISO 4217; shown beside amounts
	GeoIP     string   `yaml:"geoip"`     // a file that says in which country an address is, in MaxMind's format; empty for none
	Size      int      `yaml:"size"`      // extensions; the limits that init sets scale with it
}

// Location is the site's time zone.
func (s Site) Location() (*time.Location, error) { return time.LoadLocation(s.Timezone) }

// Ledger is where the ledger lives.
type Ledger struct {
	Path string `yaml:"path"`
}

// FastAGI is where the dialplan asks.
type FastAGI struct {
	Listen         string        `yaml:"listen"` // host:port
	Allow          []string      `yaml:"allow"`  // networks or addresses that may ask
	MaxConnections int           `yaml:"max_connections"`
	Deadline       time.Duration `yaml:"deadline"` // for a decision; then the failure policy answers
}

// Control is the socket of the command line.
type Control struct {
	Socket string `yaml:"socket"`
	Group  string `yaml:"group"` // whose members may use it; empty: only the daemon's user and root
}

// Asterisk is one PBX.
type Asterisk struct {
	Name     string              `yaml:"name"` // in every key of the ledger; never change it
	AMI      AMI                 `yaml:"ami"`
	ARI      ARI                 `yaml:"ari"`
	Console  []string            `yaml:"console"` // the command before a line for Asterisk's console; empty: there is none here
	Trunks   []Trunk             `yaml:"trunks"`
	Gateways []string            `yaml:"gateways"` // endpoints that carry many users
	Accounts []string            `yaml:"accounts"` // endpoints whose account code says who calls
	Groups   map[string][]string `yaml:"groups"`   // group → its endpoints
}

// AMI is how to reach a PBX's manager interface.
type AMI struct {
	Address    string `yaml:"address"` // host:port
	User       string `yaml:"user"`
	Secret     Secret `yaml:"secret"`
	SecretFile string `yaml:"secret_file"` // instead of Secret; Load reads it
	TLS        bool   `yaml:"tls"`
	CA         string `yaml:"ca"`          // PEM file to trust instead of the system's
	ServerName string `yaml:"server_name"` // in the certificate, if not the host of Address
}

// ARI is how to reach a PBX's REST interface, the second way to hang up. Without
// URL there is none.
type ARI struct {
	URL          string `yaml:"url"` // such as http://127.0.0.1:8088/ari
	User         string `yaml:"user"`
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password_file"` // instead of Password; Load reads it
	CA           string `yaml:"ca"`            // PEM file to trust instead of the system's
}

// Trunk leads outside.
type Trunk struct {
	Name      string   `yaml:"name"`      // the endpoint, as in PJSIP/<name>
	Addresses []string `yaml:"addresses"` // of the carrier: IP, CIDR or host name, with or without a port
	Prefix    string   `yaml:"prefix"`    // what the dialplan puts before the number on this trunk
}

// Numbering is how the people of the site dial.
type Numbering struct {
	AccessCodes           []string      `yaml:"access_codes"`
	InternationalPrefixes []string      `yaml:"international_prefixes"` // empty: the country's
	NationalPrefix        string        `yaml:"national_prefix"`        // empty: the country's; "none": there is none
	AreaCode              string        `yaml:"area_code"`
	CarrierCodes          []string      `yaml:"carrier_codes"` // empty: the country's
	Extensions            []string      `yaml:"extensions"`
	FeatureCodes          []string      `yaml:"feature_codes"`
	ShortNumbers          []ShortNumber `yaml:"short_numbers"`
	Emergency             []string      `yaml:"emergency"` // beside the country's
	AlsoHome              []string      `yaml:"also_home"` // countries charged like home
	BareE164              bool          `yaml:"bare_e164"` // E.164 is dialled without a +
}

// ShortNumber is a short number of the carrier.
type ShortNumber struct {
	Pattern string     `yaml:"pattern"`
	Class   toll.Class `yaml:"class"`
}

// Prices are assumed per minute where no rate deck says otherwise.
type Prices struct {
	Home       toll.Money `yaml:"home"`
	SharedCost toll.Money `yaml:"shared_cost"`
	Allowed    toll.Money `yaml:"allowed"`  // abroad, in the countries of the site
	Moderate   toll.Money `yaml:"moderate"` // abroad, in other countries where carriers ask little
	Other      toll.Money `yaml:"other"`    // abroad, elsewhere
	Premium    toll.Money `yaml:"premium"`  // premium, personal, satellite
	TollFree   toll.Money `yaml:"toll_free"`
}

// Calls bounds calls and grants.
type Calls struct {
	Max      time.Duration `yaml:"max"`
	MaxHome  time.Duration `yaml:"max_home"`
	MinSlice time.Duration `yaml:"min_slice"`
	MaxSlice time.Duration `yaml:"max_slice"`
	Share    int64         `yaml:"share"` // a grant takes at most one part in so many of what is left
}

// Failure is what happens while nothing can be decided.
type Failure struct {
	Home Answer `yaml:"home"` // to ordinary home numbers; the rest but emergency is refused
}

// Answer is allow or deny.
type Answer string

// The answers.
const (
	Allow Answer = "allow"
	Deny  Answer = "deny"
)

// Bypass is what happens to a trunk leg that nobody asked for.
type Bypass string

// What can happen to it.
const (
	BypassAlert Bypass = "alert" // for the first days, while a way out may be forgotten
	BypassCut   Bypass = "cut"
	BypassLock  Bypass = "lock" // and its caller is locked
	BypassFuse  Bypass = "fuse" // and the main fuse blows
)

// Alerts says what becomes an incident, of which the owner is told.
type Alerts struct {
	Refusals  int64         `yaml:"refusals"`  // refused calls of one caller within an hour, at home or to no number
	Gather    time.Duration `yaml:"gather"`    // between the first call of an incident and the notice of it
	Quiet     time.Duration `yaml:"quiet"`     // after the last one it is closed
	Emergency bool          `yaml:"emergency"` // tell of every emergency call
	LinkDown  time.Duration `yaml:"link_down"` // nothing was heard of an Asterisk for so long
	DiskFree  int64         `yaml:"disk_free"` // megabytes below which the ledger's disk is nearly full
}

// Mail is how notices leave. Without To there are none.
type Mail struct {
	To           []string `yaml:"to"`
	From         string   `yaml:"from"`   // empty: tollfuse at this machine's name
	Server       string   `yaml:"server"` // host:port; empty: the local sendmail
	Security     Security `yaml:"security"`
	User         string   `yaml:"user"` // empty: no authentication
	Password     Secret   `yaml:"password"`
	PasswordFile string   `yaml:"password_file"` // instead of Password; Load reads it
	CA           string   `yaml:"ca"`            // PEM file to trust instead of the system's
	ServerName   string   `yaml:"server_name"`   // in the certificate, if not the host of Server
	Sendmail     string   `yaml:"sendmail"`      // path of the program
	Templates    string   `yaml:"templates"`     // folder with templates that replace the built-in ones
}

// Sender is who notices come from, on a machine of that name. One that no mail
// address can have, or none, makes it localhost.
func (m Mail) Sender(hostname string) string {
	if m.From != "" {
		return m.From
	}
	if from := "tollfuse@" + hostname; isHost(hostname) && bareAddress(from) {
		return from
	}
	return "tollfuse@localhost"
}

// Security is how the connection to the mail server is secured.
type Security string

// The ways.
const (
	StartTLS Security = "starttls" // a mail is not sent where the server cannot
	TLS      Security = "tls"      // from the first byte, as on port 465
	Plain    Security = "none"     // for a server on this machine
)

// Fuse is the main fuse: a command that shuts the way out, for when to cut
// single calls is not enough.
type Fuse struct {
	Command  []string      `yaml:"command"` // the program and its first arguments; empty: there is no fuse
	Bypasses int64         `yaml:"bypasses"`
	Cuts     int64         `yaml:"cuts"`
	Within   time.Duration `yaml:"within"`  // of Bypasses and Cuts
	Blind    time.Duration `yaml:"blind"`   // for how long calls may cost money that nobody sees; 0: for ever
	Timeout  time.Duration `yaml:"timeout"` // of the command
}

// Log is what is written for people.
type Log struct {
	Level     string `yaml:"level"`     // debug, info, warn or error
	Format    string `yaml:"format"`    // text or json
	Decisions string `yaml:"decisions"` // path of the decision log; empty: none
}
