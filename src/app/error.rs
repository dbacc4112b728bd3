//! Everything that can go wrong, as the page sees it. What is shown says what happened and what to do, in the reader's
//! language ([`AppError::text`]); it leaks nothing: what happened was logged by the server under the request's id.

use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::app::address;
use crate::app::model::listed::Listed;
use crate::app::model::reason::Reason;
use crate::app::texts::Texts;

/// Why an action did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// The customer must sign in (again), or prove more. Every path handles it the same way: a page load redirects
    /// before it streams, the hydrated page keeps what was typed and navigates, a plain form is redirected.
    #[error("a sign-in is required")]
    SignInRequired {
        /// Where to go, on this site, as a full page load.
        url: String,
    },
    /// The provider must ask for a permission that was not given yet. Handled as [`AppError::SignInRequired`] is.
    #[error("a permission is required")]
    ConsentRequired {
        /// Where to go, on this site, as a full page load.
        url: String,
    },
    /// The customer was just asked for a permission or a proof, and did not give it: a page would ask again at once, and
    /// again.
    #[error("a permission was declined")]
    Declined {
        /// Where to go, on this site, as a full page load, for them who think again.
        url: String,
    },
    /// What was typed cannot be accepted.
    #[error("not acceptable: {0:?}")]
    Invalid(Reason),
    /// It is not there (any more), or it is somebody else's.
    #[error("not there")]
    NotFound,
    /// The API refused although the customer is signed in.
    #[error("not allowed")]
    Forbidden,
    /// The customer came back from the provider, and the permission is still missing: asking again at once would bring the
    /// same.
    #[error("a permission was not granted")]
    NotGranted {
        /// Where to go, on this site, as a full page load, to be asked once more.
        url: String,
    },
    /// The customer came back from signing in, and there is still no access token for them.
    #[error("no access token was granted")]
    NoAccess {
        /// Where to go, on this site, as a full page load, to sign in once more.
        url: String,
    },
    /// The page was made for somebody else than the customer who is signed in now. Nothing was done.
    #[error("the page is of another customer")]
    SomebodyElse,
    /// Another device changed the to-do meanwhile. Nothing was done.
    #[error("changed meanwhile")]
    Changed {
        /// How it is now.
        now: Box<Listed>,
    },
    /// The sign-in service refuses Errand, or the two do not understand each other: a mistake in how Errand is set up.
    #[error("misconfigured")]
    Misconfigured {
        /// Where to go, on this site, as a full page load, to sign in again.
        url: String,
    },
    /// What is needed did not answer, or not sensibly. Trying again later may help; nothing was lost.
    #[error("unavailable")]
    Unavailable,
    /// The web server did not answer the browser.
    #[error("no answer")]
    Connection,
}

/// What an error is about, for its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The to-do list.
    List,
    /// The customer's profile.
    Profile,
    /// Where the customer is signed in.
    Sessions,
    /// The daily digest.
    Digest,
    /// All of the customer's to-dos, as a file or to be deleted.
    Data,
    /// The account page as a whole.
    Account,
}

impl Section {
    /// What a server function is about, by its address below `/actions/`.
    pub fn of_action(action: &str) -> Self {
        match action.split('/').next() {
            Some("profile") => Self::Profile,
            Some("sessions") => Self::Sessions,
            Some("digest") => Self::Digest,
            Some("data") => Self::Data,
            Some("account") => Self::Account,
            _ => Self::List,
        }
    }

    /// The part of the page about it, where it has one.
    pub fn fragment(self) -> Option<&'static str> {
        match self {
            Self::Profile => Some("profile"),
            Self::Sessions => Some("sessions"),
            Self::Digest => Some("digest"),
            Self::Data => Some("data"),
            Self::List | Self::Account => None,
        }
    }

    /// The page that it is about.
    pub fn page(self) -> &'static str {
        match self {
            Self::List => address::TODOS,
            Self::Profile | Self::Sessions | Self::Digest | Self::Data | Self::Account => address::ACCOUNT,
        }
    }

    /// Whether `page`, a path with or without a query, is that page or a part of it.
    pub fn is_on(self, page: &str) -> bool {
        let path = page.split('?').next().unwrap_or_default();
        path.strip_prefix(self.page()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// That it cannot be had.
    fn unreachable(self, t: Texts) -> &'static str {
        match self {
            Self::List => t.unreachable_list(),
            Self::Profile => t.unreachable_profile(),
            Self::Sessions => t.unreachable_sessions(),
            Self::Digest => t.unreachable_digest(),
            Self::Data => t.unreachable_data(),
            Self::Account => t.unreachable_account(),
        }
    }
}

impl AppError {
    /// Where the customer must go before this can work, if that is what is needed.
    pub fn interaction_url(&self) -> Option<&str> {
        match self {
            Self::SignInRequired { url } | Self::ConsentRequired { url } => Some(url),
            _ => None,
        }
    }

    /// Where the customer can go who wants to try once more what brought nothing, as a full page load. Nobody is sent there.
    pub fn way_out(&self) -> Option<&str> {
        match self {
            Self::Declined { url }
            | Self::NotGranted { url }
            | Self::NoAccess { url }
            | Self::Misconfigured { url } => Some(url),
            _ => None,
        }
    }

    /// What happened and what to do, where it is about `section`.
    pub fn text(&self, t: Texts, section: Section) -> String {
        let text = match self {
            Self::SignInRequired { .. } => t.error_sign_in(),
            Self::ConsentRequired { .. } => t.error_consent(),
            Self::Declined { .. } => t.error_declined(),
            Self::Invalid(reason) => return reason.text(t),
            Self::NotFound if section == Section::List => t.error_todo_not_found(),
            Self::NotFound => t.error_not_found(),
            Self::Forbidden => t.error_forbidden(),
            Self::NotGranted { .. } => t.error_not_granted(),
            Self::NoAccess { .. } => t.error_no_access(),
            Self::SomebodyElse => t.error_somebody_else(),
            Self::Changed { now } => return t.error_changed(&now.todo.description),
            Self::Misconfigured { .. } => t.error_misconfigured(),
            Self::Unavailable => section.unreachable(t),
            Self::Connection => t.error_connection(),
        };
        text.to_owned()
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::Connection,
            // An answer that is not ours, of a proxy, a network that wants a password, a program that is starting, says
            // nothing of what was asked: that is `Unavailable`, below.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Invalid(Reason::Form),
            _ => Self::Unavailable,
        }
    }
}
