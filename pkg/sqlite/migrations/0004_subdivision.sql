-- The state, province or territory of a number of +1, as ISO 3166-2 writes it.
ALTER TABLE call ADD COLUMN subdivision TEXT NOT NULL DEFAULT '';
