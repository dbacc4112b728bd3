# Lo que dicen las páginas y los correos del proveedor integrado, en español.

sign-in = Iniciar sesión
