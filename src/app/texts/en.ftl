# What the pages say, in English. A language is a file of this name beside it, with the same messages and the same
# placeables. What is called "parts" has elements of the page in its placeables.

## Around every page
skip-to-content = Skip to content
footer = Errand · your list, and nobody else’s
language-switch = Language
nav-main = Main
nav-todos = To-dos
nav-account = Account
sign-in = Sign in
sign-up = Sign up
sign-out = Sign out
sign-in-again = Sign in again
home = Home
go-to-todos = Go to your to-dos
continue-on = Continue
try-again = Try again
dismiss = Dismiss
close = Close
loading = Loading…
saving = Saving…
save = Save
cancel = Cancel
delete = Delete
you = You

## Home
welcome-eyebrow = Good to see you
welcome-hello = Hello,
welcome-lead = Your list is where you left it.
welcome-open = Open your to-dos
hero-eyebrow = A calm to-do list
hero-title = Everything you meant to do, in one quiet place
hero-lead = Errand keeps your to-dos and gets out of the way. Write it down, tick it off, get on with your day.
picture-first = Water the plants
picture-second = Call the dentist
picture-second-due = Today 9:00
picture-third = Plan the long weekend
picture-third-facts = 2 of 4
picture-fourth = Return the library books
picture-fourth-due = Tomorrow
promise-private-title = Yours alone
promise-private = Only you can see your list. Your keys to it stay on our server and never enter the browser.
promise-quick-title = Quick by nature
promise-quick = A change shows at once and is saved behind the scenes. Deleted too much? One tap brings it back.
promise-everywhere-title = Works everywhere
promise-everywhere = On any screen, in light and dark, from the keyboard, with a screen reader, even without scripts.

## An address that is none
not-found-page = Page not found
not-found-title = There is no such page
not-found-text = The address may be mistyped, or the page has moved.

## A sign-in that did not work
problem-cancelled-title = You did not sign in
problem-cancelled = You cancelled. That is fine: nothing was changed.
problem-expired-title = This sign-in has run out
problem-expired = It took too long, was used already, or began in another browser. Please start again.
problem-unavailable-title = Signing in does not work right now
problem-unavailable = The sign-in service does not answer. Your to-dos are safe; please try again in a moment.
problem-misconfigured-title = Signing in does not work
problem-misconfigured = Errand and the sign-in service do not understand each other. Trying again does not help: whoever runs Errand must mend that. Your to-dos are safe.
problem-sign-out-title = You are signed out here
problem-sign-out = The sign-in service did not confirm that you are signed out there too. On a computer that others use, sign out there as well.
problem-elsewhere-title = You were signed out from another browser
problem-elsewhere = Somebody who is signed in as you ended this browser's session. To go on here, sign in again: your password (or what else you sign in with) is asked for.
problem-provider-title = You were signed out
problem-provider = Your identity provider ended this session. To go on here, sign in again.
problem-no-sign-up-title = You cannot sign up here
problem-no-sign-up = Accounts are made by whoever runs this site; ask them for one. If you have one already, sign in.
problem-refused-title = You could not be signed in
problem-refused = The sign-in service refused, or its answer could not be trusted. Please start again.
problem-signed-in = You are still signed in here.

## The session
leaving-for-consent = Errand needs your permission for this. What you typed is kept.
leaving-for-sign-in = Please sign in again. What you typed is kept.
ending-for-good = You have been signed in for as long as is allowed. You will be signed out within a minute; what you typed is kept.
ending-stay-failed = Errand did not answer, so you will still be signed out within a minute. Try once more; what you typed is kept.
ending = You will be signed out within a minute.
stay-signed-in = Stay signed in
sign-out-now = Sign out now
ended-elsewhere = To go on here, prove who you are and sign in again. What you typed is kept.
ended-title = You have been signed out
ended = Your session has ended. What you typed is kept: sign in, and go on where you were.
unsaved-at-sign-out = { $count ->
    [one] One change is not saved yet, and is lost if you sign out now. Sign out all the same?
   *[other] { $count } changes are not saved yet, and are lost if you sign out now. Sign out all the same?
}
welcome-back-file = Welcome back. A file cannot be kept meanwhile: choose it once more.
welcome-back = Welcome back. What you typed is here as you left it: save it to finish.

