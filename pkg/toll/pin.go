package toll

// PIN is the number by which a caller shows that it is really him, where a rule
// asks for one.
type PIN struct {
	Caller string `json:"caller"`         // Caller.ID
	Hash   string `json:"hash,omitempty"` // as pkg/pin writes it; never leaves the daemon again
}

// Proof says what became of it when a caller was asked for his PIN. Only who has
// asked him may say so: it is never taken from outside.
type Proof string

// The proofs.
const (
	NotAsked Proof = ""
	PINRight Proof = "right"
	PINWrong Proof = "wrong"
	PINNone  Proof = "none"  // nobody entered one: he hung up or waited, or there is nobody to ask
	PINUnset Proof = "unset" // the caller has none
)

// ByLimit stands in Judgement.By before the name of a limit that asks for a PIN,
// which a rule may have too.
const ByLimit = "limit:"

// Reason is why a call that needs a PIN is refused with this proof.
func (p Proof) Reason() Reason {
	switch p {
	case PINWrong:
		return ReasonPINWrong
	case PINUnset:
		return ReasonPINUnset
	}
	return ReasonPINNeeded
}

// Present tells whether the channel that asks is the caller's own, so that he
// can be asked for his PIN there. Behind a forward, a transfer or a trunk is
// somebody else, and nobody may be behind what a program began.
func (c Caller) Present() bool { return c.Kind == Extension || c.Kind == GatewayUser }

// AsksPIN tells whether the verdict is none yet: the caller must be asked for
// his PIN, and then the ledger again. Nothing is remembered of such a question.
func (v Verdict) AsksPIN(q Question) bool {
	return !v.Allow && v.Reason == ReasonPINNeeded && q.Proof == NotAsked && q.Purpose != Explain && q.Caller.Present()
}
