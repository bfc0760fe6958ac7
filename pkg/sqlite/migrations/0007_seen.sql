-- In which networks an account was seen with its password: a bounded number of rows
-- for each.
CREATE TABLE seen (
    pbx     TEXT NOT NULL,
    account TEXT NOT NULL,  -- the endpoint
    network TEXT NOT NULL,  -- 192.0.2.0/24
    first   TEXT NOT NULL,  -- UTC
    last    TEXT NOT NULL,  -- UTC, up to a day old
    PRIMARY KEY (pbx, account, network)
) WITHOUT ROWID;
