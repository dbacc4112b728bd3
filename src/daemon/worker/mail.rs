//! The text of a digest, plain and as HTML. What customers wrote is escaped; the links carry nothing but where they lead.

use maud::{DOCTYPE, html};
use url::Url;

use crate::digest::Claimed;
use crate::platform::mail::Message;
use crate::todo::Todo;

/// How many to-dos a mail lists.
const LISTED: usize = 50;

/// The mail about `open`, which is not empty.
pub(super) fn compose(claimed: &Claimed, open: &[Todo], public_url: &Url) -> Message {
    let preferences = &claimed.preferences;
    let count = match open.len() {
        1 => "1 to-do is open".to_owned(),
        n => format!("{n} to-dos are open"),
    };
    let name = one_line(&preferences.name);
    let greeting = if preferences.hour < 12 { "Good morning" } else { "Hello" };
    let greeting = if name.is_empty() { format!("{greeting},") } else { format!("{greeting} {name},") };
    let listed: Vec<String> = open.iter().take(LISTED).map(|todo| one_line(todo.description.as_str())).collect();
    let more = open.len() - listed.len();
    let more = (more > 0).then(|| format!("… and {more} more"));
    let page = |path: &str| public_url.join(path).map_or_else(|_| public_url.to_string(), |url| url.to_string());
    let (list, account) = (page("/todos"), page("/account"));
    let why = format!(
        "You get this mail at {}:00 ({}) because you asked for it on your account page.",
        preferences.hour,
        preferences.time_zone.name()
    );

    let mut lines: Vec<String> = listed.iter().map(|text| format!("  - {text}")).collect();
    lines.extend(more.as_ref().map(|more| format!("  {more}")));
    let text = format!(
        "{greeting}\n\n{count}:\n\n{}\n\nYour list: {list}\n\n-- \n{why}\nTo turn it off: {account}\n",
        lines.join("\n")
    );
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (count) } }
            body style="font-family: system-ui, sans-serif; line-height: 1.5; max-width: 40rem" {
                p dir="auto" { (greeting) }
                p { (count) ":" }
                ul {
                    @for text in &listed { li dir="auto" { (text) } }
                    @if let Some(more) = &more { li { (more) } }
                }
                p { a href=(list) { "Your list" } }
                p style="color: #666; font-size: 85%" { (why) " " a href=(account) { "Turn it off" } }
            }
        }
    };
    Message {
        to: preferences.email.clone(),
        // Without what is to be done: subjects show on locked screens.
        subject: format!("{count} on your list"),
        text,
        html: Some(html.into_string()),
    }
}

/// `text` without control characters, which plain text cannot escape, and without a line of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;
    use crate::digest::{Preferences, TimeZone};
    use crate::todo::{Description, Details};

    fn todo(text: &str) -> Todo {
        Todo {
            id: Uuid::from_u128(1),
            owner: "ada".to_owned(),
            description: Description::parse(text).expect("valid"),
            done: false,
            details: Details::default(),
            completed_at: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    fn composed(name: &str, todos: &[Todo]) -> Message {
        let preferences = Preferences {
            enabled: true,
            email: "ada@example.com".to_owned(),
            name: name.to_owned(),
            time_zone: TimeZone::parse("Europe/Berlin").expect("a time zone"),
            hour: 7,
        };
        let url = Url::parse("https://todo.example.com").expect("a URL");
        compose(&Claimed::for_tests(preferences), todos, &url)
    }

    #[test]
    fn a_digest_says_what_is_open_where_and_how_to_turn_it_off() {
        let mail = composed("Ada", &[todo("buy milk"), todo("water the plants")]);
        let expected = "Good morning Ada,\n\n2 to-dos are open:\n\n  - buy milk\n  - water the plants\n\n\
                        Your list: https://todo.example.com/todos\n\n-- \n\
                        You get this mail at 7:00 (Europe/Berlin) because you asked for it on your account page.\n\
                        To turn it off: https://todo.example.com/account\n";
        assert_eq!(mail.text, expected);
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("ada@example.com", "2 to-dos are open on your list"));
        assert_eq!(composed("", &[todo("x")]).text.lines().next(), Some("Good morning,"));
        assert_eq!(composed("Ada", &[todo("x")]).subject, "1 to-do is open on your list");
    }

    /// 78.
    #[test]
    fn what_customers_wrote_is_text_and_nothing_else() {
        let mail =
            composed("<b>Ada\r\nBcc: eve@example.com</b>", &[todo("<img src=x onerror=alert(1)>\u{1b}[2J & \"co\"")]);
        let html = mail.html.expect("HTML");
        assert!(html.contains("&lt;img src=x onerror=alert(1)&gt; [2J &amp; &quot;co&quot;"), "{html}");
        assert!(!html.contains("<img") && !html.contains("<b>"), "{html}");
        assert!(!mail.text.contains('\u{1b}') && !mail.text.contains('\r'), "{}", mail.text);
        assert!(mail.text.starts_with("Good morning <b>Ada  Bcc: eve@example.com</b>,\n"), "{}", mail.text);
        assert!(!mail.subject.contains("img"));
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let todos: Vec<Todo> = (0..60).map(|n| todo(&format!("number {n}."))).collect();
        let mail = composed("Ada", &todos);
        assert!(
            mail.text.contains("number 49.")
                && !mail.text.contains("number 50.")
                && mail.text.contains("… and 10 more")
        );
        assert!(mail.html.is_some_and(|html| html.contains("<li>… and 10 more</li>")));
    }
}
