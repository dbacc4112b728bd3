-- What the sign-in that a refresh token came from was granted, space-separated: what an answer without `scope` means
-- (RFC 6749 §5.1, §6). NULL: unknown, the sign-in was before this column.
ALTER TABLE refresh_tokens ADD COLUMN scopes TEXT;