## What did not work
failure-title = That did not work
failure-consent = Errand needs your permission to show this page.
failure-sign-in = You need to sign in to see this page.
failure-declined = Errand cannot show this page without your permission.
error-sign-in = Please sign in to go on.
error-consent = Your permission is needed to go on.
error-declined = You did not allow it. Nothing was changed.
error-not-found = This is no longer there. It may have been removed in another window.
error-todo-not-found = This to-do is no longer there. It may have been deleted in another window.
error-forbidden = You are signed in, but not allowed to do this.
error-not-granted = Errand still does not have the permission that this needs. Nothing is lost: sign in again to give it, or try later.
error-no-access = You signed in, but Errand is still given no access for you. Nothing is lost: sign in again, or try later.
error-somebody-else = Somebody else has signed in on this browser since that page was loaded. Nothing was changed.
error-changed = This was changed to “{ $text }” on another device meanwhile, and nothing is done yet. Look at it, and do it once more if you still want to.
error-misconfigured = Errand is turned away by the service that it needs for this. That is no outage: whoever runs Errand must mend it. Nothing is lost; signing in again may help meanwhile.
error-connection = Errand did not answer. Check your connection and try again.
unreachable-list = Your list cannot be reached right now. Nothing is lost; please try again in a moment.
unreachable-profile = Your profile cannot be reached right now. Nothing is lost; please try again in a moment.
unreachable-sessions = The list of your sign-ins cannot be reached right now. Nothing is lost; please try again in a moment.
unreachable-digest = Your daily digest cannot be reached right now. Nothing is lost; please try again in a moment.
unreachable-data = Your to-dos cannot be reached right now. Nothing is lost; please try again in a moment.
unreachable-account = Your account cannot be reached right now. Nothing is lost; please try again in a moment.

## What cannot be accepted
invalid-form = The form could not be understood. Reload the page and try again.
invalid-description-empty = Write what is to be done.
invalid-description-long = That is longer than { $max } characters. Shorten it, or split it into several to-dos.
invalid-long = That is longer than { $max } characters. Shorten it.
invalid-character = The text contains a character that cannot be stored (NUL). Remove it.
invalid-list-empty = Give the list a name.
invalid-list-character = The name contains a character that cannot be stored (NUL). Remove it.
invalid-day = This is no day of the calendar. Write it like 2026-12-01.
invalid-time = This is no time of the day. Write it like 09:00, from 00:00 to 23:59.
invalid-zone = There is no such time zone. Write its IANA name, such as Europe/Madrid.
invalid-time-alone = Choose the day as well: a time alone is none.
invalid-reminder-time = Choose the time of the reminder as well.
invalid-repeat = Errand does not know how this repeats. Choose one of the ways that are offered.
invalid-repeat-alone = What repeats is due on a day: choose that first.
invalid-list-gone = That list is no longer there.
invalid-step-gone = That step is no longer there.
invalid-place = Reload the page and try again: it did not say where to.
invalid-seen = Reload the page and try again: it did not say what it showed.
invalid-undo-late = This can no longer be undone: it was more than a day ago, or is undone already.
invalid-stale = Another device changed this meanwhile. Look at it, and try again.
invalid-unaccepted = This was not accepted. Change it and try again.
invalid-confirmation = Type the word { $word } to confirm. Nothing was deleted.
invalid-name = Write the name that you want to be called by.
invalid-no-zone = Choose your time zone, so that the mail comes in your morning.
invalid-digest-zone = This is no time zone that Errand knows. Choose one from the list, such as Europe/Berlin.
invalid-hour = Choose an hour of the day.
invalid-no-address = Your identity provider told no e-mail address, so there is nowhere to send a mail to.
invalid-list-full = Your list takes no more to-dos. Remove some first.
invalid-too-many-lists = You have as many lists as there may be. Delete one first.
invalid-too-many-repeat = Too many of these to-dos repeat. Mark fewer of them at once.
invalid-too-large = That is more than Errand takes at once. Send less.
invalid-no-file = Choose a file first.
invalid-file-name = The name of the file has to end in .json, .ics, .txt or .csv. Nothing was imported.
invalid-file-large = The file is larger than 32 MiB. Nothing was imported.
invalid-file-busy = Several files are being imported right now. Try again in a minute.
invalid-file-part = The file did not arrive as a whole. Choose it again.
invalid-file = The file was not accepted.
invalid-file-line = Line { $line }: { $what }
invalid-file-at = Line { $line }.
invalid-file-more = { $count ->
    [one] One more line is at fault.
   *[other] { $count } more lines are at fault.
}

