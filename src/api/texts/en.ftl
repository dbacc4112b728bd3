# What the API says of problems, in English: `title` and `detail` of RFC 9457.

# Titles of the kinds of problems.
title-invalid-request = The request cannot be understood
title-invalid-member = A member of the body is not acceptable
title-invalid-file = The file is not acceptable
title-no-token = There is no access token
title-invalid-token = The access token is not good
title-more-proof-needed = The user must prove more
title-insufficient-permission = The access token does not permit this
title-client-not-served = This client app is not served
title-interaction-required = The user must go to the provider
title-users-only = This is for users
title-no-such-todo = There is no such to-do
title-no-such-list = There is no such list
title-no-such-change = There is no such change to undo
title-nothing-to-undo = There is nothing to undo
title-no-directory = There are no profiles here
title-no-profile = There is no such profile
title-id-taken = The id is in use
title-no-such-place = There is no such place in the list
title-list-full = The list is full
title-list-missing = The list is not there
title-too-many-lists = There are as many lists as there may be
title-too-many-repeat = Too many of the to-dos repeat
title-removed-since = It was removed since
title-changes-forgotten = What changed is not known any more
title-stale = It was changed meanwhile
title-too-large = The body is too large
title-media-type = The body is of another kind
title-rate-limited = Too many requests
title-too-many-listeners = The list has too many listeners
title-misconfigured = The API is set up wrong
title-unavailable = Not at the moment

# Titles of what the status says all of (§4.2.1).
title-not-found = Not Found
title-method-not-allowed = Method Not Allowed
title-internal-server-error = Internal Server Error
title-error = Error

# What a layer refused with nothing but a status.
request-malformed = The address, its query or the headers of the request are malformed.
not-found = There is nothing at this address.
method-not-allowed = This address does not take that method; see the Allow header.
body-too-large = The body is larger than any that is taken here.
took-too-long = That took too long. Try again in a moment.
not-answered = The request could not be answered.

# What no program takes.
no-host = The Host header is missing.
several-hosts = There is more than one Host header.
bad-host = The Host header is not the name of a host.
bad-target = The target of the request must be a path, or an http address with one.
nul-in-address = There is a NUL in the address.
no-connect = This server does not open tunnels: it takes no CONNECT.
server-is-there = This server is there.
unknown-host = The request does not say which host it is for.

# To-dos, lists and changes as they are.
no-such-todo = There is no to-do of yours with this id.
stale-todo = The to-do was changed meanwhile. Nothing was done; `current` is how it is now.
todo-removed-since = The to-do was added with this id already, and removed since. Nothing was done.
todo-unplaced = The to-do that it is to come after is not in this list. Nothing was done.
list-full = The list has { $most } to-dos, and takes no more. Remove some first.
list-full-meanwhile = The list became full meanwhile: { $there } to-dos of the file are there, and { $left_out } are not. Remove some, and send the file again: what is there is left as it is.
list-missing = The list that it is to be in is none of yours, or removed. Nothing was done.
too-many-repeat = More than { $most } of them repeat. Nothing was done: mark some at a time.
no-such-list = There is no list of yours with this id.
stale-list = The list was changed meanwhile, or the to-dos in it. Nothing was done; `current` is how it is now.
list-removed-since = The list was added with this id already, and removed since. Nothing was done.
list-unplaced = There is no list of yours that it could come after. Nothing was done.
too-many-lists = There are { $most } lists, and no more are taken. Remove some first.
id-taken = This id is in use. Make another one, at random.
no-such-change = No change of yours with this number can be undone: there was none, or it was more than a day ago.
nothing-to-undo = There is nothing to undo: nothing was changed within a day, or all of it is undone.
changes-forgotten = What changed since then is not known any more. Fetch the list.
events-for-users = Events are a user's, of their own list. An app asks what changed: /api/todolist/changes.

# Not now.
rate-limited = Too many requests at once. Nothing was done; try again in { $seconds } seconds.
too-many-listeners = Your list has { $most } listeners already, and takes no more. End one first.
no-room-for-listeners = There are too many listeners at the moment. Try again soon.
too-many-imports = Other files are being imported at the moment. Nothing was imported; try again soon.
import-failed = The file could not be read. Try again.
store-unavailable = The to-dos cannot be read or written at the moment. Try again soon.

