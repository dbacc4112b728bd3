//! What needs neither a provider nor an API: texts, dates, hints.

use time::{Duration, OffsetDateTime};
use url::Url;

use super::{Check, Report, Section, Verdict, credentials, exchange, provider, text};
use crate::platform::clock::Clock;

#[test]
fn a_certificate_is_right_until_a_fortnight_before_its_end() {
    let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a date");
    let clock = Clock::manual(now);
    for (left, verdict, found) in [
        (Duration::days(400), Verdict::Right, "400 days"),
        (Duration::days(15), Verdict::Right, "15 days"),
        (Duration::days(14), Verdict::Wrong, "ends in 14 days"),
        (Duration::hours(1), Verdict::Wrong, "ends in 0 days"),
        (Duration::days(-3), Verdict::Wrong, "ended 3 days ago"),
    ] {
        let check = credentials::validity("x", (now + left).unix_timestamp(), &clock);
        assert_eq!(check.verdict, verdict, "{left}");
        assert!(check.found.contains(found), "{}", check.found);
        assert_eq!(check.remedy.is_some(), verdict == Verdict::Wrong);
    }
}

#[test]
fn entras_number_is_found_in_pages_and_descriptions() {
    for (text, code) in [
        ("AADSTS50011: The redirect URI …", Some(50_011)),
        ("<p>Error AADSTS: see AADSTS700016.</p>", Some(700_016)),
        ("AADSTS", None),
        ("AADSTS99999999999999", None),
        ("nothing", None),
    ] {
        assert_eq!(exchange::aadsts(text), code, "{text}");
    }
}

#[test]
fn the_usual_mistakes_in_an_authority_have_remedies_of_their_own() {
    for (authority, hint) in [
        ("https://contoso.ciamlogin.com", None),
        ("https://contoso.ciamlogin.com/contoso.onmicrosoft.com", None),
        ("https://contoso.ciamlogin.com/11111111-1111-1111-1111-111111111111/v2.0", None),
        (
            "https://contoso.ciamlogin.com/11111111-1111-1111-1111-111111111111/oauth2",
            Some("ciamlogin.com/{tenant id}/v2.0"),
        ),
        ("https://contoso.ciamlogin.com/x/oauth2/v2.0/token", Some("ciamlogin.com/{tenant id}/v2.0")),
        ("https://login.microsoftonline.com/contoso.onmicrosoft.com", Some("AADSTS500207")),
        ("https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0", Some("ciamlogin.com")),
        ("https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_susi/v2.0", Some("B2C")),
        ("https://id.example/.well-known/openid-configuration", Some("leave")),
        ("https://id.example/realms/x", None),
    ] {
        let found = provider::authority_hint(authority);
        match hint {
            Some(hint) => assert!(found.as_deref().is_some_and(|found| found.contains(hint)), "{authority}: {found:?}"),
            None => assert_eq!(found, None, "{authority}"),
        }
    }
}

#[test]
fn a_report_is_aligned_wrapped_and_coloured_only_when_told_to() {
    let long = "word ".repeat(40);
    let checks = vec![
        Check::right("one", "fine"),
        Check::wrong("two", long.trim(), "do something").explained(Some(50_011)),
        Check::unknown("three", "who knows"),
    ];
    let report = Report { sections: vec![Section { title: "A section".to_owned(), checks }] };
    let plain = text(&report, false, Some(60));
    assert!(plain.lines().all(|line| line.chars().count() <= 60), "{plain}");
    assert!(plain.contains("  right    one\n") && plain.contains("  WRONG    two\n"), "{plain}");
    assert!(plain.contains("AADSTS50011") && plain.contains("→ ") && plain.contains("1 right, 1 wrong, 1 unknown."));
    assert!(!plain.contains('\u{1b}'));
    let coloured = text(&report, true, None);
    assert!(coloured.contains("\u{1b}[1;31mWRONG  \u{1b}[0m"), "{coloured:?}");
}

#[test]
fn what_others_say_is_kept_to_one_short_line() {
    let said = exchange::quoted(&format!("a\r\n\u{1b}[31mb{}", "x".repeat(1000)));
    assert!(said.chars().count() <= 160 && !said.chars().any(char::is_control), "{said:?}");
    let url = Url::parse("https://user:secret@id.example/authorize?code=secret#secret").expect("a URL");
    assert_eq!(exchange::place(&url), "https://id.example/authorize");
}
