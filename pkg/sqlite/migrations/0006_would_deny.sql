-- What the call would have been refused or cut for, if that did not only observe;
-- of a call that was found and let be, what stands against it.
ALTER TABLE call RENAME COLUMN denied TO would_deny;
