// Package numbering turns what somebody dialled into a destination: its E.164
// number, country, subdivision, class and range.
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
//  5. Reading and class are decided by ITU-T E.164 country codes, the tables of
//     special ranges, home ranges and area codes in this package, and the number
//     plans in github.com/nyaruka/phonenumbers. A number abroad that no plan has
//     is what its neighbours are: those with the most leading digits in common.
//
// The rule behind all of it: no spelling leads to a cheaper class than another
// spelling of the same number. What cannot be told apart is refused.
//
// # What is promised
//
// A string is ordinary (home fixed, home mobile, toll-free) only if the number
// plan of the site's own country, read as people there dial, has that number, or
// its first three digits and its length are those of ordinary numbers and it
// lies in a home range of this package. Whatever else a carrier might do with what the dialplan
// sends, read it as E.164 without a +, cut leading zeros, another country's
// international prefix, a # or surplus digits at the end: none of these is
// dearer, unless the country's own plan has the number. Abroad, surplus or
// missing digits take no number out of a premium range.
//
// # What is not
//
// A carrier that prefers another reading where the plan of the site's country
// has the number is not foreseen: 6793212345 is Michigan to an American site,
// and Fiji to a carrier that wants E.164 and gets ten digits. Such a trunk is sent
// TOLLFUSE_NUMBER. What is taken off by a dialplan that is not told to
// AccessCodes is not seen either. Numbers that a country has opened since the
// last update of phonenumbers are refused where their first three digits are
// new. International freephone (+800) counts as toll-free, though some carriers
// charge for it. Subdivisions are those of the area code: a ported or mobile
// number may be used anywhere, and 782, 867 and 902 span several.
package numbering
