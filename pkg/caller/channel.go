package caller

import "strings"

// The channel technologies whose names are understood.
const (
	PJSIP = "PJSIP"
	SIP   = "SIP"
	IAX2  = "IAX2"
	DAHDI = "DAHDI"
	Local = "Local"
)

// The bounds of what a name may be.
const (
	maxName     = 512 // of a channel name; a Local one holds a whole dialled string
	maxEndpoint = 80  // of an endpoint, AST_MAX_EXTENSION in Asterisk
	maxSequence = 8   // of the number that tells two channels of an endpoint apart
)

// ParseChannel takes a channel name of Asterisk apart into technology and
// endpoint. It is false for a technology that is not known, for a name that
// Asterisk would not write, and for an endpoint that is not 1 to 80 of
// A-Z a-z 0-9 _ . + @ -.
//
//	name                                      endpoint
//	PJSIP/1001-00001dc3                       1001
//	SIP/branch-office-0000002a                branch-office
//	IAX2/branch-1234                          branch
//	DAHDI/1-1, an analogue line               1, its channel
//	DAHDI/i1/4930123456-3f, ISDN              i1, its span; the number is a claim
//	Local/0023222999999@internal-00000001;2   internal, the context; the number is a claim
//
// The sequence number is what Asterisk's channel drivers print: eight
// hexadecimal digits, a decimal call number for IAX2, an index or a hexadecimal
// number for DAHDI.
func ParseChannel(name string) (tech, endpoint string, ok bool) {
	if len(name) > maxName {
		return "", "", false
	}
	tech, rest, found := strings.Cut(name, "/")
	if !found {
		return "", "", false
	}
	switch tech {
	case PJSIP, SIP:
		endpoint, ok = cutSequence(rest, isHex, 8)
	case IAX2:
		endpoint, ok = cutSequence(rest, isDigit, 1)
	case DAHDI:
		endpoint, ok = parseDAHDI(rest)
	case Local:
		endpoint, ok = parseLocal(rest)
	}
	if !ok || !validEndpoint(endpoint) {
		return "", "", false
	}
	return tech, endpoint, true
}

// parseDAHDI finds the channel of an analogue line in "1-1", or the span of an
// ISDN one in "i1/NUMBER-3f". The number came over the line and is not kept.
func parseDAHDI(rest string) (endpoint string, ok bool) {
	rest, ok = cutSequence(rest, isHex, 1)
	if !ok {
		return "", false
	}
	if span, _, isdn := strings.Cut(rest, "/"); isdn {
		digits, hasPrefix := strings.CutPrefix(span, "i")
		return span, hasPrefix && digits != "" && all(digits, isDigit)
	}
	return rest, rest != "" && all(rest, isDigit)
}

// parseLocal finds the context in "NUMBER@context-00000001;2". Asterisk itself
// cuts what it dials at the first @ (local_alloc in main/core_local.c), so a
// number never holds one, and a context that does was smuggled in with it.
func parseLocal(rest string) (context string, ok bool) {
	channel, half, found := strings.Cut(rest, ";")
	if !found || (half != "1" && half != "2") {
		return "", false
	}
	number, context, found := strings.Cut(channel, "@")
	if !found || !harmless(number, "*#") {
		return "", false
	}
	context, ok = cutSequence(context, isHex, 8)
	return context, ok && !strings.Contains(context, "@")
}

// cutSequence takes the number off the end that tells two channels of one
// endpoint apart. The endpoint may hold hyphens too, so the last one counts.
func cutSequence(s string, digit func(byte) bool, atLeast int) (before string, ok bool) {
	hyphen := strings.LastIndexByte(s, '-')
	if hyphen < 0 {
		return "", false
	}
	sequence := s[hyphen+1:]
	return s[:hyphen], len(sequence) >= atLeast && len(sequence) <= maxSequence && all(sequence, digit)
}

// validEndpoint tells whether a name is one that may be stored, printed and
// compared without further care.
func validEndpoint(s string) bool { return harmless(s, "") }

// harmless tells whether a text is 1 to 80 of the characters of an endpoint and
// those given.
func harmless(s, more string) bool {
	return len(s) >= 1 && len(s) <= maxEndpoint && all(s, func(c byte) bool {
		return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' ||
			strings.IndexByte("_.+@-", c) >= 0 || strings.IndexByte(more, c) >= 0
	})
}

func all(s string, accept func(byte) bool) bool {
	for i := range len(s) {
		if !accept(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' }
