# What the pages say, in Spanish. The customer is "tú".

## Around every page
skip-to-content = Ir al contenido
footer = Errand · tu lista, y de nadie más
language-switch = Idioma
nav-main = Principal
nav-todos = Tareas
nav-account = Cuenta
sign-in = Iniciar sesión
sign-up = Crear cuenta
sign-out = Cerrar sesión
sign-in-again = Volver a iniciar sesión
home = Inicio
go-to-todos = Ir a tus tareas
continue-on = Continuar
try-again = Reintentar
dismiss = Descartar
close = Cerrar
loading = Cargando…
saving = Guardando…
save = Guardar
cancel = Cancelar
delete = Eliminar
you = Tú

## Home
welcome-eyebrow = Qué bien verte
welcome-hello = Hola,
welcome-lead = Tu lista está donde la dejaste.
welcome-open = Abrir tus tareas
hero-eyebrow = Una lista de tareas tranquila
hero-title = Todo lo que querías hacer, en un lugar tranquilo
hero-lead = Errand guarda tus tareas y no estorba. Anótalas, márcalas y sigue con tu día.
picture-first = Regar las plantas
picture-second = Llamar al dentista
picture-second-due = Hoy 9:00
picture-third = Planear el puente
picture-third-facts = 2 de 4
picture-fourth = Devolver los libros
picture-fourth-due = Mañana
promise-private-title = Solo tuya
promise-private = Solo tú puedes ver tu lista. Tus llaves se quedan en nuestro servidor y nunca llegan al navegador.
promise-quick-title = Rápida por naturaleza
promise-quick = Cada cambio se ve al instante y se guarda por detrás. ¿Borraste de más? Un toque lo recupera.
promise-everywhere-title = Funciona en todas partes
promise-everywhere = En cualquier pantalla, con tema claro u oscuro, con el teclado, con lector de pantalla e incluso sin scripts.

## An address that is none
not-found-page = Página no encontrada
not-found-title = Esta página no existe
not-found-text = Puede que la dirección esté mal escrita o que la página se haya movido.

## A sign-in that did not work
problem-cancelled-title = No has iniciado sesión
problem-cancelled = Has cancelado. No pasa nada: nada ha cambiado.
problem-expired-title = Este inicio de sesión ha caducado
problem-expired = Tardó demasiado, ya se usó o empezó en otro navegador. Empieza de nuevo.
problem-unavailable-title = Ahora no se puede iniciar sesión
problem-unavailable = El servicio de inicio de sesión no responde. Tus tareas están a salvo; inténtalo de nuevo en un momento.
problem-misconfigured-title = No se puede iniciar sesión
problem-misconfigured = Errand y el servicio de inicio de sesión no se entienden. Reintentar no ayuda: debe arreglarlo quien administra Errand. Tus tareas están a salvo.
problem-sign-out-title = Has cerrado sesión aquí
problem-sign-out = El servicio de inicio de sesión no confirmó que también se haya cerrado allí. En un ordenador compartido, cierra sesión también allí.
problem-elsewhere-title = Se cerró tu sesión desde otro navegador
problem-elsewhere = Alguien con tu cuenta cerró la sesión de este navegador. Para seguir aquí, inicia sesión de nuevo: se te pedirá tu contraseña (o lo que uses para entrar).
problem-provider-title = Se ha cerrado tu sesión
problem-provider = Tu proveedor de identidad cerró esta sesión. Para seguir aquí, inicia sesión de nuevo.
problem-no-sign-up-title = Aquí no puedes crear una cuenta
problem-no-sign-up = Las cuentas las crea quien administra este sitio; pídele una. Si ya la tienes, inicia sesión.
problem-refused-title = No se pudo iniciar tu sesión
problem-refused = El servicio de inicio de sesión se negó, o su respuesta no era de fiar. Empieza de nuevo.
problem-signed-in = Tu sesión sigue iniciada aquí.

