# Lo que dicen las páginas y los correos del proveedor integrado, en español. El cliente es «tú».

## En todas las páginas
error-title = Error: { $title }
language-switch = Idioma
back-to = Volver a { $app }
cancel-to = Cancelar y volver a { $app }
cancel = Cancelar
continue-on = Continuar
sign-in = Iniciar sesión
sign-out = Cerrar sesión
decide-again = La página estaba desactualizada, así que no se ha hecho nada. Decide otra vez.

## Campos
email-address = Correo electrónico
password = Contraseña
new-password = Contraseña nueva
new-password-hint = Al menos { $min } caracteres. Unas cuantas palabras que no tengan relación entre sí van bien.
new-password-again = Repite la contraseña nueva
your-name = Tu nombre
your-name-hint = Como quieres que se muestre; { $max } caracteres como máximo.
country = País o región
choose = Elige…
code = Código
code-hint = { $digits } dígitos

## Lo que está mal en un campo
email-empty = Escribe tu correo electrónico.
email-too-long = Este correo electrónico es demasiado largo: usa uno de { $max } caracteres como máximo.
email-not-ascii = Este correo electrónico tiene letras con acentos o de otro alfabeto: usa uno con letras sencillas.
email-forbidden-character = Un correo electrónico no lleva espacios, comillas dobles, comas ni paréntesis: revisa lo que escribiste.
email-malformed = Escribe un correo electrónico como nombre@example.com.
name-empty = Escribe el nombre que quieres que se muestre.
name-too-long = Este nombre es demasiado largo: usa { $max } caracteres como máximo.
name-unprintable = Este nombre tiene caracteres que no se pueden mostrar: escríbelo de nuevo.
country-missing = Elige tu país o región.
password-missing = Escribe tu contraseña.
password-wrong = Esa no es tu contraseña. Escríbela de nuevo o restablécela.
password-not-repeated = No es la misma contraseña: escríbela de nuevo.
password-empty = Escribe una contraseña.
password-too-short = Esta contraseña es demasiado corta: usa al menos { $min } caracteres.
password-too-long = Esta contraseña es demasiado larga: usa { $max } caracteres como máximo.
password-made-from = Esta contraseña está hecha con { $what }: elige otra.
known-email = tu correo electrónico
known-name = tu nombre
known-brand = el nombre de este servicio
known-several = tu correo electrónico, tu nombre o el nombre de este servicio
password-guessable = Esta contraseña es fácil de adivinar. { $advice }
advice-unrelated-words = Usa unas cuantas palabras que no tengan relación entre sí.
advice-few-words = Usa unas cuantas palabras y evita las frases comunes.
advice-no-symbols = No hacen falta símbolos, cifras ni mayúsculas.
advice-another-word = Añade una o dos palabras más. Mejor si son poco comunes.
advice-capitalization = Las mayúsculas no ayudan mucho.
advice-all-uppercase = Todo en mayúsculas es casi tan fácil de adivinar como todo en minúsculas.
advice-reversed = Las palabras al revés no son mucho más difíciles de adivinar.
advice-substitutions = Los cambios previsibles, como «@» en lugar de «a», no ayudan mucho.
advice-keyboard = Usa un recorrido más largo por el teclado, con más giros.
advice-repeats = Evita las palabras y los caracteres repetidos.
advice-sequences = Evita las secuencias.
advice-recent-years = Evita los años recientes.
advice-your-years = Evita los años que se relacionan contigo.
advice-your-dates = Evita las fechas y los años que se relacionan contigo.

## Iniciar sesión
continue-to-parts = para continuar en { $app }
wrong-credentials = Ese correo electrónico y esa contraseña no corresponden. Revisa ambos o restablece la contraseña.
email-code-instead = Mejor envíame un código por correo
forgot-password = ¿Olvidaste la contraseña?
no-account-parts = ¿No tienes cuenta? { $link }
create-one = Crea una

