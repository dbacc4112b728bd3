# What the pages and mails of the embedded provider say, in English.

sign-in = Sign in
