//! A text in which addresses are links: those of pages (`http:`, `https:`) and of mailboxes, and nothing else. They lead there
//! when they are followed, not before: no preview is fetched.

use crate::app::html::push_escaped;

/// The longest address that becomes a link, in bytes.
const MAX_BYTES: usize = 2048;
/// The longest mail address and its longest first part, in bytes (RFC 5321 §4.5.3.1).
const MAX_MAIL_BYTES: (usize, usize) = (254, 64);
/// The beginnings of an address that is one of a page.
const SCHEMES: [&str; 2] = ["https://", "http://"];

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Says what it says.
    Text(&'a str),
    /// The address of a page.
    Web(&'a str),
    /// The address of a mailbox.
    Mail(&'a str),
}

/// Writes the text with its links as HTML. What follows a link does not learn where it was, and does not get hold of the page.
pub fn push_linked(html: &mut String, text: &str) {
    for piece in pieces(text) {
        let (class, address) = match piece {
            Piece::Text(text) => {
                push_escaped(html, text);
                continue;
            }
            Piece::Web(address) => {
                (r#"<a class="linked" target="_blank" rel="noopener noreferrer nofollow" href=""#, address)
            }
            Piece::Mail(address) => (r#"<a class="linked" rel="noopener noreferrer nofollow" href="mailto:"#, address),
        };
        html.push_str(class);
        push_escaped(html, address);
        html.push_str("\">");
        push_escaped(html, address);
        html.push_str("</a>");
    }
}

/// Takes a text apart. Together, the pieces are the text.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut said, mut at) = (0, 0);
    while let Some(place) = text[at..].find([':', '@']).map(|place| at + place) {
        let found = if text.as_bytes()[place] == b':' { web(text, said, place) } else { mail(text, said, place) };
        let Some((begin, end, piece)) = found else {
            at = place + 1;
            continue;
        };
        if begin > said {
            pieces.push(Piece::Text(&text[said..begin]));
        }
        pieces.push(piece);
        (said, at) = (end, end);
    }
    if said < text.len() {
        pieces.push(Piece::Text(&text[said..]));
    }
    pieces
}

/// The address of a page whose scheme ends at `colon`, and where it is; nothing of it is before `from`.
fn web(text: &str, from: usize, colon: usize) -> Option<(usize, usize, Piece<'_>)> {
    let scheme = SCHEMES.into_iter().find(|scheme| {
        let begin = (colon + "://".len()).checked_sub(scheme.len()).filter(|begin| *begin >= from);
        begin.and_then(|begin| text.get(begin..begin + scheme.len())).is_some_and(|t| t.eq_ignore_ascii_case(scheme))
    })?;
    let begin = colon + "://".len() - scheme.len();
    // In `xhttp://`, or `view-source:http://`, it is a part of something else.
    if text[from..begin].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_-+.:/@\\".contains(c)) {
        return None;
    }
    let length = text[begin..].find(ends_address).unwrap_or(text.len() - begin);
    if length > MAX_BYTES || text[begin + length..].starts_with(is_hidden) {
        return None;
    }
    let address = without_end_of_sentence(&text[begin..begin + length]);
    let is_address = address.get(scheme.len()..).is_some_and(begins_with_host);
    is_address.then_some((begin, begin + address.len(), Piece::Web(address)))
}

/// What is in no address: blanks, and what surrounds one.
fn ends_address(c: char) -> bool {
    c.is_whitespace() || "<>\"`{}|\\^“”„«»、。".contains(c) || is_hidden(c)
}

/// What nobody sees, and what turns the direction: an address with it is another one than it shows.
fn is_hidden(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// An address without what ends the sentence that it stands in, and without the bracket that it stands in.
fn without_end_of_sentence(mut address: &str) -> &str {
    while let Some(last) = address.chars().next_back() {
        let opening = match last {
            ')' => Some('('),
            ']' => Some('['),
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '’' | '*' | '…' => None,
            _ => break,
        };
        if let Some(opening) = opening {
            let count = |c: char| address.matches(c).count();
            if count(last) <= count(opening) {
                break;
            }
        }
        address = &address[..address.len() - last.len_utf8()];
    }
    address
}

/// Whether what is behind the scheme begins with a host, and nothing that passes for one (`https://bank.example@elsewhere.example`).
fn begins_with_host(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => {
            let is_address = host.contains(':') && host.chars().all(|c| c.is_ascii_hexdigit() || c == ':' || c == '.');
            (if is_address { "ipv6" } else { "" }, port)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()));
    let is_host = host.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.')
        && host.starts_with(char::is_alphanumeric)
        && !host.contains("..");
    is_port && is_host
}

/// The address of a mailbox around `at`.
fn mail(text: &str, from: usize, at: usize) -> Option<(usize, usize, Piece<'_>)> {
    // The characters that mean nothing in a `mailto:` (RFC 6068).
    let is_local = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    let begin = text[from..at]
        .rfind(|c| !is_local(c))
        .map_or(from, |before| from + before + text[from + before..].chars().next().map_or(0, char::len_utf8));
    let is_host = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let length = text[at + 1..].find(|c| !is_host(c)).unwrap_or(text.len() - at - 1);
    let host = text[at + 1..at + 1 + length].trim_end_matches(['.', '-']);
    let end = at + 1 + host.len();
    let local = &text[begin..at];
    let is_local = !local.is_empty()
        && local.len() <= MAX_MAIL_BYTES.1
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let top = host.rsplit('.').next().unwrap_or_default();
    let is_host = host.contains('.')
        && host.split('.').all(label)
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    // `git@example.com:project`, `@name@example.social`, a host that goes on in other letters.
    let before = text[..begin].chars().next_back();
    let mut behind = text[end..].chars();
    let (behind, further) = (behind.next(), behind.next());
    let goes_on = behind.is_some_and(|c| c.is_alphanumeric() || "@/_-".contains(c))
        || behind == Some(':') && further.is_some_and(|c| !c.is_whitespace());
    let is_alone = !goes_on && before.is_none_or(|c| !c.is_alphanumeric() && !"@/\\%=&?#".contains(c));
    let address = &text[begin..end];
    (is_local && is_host && is_alone && address.len() <= MAX_MAIL_BYTES.0).then_some((begin, end, Piece::Mail(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The links of a text, mail addresses as `mailto:`.
    fn links(text: &str) -> Vec<String> {
        let pieces = pieces(text);
        let together: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) | Piece::Web(text) | Piece::Mail(text) => *text,
            })
            .collect();
        assert_eq!(together, text, "nothing is lost");
        let link = |piece: &Piece<'_>| match piece {
            Piece::Text(_) => None,
            Piece::Web(address) => Some((*address).to_owned()),
            Piece::Mail(address) => Some(format!("mailto:{address}")),
        };
        pieces.iter().filter_map(link).collect()
    }

    #[test]
    fn addresses_are_links() {
        for (text, expected) in [
            ("read https://example.org/a?b=c#d now", "https://example.org/a?b=c#d"),
            ("HTTP://EXAMPLE.ORG", "HTTP://EXAMPLE.ORG"),
            ("http://localhost:3000/todos", "http://localhost:3000/todos"),
            ("http://[2001:db8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
            ("http://192.0.2.1", "http://192.0.2.1"),
            ("https://españa.example/ñ", "https://españa.example/ñ"),
            ("read https://example.org.", "https://example.org"),
            ("read https://example.org/x, then sleep", "https://example.org/x"),
            ("really https://example.org/?!…", "https://example.org/"),
            ("(see https://example.org/x)", "https://example.org/x"),
            ("https://example.org/Errand_(list)", "https://example.org/Errand_(list)"),
            ("(https://example.org/Errand_(list)).", "https://example.org/Errand_(list)"),
            ("<https://example.org>", "https://example.org"),
            ("\"https://example.org/x\"", "https://example.org/x"),
            ("[text](https://example.org/x)", "https://example.org/x"),
            ("*https://example.org/x*", "https://example.org/x"),
            ("see:\nhttps://example.org/x\nand", "https://example.org/x"),
            ("https://example.org/a:b@c", "https://example.org/a:b@c"),
            ("https://example.org/去。然后", "https://example.org/去"),
            ("write ana@example.org", "mailto:ana@example.org"),
            ("write to Ana.Maria+list@mail.example.co.uk.", "mailto:Ana.Maria+list@mail.example.co.uk"),
            ("<ana@example.org>, please", "mailto:ana@example.org"),
            ("mailto:ana@example.org", "mailto:ana@example.org"),
            ("año: ana@example.org", "mailto:ana@example.org"),
        ] {
            assert_eq!(links(text), [expected], "{text}");
        }
        assert_eq!(
            links("a@b.example,https://c.example/,http://d.example"),
            ["mailto:a@b.example", "https://c.example/,http://d.example"]
        );
        assert_eq!(links("https://a.example https://b.example"), ["https://a.example", "https://b.example"]);
    }

    /// Abuse case 38: what is typed leads nowhere by another scheme, and nowhere else than it says.
    #[test]
    fn nothing_else_is_a_link() {
        for text in [
            "",
            "buy milk",
            "javascript:alert(1)",
            "JaVaScRiPt://example.org/%0aalert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript://x",
            "file:///etc/passwd",
            "ftp://example.org",
            "//example.org",
            "www.example.org",
            "example.org",
            "http:/example.org",
            "http://",
            "https:///x",
            "https://?x",
            "https://.example",
            "https://a..example",
            "https://-example",
            "xhttps://example.org",
            "view-source:https://example.org",
            "javascript:https://example.org",
            "blob:https://example.org/1",
            "https://bank.example@elsewhere.example/",
            "https://bank.example:443@elsewhere.example/",
            "https://user:password@example.org/",
            "https://example.org:80a/",
            "https://[evil]/",
            "https://exa\u{202e}mple",
            "https://example.org/\u{202e}gpj.exe",
            "http\u{200b}://example.org",
            "https://<script>alert(1)</script>",
            "https://\u{0}x",
            "@ana",
            "ana@",
            "ana@example",
            "ana@-example.org",
            "ana@example.1",
            "ana@example.o",
            ".ana@example.org",
            "a..b@example.org",
            "ana.@example.org",
            "ana%0d%0abcc@example.org",
            "?bcc=ana@example.org",
            "git@example.org:project.git",
            "@name@example.org",
            "ana@example.org@example.net",
            "ana@example.orgé",
            "ana@example.org/x",
            "4 tickets @ 5.50",
        ] {
            assert_eq!(links(text), Vec::<String>::new(), "{text:?}");
        }
        assert_eq!(links("https://example.org/\"onmouseover=alert(1)"), ["https://example.org/"]);
        assert_eq!(links(&format!("https://example.org/{}", "x".repeat(MAX_BYTES))), Vec::<String>::new());
        assert_eq!(links(&format!("{}@example.org", "x".repeat(65))), Vec::<String>::new());
    }

    #[test]
    fn whatever_is_typed_stays_whole() {
        const PIECES: [&str; 24] = [
            "https://",
            "http://",
            "a",
            "@",
            ".",
            "example.org",
            ":",
            "/",
            "(",
            ")",
            "[",
            "]",
            " ",
            "é",
            "👩‍👧",
            "\u{202e}",
            "\"",
            "<",
            "-",
            "..",
            "?",
            "mailto:",
            "\n",
            "x@y.example",
        ];
        fastrand::seed(3);
        for _ in 0..20_000 {
            let text: String = (0..fastrand::usize(..12)).map(|_| PIECES[fastrand::usize(..PIECES.len())]).collect();
            for link in links(&text) {
                let begins = ["http://", "https://", "mailto:"].iter().any(|scheme| link.starts_with(scheme));
                assert!(begins && !link.contains([' ', '"', '<', '\n', '\u{202e}']), "{text:?}: {link}");
            }
        }
    }

    #[test]
    fn a_very_long_text_is_taken_apart_at_once() {
        for piece in ["https://", "a@", ":", "(", "x@y.example ", "https://x)", "https://("] {
            let text = piece.repeat(10_000 / piece.len());
            let begin = std::time::Instant::now();
            let _ = links(&text);
            assert!(begin.elapsed().as_secs() < 5, "{piece}");
        }
    }

    #[test]
    fn a_link_leads_out_without_a_word_of_where_it_was() {
        let linked = |text| {
            let mut html = String::new();
            push_linked(&mut html, text);
            html
        };
        let html = linked("a <b> https://example.org/?a&b x@y.example");
        assert!(html.contains(r#"href="https://example.org/?a&amp;b""#), "{html}");
        assert!(html.contains(r#"target="_blank""#) && html.contains(r#"href="mailto:x@y.example""#), "{html}");
        assert_eq!(html.matches(r#"rel="noopener noreferrer nofollow""#).count(), 2, "{html}");
        assert!(html.contains("a &lt;b&gt; "), "{html}");
        assert_eq!(linked("a <b>"), "a &lt;b&gt;");
    }
}