# Bodies.
member-refused = A member of the body is not acceptable.
member-unknown = There is no such member here. Known: { $known }.
body-not-json = Send the body as application/json.
body-over = The body is larger than { $kibibytes } KiB.
body-ended-early = The body ended before it was complete.
body-unexpected = The body is not the JSON that was expected: { $error }.
json-unexpected = This is not the JSON that was expected: { $error }.
nothing-to-change = Nothing is to be changed: give { $members } or several of them.
nothing-to-change-of-list = Nothing is to be changed: give name, after or both.
not-a-uuid = This is not a UUID.
not-a-todo-id = This is not the id of a to-do.
not-a-list-id = This is not the id of a list.
neither-list-nor-default = This is neither the id of a list nor "default", for the one that everybody has.
owner-missing = An app calls without a user: name the owner.
owner-malformed = That is no owner's key: it is too long, or contains control characters.
say-what = Say what is to be done.
say-whether-done = Say whether they are done: true or false.
step-id = Make a UUID for each step, at random, that no other step has.
too-many-steps = There are more than { $most } steps. Leave some out.
batch-size = Ask for 1 to { $most } things at once.
batch-id = Make an id, at random.

# Addresses, queries and headers.
address-id = The id in the address is not a UUID.
address-change = The address needs the number of a change, as the Todolist-Change header had it, or "latest".
if-match-malformed = If-Match takes one entity tag, as the ETag header had it: "17".
limit-malformed = `limit` is not a number from 1 to 1000.
seen-malformed = `seen` is not the number of a change.
after-malformed = `after` is not the id of a to-do.
number-malformed = `{ $name }` is not a number from 0.
event-id-malformed = `Last-Event-ID` or `since` is not a number from 0.
truth-malformed = `{ $name }` is neither true nor false.
format-unknown = `format` is none of { $names }.
sort-unknown = `sort` is none of { $names }, with or without - before it.
cursor-of-list = `cursor` is not from the Link header of a list in this order.
cursor-of-reminders = `cursor` is not from the Link header of reminders.
two-beginnings = `cursor` and `after` are two beginnings: give one.
search-malformed = `q` is longer than { $most } characters, or contains NUL.
everyones-as-they-are = Everyone's to-dos are neither filtered nor sorted: name the owner.
until-missing = `until` is missing.
everything-not-true = `everything` is not true: nothing was deleted.
only-done = Only ?done=true can be removed at once.

# What a to-do or a list may be.
description-empty = Write what is to be done.
description-long = That is longer than { $most } characters. Shorten it, or split it into several to-dos.
text-nul = The text contains a character that cannot be stored (NUL). Remove it.
text-long = That is longer than { $most } characters. Shorten it.
list-name-empty = Give the list a name.
list-name-nul = The name contains a character that cannot be stored (NUL). Remove it.
due-no-date = Give the day as date: 2026-12-01.
due-no-time-zone = A time is that of a place: give timeZone as well, such as Europe/Madrid.
due-no-time = A day is a day everywhere: leave timeZone out, or give time as well.
due-no-moment = This is a moment: give time, such as 09:00, and timeZone, such as Europe/Madrid, as well.
not-a-day = This is no day of the calendar. Write it like 2026-12-01.
not-a-time = This is no time of the day. Write it like 09:00, from 00:00 to 23:59.
not-a-time-zone = There is no such time zone. Write its IANA name, such as Europe/Madrid.
repeat-not-due = What repeats is due: give due as well, or set repeat to null.
repeat-not-a-rule = This is no rule for repeating. Write it as RFC 5545 has it, such as FREQ=WEEKLY;BYDAY=MO,TH.
repeat-frequency = A to-do repeats daily, weekly, monthly or yearly: FREQ=DAILY, WEEKLY, MONTHLY or YEARLY.
repeat-part = This rule has a part that is not understood. Beside FREQ, INTERVAL and COUNT or UNTIL there are: with WEEKLY, BYDAY (MO,TH); with MONTHLY, BYMONTHDAY (1 to 31, -1 for the last) or BYDAY (2TU, -1FR); with YEARLY, BYMONTH, and one of these two beside it.
repeat-twice = This rule has a part twice.
repeat-interval = INTERVAL is a number from 1 to { $most }.
repeat-count = COUNT is a number from 1 to { $most }.
repeat-until = UNTIL is a day, such as 20261231, or a moment in UTC, such as 20261231T225959Z.
repeat-two-ends = A rule ends after COUNT times or at UNTIL. Give one of them.
repeat-no-such-day = There is never such a day.

