-- The mark that tells a ledger from other SQLite files: "Toll".
PRAGMA application_id = 0x546F6C6C;

-- The log from which the book is rebuilt. seq and at only ever grow, so every
-- write lands at the end of the tree, whatever its size.
CREATE TABLE entry (
    seq   INTEGER PRIMARY KEY,  -- the book's own number
    epoch INTEGER NOT NULL,     -- which leader wrote it
    at    INTEGER NOT NULL,     -- Unix time in nanoseconds
    kind  TEXT    NOT NULL,     -- granted, changed, ended, refused, setting ...
    body  BLOB    NOT NULL      -- the whole entry, see codec.go
);

-- Changes of settings are few among many calls.
CREATE INDEX entry_setting ON entry(seq) WHERE kind = 'setting';

-- The newest entry of each lease that has not ended. As small as the number of
-- calls that are up.
CREATE TABLE live (
    lease TEXT PRIMARY KEY,
    seq   INTEGER NOT NULL
) WITHOUT ROWID;

-- The entries that count whatever their age, for replay, and which are never
-- pruned: the newest of each lease that has not ended, the newest change of a
-- setting, and the newest of all, from which numbers and clock go on.
CREATE VIEW kept AS
    SELECT seq FROM live
    UNION ALL SELECT seq FROM (SELECT seq FROM entry WHERE kind = 'setting' ORDER BY seq DESC LIMIT 1)
    UNION ALL SELECT seq FROM (SELECT seq FROM entry ORDER BY seq DESC LIMIT 1);

-- The rules, limits and locks that stand now. Removed ones are in the log.
CREATE TABLE setting (
    kind     TEXT    NOT NULL,  -- rule, limit, lock
    id       TEXT    NOT NULL,
    revision INTEGER NOT NULL,  -- of the policy, since this stands
    at       TEXT    NOT NULL,
    author   TEXT    NOT NULL,
    body     TEXT    NOT NULL,  -- JSON
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

-- Calls that ended and questions that were refused, for people and SQL tools.
-- Times are UTC. Nothing but seq is indexed, so that a long history costs
-- nothing when it is written.
CREATE TABLE call (
    seq        INTEGER PRIMARY KEY,  -- of the entry that ended or refused it
    at         TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,     -- ended, refused
    count      INTEGER NOT NULL,     -- refusals that this row stands for
    lease      TEXT    NOT NULL,
    pbx        TEXT    NOT NULL,
    uniqueid   TEXT    NOT NULL,     -- of the channel that asked
    caller     TEXT    NOT NULL,     -- who is accountable: extension:1001
    caller_group TEXT  NOT NULL,     -- that the site put the caller in
    number     TEXT    NOT NULL,     -- E.164, or as dialled where there is none
    dialled    TEXT    NOT NULL,
    country    TEXT    NOT NULL,     -- ISO 3166-1 alpha-2
    class      TEXT    NOT NULL,
    range      TEXT    NOT NULL,     -- the block that the number belongs to
    trunk      TEXT    NOT NULL,
    leg        TEXT    NOT NULL,     -- Uniqueid of the trunk leg
    started    TEXT,                 -- when it was asked
    answered   TEXT,
    ended      TEXT,
    seconds    REAL    NOT NULL,     -- talk time
    per_minute INTEGER NOT NULL,     -- price, in millionths of the site's currency
    assumed    INTEGER NOT NULL,     -- 1: no rate deck says so
    cost       INTEGER NOT NULL,     -- in millionths of the site's currency
    reason     TEXT    NOT NULL,     -- why it ended or was refused
    by         TEXT    NOT NULL,     -- the rule, limit or lock behind the reason
    cut        TEXT    NOT NULL,     -- why Tollfuse hung it up
    denied     TEXT    NOT NULL,     -- observe mode: what it would have been refused for
    adopted    INTEGER NOT NULL,     -- 1: found live, never asked for
    revision   INTEGER NOT NULL      -- of the policy that granted it
);

-- The epoch of whoever leads. A row is never added.
CREATE TABLE leader (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL
);
INSERT INTO leader (one, epoch) VALUES (1, 0);
