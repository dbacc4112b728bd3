-- The grant whose access token an API exchanged for this one: when that one turns out to have leaked, so has this one.
ALTER TABLE grants ADD COLUMN on_behalf_of TEXT;
CREATE INDEX grants_on_behalf_of ON grants (on_behalf_of);
