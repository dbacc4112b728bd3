# Lo que dicen los correos del trabajador, en español.

good-morning = Buenos días:
good-morning-name = Buenos días, { $name }:
hello = Hola:
hello-name = Hola, { $name }:

open = { $count ->
    [one] { $count } tarea pendiente
   *[other] { $count } tareas pendientes
}
open-subject = { $count ->
    [one] { $count } tarea pendiente en tu lista
   *[other] { $count } tareas pendientes en tu lista
}
more = … y { $count } más
overdue = Atrasadas
due-today = Para hoy
also-open = También pendientes
your-list = Tu lista
why-digest = Recibes este correo a las { $hour }:00 ({ $zone }) porque lo pediste en la página de tu cuenta.
turn-off = Desactivarlo
to-turn-off = Para desactivarlo

due-on = Vence el { $date }.
due-at = Vence el { $date } a las { $time } ({ $zone }).
why-reminder = Recibes este correo porque esta tarea tiene un recordatorio; puedes quitárselo.

date = { $day } de { $month } de { $year }
january = enero
february = febrero
march = marzo
april = abril
may = mayo
june = junio
july = julio
august = agosto
september = septiembre
october = octubre
november = noviembre
december = diciembre
