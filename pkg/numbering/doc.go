// Package numbering turns what somebody dialled into a destination: its E.164
// number, country, class and range.
//
// A dialled string is hostile. It goes through these gates, in this order:
//
//  1. Only 0-9 * # and a leading + are a number; anything else is Unplaced.
//  2. Emergency numbers match exactly, or not at all.
//  3. Extensions, feature codes and short numbers match whole patterns that
//     the site or its country has; nothing is internal that nobody configured.
//  4. What is left is read as a number: international, national, local. Where
//     two readings are possible, the one that a country can have wins over the
//     one it cannot, and among equals the dearer one.
//  5. Reading and class are decided by ITU-T E.164 country codes, the table of
//     special ranges in this package, and the number plans in
//     github.com/nyaruka/phonenumbers.
//
// The rule behind all of it: no spelling leads to a cheaper class than another
// spelling of the same number. What cannot be told apart is refused.
package numbering
