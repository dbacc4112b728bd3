# What the worker's mails say, in English.

good-morning = Good morning,
good-morning-name = Good morning { $name },
hello = Hello,
hello-name = Hello { $name },

open = { $count ->
    [one] { $count } to-do is open
   *[other] { $count } to-dos are open
}
open-subject = { $count ->
    [one] { $count } to-do is open on your list
   *[other] { $count } to-dos are open on your list
}
more = … and { $count } more
overdue = Overdue
due-today = Due today
also-open = Also open
your-list = Your list
why-digest = You get this mail at { $hour }:00 ({ $zone }) because you asked for it on your account page.
turn-off = Turn it off
to-turn-off = To turn it off

due-on = Due on { $date }.
due-at = Due on { $date } at { $time } ({ $zone }).
why-reminder = You get this mail because this to-do has a reminder, which you can remove from it.

date = { $day } { $month } { $year }
january = January
february = February
march = March
april = April
may = May
june = June
july = July
august = August
september = September
october = October
november = November
december = December
