// Package trust says which certificates are believed: those that the authorities
// of the system have signed, or those of a file that the owner names.
package trust
