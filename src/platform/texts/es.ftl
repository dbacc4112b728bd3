# Lo que dice cada servidor donde no hay otra cosa que mostrar, en español.

home = Inicio
again = Vuelve atrás e inténtalo de nuevo.
panicked-title = Algo salió mal
panicked = Es culpa nuestra, no tuya, y ha quedado anotado. No se ha perdido nada de lo que estaba guardado.

bad-title = No ha funcionado
bad = La solicitud no se pudo entender.
unauthorized-title = Inicia sesión
unauthorized = Para esto tienes que iniciar sesión.
forbidden-title = Esto se ha rechazado
forbidden = Esto no está permitido.
not-found-title = Esa página no existe
not-found = No hay nada en esta dirección.
method-title = Esta dirección admite otra cosa
method = Esta dirección no admite ese método.
too-large-title = Es demasiado grande
too-large = Es demasiado de una vez.
media-type-title = Esta dirección admite otra cosa
media-type = Esta dirección no admite ese tipo de contenido.
too-long-title = Ha tardado demasiado
too-long = Ha tardado demasiado. Inténtalo de nuevo en un momento.
failed-title = Algo salió mal
failed = Algo salió mal. Es culpa nuestra, no tuya.
