-- Incidents as they stand, and the notices to the owner about them. They are
-- beside the log: only their newest state counts.
CREATE TABLE incident (
    id       TEXT PRIMARY KEY,
    kind     TEXT    NOT NULL,  -- attack, emergency, fuse, link, ledger, disk, mail
    pbx      TEXT    NOT NULL,
    caller   TEXT    NOT NULL,  -- '' where it is about several or about none
    opened   TEXT    NOT NULL,
    newest   TEXT    NOT NULL,  -- when its newest call was
    closed   TEXT,              -- NULL while it is open
    refused  INTEGER NOT NULL,
    cut      INTEGER NOT NULL,
    bypassed INTEGER NOT NULL,
    cost     INTEGER NOT NULL,  -- of its calls that were cut, in millionths of the site's currency
    at_stake INTEGER NOT NULL,  -- of its refused calls, had each lasted ten minutes
    body     TEXT    NOT NULL   -- JSON
);
CREATE INDEX incident_opened ON incident(opened);
CREATE INDEX incident_open ON incident(id) WHERE closed IS NULL;

CREATE TABLE notice (
    id       TEXT PRIMARY KEY,  -- never recurs
    incident TEXT    NOT NULL,
    kind     TEXT    NOT NULL,  -- opened, worse, closed
    at       TEXT    NOT NULL,
    sent     TEXT,              -- NULL until it has left
    given_up INTEGER NOT NULL,  -- 1: it never will
    tries    INTEGER NOT NULL,
    error    TEXT    NOT NULL,  -- of the newest try
    body     TEXT    NOT NULL   -- JSON
);
CREATE INDEX notice_incident ON notice(incident);
CREATE INDEX notice_waiting ON notice(id) WHERE sent IS NULL AND given_up = 0;
