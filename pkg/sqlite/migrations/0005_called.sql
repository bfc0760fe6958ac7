-- Who has called which country, ever: a row for the first time of each. It is
-- never pruned, so that no country becomes new again.
CREATE TABLE called (
    scope   TEXT NOT NULL,  -- site, pbx, caller, group, trunk
    subject TEXT NOT NULL,  -- '' for the site
    country TEXT NOT NULL,  -- ISO 3166-1 alpha-2; 001 for codes no country owns
    first   TEXT NOT NULL,  -- UTC
    PRIMARY KEY (scope, subject, country)
) WITHOUT ROWID;

-- What the history knows. It is read once, whatever its length.
WITH pair AS MATERIALIZED (
    SELECT pbx, substr(caller, instr(caller, ':') + 1) AS caller, caller_group, trunk, country,
        min(coalesce(started, at)) AS first
    FROM call
    WHERE outcome = 'ended' AND country <> '' AND class NOT IN ('emergency', 'internal', 'feature')
    GROUP BY 1, 2, 3, 4, 5
)
INSERT INTO called (scope, subject, country, first)
    SELECT 'site', '', country, min(first) FROM pair GROUP BY country
    UNION ALL SELECT 'pbx', pbx, country, min(first) FROM pair GROUP BY pbx, country
    UNION ALL SELECT 'caller', caller, country, min(first) FROM pair GROUP BY caller, country
    UNION ALL SELECT 'group', caller_group, country, min(first) FROM pair WHERE caller_group <> '' GROUP BY caller_group, country
    UNION ALL SELECT 'trunk', trunk, country, min(first) FROM pair WHERE trunk <> '' GROUP BY trunk, country;