## What was done
done-saved = Saved.
done-nothing-to-undo = There was nothing left to undo.
done-nothing-changed = Nothing was changed: what was shown had changed meanwhile.
done-deleted = { $count ->
    [one] Deleted 1 to-do
   *[other] Deleted { $count } to-dos
}
done-deleted-one = Deleted “{ $text }”
done-list-deleted = Deleted the list and what was in it
done-marked-done = { $count ->
    [one] Marked 1 to-do as done
   *[other] Marked { $count } to-dos as done
}
done-marked-not-done = { $count ->
    [one] Marked 1 to-do as not done
   *[other] Marked { $count } to-dos as not done
}
done-undone = { $count ->
    [one] Brought back 1 to-do
   *[other] Brought back { $count } to-dos
}
done-profile-saved = Your profile is saved.
done-digest-on = Saved. Your digest will come each morning at { $hour }:00. It pauses while you are signed out.
done-digest-off = Saved. There will be no daily digest.
done-everything-deleted = All your to-dos are deleted.
done-imported = { $count ->
    [one] Imported 1 to-do.
   *[other] Imported { $count } to-dos.
}
done-imported-nothing = There is no to-do in that file.
done-imported-nothing-new = Nothing new was in that file.
done-imported-left = { $count ->
    [one] One was there already, and is left as it is.
   *[other] { $count } were there already, and are left as they are.
}
done-session-ended = That browser is signed out.
done-other-sessions-ended = { $count ->
    [0] You were not signed in anywhere else.
    [one] One other browser is signed out.
   *[other] { $count } other browsers are signed out.
}
done-finished = Thank you. What you asked for is done.
undo = Undo
undo-last = Undo last change
undo-not-here = This could not be undone here. “Undo last change” may still do it.
undo-overtaken = Nothing was brought back: it was changed meanwhile, perhaps on another device.
left-alone = { $count ->
    [one] One to-do was changed on another device meanwhile, and left as it is.
   *[other] { $count } to-dos were changed on another device meanwhile, and left as they are.
}

## Views and filters
views = Views
filter = Filter
lists = Lists
filter-all = All
filter-active = Active
filter-completed = Completed
filter-today = Today
filter-planned = Planned
filter-overdue = Overdue
filter-starred = Starred
filter-list = List
title-all = To-dos
title-active = Active to-dos
title-completed = Completed to-dos
nothing-all = All done. Enjoy the quiet.
nothing-completed = Nothing is done yet.
nothing-today = Nothing is due today.
nothing-planned = Nothing has a day yet. Open a to-do’s details, and say when it is due.
nothing-overdue = Nothing is overdue. Well done.
nothing-starred = Nothing has a star yet.
nothing-list = Nothing to do in this list.
nothing-no-list = There is no such list any more.
nothing-found = Nothing here says that.
view-open = { $count ->
    [one] , { $count } to do
   *[other] , { $count } to do
}

## The list
empty-title = Nothing to do
empty-text = Write down the first thing on your mind. It will be here when you come back.
empty-hint = Words like “tomorrow 9am”, “every week” or “!” are understood as you type.
todos = To-dos
completed = Completed
items-left = { $count ->
    [one] item left
   *[other] items left
}
clear-completed = Clear completed
mark-all = Mark all as done
search = Search
order = Order
order-show = Show
sort-mine = My order
sort-due = Due first
sort-starred = Starred first
sort-text = A to Z

