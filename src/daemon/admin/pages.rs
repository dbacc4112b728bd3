//! The API's list, page by page: each answer names the next page in its `Link` header (RFC 8288).

use reqwest::header::{HeaderMap, LINK};
use url::Url;

use super::app::{Admin, read};
use super::outcome::AdminError;
use crate::identity::downstream::Call;
use crate::todo::Todo;

/// How many to-dos one page has at most.
const MAX_PAGE: usize = 1000;

type Query = Vec<(String, String)>;

/// Pages of to-dos, in the order in which they were added.
pub(super) struct Pages<'a> {
    admin: &'a Admin,
    /// What to ask next; `None` after the last page.
    query: Option<Query>,
}

impl<'a> Pages<'a> {
    /// Everyone's or one owner's; `wanted` is how many are needed at most, if that is known.
    pub(super) fn new(admin: &'a Admin, owner: Option<&str>, wanted: Option<usize>) -> Self {
        let limit = wanted.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
        let mut query = vec![("limit".to_owned(), limit.to_string())];
        query.extend(owner.map(|owner| ("owner".to_owned(), owner.to_owned())));
        Self { admin, query: Some(query) }
    }

    /// The next page; `None` after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Todo>>, AdminError> {
        let Some(query) = self.query.take() else { return Ok(None) };
        let pairs: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.admin.call(&Call { query: &pairs, ..Call::default() }).await?;
        let todos = read(&answer)?;
        let next = next(&answer.headers);
        if next.as_ref() == Some(&query) {
            return Err(AdminError::NotTheApi("its next page is the same page again".to_owned()));
        }
        self.query = next;
        Ok(Some(todos))
    }
}

/// The query of the next page. Only the query: the address is configuration's, whatever an answer says.
fn next(headers: &HeaderMap) -> Option<Query> {
    let links = headers.get_all(LINK).into_iter().filter_map(|value| value.to_str().ok());
    let target = links.flat_map(links_of).find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target)?;
    let url = Url::parse("http://api/").ok()?.join(target).ok()?;
    Some(url.query_pairs().into_owned().collect())
}

/// The links of one header: target and parameters. Commas separate links, and stand inside of targets and quotes too.
fn links_of(mut text: &str) -> Vec<(&str, &str)> {
    let mut links = Vec::new();
    while let Some((_, rest)) = text.split_once('<')
        && let Some((target, rest)) = rest.split_once('>')
    {
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        let (parameters, rest) = rest.split_at(end.unwrap_or(rest.len()));
        links.push((target, parameters));
        text = rest;
    }
    links
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let relations = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && relations.split(' ').any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn query(link: &'static str) -> Option<String> {
        let headers = HeaderMap::from_iter([(LINK, HeaderValue::from_static(link))]);
        let pair = |(name, value): &(String, String)| format!("{name}={value}");
        next(&headers).map(|query| query.iter().map(pair).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_next_page_is_read_off_the_link_header_and_stays_at_the_api() {
        for (link, expected) in [
            ("</api/todolist?limit=2&after=x>; rel=\"next\"", Some("limit=2 after=x")),
            ("</a?b=1,2>; rel=prev; title=\"a, b\", </c?d=%26>; rel=next", Some("d=&")),
            ("</a>; rel=\"last next\"", Some("")),
            // Another host is not gone to: only the query counts.
            ("<https://evil.example/?limit=2>; rel=\"next\"", Some("limit=2")),
            ("</a?b=1>; rel=\"prev\"", None),
            ("</a?b=1>", None),
            ("rel=next", None),
            ("<", None),
        ] {
            assert_eq!(query(link).as_deref(), expected, "{link}");
        }
        assert_eq!(next(&HeaderMap::new()), None);
    }
}