## The session
leaving-for-consent = Errand necesita tu permiso para esto. Lo que escribiste se conserva.
leaving-for-sign-in = Inicia sesión de nuevo. Lo que escribiste se conserva.
ending-for-good = Tu sesión ha durado todo lo permitido. Se cerrará dentro de un minuto; lo que escribiste se conserva.
ending-stay-failed = Errand no respondió, así que tu sesión se cerrará dentro de un minuto. Inténtalo otra vez; lo que escribiste se conserva.
ending = Tu sesión se cerrará dentro de un minuto.
stay-signed-in = Seguir con la sesión
sign-out-now = Cerrar sesión ahora
ended-elsewhere = Para seguir aquí, demuestra quién eres e inicia sesión de nuevo. Lo que escribiste se conserva.
ended-title = Se ha cerrado tu sesión
ended = Tu sesión ha terminado. Lo que escribiste se conserva: inicia sesión y sigue donde estabas.
unsaved-at-sign-out = { $count ->
    [one] Hay un cambio sin guardar, y se pierde si cierras sesión ahora. ¿Cerrar sesión de todos modos?
   *[other] Hay { $count } cambios sin guardar, y se pierden si cierras sesión ahora. ¿Cerrar sesión de todos modos?
}
welcome-back-file = Te damos la bienvenida de nuevo. Mientras tanto no se puede guardar un archivo: elígelo otra vez.
welcome-back = Te damos la bienvenida de nuevo. Lo que escribiste está como lo dejaste: guárdalo para terminar.

## What did not work
failure-title = No ha funcionado
failure-consent = Errand necesita tu permiso para mostrar esta página.
failure-sign-in = Inicia sesión para ver esta página.
failure-declined = Errand no puede mostrar esta página sin tu permiso.
error-sign-in = Inicia sesión para continuar.
error-consent = Hace falta tu permiso para continuar.
error-declined = No lo has permitido. Nada ha cambiado.
error-not-found = Esto ya no está. Puede que se haya eliminado en otra ventana.
error-todo-not-found = Esta tarea ya no está. Puede que se haya eliminado en otra ventana.
error-forbidden = Has iniciado sesión, pero no puedes hacer esto.
error-not-granted = Errand sigue sin el permiso que esto necesita. No se ha perdido nada: inicia sesión de nuevo para darlo, o inténtalo más tarde.
error-no-access = Has iniciado sesión, pero Errand sigue sin acceso para ti. No se ha perdido nada: inicia sesión de nuevo o inténtalo más tarde.
error-somebody-else = Otra persona inició sesión en este navegador desde que se cargó esa página. Nada ha cambiado.
error-changed = Otro dispositivo cambió esto a «{ $text }» mientras tanto, y aún no se ha hecho nada. Míralo y hazlo otra vez si todavía quieres.
error-misconfigured = El servicio que Errand necesita para esto lo rechaza. No es un corte: debe arreglarlo quien administra Errand. No se ha perdido nada; mientras tanto, puede ayudar iniciar sesión de nuevo.
error-connection = Errand no respondió. Comprueba tu conexión e inténtalo de nuevo.
unreachable-list = Ahora no se puede acceder a tu lista. No se ha perdido nada; inténtalo de nuevo en un momento.
unreachable-profile = Ahora no se puede acceder a tu perfil. No se ha perdido nada; inténtalo de nuevo en un momento.
unreachable-sessions = Ahora no se puede acceder a la lista de tus sesiones. No se ha perdido nada; inténtalo de nuevo en un momento.
unreachable-digest = Ahora no se puede acceder a tu resumen diario. No se ha perdido nada; inténtalo de nuevo en un momento.
unreachable-data = Ahora no se puede acceder a tus tareas. No se ha perdido nada; inténtalo de nuevo en un momento.
unreachable-account = Ahora no se puede acceder a tu cuenta. No se ha perdido nada; inténtalo de nuevo en un momento.