## A new to-do
new-todo = What needs to be done?
add = Add
added = Added “{ $text }”
added-todos = { $count ->
    [one] Added { $count } to-do
   *[other] Added { $count } to-dos
}
understood = Understood
understood-due = Due { $when }
understood-star = Star
understood-repeats = Repeats { $how }
understood-list = List: { $name }
understood-no-list = There is no list “{ $name }”
not-meant = Not meant
not-meant-this = Not meant: { $what }
pasted = { $count ->
    [one] { $count } line pasted.
   *[other] { $count } lines pasted.
}
pasted-too-many = { $count ->
    [one] { $count } line pasted. { $max } at a time become to-dos.
   *[other] { $count } lines pasted. { $max } at a time become to-dos.
}
add-todos = { $count ->
    [one] Add { $count } to-do
   *[other] Add { $count } to-dos
}
add-as-one = Add as one

## A row
edit = Edit
edit-this = Edit { $text }
edit-todo = Edit to-do
edit-gone = Another device deleted this meanwhile. What you write is not lost.
delete-this = Delete { $text }
star = Star
star-this = Star { $text }
details = Details
details-reminder = Remind me by mail
details-reminder-day = Day of the reminder
details-reminder-time = Time of the reminder
details-zone = Time zone
details-reminder-half = A reminder needs a day and a time.
details-of = Details of { $text }
overdue = Overdue:
steps-done = { $done } of { $all }
steps-done-words = steps done
has-note = Has a note
has-repeat = Repeats
has-reminder = Reminder: { $when }
drag-to-move = Drag to move (Alt+↑, Alt+↓)
moved-to = “{ $text }” is now { $place } of { $all }
not-saved = Not saved.
discard = Discard
conflict-note-parts = Another device changed the note meanwhile. There it is { $theirs }, here { $mine }.
conflict-text-parts = Another device changed this to { $theirs } meanwhile.
conflict-deleted-parts = Another device deleted this meanwhile. What you wrote, { $mine }, is only here.
keep-mine = Keep mine
keep-theirs = Keep theirs
keep-both = Keep both
add-it-again = Add it again
leave-it-deleted = Leave it deleted
a-todo = A to-do
quoted = “{ $text }”
overtaken-deleted = { $name } was deleted on another device meanwhile. Choose what becomes of it.
overtaken-changed = { $name } was changed on another device meanwhile. Choose what becomes of it.
overtaken-not-deleted = { $name } was changed on another device meanwhile, and is not deleted.
overtaken-left-deleted = { $name } was deleted on another device meanwhile, and is left as it is.
overtaken-left-changed = { $name } was changed on another device meanwhile, and is left as it is.
waiting-kept = { $count ->
    [one] One change is kept in this browser, and sent as soon as that works.
   *[other] { $count } changes are kept in this browser, and sent as soon as that works.
}
waiting-here = { $count ->
    [one] One change is sent as soon as that works: until then it is on this page only, so keep it open.
   *[other] { $count } changes are sent as soon as that works: until then they are on this page only, so keep it open.
}
because-offline = You are offline.
because-silent = Errand did not answer.
because-unreachable = Your list cannot be reached right now.

## Details
close-details = Close details
details-gone = This to-do is no longer on your list.
details-todo = To-do
details-note = Note
details-due = Due
details-day = Day
details-time = Time
due-today = Today
due-tomorrow = Tomorrow
due-in-a-week = In a week
due-not = Not due
details-repeat = Repeat
repeat-never = Never
repeat-daily = Every day
repeat-workdays = Every working day
repeat-weekly = Every week
repeat-fortnightly = Every two weeks
repeat-monthly = Every month
repeat-yearly = Every year
repeat-as-it-is = As it is: { $rule }
details-list = List
list-none = None
list-as-it-is = As it is
steps = Steps
step = Step
step-new = New step
step-add = Add a step
step-add-button = Add step
step-delete = Delete step { $text }
steps-full = A to-do has at most { $max } steps.
move-up = Move up
move-down = Move down

## Lists
list-new = New list
list-add = Add list
list-options = List options
list-name = Name of the list
list-rename = Rename
list-delete = Delete list and its to-dos