## Crear una cuenta
create-account-title = Crea una cuenta
email-hint = Enviamos un código a esta dirección para asegurarnos de que es tuya.
next = Siguiente
have-account-parts = ¿Ya tienes cuenta? { $link }
details-title = Tus datos
details-lead = El último paso: después, tu cuenta está lista.
create-account = Crear cuenta

## Elegir una contraseña nueva
reset-title = Restablece tu contraseña
reset-lead = Te enviamos un código; con él, eliges una contraseña nueva.
back-to-sign-in = Volver al inicio de sesión
new-password-title = Elige una contraseña nueva
new-password-lead = Después tendrás la sesión iniciada aquí, y se cerrará en todos los demás sitios.
save-and-sign-in = Guardar e iniciar sesión

## Escribir un código
passcode-title = Revisa tu correo
passcode-lead-parts = Enviamos un mensaje a { $email }. Escribe el código que contiene; sirve durante diez minutos.
kept-mail-parts = Este inquilino guarda su correo en el { $mailbox }.
mailbox-new-window = buzón (ventana nueva)
sent-again = Te enviamos otro mensaje. Solo sirve el código más reciente.
passcode-missing = Escribe el código del mensaje.
passcode-malformed = El código tiene { $digits } dígitos: revisa lo que escribiste.
passcode-last-try = Ese no es el código. Te queda un intento.
passcode-wrong = Ese no es el código: revisa el mensaje más reciente.
passcode-exhausted = Se ha intentado demasiadas veces. Pide un código nuevo y usa ese.
passcode-expired = Este código es demasiado antiguo. Pide un código nuevo y usa ese.
no-code-parts = ¿El mensaje no trae ningún código? Puede que ya tengas una cuenta: { $link }
send-new-code = Enviar un código nuevo
another-address = Usar otra dirección

## Demostrar más
step-up-title = Confirma que eres tú
step-up-lead-parts = Para lo que vas a hacer en { $app }, no basta con haber iniciado sesión.
step-up-mail-parts = Enviaremos un código a { $email }.
step-up-password = Iniciaste sesión con un código, así que ahora escribe tu contraseña.
send-code = Enviar código

## Permisos
consent-title = Permisos solicitados
consent-lead-parts = { $app } quiere hacer esto como { $email }:
consent-trust = Acepta solo si confías en { $app }.
accept = Aceptar
not-you-parts = ¿No eres tú? { $link }
another-account = Usar otra cuenta
consent-changed = La lista ha cambiado desde que la viste. Mírala de nuevo.
directory = Directorio
read-profile = Leer tu perfil
read-profile-hint = Ver el perfil de quien ha iniciado sesión
change-profile = Cambiar tu perfil
change-profile-hint = Ver y cambiar el perfil de quien ha iniciado sesión

## Cerrar sesión
sign-out-title = ¿Quieres cerrar sesión?
signed-in-as-parts = Has iniciado sesión como { $email }.
signed-out-title = Has cerrado la sesión de tu cuenta
signed-out = Has cerrado sesión.
close-windows = Es buena idea cerrar todas las ventanas del navegador.
signed-out-apps = También se está cerrando tu sesión en estas aplicaciones:
goes-on = Después, esta página continúa por sí sola.
signing-out-of = Cerrando sesión en { $app }

## De camino a la aplicación
working = Un momento…
scripts-off = Los scripts están desactivados: pulsa el botón para continuar.