## What cannot be accepted
invalid-form = No se pudo entender el formulario. Recarga la página e inténtalo de nuevo.
invalid-description-empty = Escribe lo que hay que hacer.
invalid-description-long = Tiene más de { $max } caracteres. Acórtalo o repártelo en varias tareas.
invalid-long = Tiene más de { $max } caracteres. Acórtalo.
invalid-character = El texto contiene un carácter que no se puede guardar (NUL). Quítalo.
invalid-list-empty = Ponle un nombre a la lista.
invalid-list-character = El nombre contiene un carácter que no se puede guardar (NUL). Quítalo.
invalid-day = Ese día no está en el calendario. Escríbelo así: 2026-12-01.
invalid-time = Esa hora no existe. Escríbela así: 09:00, entre 00:00 y 23:59.
invalid-zone = Esa zona horaria no existe. Escribe su nombre IANA, como Europe/Madrid.
invalid-time-alone = Elige también el día: una hora sola no basta.
invalid-reminder-time = Elige también la hora del recordatorio.
invalid-repeat = Errand no sabe repetirlo así. Elige una de las opciones.
invalid-repeat-alone = Lo que se repite vence un día: elígelo primero.
invalid-list-gone = Esa lista ya no está.
invalid-step-gone = Ese paso ya no está.
invalid-place = Recarga la página e inténtalo de nuevo: no decía adónde.
invalid-seen = Recarga la página e inténtalo de nuevo: no decía qué mostraba.
invalid-undo-late = Esto ya no se puede deshacer: fue hace más de un día o ya se deshizo.
invalid-stale = Otro dispositivo cambió esto mientras tanto. Míralo e inténtalo de nuevo.
invalid-unaccepted = No se ha aceptado. Cámbialo e inténtalo de nuevo.
invalid-confirmation = Escribe la palabra { $word } para confirmar. No se ha eliminado nada.
invalid-name = Escribe el nombre con el que quieres que te llamemos.
invalid-no-zone = Elige tu zona horaria para que el correo llegue por la mañana.
invalid-digest-zone = Errand no conoce esa zona horaria. Elige una de la lista, como Europe/Madrid.
invalid-hour = Elige una hora del día.
invalid-no-address = Tu proveedor de identidad no indicó ninguna dirección de correo, así que no hay adónde enviar un correo.
invalid-list-full = En tu lista no caben más tareas. Elimina alguna primero.
invalid-too-many-lists = Ya tienes todas las listas posibles. Elimina una primero.
invalid-too-many-repeat = Demasiadas de estas tareas se repiten. Marca menos a la vez.
invalid-too-large = Es más de lo que Errand acepta de una vez. Envía menos.
invalid-no-file = Elige primero un archivo.
invalid-file-name = El nombre del archivo debe terminar en .json, .ics, .txt o .csv. No se ha importado nada.
invalid-file-large = El archivo tiene más de 32 MiB. No se ha importado nada.
invalid-file-busy = Ahora se están importando varios archivos. Inténtalo de nuevo en un minuto.
invalid-file-part = El archivo no llegó entero. Elígelo de nuevo.
invalid-file = El archivo tiene líneas que no se entienden. No se ha importado nada.
invalid-file-line = Línea { $line }: { $what }
invalid-file-at = Línea { $line }.
invalid-file-more = { $count ->
    [one] Hay una línea más con errores.
   *[other] Hay { $count } líneas más con errores.
}

## What was done
done-saved = Guardado.
done-nothing-to-undo = No quedaba nada que deshacer.
done-nothing-changed = No ha cambiado nada: lo que se mostraba había cambiado mientras tanto.
done-deleted = { $count ->
    [one] 1 tarea eliminada
   *[other] { $count } tareas eliminadas
}
done-deleted-one = «{ $text }» eliminada
done-list-deleted = Se eliminó la lista con lo que tenía
done-marked-done = { $count ->
    [one] 1 tarea marcada como hecha
   *[other] { $count } tareas marcadas como hechas
}
done-marked-not-done = { $count ->
    [one] 1 tarea marcada como pendiente
   *[other] { $count } tareas marcadas como pendientes
}
done-undone = { $count ->
    [one] 1 tarea recuperada
   *[other] { $count } tareas recuperadas
}
done-profile-saved = Tu perfil se ha guardado.
done-digest-on = Guardado. Tu resumen llegará cada mañana a las { $hour }:00. Se pausa mientras no tienes la sesión iniciada.
done-digest-off = Guardado. No habrá resumen diario.
done-everything-deleted = Todas tus tareas se han eliminado.
done-imported = { $count ->
    [one] 1 tarea importada.
   *[other] { $count } tareas importadas.
}
done-imported-nothing = No hay ninguna tarea en ese archivo.
done-imported-nothing-new = No había nada nuevo en ese archivo.
done-imported-left = { $count ->
    [one] Una ya estaba, y se deja como está.
   *[other] { $count } ya estaban, y se dejan como están.
}
done-session-ended = Se ha cerrado la sesión de ese navegador.
done-other-sessions-ended = { $count ->
    [0] No tenías la sesión iniciada en ningún otro sitio.
    [one] Se ha cerrado la sesión de otro navegador.
   *[other] Se ha cerrado la sesión de otros { $count } navegadores.
}
done-finished = Gracias. Lo que pediste está hecho.
undo = Deshacer
undo-last = Deshacer el último cambio
undo-not-here = No se pudo deshacer aquí. «Deshacer el último cambio» quizá aún pueda.
undo-overtaken = No se ha recuperado nada: cambió mientras tanto, quizá en otro dispositivo.
left-alone = { $count ->
    [one] Otro dispositivo cambió una tarea mientras tanto, y se ha dejado como está.
   *[other] Otro dispositivo cambió { $count } tareas mientras tanto, y se han dejado como están.
}

