// Package schedule tells whether a moment lies in the times that the owner has
// named, and when that changes next: opening hours by weekday, less public
// holidays and dates of the site's own.
//
// Times are those of the clock on the site's wall. A time of the wall stands for
// the first moment at which that clock shows it or a later one. So in the night
// when clocks go back, 02:30 means the first of the two; in the one when they go
// forward, a time that is left out means the moment of the jump. Hours that
// cross midnight belong to the day on which they begin, holidays included.
//
// It is pure: the moment is an argument.
package schedule
