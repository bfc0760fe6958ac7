package numbering

// Dial is how people of the site dial an E.164 number that is written with a +:
// behind the national or the international prefix, and behind the first access code
// if there is one. What is no such number stays as it is; so does one that those
// prefixes would make another number of, as where a carrier code belongs between
// them: it is dialled with its + then.
func (r *Resolver) Dial(number string) string {
	if number == "" || number[0] != '+' || !isDigits(number[1:]) {
		return number
	}
	digits := number[1:]
	dialled := r.site.international[0] + digits
	if len(digits) > len(r.site.code) && digits[:len(r.site.code)] == r.site.code {
		dialled = r.site.national + digits[len(r.site.code):]
	}
	if len(r.site.access) > 0 && r.site.access[0].literal() {
		dialled = r.site.access[0].only() + dialled
	}
	want, got := r.Resolve(number), r.Resolve(dialled)
	if got.E164 != want.E164 || got.Class != want.Class {
		return number
	}
	return dialled
}