## Views and filters
views = Vistas
filter = Filtro
lists = Listas
filter-all = Todas
filter-active = Pendientes
filter-completed = Hechas
filter-today = Hoy
filter-planned = Planificadas
filter-overdue = Atrasadas
filter-starred = Destacadas
filter-list = Lista
title-all = Tareas
title-active = Tareas pendientes
title-completed = Tareas hechas
nothing-all = Todo hecho. Disfruta de la calma.
nothing-completed = Aún no hay nada hecho.
nothing-today = Hoy no vence nada.
nothing-planned = Aún no hay nada con día. Abre los detalles de una tarea y di cuándo vence.
nothing-overdue = No hay nada atrasado. Muy bien.
nothing-starred = Aún no hay nada destacado.
nothing-list = No hay nada que hacer en esta lista.
nothing-no-list = Esta lista ya no existe.
nothing-found = Aquí nada dice eso.
view-open = { $count ->
    [one] , { $count } pendiente
   *[other] , { $count } pendientes
}

## The list
empty-title = Nada que hacer
empty-text = Anota lo primero que te venga a la mente. Estará aquí cuando vuelvas.
empty-hint = Palabras como «mañana 9:00», «cada semana» o «!» se entienden mientras escribes.
todos = Tareas
completed = Hechas
items-left = { $count ->
    [one] tarea pendiente
   *[other] tareas pendientes
}
clear-completed = Eliminar las hechas
mark-all = Marcar todas como hechas
search = Buscar
order = Orden
order-show = Mostrar
sort-mine = Mi orden
sort-due = Las que vencen antes
sort-starred = Destacadas primero
sort-text = De la A a la Z

## A new to-do
new-todo = ¿Qué hay que hacer?
add = Añadir
added = «{ $text }» añadida
added-todos = { $count ->
    [one] { $count } tarea añadida
   *[other] { $count } tareas añadidas
}
understood = Entendido
understood-due = Vence { $when }
understood-star = Destacada
understood-repeats = Se repite { $how }
understood-list = Lista: { $name }
understood-no-list = No hay ninguna lista «{ $name }»
not-meant = No es eso
not-meant-this = No es eso: { $what }
pasted = { $count ->
    [one] { $count } línea pegada.
   *[other] { $count } líneas pegadas.
}
pasted-too-many = { $count ->
    [one] { $count } línea pegada. Se convierten en tareas { $max } cada vez.
   *[other] { $count } líneas pegadas. Se convierten en tareas { $max } cada vez.
}
add-todos = { $count ->
    [one] Añadir { $count } tarea
   *[other] Añadir { $count } tareas
}
add-as-one = Añadir como una sola

