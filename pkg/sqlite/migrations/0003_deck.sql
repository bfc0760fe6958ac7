-- Rate decks. The one that counts for a trunk is the one that its setting names;
-- one that no setting names is being written, or waits to be swept away.
CREATE TABLE deck (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again
    rows INTEGER                             -- in rate; NULL until all of them are there
);

-- The rows of each deck, in the order in which they are written and read.
CREATE TABLE rate (
    deck        INTEGER NOT NULL,
    prefix      TEXT    NOT NULL,  -- E.164 without the +
    valid_from  TEXT    NOT NULL,  -- UTC; '' since ever
    description TEXT    NOT NULL,
    per_minute  INTEGER NOT NULL,  -- in millionths of the site's currency
    connect     INTEGER NOT NULL,  -- likewise
    minimum     INTEGER NOT NULL,  -- seconds
    increment   INTEGER NOT NULL,  -- seconds; 0: one
    free        INTEGER NOT NULL,  -- seconds
    PRIMARY KEY (deck, prefix, valid_from)
) WITHOUT ROWID;
