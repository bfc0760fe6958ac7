// Package app builds the program out of its rooms, starts it and stops it in
// order. It is the only room that knows all others.
package app