## A row
edit = Editar
edit-this = Editar { $text }
edit-todo = Editar tarea
edit-gone = Otro dispositivo eliminó esto mientras tanto. Lo que escribes no se pierde.
delete-this = Eliminar { $text }
star = Destacar
star-this = Destacar { $text }
details = Detalles
details-reminder = Recordármelo por correo
details-reminder-day = Día del recordatorio
details-reminder-time = Hora del recordatorio
details-zone = Zona horaria
details-reminder-half = Un recordatorio necesita un día y una hora.
details-of = Detalles de { $text }
overdue = Atrasada:
steps-done = { $done } de { $all }
steps-done-words = pasos hechos
has-note = Tiene una nota
has-repeat = Se repite
has-reminder = Recordatorio: { $when }
drag-to-move = Arrastra para mover (Alt+↑, Alt+↓)
moved-to = «{ $text }» es ahora la { $place } de { $all }
not-saved = Sin guardar.
discard = Descartar
conflict-note-parts = Otro dispositivo cambió la nota mientras tanto. Allí dice { $theirs } y aquí { $mine }.
conflict-text-parts = Otro dispositivo cambió esto a { $theirs } mientras tanto.
conflict-deleted-parts = Otro dispositivo eliminó esto mientras tanto. Lo que escribiste, { $mine }, solo está aquí.
keep-mine = Quedarme con lo mío
keep-theirs = Quedarme con lo otro
keep-both = Quedarme con los dos
add-it-again = Añadirla de nuevo
leave-it-deleted = Dejarla eliminada
a-todo = Una tarea
quoted = «{ $text }»
overtaken-deleted = Otro dispositivo eliminó mientras tanto: { $name }. Elige qué hacer con ella.
overtaken-changed = Otro dispositivo cambió mientras tanto: { $name }. Elige qué hacer con ella.
overtaken-not-deleted = Otro dispositivo cambió mientras tanto: { $name }. No se ha eliminado.
overtaken-left-deleted = Otro dispositivo eliminó mientras tanto: { $name }. Se deja como está.
overtaken-left-changed = Otro dispositivo cambió mientras tanto: { $name }. Se deja como está.
waiting-kept = { $count ->
    [one] Un cambio queda guardado en este navegador y se enviará en cuanto se pueda.
   *[other] { $count } cambios quedan guardados en este navegador y se enviarán en cuanto se pueda.
}
waiting-here = { $count ->
    [one] Un cambio se enviará en cuanto se pueda: hasta entonces solo está en esta página, así que déjala abierta.
   *[other] { $count } cambios se enviarán en cuanto se pueda: hasta entonces solo están en esta página, así que déjala abierta.
}
because-offline = No tienes conexión.
because-silent = Errand no respondió.
because-unreachable = Ahora no se puede acceder a tu lista.

## Details
close-details = Cerrar detalles
details-gone = Esta tarea ya no está en tu lista.
details-todo = Tarea
details-note = Nota
details-due = Vence
details-day = Día
details-time = Hora
due-today = Hoy
due-tomorrow = Mañana
due-in-a-week = En una semana
due-not = Sin fecha
details-repeat = Repetir
repeat-never = Nunca
repeat-daily = Cada día
repeat-workdays = Cada día laborable
repeat-weekly = Cada semana
repeat-fortnightly = Cada dos semanas
repeat-monthly = Cada mes
repeat-yearly = Cada año
repeat-as-it-is = Como está: { $rule }
details-list = Lista
list-none = Ninguna
list-as-it-is = Como está
steps = Pasos
step = Paso
step-new = Paso nuevo
step-add = Añade un paso
step-add-button = Añadir paso
step-delete = Eliminar el paso { $text }
steps-full = Una tarea tiene como mucho { $max } pasos.
move-up = Subir
move-down = Bajar

## Lists
list-new = Lista nueva
list-add = Añadir lista
list-options = Opciones de la lista
list-name = Nombre de la lista
list-rename = Cambiar nombre
list-delete = Eliminar la lista y sus tareas

## Keys
keys-title = Atajos de teclado
keys-then = y luego
keys-or = o
keys-single = Teclas sueltas
keys-single-hint = Desactívalas si estorban al dictado por voz. Las teclas con Ctrl o Alt siguen, y también las flechas, Espacio e Intro en una fila.
key-space = Espacio
key-enter = Intro
key-add = Añadir una tarea
key-next = Fila siguiente
key-previous = Fila anterior
key-toggle = Marcar la fila como hecha o pendiente
key-edit = Editar la fila
key-star = Destacar la fila
key-details = Abrir los detalles de la fila
key-move = Mover la fila
key-search = Buscar
key-undo = Deshacer el último cambio
key-today = Ir a Hoy
key-planned = Ir a Planificadas
key-overdue = Ir a Atrasadas
key-starred = Ir a Destacadas
key-all = Ir a todas las tareas
key-help = Mostrar estos atajos
key-escape = Cancelar o cerrar

