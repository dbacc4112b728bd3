# What the web server says by itself, in Spanish.

page-description = Errand guarda tu lista de tareas: tranquila, rápida y solo tuya.

go-to-todos = Ir a tus tareas
home = Inicio
main = Principal
try-again = Reintentar
back = Volver

status-forbidden-title = Esto se ha rechazado
status-forbidden = Errand no permite esta petición.
status-not-found-title = Esta página no existe
status-not-found = Puede que la dirección esté mal escrita o que la página se haya movido.
status-method-title = Esta dirección espera otra cosa
status-method = No se puede abrir como una página. Usa los botones de las páginas de Errand.
status-too-large-title = Es demasiado grande
status-too-large = Lo que se envió es más grande de lo que Errand acepta. Nada ha cambiado.
status-too-long-title = Ha tardado demasiado
status-later = No se ha perdido nada; inténtalo de nuevo en un momento.
status-too-many-title = Demasiadas peticiones
status-too-many = Espera un momento e inténtalo de nuevo.
status-unavailable-title = Errand no puede hacer esto ahora
status-bad-title = No ha funcionado
status-bad = Errand no pudo entender esta petición. Vuelve e inténtalo de nuevo.
status-failed-title = Algo ha salido mal
status-failed = Es culpa nuestra, no tuya, y ha quedado anotado. Inténtalo de nuevo.

not-done-title = No se ha hecho
not-saved-title = No se pudo guardar
typed = Lo que escribiste
display-name = Tu nombre
first-name = Nombre
last-name = Apellidos
not-fetched-title = No se pudieron obtener tus tareas
file-read-title = Tu archivo se ha leído
file-not-imported-title = No se pudo importar tu archivo
own-pages-only = Esta dirección solo responde a las páginas de Errand.
forms-only = Esta dirección solo acepta formularios (POST).
form-too-large = Lo que se envió es demasiado grande.
no-such-file = Ese archivo no existe.
no-such-language = Errand no habla este idioma.
