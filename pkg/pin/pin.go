package pin

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The lengths of a PIN in digits.
const (
	Shortest = 4
	Longest  = 10
)

// Check says what is wrong with a PIN that somebody wants to have. The error
// never holds the PIN.
func Check(pin string) error {
	if len(pin) < Shortest || len(pin) > Longest || strings.Trim(pin, "0123456789") != "" {
		return fmt.Errorf("a PIN has %d to %d digits and nothing else", Shortest, Longest)
	}
	for _, step := range []int{-1, 0, 1} {
		if walks(pin, step) {
			return errors.New("this PIN is among the first that anybody would try: take one that neither repeats one digit nor counts up or down")
		}
	}
	return nil
}

// walks tells whether each digit is the one before and a step.
func walks(pin string, step int) bool {
	for i := 1; i < len(pin); i++ {
		if int(pin[i])-int(pin[i-1]) != step {
			return false
		}
	}
	return true
}

// cost is what Argon2id takes for one hash: what OWASP recommends at the least,
// some 20 ms and 19 MiB, which a small PBX can spare while calls go on.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// hashed is a hash taken apart.
type hashed struct {
	cost
	salt, key []byte
}

// Hash hashes a PIN with a salt of its own, and says so in the string form that
// is usual for Argon2: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func Hash(pin string) (string, error) {
	if err := Check(pin); err != nil {
		return "", err
	}
	h := hashed{cost: cost{memory: 19 << 10, passes: 2, threads: 1}, salt: make([]byte, 16)}
	if _, err := rand.Read(h.salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	h.key = h.of(pin, 32)
	text := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.threads,
		text.EncodeToString(h.salt), text.EncodeToString(h.key)), nil
}

// Matches tells whether the PIN is the one of the hash. It takes tens of
// milliseconds and the memory that the hash asks for.
func Matches(hash, pin string) (bool, error) {
	h, err := parse(hash)
	if err != nil {
		return false, err
	}
	if len(pin) > Longest {
		return false, nil
	}
	return subtle.ConstantTimeCompare(h.of(pin, uint32(len(h.key))), h.key) == 1, nil
}

// Valid says what is wrong with a hash, such as that it would take more memory
// than a call may cost.
func Valid(hash string) error {
	_, err := parse(hash)
	return err
}

func (h *hashed) of(pin string, length uint32) []byte {
	return argon2.IDKey([]byte(pin), h.salt, h.passes, h.memory, h.threads, length)
}

var errHash = errors.New("not an Argon2id hash that can be used here")

// parse reads a hash, strictly and within bounds.
func parse(hash string) (hashed, error) {
	if len(hash) > 200 {
		return hashed{}, errHash
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return hashed{}, errHash
	}
	var h hashed
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads)
	if err != nil || n != 3 || fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.passes, h.threads) != parts[3] {
		return hashed{}, errHash
	}
	if h.memory < 8<<10 || h.memory > 64<<10 || h.passes < 1 || h.passes > 8 || h.threads < 1 || h.threads > 4 {
		return hashed{}, errHash
	}
	text := base64.RawStdEncoding.Strict()
	if h.salt, err = text.DecodeString(parts[4]); err != nil || len(h.salt) < 8 {
		return hashed{}, errHash
	}
	if h.key, err = text.DecodeString(parts[5]); err != nil || len(h.key) < 16 {
		return hashed{}, errHash
	}
	return h, nil
}