## The account page
account-title = Cuenta
account-permission = Errand necesita tu permiso para esto. Se te pedirá, y volverás aquí.
profile-title = Perfil
profile-intro = Lo guarda tu proveedor de identidad. Errand lo pide cuando lo miras y no se queda con ninguna copia.
profile-name = Tu nombre
profile-first-name = Nombre
profile-last-name = Apellidos
profile-country = País o región
profile-no-country = Sin indicar
profile-mail = Correo electrónico
profile-save = Guardar perfil
digest-title = Resumen diario
digest-intro = Un correo breve: primero lo atrasado, luego lo que vence hoy y después lo demás que está pendiente. Si no hay nada pendiente, no hay correo. Se pausa cuando cierras sesión en todos tus navegadores, porque entonces Errand no puede mirar tu lista, y vuelve cuando inicias sesión.
digest-nowhere = Tu proveedor de identidad no indicó ninguna dirección de correo, así que no hay adónde enviarlo.
digest-skipped = El último no se envió porque no tenías la sesión iniciada. Cierra sesión, iníciala de nuevo y volverá.
digest-enabled = Envíame cada mañana un correo con lo que está pendiente
digest-zone = Zona horaria
digest-choose = Elige…
digest-hour = Hora
digest-goes-to = Se envía a
digest-save = Guardar resumen
digest-sent = El último se envió el { $day }.
digest-nothing-open = El { $day } no había nada pendiente, así que no hubo correo.
digest-given-up = El del { $day } no se pudo entregar. Se intentará con el siguiente.
digest-paused-meanwhile = Mientras no estabas, tu resumen diario se pausó: Errand solo puede mirar tu lista mientras tienes la sesión iniciada. Vuelve a partir de mañana por la mañana.
digest-pauses = Has cerrado sesión. Tu resumen diario se pausa ahora: Errand solo puede mirar tu lista mientras tienes la sesión iniciada. Volverá cuando inicies sesión.
digest-goes-on = Has cerrado sesión aquí. Tu resumen diario continúa, porque tu sesión sigue iniciada en otro navegador.
sessions-title = Dónde tienes la sesión iniciada
sessions-intro = ¿Hay algo que no reconoces? Cierra su sesión y cambia tu contraseña: puede que tu proveedor de identidad aún conozca ese navegador.
sessions-this = Este navegador
sessions-when-parts = Sesión iniciada { $begin } · último uso { $last }
sessions-end-this = Cerrar la sesión de { $browser }, iniciada { $when }
sessions-end-others = Cerrar sesión en todos los demás
browser-on = { $browser } en { $system }
browser-unknown-on = Un navegador en { $system }
browser-unknown = Un navegador desconocido
data-title = Tus datos
data-intro = Tus tareas son tuyas: llévatelas o elimínalas. Lo que se elimina aquí no se puede recuperar.
data-download = Descarga tus tareas:
data-import = Trae tareas de un archivo de uno de estos tipos
data-import-hint = Se añaden detrás de las que ya están. Lo que ya está se deja como está, así que puedes enviar el mismo archivo otra vez.
data-import-button = Importar
data-json = JSON (todo)
data-csv = Tabla CSV
data-delete-word = eliminar
data-delete-confirm = Para eliminar todas tus tareas para siempre, escribe la palabra { $word }
data-delete = Eliminar todas mis tareas
claims-title = Para desarrolladores
claims-show = Mostrar los claims
claims-intro = Las declaraciones de tu token de identidad, de cuando iniciaste sesión. El token nunca sale del servidor.
claims-caption = Declaraciones de tu token de identidad
claims-name = Declaración
claims-value = Valor

## Days and moments
yesterday = Ayer
today = Hoy
tomorrow = Mañana
weekday-monday = Lunes
weekday-tuesday = Martes
weekday-wednesday = Miércoles
weekday-thursday = Jueves
weekday-friday = Viernes
weekday-saturday = Sábado
weekday-sunday = Domingo
month-january = enero
month-february = febrero
month-march = marzo
month-april = abril
month-may = mayo
month-june = junio
month-july = julio
month-august = agosto
month-september = septiembre
month-october = octubre
month-november = noviembre
month-december = diciembre
short-january = ene
short-february = feb
short-march = mar
short-april = abr
short-may = may
short-june = jun
short-july = jul
short-august = ago
short-september = sept
short-october = oct
short-november = nov
short-december = dic
date-short = { $day } { $month }
date-short-year = { $day } { $month } { $year }
date-full = { $weekday }, { $day } de { $month } de { $year }
date-long = { $day } de { $month } de { $year }
ago-now = ahora mismo
ago-minutes = { $count ->
    [one] hace 1 minuto
   *[other] hace { $count } minutos
}
ago-hours = { $count ->
    [one] hace 1 hora
   *[other] hace { $count } horas
}
ago-days = { $count ->
    [one] hace 1 día
   *[other] hace { $count } días
}
ago-on = el { $day }
