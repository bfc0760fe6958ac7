package toll

// Reason is a stable code that says why a verdict is what it is. Codes are
// part of the interface: the dialplan, the decision log and fail2ban read them.
type Reason string

// Why a call may go out.
const (
	ReasonEmergency Reason = "emergency" // an emergency number, above all rules
	ReasonInternal  Reason = "internal"  // does not leave the site
	ReasonRule      Reason = "rule"      // a rule of the owner's allows it
	ReasonDefault   Reason = "default"   // the built-in default for the class allows it
	ReasonFailOpen  Reason = "fail_open" // no decision could be made; the failure policy allows the class
	ReasonObserve   Reason = "observe"   // would have been refused; the site only observes
)

// Why a call may not go out, or may not go on.
const (
	ReasonDeniedRule  Reason = "denied_rule"  // a rule of the owner's
	ReasonDeniedClass Reason = "denied_class" // the built-in default for the class
	ReasonLocked      Reason = "locked"       // the caller, range or trunk is locked
	ReasonPINNeeded   Reason = "pin_needed"   // a rule or limit asks for a PIN, and none was entered
	ReasonPINWrong    Reason = "pin_wrong"    // a rule or limit asks for a PIN, and it was wrong
	ReasonPINUnset    Reason = "pin_unset"    // a rule or limit asks for a PIN, and the caller has none
	ReasonLimit       Reason = "limit"        // a limit is reached
	ReasonBadNumber   Reason = "bad_number"   // the dialled string is not a number
	ReasonBadRequest  Reason = "bad_request"  // the question itself cannot be understood
	ReasonLedgerSlow  Reason = "ledger_slow"  // no decision within the deadline; the failure policy refuses
	ReasonLedgerDown  Reason = "ledger_down"  // the ledger cannot be written; the failure policy refuses
	ReasonFailClosed  Reason = "fail_closed"  // said by the dialplan alone: no daemon answered, and the failure policy refuses
)

// Why a lease ended.
const (
	EndedHangup   Reason = "hangup"    // the trunk leg went
	EndedUnused   Reason = "unused"    // the asking channel went without a trunk leg
	EndedExpired  Reason = "expired"   // no news of the leg until its last possible moment
	EndedForged   Reason = "forged"    // Asterisk knows no such channel
	EndedWithdraw Reason = "withdrawn" // the permission could not be committed, or came too late
	EndedLost     Reason = "lost"      // gone when the link came back, so settled at full
)

// Why a live call is cut beside the reasons above.
const (
	ReasonBypass Reason = "bypass" // a trunk leg that no lease covers
	ReasonUnseen Reason = "unseen" // the same, begun before we watched for the first time
	ReasonFork   Reason = "fork"   // a second leg of one Dial, beside the one that the lease covers
	ReasonManual Reason = "manual" // somebody told us to
	ReasonSpent  Reason = "spent"  // what was reserved is used up
)

// Cause is the Q.850 cause (ITU-T Q.850, table 1) that a refused call is hung
// up with: 28 (invalid number format) for what is no number, else 21 (call
// rejected). Asterisk makes SIP 484 and 403 of them. 34 (no circuit), which
// would tell a person to try again later, becomes 503, and that makes phones
// and gateways try elsewhere by themselves.
func (r Reason) Cause() int {
	switch r {
	case ReasonBadNumber, ReasonBadRequest:
		return 28
	}
	return 21
}
