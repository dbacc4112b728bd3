//! Everything that can go wrong, as the page sees it. What is shown says what happened and what to do; what leaks
//! nothing was logged by the server under the request's id.

use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::app::address;
use crate::todo::Todo;

/// Why an action did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// The customer must sign in (again), or prove more. Every path handles it the same way: a page load redirects
    /// before it streams, the hydrated page keeps what was typed and navigates, a plain form is redirected.
    #[error("Please sign in to go on.")]
    SignInRequired {
        /// Where to go, on this site, as a full page load.
        url: String,
    },
    /// The provider must ask for a permission that was not given yet. Handled as [`AppError::SignInRequired`] is.
    #[error("Your permission is needed to go on.")]
    ConsentRequired {
        /// Where to go, on this site, as a full page load.
        url: String,
    },
    /// The customer was just asked for a permission or a proof, and did not give it: a page would ask again at once, and
    /// again.
    #[error("You did not allow it. Nothing was changed.")]
    Declined {
        /// Where to go, on this site, as a full page load, for them who think again.
        url: String,
    },
    /// What was typed cannot be accepted; the text says why and what to do.
    #[error("{0}")]
    Invalid(String),
    /// It is not there (any more), or it is somebody else's.
    #[error("This is no longer there. It may have been removed in another window.")]
    NotFound,
    /// The API refused although the customer is signed in.
    #[error("You are signed in, but not allowed to do this.")]
    Forbidden,
    /// The customer came back from the provider, and the permission is still missing: asking again at once would bring the
    /// same.
    #[error(
        "Errand still does not have the permission that this needs. Nothing is lost: sign in again to give it, or try later."
    )]
    NotGranted {
        /// Where to go, on this site, as a full page load, to be asked once more.
        url: String,
    },
    /// The customer came back from signing in, and there is still no access token for them.
    #[error(
        "You signed in, but Errand is still given no access for you. Nothing is lost: sign in again, or try later."
    )]
    NoAccess {
        /// Where to go, on this site, as a full page load, to sign in once more.
        url: String,
    },
    /// The page was made for somebody else than the customer who is signed in now. Nothing was done.
    #[error("Somebody else has signed in on this browser since that page was loaded. Nothing was changed.")]
    SomebodyElse,
    /// Another device changed the to-do meanwhile. Nothing was done.
    #[error(
        "This was changed to “{}” on another device meanwhile, and nothing is done yet. Look at it, and do it once more if you \
         still want to.", now.description
    )]
    Changed {
        /// How it is now.
        now: Box<Todo>,
    },
    /// The sign-in service refuses Errand, or the two do not understand each other: a mistake in how Errand is set up.
    #[error(
        "Errand is turned away by the service that it needs for this. That is no outage: whoever runs Errand must mend it. \
         Nothing is lost; signing in again may help meanwhile."
    )]
    Misconfigured {
        /// Where to go, on this site, as a full page load, to sign in again.
        url: String,
    },
    /// What is needed did not answer, or not sensibly. Trying again later may help; nothing was lost.
    #[error("This cannot be reached right now. Nothing is lost; please try again in a moment.")]
    Unavailable,
    /// The web server did not answer the browser.
    #[error("Errand did not answer. Check your connection and try again.")]
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
            Self::List | Self::Account => None,
        }
    }

    /// The page that it is about.
    pub fn page(self) -> &'static str {
        match self {
            Self::List => address::TODOS,
            Self::Profile | Self::Sessions | Self::Digest | Self::Account => address::ACCOUNT,
        }
    }

    /// Whether `page`, a path with or without a query, is that page or a part of it.
    pub fn is_on(self, page: &str) -> bool {
        let path = page.split('?').next().unwrap_or_default();
        path.strip_prefix(self.page()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn subject(self) -> &'static str {
        match self {
            Self::List => "Your list",
            Self::Profile => "Your profile",
            Self::Sessions => "The list of your sign-ins",
            Self::Digest => "Your daily digest",
            Self::Account => "Your account",
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
    pub fn text(&self, section: Section) -> String {
        match (self, section) {
            (Self::Unavailable, section) => {
                format!(
                    "{} cannot be reached right now. Nothing is lost; please try again in a moment.",
                    section.subject()
                )
            }
            (Self::NotFound, Section::List) => {
                "This to-do is no longer there. It may have been deleted in another window.".to_owned()
            }
            (error, _) => error.to_string(),
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::Connection,
            // An answer that is not ours, of a proxy, a network that wants a password, a program that is starting, says
            // nothing of what was asked: that is `Unavailable`, below.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::Invalid("The form could not be understood. Reload the page and try again.".to_owned())
            }
            _ => Self::Unavailable,
        }
    }
}
