package pin

import (
	"strings"
	"testing"
)

func TestOnlyItsOwnPINMatchesAHash(t *testing.T) {
	hash, err := Hash("274915")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Hash("274915")
	if err != nil || again == hash {
		t.Fatalf("two hashes of one PIN are the same: %v", err)
	}
	if strings.Contains(hash, "274915") || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("hash %s", hash)
	}
	for pin, want := range map[string]bool{"274915": true, "274916": false, "27491": false, "2749150": false, "": false, "27491500000000000": false} {
		if got, err := Matches(hash, pin); got != want || err != nil {
			t.Errorf("%q: %v, %v", pin, got, err)
		}
	}
}

func TestAChangedKeyMatchesNothing(t *testing.T) {
	hash, err := Hash("8531")
	if err != nil {
		t.Fatal(err)
	}
	end := strings.LastIndexByte(hash, '$') + 1
	changed := hash[:end] + map[bool]string{true: "B", false: "A"}[hash[end] == 'A'] + hash[end+1:]
	if right, err := Matches(changed, "8531"); right || err != nil {
		t.Errorf("a changed key matches: %v, %v", right, err)
	}
}

func TestForms(t *testing.T) {
	for pin, want := range map[string]bool{
		"2749": true, "0000000001": true, "1122": true, "1357": true,
		"": false, "123": false, "274": false, "12345678901": false, "27a9": false, "٢٧٤٩": false, "27 49": false, "27-49": false,
		"0000": false, "1234": false, "987654": false, "5555555555": false,
	} {
		err := Check(pin)
		if (err == nil) != want {
			t.Errorf("%q: %v", pin, err)
		}
		if _, hashErr := Hash(pin); !want && hashErr == nil {
			t.Errorf("%q is hashed", pin)
		}
		if err != nil && pin != "" && strings.Contains(err.Error(), pin) {
			t.Errorf("the error tells the PIN: %v", err)
		}
	}
}

func TestHashesThatAreNone(t *testing.T) {
	const salt, key = "c2FsdHNhbHRzYWx0", "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5"
	good := "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key
	if err := Valid(good); err != nil {
		t.Fatalf("%s: %v", good, err)
	}
	for _, hash := range []string{
		"", "2749", "$", "$$$$$", strings.Repeat("$", 300), good + "$", good + "=", " " + good,
		strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=19456", "m=4194304", 1), strings.Replace(good, "m=19456", "m=1", 1), strings.Replace(good, "m=19456", "m=-1", 1),
		strings.Replace(good, "m=19456", "m=+19456", 1), strings.Replace(good, "t=2", "t=0", 1), strings.Replace(good, "t=2", "t=1000000", 1),
		strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "p=1", "p=200", 1), strings.Replace(good, "p=1", "p=1,x=1", 1),
		strings.Replace(good, salt, "", 1), strings.Replace(good, salt, "c2FsdA", 1), strings.Replace(good, key, "a2V5", 1), strings.Replace(good, key, "!", 1),
	} {
		if Valid(hash) == nil {
			t.Errorf("%q is taken for a hash", hash)
		}
		if right, err := Matches(hash, "2749"); right || err == nil {
			t.Errorf("%q: %v, %v", hash, right, err)
		}
	}
}

func FuzzHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5")
	f.Add("$argon2id$v=19$m=8192,t=1,p=4$$")
	f.Fuzz(func(t *testing.T, hash string) {
		h, err := parse(hash)
		if err == nil && (h.memory > 64<<10 || h.passes > 8 || h.passes == 0 || h.threads == 0 || len(h.salt) < 8 || len(h.key) < 16) {
			t.Fatalf("%q is read as %+v", hash, h)
		}
	})
}

func BenchmarkMatches(b *testing.B) {
	hash, err := Hash("274915")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if right, err := Matches(hash, "274915"); !right || err != nil {
			b.Fatal(err)
		}
	}
}
