# What every server says where nothing else is to be shown, in English.

home = Home
again = Go back and try again.
panicked-title = Something went wrong
panicked = This is our fault, not yours, and it has been noted. Nothing that was saved is lost.

bad-title = That did not work
bad = The request could not be understood.
unauthorized-title = Please sign in
unauthorized = You must sign in for this.
forbidden-title = This was refused
forbidden = This is not allowed.
not-found-title = There is no such page
not-found = There is nothing at this address.
method-title = This address takes something else
method = This address does not take that method.
too-large-title = That is too large
too-large = That is too much at once.
media-type-title = This address takes something else
media-type = This address does not take that kind of content.
too-long-title = That took too long
too-long = That took too long. Try again in a moment.
failed-title = Something went wrong
failed = Something went wrong. This is our fault, not yours.
