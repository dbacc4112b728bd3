//! The kinds of problems that the API answers with: the `type` of a problem document (RFC 9457 §3.1.1). Clients decide by it,
//! so that a name never changes its meaning. Each is explained at `/api/docs`, where its URI leads.

use axum::http::StatusCode;

use super::texts::Texts;

/// Where they are explained.
pub(super) const DOCS: &str = "/api/docs";

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ProblemType {
    /// Address, query, header or body cannot be understood.
    InvalidRequest,
    /// A member of the body is not acceptable.
    InvalidMember,
    /// A line of a file is not acceptable.
    InvalidFile,
    /// No access token.
    NoToken,
    /// An access token that is not good.
    InvalidToken,
    /// The user has not proved enough.
    MoreProofNeeded,
    /// The token does not permit it.
    InsufficientPermission,
    /// The client app is not served.
    ClientNotServed,
    /// The user must go to the provider.
    InteractionRequired,
    /// Apps have no list of their own.
    UsersOnly,
    /// No such to-do.
    NoSuchTodo,
    /// No such list.
    NoSuchList,
    /// No such change.
    NoSuchChange,
    /// Nothing was changed of late.
    NothingToUndo,
    /// There is no directory.
    NoDirectory,
    /// The directory does not know the customer.
    NoProfile,
    /// The id is in use.
    IdTaken,
    /// There is no such place in the list.
    NoSuchPlace,
    /// The list is full.
    ListFull,
    /// The list that a to-do is to be in is not there.
    ListMissing,
    /// As many lists as there may be.
    TooManyLists,
    /// Too many at once of those that repeat.
    TooManyRepeat,
    /// Added before, and removed since.
    RemovedSince,
    /// What changed is not known any more.
    ChangesForgotten,
    /// Changed meanwhile.
    Stale,
    /// The body is too large.
    TooLarge,
    /// The body is of another kind.
    MediaType,
    /// Too many requests.
    RateLimited,
    /// Too many listeners of one list.
    TooManyListeners,
    /// Set up wrong.
    Misconfigured,
    /// Not at the moment.
    Unavailable,
}

/// A title, in the language that is given.
type Title = fn(Texts) -> &'static str;