## Páginas que dicen que algo va mal
gone-title = Este inicio de sesión no puede continuar
gone = Ya terminó, tardó demasiado o empezó en otro navegador.
gone-again = Vuelve atrás y empieza de nuevo desde allí.
gone-cookies = Si esto ocurre siempre, permite las cookies de este sitio.
failed-title = No ha funcionado
unreadable = No se pudo leer lo que envió tu navegador. Vuelve atrás e inténtalo de nuevo.
foreign-title = Este formulario no se ha aceptado
foreign = Lo envió otro sitio. No se ha hecho nada.
foreign-again = Vuelve a la aplicación y empieza de nuevo desde allí.
too-many-title = Demasiados intentos
too-many-parts = Para proteger las cuentas, hay un límite para esto. Inténtalo de nuevo en { $wait }.
minutes = { $count ->
    [one] { $count } minuto
   *[other] { $count } minutos
}
seconds = { $count ->
    [one] { $count } segundo
   *[other] { $count } segundos
}
not-locked = Tu cuenta no está bloqueada.
busy-title = Un momento, por favor
busy = Ahora mismo hay muchas personas iniciando sesión. Vuelve atrás e inténtalo de nuevo en un momento.
unavailable-title = Ahora no se puede iniciar sesión
unavailable = Es culpa nuestra, no tuya. Vuelve atrás e inténtalo de nuevo en un momento.
no-sign-up-title = Aquí no puedes crear una cuenta
no-sign-up = Las cuentas solo las crea { $brand }. Si tienes una, inicia sesión.
taken-title = Ya tienes una cuenta
taken = Hace un momento se creó una cuenta con este correo electrónico, quizá por ti en otra ventana.
disabled-title = Tu cuenta está desactivada
disabled = Pide ayuda a { $brand }.
misdirected-title = Esta página tiene otra dirección
misdirected-parts = Su dirección es { $address }.
not-found-title = Página no encontrada
not-found = No hay nada en esta dirección.
method-title = Eso no se hace aquí
method = Esta dirección no acepta este método.
too-large-title = Es demasiado
too-large = La petición es más grande de lo que acepta esta dirección.
failed = No se pudo responder a la petición.
error-page-title = Lo sentimos, tenemos problemas para iniciar tu sesión
error-page = La aplicación envió una petición que no se puede responder. Vuelve a la aplicación y empieza de nuevo.
error-code = Error
trace-id = Id. de seguimiento
correlation-id = Id. de correlación
timestamp = Marca de tiempo

## El índice
index = El inquilino integrado: solo para desarrollo. Ocupa el lugar de un inquilino de Microsoft Entra External ID.
discovery-document = Documento de descubrimiento
index-mailbox-parts = { $mailbox }: correo para los clientes, como los códigos
apps = Aplicaciones
user-flow = flujo de usuario «{ $flow }»

## El buzón
mailbox = Buzón
mailbox-lead = Este inquilino no tiene servidor de correo, así que su correo llega aquí, primero lo más reciente.
mailbox-check = Buscar correo nuevo
mailbox-empty = Aún no hay correo. Crea una cuenta y el código aparecerá aquí.
mail-to-parts = Para { $address }
mail-passcode-parts = Código: { $code }
mail-text = Texto del correo

## Correos
passcode-subject = Tu código de verificación de { $brand }
passcode-mail-code = Tu código para { $brand }:
passcode-mail-use = Sirve una vez, durante { $minutes } minutos, en la ventana del navegador donde lo pediste.
passcode-mail-warning = Si no lo pediste, ignora este correo: sin el código, nadie puede avanzar. No le digas nunca el código a nadie.
notice-subject = Sobre tu cuenta en { $brand }
existing-mail = Alguien, probablemente tú, intentó crear una cuenta en { $brand } con este correo electrónico.
existing-mail-sign-in = Ya tienes una: inicia sesión con tu contraseña. Si ya no la recuerdas, elige «{ $link }» en la página de inicio de sesión.
not-you-nothing-to-do = Si no fuiste tú, no hay nada que hacer.
no-account-mail = Alguien, probablemente tú, intentó entrar en una cuenta en { $brand } con este correo electrónico. No existe ninguna.
no-account-mail-sign-up = Puede que te registraras con otra dirección; si no, puedes crear una cuenta en la página de inicio de sesión.
disabled-mail = Tu cuenta en { $brand } está desactivada, así que no se envió ningún código. Pide ayuda a { $brand }.
changed-mail = La contraseña de tu cuenta en { $brand } se acaba de restablecer con un código que enviamos a esta dirección, y se ha cerrado la sesión en todos los demás navegadores.
changed-mail-not-you = Si fuiste tú, no hay nada que hacer. Si no, alguien más lee tu correo: cambia primero la contraseña de tu cuenta de correo y después restablece esta con «{ $link }» en la página de inicio de sesión.
