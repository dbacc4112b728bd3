//! Where the next page is of an answer that is one page (RFC 8288, `rel="next"`).

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// Names and values of a query.
pub type Query = Vec<(String, String)>;

/// The query of the next page. Only the query: the address is configuration's, whatever an answer says.
pub fn next(headers: &HeaderMap) -> Option<Query> {
    let links = headers.get_all(LINK).into_iter().filter_map(|value| value.to_str().ok());
    let target = links.flat_map(links_of).find(|(_, parameters)| is_next(parameters)).map(|(target, _)| target)?;
    let url = Url::parse("http://api/").ok()?.join(target).ok()?;
    Some(url.query_pairs().into_owned().collect())
}

/// A query as requests take it.
pub fn pairs(query: &Query) -> Vec<(&str, &str)> {
    query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
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
