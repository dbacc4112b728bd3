//! The fields for a new password, and what is wrong with its repetition.

use crate::tenant::email::Email;
use crate::tenant::pages::form::{Control, Field};
use crate::tenant::password;

/// The fields for a new password, with the address that it belongs to for password managers.
pub(super) fn fields(email: &Email, password_error: Option<String>, confirm_error: Option<String>) -> Vec<Control<'_>> {
    vec![
        Control::Input(Field {
            name: "username",
            label: "Email address",
            kind: "email",
            value: email.as_str(),
            autocomplete: "username",
            readonly: true,
            ..Field::default()
        }),
        Control::Input(Field {
            name: "password",
            label: "New password",
            kind: "password",
            hint: Some("At least 8 characters. A few words that do not belong together are good.".to_owned()),
            error: password_error,
            autocomplete: "new-password",
            first: true,
            ..Field::default()
        }),
        Control::Input(Field {
            name: "confirm_password",
            label: "New password again",
            kind: "password",
            error: confirm_error,
            autocomplete: "new-password",
            ..Field::default()
        }),
    ]
}

/// What is wrong with the password's repetition; nothing, while the password itself must be changed anyway.
pub(super) fn confirm(password: &str, repeated: &str, acceptable: bool) -> Option<String> {
    (acceptable && !password::is_repeated(password, repeated))
        .then(|| "This is not the same password: type it again.".to_owned())
}
