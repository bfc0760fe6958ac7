// Package rating prices destinations: by the rate deck of the trunk that a call
// would leave by, and by assumed prices where no deck says anything. It is
// pure: no I/O and no clock.
package rating
