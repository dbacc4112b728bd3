//! The API's list, page by page: each answer names the next page in its `Link` header (RFC 8288).

use super::app::{Admin, read};
use super::outcome::AdminError;
use crate::identity::downstream::Call;
use crate::platform::link;
use crate::todo::Todo;

/// How many to-dos one page has at most.
const MAX_PAGE: usize = 1000;

/// Pages of to-dos, in the order in which they were added where no other is asked for.
pub(super) struct Pages<'a> {
    admin: &'a Admin,
    /// What to ask next; `None` after the last page.
    query: Option<link::Query>,
}

impl<'a> Pages<'a> {
    /// Everyone's or one owner's, of which `filter` (parameters of the API) is true; `wanted` is how many are needed at most,
    /// if that is known.
    pub(super) fn new(
        admin: &'a Admin,
        filter: Vec<(&str, String)>,
        owner: Option<&str>,
        wanted: Option<usize>,
    ) -> Self {
        let limit = wanted.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
        let mut query = vec![("limit".to_owned(), limit.to_string())];
        query.extend(filter.into_iter().map(|(name, value)| (name.to_owned(), value)));
        query.extend(owner.map(|owner| ("owner".to_owned(), owner.to_owned())));
        Self { admin, query: Some(query) }
    }

    /// The next page; `None` after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Todo>>, AdminError> {
        let Some(query) = self.query.take() else { return Ok(None) };
        let answer = self.admin.call(&Call { query: &link::pairs(&query), ..Call::default() }).await?;
        let todos = read(&answer)?;
        let next = link::next(&answer.headers);
        if next.as_ref() == Some(&query) {
            return Err(AdminError::NotTheApi("its next page is the same page again".to_owned()));
        }
        self.query = next;
        Ok(Some(todos))
    }
}
