# What the pages and mails of the embedded provider say, in English.

## Around every page
error-title = Error: { $title }
language-switch = Language
back-to = Back to { $app }
cancel-to = Cancel, and go back to { $app }
cancel = Cancel
continue-on = Continue
sign-in = Sign in
sign-out = Sign out
decide-again = The page was out of date, so nothing was done. Please decide once more.

## Fields
email-address = Email address
password = Password
new-password = New password
new-password-hint = At least { $min } characters. A few words that do not belong together are good.
new-password-again = New password again
your-name = Your name
your-name-hint = As you want it to be shown; at most { $max } characters.
country = Country or region
choose = Choose…
code = Code
code-hint = { $digits } digits

## What is wrong with a field
email-empty = Enter your email address.
email-too-long = This email address is too long: use one of at most { $max } characters.
email-not-ascii = This email address has letters with accents or from another alphabet: use one of plain letters.
email-forbidden-character = An email address has no spaces, double quotes, commas or brackets: check what you typed.
email-malformed = Enter an email address like name@example.com.
name-empty = Enter the name that you want to be shown.
name-too-long = This name is too long: use at most { $max } characters.
name-unprintable = This name has characters that cannot be shown: type it anew.
country-missing = Choose your country or region.
password-missing = Enter your password.
password-wrong = That is not your password. Type it again, or reset it.
password-not-repeated = This is not the same password: type it again.
password-empty = Enter a password.
password-too-short = This password is too short: use at least { $min } characters.
password-too-long = This password is too long: use at most { $max } characters.
password-made-from = This password is made from { $what }: choose another.
known-email = your email address
known-name = your name
known-brand = the name of this service
known-several = your email address, your name or the name of this service
password-guessable = This password is easy to guess. { $advice }
advice-unrelated-words = Use a few words that do not belong together.
advice-few-words = Use a few words, avoid common phrases.
advice-no-symbols = No need for symbols, digits, or uppercase letters.
advice-another-word = Add another word or two. Uncommon words are better.
advice-capitalization = Capitalization doesn't help very much.
advice-all-uppercase = All-uppercase is almost as easy to guess as all-lowercase.
advice-reversed = Reversed words aren't much harder to guess.
advice-substitutions = Predictable substitutions like '@' instead of 'a' don't help very much.
advice-keyboard = Use a longer keyboard pattern with more turns.
advice-repeats = Avoid repeated words and characters.
advice-sequences = Avoid sequences.
advice-recent-years = Avoid recent years.
advice-your-years = Avoid years that are associated with you.
advice-your-dates = Avoid dates and years that are associated with you.

## Signing in
continue-to-parts = to continue to { $app }
wrong-credentials = That email address and password do not belong together. Check both, or reset the password.
email-code-instead = Email me a code instead
forgot-password = Forgot password?
no-account-parts = No account? { $link }
create-one = Create one

## Signing up
create-account-title = Create an account
email-hint = We send a code to it, to be sure that it is yours.
next = Next
have-account-parts = Have an account? { $link }
details-title = Your details
details-lead = The last step: then your account is ready.
create-account = Create account

## Choosing a new password
reset-title = Reset your password
reset-lead = We send you a code; with it, you choose a new password.
back-to-sign-in = Back to sign-in
new-password-title = Choose a new password
new-password-lead = Then you are signed in here, and signed out everywhere else.
save-and-sign-in = Save and sign in

## Entering a code
passcode-title = Check your email
passcode-lead-parts = We sent a message to { $email }. Enter the code that it contains; it works for ten minutes.
kept-mail-parts = This tenant keeps its mail in the { $mailbox }.
mailbox-new-window = mailbox (new window)
sent-again = We sent you another message. Only the newest code works.
passcode-missing = Enter the code from the message.
passcode-malformed = The code has { $digits } digits: check what you typed.
passcode-last-try = That is not the code. You have one more try.
passcode-wrong = That is not the code: check the newest message.
passcode-exhausted = That was tried too often. Send a new code, and use that one.
passcode-expired = This code is too old. Send a new code, and use that one.
no-code-parts = No code in the message? You may have an account already: { $link }
send-new-code = Send a new code
another-address = Use another address

## Proving more
step-up-title = Confirm that it is you
step-up-lead-parts = For what you are about to do in { $app }, your sign-in is not enough.
step-up-mail-parts = We will send a code to { $email }.
step-up-password = You signed in with a code, so now enter your password.
send-code = Send code