/// Each with its name, its status, its title, and what a client does about it; in the order of the enumeration.
const TABLE: [(ProblemType, &str, u16, Title, &str); 31] = [
    (
        ProblemType::InvalidRequest,
        "invalid-request",
        400,
        Texts::title_invalid_request,
        "The address, its query, a header or the body is not what the description of the operation asks for; `detail` \
                 says what. The same request will be refused again.",
    ),
    (
        ProblemType::InvalidMember,
        "invalid-member",
        400,
        Texts::title_invalid_member,
        "Each of `errors` points to a member (`pointer`, RFC 6901) and says what to do about it (`detail`).",
    ),
    (
        ProblemType::InvalidFile,
        "invalid-file",
        400,
        Texts::title_invalid_file,
        "Each of `errors` names a line of the file (`line`) and says what is wrong with it (`detail`). Nothing was imported.",
    ),
    (
        ProblemType::NoToken,
        "no-token",
        401,
        Texts::title_no_token,
        "Send one in the Authorization header. `WWW-Authenticate` names the least scope that suffices, and where the \
                 metadata of this API are (RFC 9728), which say who issues tokens for it.",
    ),
    (
        ProblemType::InvalidToken,
        "invalid-token",
        401,
        Texts::title_invalid_token,
        "It has expired, or was not issued for this API. Acquire another one; with the same, the request will be \
                 refused again.",
    ),
    (
        ProblemType::MoreProofNeeded,
        "more-proof-needed",
        401,
        Texts::title_more_proof_needed,
        "The operation takes more than signing in. Acquire a token with the claims that `WWW-Authenticate` carries.",
    ),
    (
        ProblemType::InsufficientPermission,
        "insufficient-permission",
        403,
        Texts::title_insufficient_permission,
        "`WWW-Authenticate` names the scope that a token needs. An app needs an app permission, which an administrator \
                 grants.",
    ),
    (
        ProblemType::ClientNotServed,
        "client-not-served",
        403,
        Texts::title_client_not_served,
        "The API serves certain client apps only, and the one that the token was issued to is not among them.",
    ),
    (
        ProblemType::InteractionRequired,
        "interaction-required",
        403,
        Texts::title_interaction_required,
        "This API calls another one on the user's behalf, and the user has not consented to that, or must prove more. \
                 `WWW-Authenticate` says what to ask for.",
    ),
    (
        ProblemType::UsersOnly,
        "users-only",
        403,
        Texts::title_users_only,
        "An app that calls as itself has no list of its own.",
    ),
    (
        ProblemType::NoSuchTodo,
        "no-such-todo",
        404,
        Texts::title_no_such_todo,
        "There is none with this id, or it is somebody else's: which of the two is not told.",
    ),
    (
        ProblemType::NoSuchList,
        "no-such-list",
        404,
        Texts::title_no_such_list,
        "There is none with this id, or it is somebody else's: which of the two is not told.",
    ),
    (
        ProblemType::NoSuchChange,
        "no-such-change",
        404,
        Texts::title_no_such_change,
        "There was none with this number, or it was more than a day ago.",
    ),
    (
        ProblemType::NothingToUndo,
        "nothing-to-undo",
        404,
        Texts::title_nothing_to_undo,
        "Nothing was changed within a day, or all of it is undone.",
    ),
    (
        ProblemType::NoDirectory,
        "no-directory",
        404,
        Texts::title_no_directory,
        "This API was set up without a directory that could be asked for profiles.",
    ),
    (ProblemType::NoProfile, "no-profile", 404, Texts::title_no_profile, "The directory does not know the customer."),
    (
        ProblemType::IdTaken,
        "id-taken",
        409,
        Texts::title_id_taken,
        "Make another UUID, at random, and send the to-do with that.",
    ),
    (
        ProblemType::NoSuchPlace,
        "no-such-place",
        409,
        Texts::title_no_such_place,
        "The to-do or the list that it is to come after is not there. Nothing was done.",
    ),
    (
        ProblemType::ListFull,
        "list-full",
        409,
        Texts::title_list_full,
        "It takes no more to-dos until some are removed.",
    ),
    (
        ProblemType::ListMissing,
        "list-missing",
        409,
        Texts::title_list_missing,
        "The list that the to-do is to be in is not the owner's, or removed. Nothing was done.",
    ),
    (
        ProblemType::TooManyLists,
        "too-many-lists",
        409,
        Texts::title_too_many_lists,
        "No more are taken until some are removed.",
    ),
    (
        ProblemType::TooManyRepeat,
        "too-many-repeat",
        409,
        Texts::title_too_many_repeat,
        "Each of them adds the next one, and so only a thousand are marked as done at once. Nothing was done: mark some at \
                 a time, in batches.",
    ),
    (
        ProblemType::RemovedSince,
        "removed-since",
        410,
        Texts::title_removed_since,
        "It was added with this id already, and removed since. Nothing was done: an addition that is repeated does not \
                 bring back what somebody removed.",
    ),
    (
        ProblemType::ChangesForgotten,
        "changes-forgotten",
        410,
        Texts::title_changes_forgotten,
        "The change that was named is too long ago, or of another list. Fetch the list.",
    ),
    (
        ProblemType::Stale,
        "stale",
        412,
        Texts::title_stale,
        "It is not of the version that `If-Match` names, or has to-dos that were not seen. Nothing was done; `current` is how it is now, and `ETag` has its \
                 version.",
    ),
    (
        ProblemType::TooLarge,
        "too-large",
        413,
        Texts::title_too_large,
        "`detail` says how large it may be. Send less at once.",
    ),
    (
        ProblemType::MediaType,
        "media-type",
        415,
        Texts::title_media_type,
        "Send it as the media type that the operation takes.",
    ),
    (
        ProblemType::RateLimited,
        "rate-limited",
        429,
        Texts::title_rate_limited,
        "Wait for `Retry-After`. `RateLimit` says how many are left before that happens, and `RateLimit-Policy` how many there \
         are in all (draft-ietf-httpapi-ratelimit-headers). Nothing was done.",
    ),
    (
        ProblemType::TooManyListeners,
        "too-many-listeners",
        429,
        Texts::title_too_many_listeners,
        "End one of the streams of events first, or ask again after `Retry-After`.",
    ),
    (
        ProblemType::Misconfigured,
        "misconfigured",
        502,
        Texts::title_misconfigured,
        "The operator must mend that; trying again brings the same.",
    ),
    (
        ProblemType::Unavailable,
        "unavailable",
        503,
        Texts::title_unavailable,
        "Something that the API needs does not answer, or too much is asked of it. Try again after `Retry-After`.",
    ),
];

impl ProblemType {
    /// All of them, in the order of their status.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        TABLE.into_iter().map(|(kind, ..)| kind)
    }

    /// Its name: the last part of its URI.
    pub(super) const fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// Its status.
    pub(super) fn status(self) -> StatusCode {
        StatusCode::from_u16(TABLE[self as usize].2).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What it is, in a few words.
    pub(super) fn title(self, t: Texts) -> &'static str {
        (TABLE[self as usize].3)(t)
    }

    /// What a client does about it; code is between backticks.
    pub(super) const fn explanation(self) -> &'static str {
        TABLE[self as usize].4
    }

    /// The one of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }

    /// What identifies it: a URI reference that is the same wherever the API runs.
    pub(super) fn uri(self) -> String {
        format!("{DOCS}#problem-{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_kind_has_a_name_of_its_own_and_an_error_for_a_status() {
        let names: BTreeSet<&str> = ProblemType::all().map(ProblemType::name).collect();
        assert_eq!(names.len(), TABLE.len());
        assert_eq!(ProblemType::Unavailable as usize + 1, TABLE.len(), "the last one");
        for (number, kind) in ProblemType::all().enumerate() {
            assert_eq!(kind as usize, number, "{kind:?} is where it is looked for");
            let status = kind.status();
            assert!(status.is_client_error() || status.is_server_error(), "{kind:?}");
            assert_eq!(ProblemType::named(kind.name()), Some(kind));
        }
    }
}