## Keys
keys-title = Keyboard shortcuts
keys-then = then
keys-or = or
keys-single = Single keys
keys-single-hint = Turn them off if they get in the way of speech input. Keys with Ctrl or Alt stay, and so do arrows, Space and Enter on a row.
key-space = Space
key-enter = Enter
key-add = Add a to-do
key-next = Next row
key-previous = Previous row
key-toggle = Mark the row as done, or not done
key-edit = Edit the row
key-star = Star the row
key-details = Open the details of the row
key-move = Move the row
key-search = Search
key-undo = Undo the last change
key-today = Go to Today
key-planned = Go to Planned
key-overdue = Go to Overdue
key-starred = Go to Starred
key-all = Go to all to-dos
key-help = Show these shortcuts
key-escape = Cancel, or close

## The account page
account-title = Account
account-permission = Errand needs your permission for this. You will be asked, and brought back here.
profile-title = Profile
profile-intro = Kept by your identity provider. Errand asks for it when you look, and keeps no copy.
profile-name = Your name
profile-first-name = First name
profile-last-name = Last name
profile-country = Country or region
profile-no-country = Not given
profile-mail = Email address
profile-save = Save profile
digest-title = Daily digest
digest-intro = A short mail: what is overdue first, then what is due today, then what else is open. Nothing open, no mail. It pauses when you sign out on all of your browsers, because Errand may then not look at your list, and comes again once you sign in.
digest-nowhere = Your identity provider told no e-mail address, so there is nowhere to send it to.
digest-skipped = The last one was skipped, because you were not signed in. Sign out and in, and it comes again.
digest-enabled = Send me a mail each morning with what is open
digest-zone = Time zone
digest-choose = Choose…
digest-hour = Hour
digest-goes-to = It goes to
digest-save = Save digest
digest-sent = The last one was sent on { $day }.
digest-nothing-open = On { $day } nothing was open, so there was no mail.
digest-given-up = The one for { $day } could not be delivered. The next one will be tried.
digest-paused-meanwhile = While you were away your daily digest paused: Errand may look at your list only while you are signed in. It comes again from the next morning on.
digest-pauses = You are signed out. Your daily digest pauses now: Errand may look at your list only while you are signed in. It comes again once you sign in.
digest-goes-on = You are signed out here. Your daily digest goes on, because you are still signed in on another browser.
sessions-title = Where you are signed in
sessions-intro = Something you do not recognise? Sign it out, and change your password: your identity provider may still know that browser.
sessions-this = This browser
sessions-when-parts = Signed in { $begin } · last used { $last }
sessions-end-this = Sign out { $browser }, signed in { $when }
sessions-end-others = Sign out everywhere else
browser-on = { $browser } on { $system }
browser-unknown-on = A browser on { $system }
browser-unknown = An unknown browser
data-title = Your data
data-intro = Your to-dos are yours: take them with you, or delete them. What is deleted here cannot be brought back.
data-download = Download your to-dos:
data-import = Bring in to-dos from a file of one of these kinds
data-import-hint = They are added behind those that are here. What is here already is left as it is, so the same file can be sent again.
data-import-button = Import
data-json = JSON (everything)
data-csv = CSV table
data-delete-word = delete
data-delete-confirm = To delete all your to-dos for good, type the word { $word }
data-delete = Delete all my to-dos
claims-title = For developers
claims-show = Show the claims
claims-intro = What your identity provider told Errand: the claims of your ID token, as of when you signed in. The token itself never leaves the server.
claims-caption = Claims of your ID token
claims-name = Claim
claims-value = Value

## Days and moments
yesterday = Yesterday
today = Today
tomorrow = Tomorrow
weekday-monday = Monday
weekday-tuesday = Tuesday
weekday-wednesday = Wednesday
weekday-thursday = Thursday
weekday-friday = Friday
weekday-saturday = Saturday
weekday-sunday = Sunday
month-january = January
month-february = February
month-march = March
month-april = April
month-may = May
month-june = June
month-july = July
month-august = August
month-september = September
month-october = October
month-november = November
month-december = December
short-january = Jan
short-february = Feb
short-march = Mar
short-april = Apr
short-may = May
short-june = Jun
short-july = Jul
short-august = Aug
short-september = Sep
short-october = Oct
short-november = Nov
short-december = Dec
date-short = { $day } { $month }
date-short-year = { $day } { $month } { $year }
date-full = { $weekday }, { $day } { $month } { $year }
date-long = { $day } { $month } { $year }
ago-now = just now
ago-minutes = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
}
ago-days = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
}
ago-on = on { $day }
