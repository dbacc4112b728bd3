//! How `errand admin` ends.

use std::io;

use reqwest::StatusCode;

use crate::platform::config::ConfigError;
use crate::todo::DescriptionError;

/// How `errand admin` ends when nothing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All was done, or the reader of the output closed it.
    Done,
    /// Some of the to-dos do not exist; the others were changed.
    Missing,
    /// Stopped by Ctrl-C or SIGTERM.
    Stopped,
}

/// Why `errand admin` could not do what it was asked for. The text is for the operator and has the remedy in it.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The text of a to-do cannot be one.
    #[error("TEXT: {0}")]
    Text(#[from] DescriptionError),
    /// The provider gives no token.
    #[error("the provider gives this app no token: {reason}{remedy}")]
    NoToken {
        /// The provider's words, or the network's.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// The API does not accept the token.
    #[error(
        "the API does not accept the app's token: {0}\n  Remedy: the scope in admin.downstream_apis.todolist.scopes must be the API's Application ID URI with /.default, and the API must trust the same provider ([api.identity], api.audiences)."
    )]
    Unaccepted(String),
    /// The app lacks an application permission.
    #[error(
        "the API refuses this app: {0}\n  Remedy: give its registration the application permission {1}, and have an administrator consent."
    )]
    Forbidden(String, &'static str),
    /// The API refuses the request.
    #[error("the API answered {status}: {detail}")]
    Refused {
        /// The status.
        status: StatusCode,
        /// The API's words.
        detail: String,
    },
    /// There is no answer.
    #[error("{reason}{remedy}")]
    NoAnswer {
        /// Who did not answer, and why.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// What answers there is not the `ToDoList` API.
    #[error(
        "what answers at admin.downstream_apis.todolist.base_url is not the ToDoList API: {0}; check base_url and relative_path (api/todolist)"
    )]
    NotTheApi(String),
    /// The output cannot be written.
    #[error("{place} cannot be written: {error}")]
    Output {
        /// The file, or standard output.
        place: String,
        /// The operating system's words.
        error: io::Error,
    },
}

impl AdminError {
    pub(super) fn stdout(error: io::Error) -> Self {
        Self::Output { place: "standard output".to_owned(), error }
    }

    /// Whether the reader of the output has closed it, as `head` does.
    pub(super) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output { error, .. } if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
