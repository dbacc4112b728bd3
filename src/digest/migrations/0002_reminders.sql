-- Where mails about reminders go: the address that the provider vouched for when the customer last signed in.
CREATE TABLE reminder_addresses (
    customer TEXT PRIMARY KEY NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL
);

-- Reminders that a worker has taken, by to-do and moment (milliseconds since the epoch): nobody mails them again. Written
-- before the mail is given away, and forgotten when they are too old to be mailed.
CREATE TABLE reminders_taken (
    todo TEXT NOT NULL,
    remind_at BIGINT NOT NULL,
    PRIMARY KEY (todo, remind_at)
);
CREATE INDEX reminders_taken_by_moment ON reminders_taken (remind_at);