## Permissions
consent-title = Permissions requested
consent-lead-parts = { $app } would like to do this as { $email }:
consent-trust = Accept only if you trust { $app }.
accept = Accept
not-you-parts = Not you? { $link }
another-account = Use another account
consent-changed = The list has changed since you saw it. Please look again.
directory = Directory
read-profile = Read your profile
read-profile-hint = See the signed-in customer's profile
change-profile = Change your profile
change-profile-hint = See and change the signed-in customer's profile

## Signing out
sign-out-title = Do you want to sign out?
signed-in-as-parts = You are signed in as { $email }.
signed-out-title = You signed out of your account
signed-out = You have signed out.
close-windows = It is a good idea to close all browser windows.
signed-out-apps = You are being signed out of these apps as well:
goes-on = Then this page goes on by itself.
signing-out-of = Signing out of { $app }

## On the way to the app
working = Working…
scripts-off = Scripts are off: press the button to go on.

## Pages that say that something is wrong
gone-title = This sign-in cannot go on
gone = It is finished, took too long, or was begun in another browser.
gone-again = Go back, and start again from there.
gone-cookies = If this happens every time, allow cookies for this site.
failed-title = That did not work
unreadable = What your browser sent could not be read. Go back, and try again.
foreign-title = This form was not accepted
foreign = It was sent by another site. Nothing was done.
foreign-again = Go back to the app, and start again from there.
too-many-title = Too many attempts
too-many-parts = To keep accounts safe, there is a limit to this. Try again in { $wait }.
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
not-locked = Your account is not locked.
busy-title = One moment, please
busy = Many people are signing in right now. Go back, and try again in a moment.
unavailable-title = Sign-in does not work right now
unavailable = This is our fault, not yours. Go back, and try again in a moment.
no-sign-up-title = You cannot create an account here
no-sign-up = Accounts are created by { $brand } only. If you have one, sign in.
taken-title = You already have an account
taken = An account with this email address was created a moment ago, perhaps by you in another window.
disabled-title = Your account has been disabled
disabled = Please ask { $brand } for help.
misdirected-title = This page has another address
misdirected-parts = Its address is { $address }.
not-found-title = Page not found
not-found = There is nothing at this address.
method-title = That is not done here
method = This address does not take this method.
too-large-title = That is too much
too-large = The request is larger than this address takes.
failed = The request could not be answered.
error-page-title = Sorry, but we’re having trouble signing you in
error-page = The app sent a request that cannot be answered. Go back to the app and start again.
error-code = Error
trace-id = Trace ID
correlation-id = Correlation ID
timestamp = Timestamp

## The index
index = The embedded tenant: for development only. It stands in for a Microsoft Entra External ID tenant.
discovery-document = Discovery document
index-mailbox-parts = { $mailbox }: mail to customers, such as passcodes
apps = Apps
user-flow = user flow “{ $flow }”

## The mailbox
mailbox = Mailbox
mailbox-lead = This tenant has no mail server, so its mail ends up here, newest first.
mailbox-check = Check for new mail
mailbox-empty = No mail yet. Sign up, and the code appears here.
mail-to-parts = To { $address }
mail-passcode-parts = Passcode: { $code }
mail-text = Text of the mail

## Mails
passcode-subject = Your { $brand } verification code
passcode-mail-code = Your code for { $brand }:
passcode-mail-use = It works once, for { $minutes } minutes, in the browser window where you asked for it.
passcode-mail-warning = If you did not ask for it, ignore this mail: without the code, nobody gets any further. Never tell the code to anybody.
notice-subject = About your account at { $brand }
existing-mail = Somebody, most likely you, tried to create an account at { $brand } with this email address.
existing-mail-sign-in = You already have one: sign in with your password. If you no longer know it, choose “{ $link }” on the sign-in page.
not-you-nothing-to-do = If it was not you, there is nothing to do.
no-account-mail = Somebody, most likely you, tried to get into an account at { $brand } with this email address. There is none.
no-account-mail-sign-up = Perhaps you signed up with another address; otherwise you can create an account on the sign-in page.
disabled-mail = Your account at { $brand } has been disabled, so no code was sent. Please ask { $brand } for help.
changed-mail = The password of your account at { $brand } was just reset with a code that we sent to this address, and all other browsers were signed out.
changed-mail-not-you = If it was you, there is nothing to do. If it was not, somebody else reads your mail: change the password of your mail account first, and then reset this one by “{ $link }” on the sign-in page.
