//! The text of a digest, plain and as HTML. What customers wrote is escaped; the links carry nothing but where they lead.

use maud::{DOCTYPE, html};
use time::{Date, Month};
use url::Url;

use crate::daemon::texts::Texts;
use crate::digest::{Address, Claimed, TimeZone};
use crate::platform::mail::Message;
use crate::todo::{Day, Todo};

/// How many to-dos a mail lists.
const LISTED: usize = 50;
/// How much of a to-do a subject has, in characters.
const SUBJECT: usize = 100;

/// The mail about `open`, which is not empty.
pub(super) fn compose(claimed: &Claimed, open: &[Todo], public_url: &Url) -> Message {
    let preferences = &claimed.preferences;
    let t = Texts::of(preferences.language);
    let count = t.open(open.len());
    let name = one_line(&preferences.name);
    let greeting = match (preferences.hour < 12, name.is_empty()) {
        (true, true) => t.good_morning().to_owned(),
        (true, false) => t.good_morning_name(&name),
        (false, _) => hello(t, &name),
    };
    let sections = sections(t, claimed, open);
    let more = open.len().saturating_sub(LISTED);
    let more = (more > 0).then(|| t.more(&more));
    let page = |path: &str| public_url.join(path).map_or_else(|_| public_url.to_string(), |url| url.to_string());
    let (list, account) = (page("/todos"), page("/account"));
    let why = t.why_digest(&preferences.hour, &preferences.time_zone.name());
    let (your_list, to_turn_off) = (t.your_list(), t.to_turn_off());

    let mut lines = Vec::new();
    for (number, Section { title, listed }) in sections.iter().enumerate() {
        if let Some(title) = title {
            lines.extend((number > 0).then(String::new));
            lines.push(format!("{title}:"));
        }
        lines.extend(listed.iter().map(|text| format!("  - {text}")));
    }
    lines.extend(more.as_ref().map(|more| format!("  {more}")));
    let text = format!(
        "{greeting}\n\n{count}:\n\n{}\n\n{your_list}: {list}\n\n-- \n{why}\n{to_turn_off}: {account}\n",
        lines.join("\n")
    );
    let html = html! {
        (DOCTYPE)
        html lang=(t.language().tag()) {
            head { meta charset="utf-8"; title { (count) } }
            body style="font-family: system-ui, sans-serif; line-height: 1.5; max-width: 40rem" {
                p dir="auto" { (greeting) }
                p { (count) ":" }
                @for (number, Section { title, listed }) in sections.iter().enumerate() {
                    @if let Some(title) = title { p { strong { (title) } } }
                    ul {
                        @for text in listed { li dir="auto" { (text) } }
                        @if let Some(more) = more.as_ref().filter(|_| number + 1 == sections.len()) { li { (more) } }
                    }
                }
                p { a href=(list) { (your_list) } }
                p style="color: #666; font-size: 85%" { (why) " " a href=(account) { (t.turn_off()) } }
            }
        }
    };
    Message {
        to: preferences.email.clone(),
        // Without what is to be done: subjects show on locked screens.
        subject: t.open_subject(open.len()),
        text,
        html: Some(html.into_string()),
    }
}

/// The mail that reminds of a to-do.
pub(super) fn remind(address: &Address, todo: &Todo, public_url: &Url) -> Message {
    let what = one_line(todo.description.as_str());
    let t = Texts::of(address.language);
    let greeting = hello(t, &one_line(&address.name));
    let due = todo.details.due.as_ref().map(|due| match due.time() {
        Some((time, zone)) => t.due_at(&date(t, due.date()), &clock(&time.to_string()), &zone),
        None => t.due_on(&date(t, due.date())),
    });
    let list = public_url.join("/todos").map_or_else(|_| public_url.to_string(), |url| url.to_string());
    let (why, your_list) = (t.why_reminder(), t.your_list());
    let due_line = due.as_ref().map(|due| format!("{due}\n\n")).unwrap_or_default();
    let text = format!("{greeting}\n\n  {what}\n\n{due_line}{your_list}: {list}\n\n-- \n{why}\n");
    let html = html! {
        (DOCTYPE)
        html lang=(t.language().tag()) {
            head { meta charset="utf-8"; title { (what) } }
            body style="font-family: system-ui, sans-serif; line-height: 1.5; max-width: 40rem" {
                p dir="auto" { (greeting) }
                p dir="auto" { strong { (what) } }
                @if let Some(due) = due { p { (due) } }
                p { a href=(list) { (your_list) } }
                p style="color: #666; font-size: 85%" { (why) }
            }
        }
    };
    Message { to: address.email.clone(), subject: cut(&what), text, html: Some(html.into_string()) }
}

