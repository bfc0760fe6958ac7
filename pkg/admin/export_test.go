package admin

// LimitLists is the same service with another bound on price lists, in bytes.
func (l *Local) LimitLists(bytes int64) *Local {
	mine := *l
	mine.longest = bytes
	return &mine
}
