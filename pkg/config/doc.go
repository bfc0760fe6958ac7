// Package config reads the settings of the process from one YAML file:
// addresses, the AMI, the number plan, assumed prices. Rules, limits and locks
// are not here; they are in the ledger and change while the daemon runs.
//
// The file is read strictly. A key that is not known, that stands twice or has
// no value is an error, and every error names the key, its place and what is
// expected there. Scalars are taken as they are written: a prefix 011 stays
// 011, which YAML would otherwise read as the number nine, and a price 0.30
// never passes through a float.
package config
