-- What a customer reads (a language tag): mails are written in it. It is what their browser asked for last.
ALTER TABLE digests ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE reminder_addresses ADD COLUMN language TEXT NOT NULL DEFAULT 'en';

-- Who had told no name was kept under a word of one language.
UPDATE digests SET name = '' WHERE name = 'You';
UPDATE reminder_addresses SET name = '' WHERE name = 'You';
