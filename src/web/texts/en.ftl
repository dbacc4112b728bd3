# What the web server says by itself, in English: pages that are not the app's, for answers that come from around it.

page-description = Errand keeps your to-do list: calm, quick, and yours alone.

go-to-todos = Go to your to-dos
home = Home
main = Main
try-again = Try again
back = Back

status-forbidden-title = This was refused
status-forbidden = Errand does not allow this request.
status-not-found-title = There is no such page
status-not-found = The address may be mistyped, or the page has moved.
status-method-title = This address takes something else
status-method = It cannot be opened like a page. Use the buttons on Errand’s pages.
status-too-large-title = That is too large
status-too-large = What was sent is larger than Errand takes. Nothing was changed.
status-too-long-title = That took too long
status-later = Nothing is lost; please try again in a moment.
status-too-many-title = Too many requests
status-too-many = Please wait a moment, and try again.
status-unavailable-title = Errand cannot do this right now
status-bad-title = That did not work
status-bad = Errand could not understand this request. Go back and try again.
status-failed-title = Something went wrong
status-failed = This is our fault, not yours, and it has been noted. Please try again.

not-done-title = That was not done
not-saved-title = That could not be saved
typed = What you typed
display-name = Your name
first-name = First name
last-name = Last name
not-fetched-title = Your to-dos could not be fetched
file-read-title = Your file was read
file-not-imported-title = Your file could not be imported
own-pages-only = This address answers Errand's own pages only.
forms-only = This address takes forms (POST) only.
form-too-large = What was sent is too large.
no-such-file = There is no such file.
no-such-language = Errand does not speak this language.