fn hello(t: Texts, name: &str) -> String {
    if name.is_empty() { t.hello().to_owned() } else { t.hello_name(&name) }
}

/// A day in words: "1 December 2026".
fn date(t: Texts, day: Day) -> String {
    let date = Date::from(day);
    let month = match date.month() {
        Month::January => t.january(),
        Month::February => t.february(),
        Month::March => t.march(),
        Month::April => t.april(),
        Month::May => t.may(),
        Month::June => t.june(),
        Month::July => t.july(),
        Month::August => t.august(),
        Month::September => t.september(),
        Month::October => t.october(),
        Month::November => t.november(),
        Month::December => t.december(),
    };
    t.date(&date.day(), &month, &date.year())
}

/// A time as people write it: "9:00".
fn clock(time: &str) -> String {
    time.strip_prefix('0').unwrap_or(time).to_owned()
}

/// A subject of bounded length.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SUBJECT) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Some of the to-dos of a mail.
struct Section {
    /// What they are; none where nothing is due, so that there is only one section.
    title: Option<&'static str>,
    listed: Vec<String>,
}

/// What is overdue where the customer lives, then what is due on the day of the mail, both in the order of when that is, then
/// the rest as it is in the list.
fn sections(t: Texts, claimed: &Claimed, open: &[Todo]) -> Vec<Section> {
    let today = claimed.date.as_str();
    let (mut overdue, mut due_today, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for todo in open {
        let text = one_line(todo.description.as_str());
        match due(todo, &claimed.preferences.time_zone) {
            Some((date, time)) if date.as_str() < today => overdue.push((date, time, text)),
            Some((date, time)) if date == today => due_today.push((date, time, text)),
            _ => rest.push(text),
        }
    }
    // Such texts sort as dates and times do; those that are due on a day come before its hours.
    overdue.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    due_today.sort_by(|one, other| one.1.cmp(&other.1));
    let is_titled = !overdue.is_empty() || !due_today.is_empty();
    let words = |day: &str| Day::parse(day).map_or_else(|_| day.to_owned(), |day| date(t, day));
    let overdue = overdue.into_iter().map(|(day, _, text)| format!("{text} ({})", words(&day))).collect();
    let due_today = due_today.into_iter().map(|(_, time, text)| match time {
        Some(time) => format!("{text} ({})", clock(&time)),
        None => text,
    });
    let mut room = LISTED;
    let mut sections = Vec::new();
    for (title, mut listed) in [(t.overdue(), overdue), (t.due_today(), due_today.collect()), (t.also_open(), rest)] {
        listed.truncate(room);
        room -= listed.len();
        if !listed.is_empty() {
            sections.push(Section { title: is_titled.then_some(title), listed });
        }
    }
    sections
}

/// When a to-do is due, as clocks of that zone show it: the date, and the time where it is due at one.
fn due(todo: &Todo, zone: &TimeZone) -> Option<(String, Option<String>)> {
    let due = todo.details.due.as_ref()?;
    let date = due.date().to_string();
    let Some((time, of)) = due.time() else { return Some((date, None)) };
    let shown = TimeZone::parse(of.as_str()).ok().and_then(|of| of.shown_in(zone, &date, time.clock()));
    Some(shown.map_or((date, Some(time.to_string())), |(date, time)| (date, Some(time))))
}

/// `text` without control characters, which plain text cannot escape, and without a line of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;
    use crate::digest::{Preferences, TimeZone};
    use crate::language::Language;
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
        composed_in(Language::English, name, todos)
    }

    fn composed_in(language: Language, name: &str, todos: &[Todo]) -> Message {
        let preferences = Preferences {
            enabled: true,
            email: "ada@example.com".to_owned(),
            name: name.to_owned(),
            language,
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

    #[test]
    fn what_is_overdue_comes_first_and_days_are_those_where_the_customer_lives() {
        let due = |text: &str, due: serde_json::Value| {
            let mut todo = todo(text);
            todo.details.due = Some(serde_json::from_value(due).expect("when it is due"));
            todo
        };
        let at = |date: &str, time: &str, zone: &str| json!({"date": date, "time": time, "timeZone": zone});
        // The mail is of 25 November 2026, in Berlin.
        let mail = composed(
            "Ada",
            &[
                todo("some day"),
                due("tomorrow", json!({"date": "2026-11-26"})),
                due("at nine", at("2026-11-25", "09:00", "Europe/Berlin")),
                due("today", json!({"date": "2026-11-25"})),
                due("yesterday", json!({"date": "2026-11-24"})),
                due("in Tokyo it is that day already", at("2026-11-25", "07:00", "Asia/Tokyo")),
                due("in New York it is that day still", at("2026-11-24", "20:00", "America/New_York")),
                due("long ago", json!({"date": "2025-01-01"})),
            ],
        );
        let expected = "8 to-dos are open:\n\nOverdue:\n  - long ago (1 January 2025)\n  \
                        - yesterday (24 November 2026)\n  \
                        - in Tokyo it is that day already (24 November 2026)\n\nDue today:\n  - today\n  \
                        - in New York it is that day still (2:00)\n  - at nine (9:00)\n\nAlso open:\n  - some day\n  \
                        - tomorrow\n\nYour list:";
        assert!(mail.text.contains(expected), "{}", mail.text);
        let html = mail.html.expect("HTML");
        let places =
            ["Overdue", "long ago", "Due today", "(9:00)", "Also open"].map(|text| html.find(text).expect(text));
        assert!(places.is_sorted(), "{html}");
        // However many are overdue, no more are named than fit.
        let many: Vec<Todo> = (0..60).map(|n| due(&format!("n{n}"), json!({"date": "2026-11-01"}))).collect();
        let mail = composed("Ada", &many);
        assert!(mail.text.contains("… and 10 more") && !mail.text.contains("Also open"), "{}", mail.text);
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
    fn a_reminder_says_what_and_when_it_is_due() {
        let url = Url::parse("https://todo.example.com").expect("a URL");
        let address = Address {
            email: "ada@example.com".to_owned(),
            name: "Ada\r\nBcc: eve@example.com".to_owned(),
            language: Language::English,
        };
        let mut todo = todo("call <b>Bob</b>\u{1b}[2J");
        let due = json!({"date": "2026-12-01", "time": "09:00", "timeZone": "Europe/Madrid"});
        todo.details.due = Some(serde_json::from_value(due).expect("when it is due"));
        let mail = remind(&address, &todo, &url);
        let expected = "Hello Ada  Bcc: eve@example.com,\n\n  call <b>Bob</b> [2J\n\nDue on 1 December 2026 at 9:00 \
                        (Europe/Madrid).\n\nYour list: https://todo.example.com/todos\n\n-- \nYou get this mail because \
                        this to-do has a reminder, which you can remove from it.\n";
        assert_eq!(mail.text, expected);
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("ada@example.com", "call <b>Bob</b> [2J"));
        assert!(
            mail.html.is_some_and(|html| html.contains("call &lt;b&gt;Bob&lt;/b&gt; [2J") && !html.contains("<b>"))
        );
        todo.description = Description::parse(&"é".repeat(500)).expect("valid");
        assert_eq!(remind(&address, &todo, &url).subject.chars().count(), 101);
    }

    #[test]
    fn mails_are_written_in_the_language_of_who_reads_them() {
        let mut late = todo("pagar la luz");
        late.details.due = Some(serde_json::from_value(json!({"date": "2026-11-03"})).expect("when it is due"));
        let mail = composed_in(Language::Spanish, "Ada", &[late.clone(), todo("regar")]);
        let expected = "Buenos días, Ada:\n\n2 tareas pendientes:\n\nAtrasadas:\n  - pagar la luz (3 de noviembre de \
                        2026)\n\nTambién pendientes:\n  - regar\n\nTu lista: https://todo.example.com/todos\n\n-- \n\
                        Recibes este correo a las 7:00 (Europe/Berlin) porque lo pediste en la página de tu cuenta.\n\
                        Para desactivarlo: https://todo.example.com/account\n";
        assert_eq!((mail.text.as_str(), mail.subject.as_str()), (expected, "2 tareas pendientes en tu lista"));
        assert!(mail.html.is_some_and(|html| html.contains("lang=\"es\"") && html.contains("Desactivarlo")));
        let url = Url::parse("https://todo.example.com").expect("a URL");
        let address = Address { email: "ada@example.com".to_owned(), name: String::new(), language: Language::Spanish };
        let mail = remind(&address, &late, &url);
        assert!(
            mail.text.starts_with("Hola:\n\n  pagar la luz\n\nVence el 3 de noviembre de 2026.\n"),
            "{}",
            mail.text
        );
        // A name that a provider did not tell is no word of ours.
        assert!(!mail.text.contains("You"), "{}", mail.text);
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
