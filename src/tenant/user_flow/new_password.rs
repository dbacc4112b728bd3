//! The fields for a new password, and what is wrong with its repetition.

use crate::tenant::email::Email;
use crate::tenant::pages::form::{Control, Field};
use crate::tenant::password::{self, MIN};
use crate::tenant::texts::Texts;

/// The fields for a new password, with the address that it belongs to for password managers.
pub(super) fn fields(
    t: Texts,
    email: &Email,
    password_error: Option<String>,
    confirm_error: Option<String>,
) -> Vec<Control<'_>> {
    vec![
        Control::Input(Field {
            name: "username",
            label: t.email_address(),
            kind: "email",
            value: email.as_str(),
            autocomplete: "username",
            readonly: true,
            ..Field::default()
        }),
        Control::Input(Field {
            name: "password",
            label: t.new_password(),
            kind: "password",
            hint: Some(t.new_password_hint(&MIN)),
            error: password_error,
            autocomplete: "new-password",
            first: true,
            ..Field::default()
        }),
        Control::Input(Field {
            name: "confirm_password",
            label: t.new_password_again(),
            kind: "password",
            error: confirm_error,
            autocomplete: "new-password",
            ..Field::default()
        }),
    ]
}

/// What is wrong with the password's repetition; nothing, while the password itself must be changed anyway.
pub(super) fn confirm(t: Texts, password: &str, repeated: &str, acceptable: bool) -> Option<String> {
    (acceptable && !password::is_repeated(password, repeated)).then(|| t.password_not_repeated().to_owned())
}