# Files.
file-refused = The file is not acceptable. Nothing was imported.
file-media-type = Send a file of this format as { $kind }.
file-over = The file is larger than { $mebibytes } MiB.
file-ended-early = The file ended before it was complete.
file-not-utf8 = This is not UTF-8.
file-unexpected = This is not the file that was expected: { $error }.
file-version = This is not a to-do list of version 1.
file-too-many = A file may have { $most } to-dos, and this one has more. Split it.
file-list-times = Its times are not all of the years 1 to 9999.
file-time = { $text } is no time of the years 1 to 9999. Write it like 2026-12-01T09:00:00Z (RFC 3339).
file-time-alone = A time without a day is none.
file-moment = { $text } is no moment. Write it like 2026-12-01T09:00[Europe/Madrid].
file-truth = { $text } is neither true nor false.
file-step = The step { $text }: { $why }
file-too-many-steps = There are more than { $most } steps.
csv-quote-within = A quotation mark stands within a cell that does not begin with one.
csv-quote-open = A quotation mark is not closed.
csv-after-quote = After a cell in quotation marks comes { $character } in place of a comma.
csv-row-long = This row has more than { $most } cells.
csv-row-longer = This row has { $cells } cells, and there are { $columns } columns.
csv-column = There is no column { $name } here, or it is there twice. Known: { $known }.
csv-no-description = The first line must name the columns, description among them.
ics-no-line = This is no content line: NAME:value (RFC 5545 §3.1).
ics-begin = A calendar begins with BEGIN:VCALENDAR.
ics-too-deep = There is too much within one another.
ics-end = What ends here has not begun.
ics-ended-early = The file ends before the calendar does.
ics-step = The step on line { $line }: { $why }
ics-too-many-steps = It has more than { $most } steps.
ics-date = { $name } { $text } is no date and no time (RFC 5545 §3.3.4, §3.3.5).
ics-years = { $text } is not of the years 1 to 9999.

# Profiles.
no-directory = This API has no directory that it could ask for profiles: [api.downstream_apis.directory] is not configured.
directory-refuses = This API is set up in a way that the directory, or its provider, refuses: its operator must mend that.
directory-unavailable = The directory that keeps the profiles does not answer at the moment. Try again soon.
no-profile = The directory has no profile of yours.
profile-refused = The directory does not accept this profile. Change it and try again.
profile-mail = The address is what the customer signs in with. It cannot be changed here.
profile-name = A name to show is needed.
profile-country = Give a country's code of two capital letters (ISO 3166-1 alpha-2), such as NL.
profile-long = That is longer than { $most } characters.
profile-control = There is a control character in it: type it anew.

# Access tokens.
token-missing = this request needs an access token
token-in-query = send the access token in the Authorization header, not in the query
token-several = send exactly one Authorization header
token-not-bearer = the Authorization header is not of the form: Bearer token
token-long = the token is longer than { $most } bytes
token-not-jws = the token is not a JWS in compact form
token-encrypted = the token is encrypted
token-compressed = the token is compressed
token-not-base64 = a part of the token is not base64url
token-not-json = the token's header or payload is not a JSON object
token-member-twice = the token's header or payload names a member twice
token-algorithm = the token's algorithm is not allowed
token-critical = the token has a critical extension that is not understood
token-header-type = a header parameter of the token is of the wrong type
token-key-mismatch = the token's algorithm does not fit its key
token-signature = the token's signature is wrong
token-unknown-key = the token's key is not among the provider's
token-no-key = the token names no key, and the provider has several
token-kind = the token is not an access token
token-issuer = the token is from another issuer
token-audience = the token is for another audience
token-no-expiry = the token does not say when it expires
token-expired = the token has expired
token-too-early = the token is not valid yet
token-future = the token was issued in the future
token-time = a time in the token is not a number
token-no-permissions = the token carries neither scopes nor roles
token-permissions = the token's scopes or roles are malformed
token-caller = the token is for a kind of caller that is not served
token-tenant = the token is from another tenant
token-version = the token is of another version: set accessTokenAcceptedVersion of the API's registration
token-subject = the token does not say who calls
token-unchecked = access tokens cannot be checked at the moment
token-uncheckable = this API cannot check access tokens: its operator must mend that
scopes-needed = this needs one of the scopes { $names }
app-permissions-needed = this needs one of the app permissions { $names }
signed-in-only = this is for signed-in users; an app that calls as itself has no use for it
context-needed = this needs a token with the authentication context { $context }: acquire one with the claims of the challenge
client-not-served = this API serves certain client apps only, and the one that this token was issued to is not among them
interaction-needed = the signed-in user must first go to the provider, for what the challenge names
