//! To-dos on a terminal: aligned, cut to its width, and nothing in them that the terminal would obey.

use std::fmt::Write as _;

use time::macros::format_description;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::todo::{Due, Todo};

/// Columns between two cells.
const GAP: usize = 2;
/// The narrowest that a column is cut to.
const NARROWEST: usize = 12;
/// Which column the owners are in.
const OWNER: usize = 5;

/// `text` without what a terminal would obey instead of showing: control characters, and marks that turn the order of
/// writing round (Trojan Source, CVE-2021-42574). They are written as escapes.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// JSON for a terminal or a file: what [`printable`] escapes is escaped as JSON does it. Outside of strings there is no
/// such character but the line breaks of pretty printing.
pub(super) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) && c != '\n' {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// A table with a heading. `width` is the terminal's; without one nothing is cut, so that other programs can read it.
/// `owners`: whether there is a column for them.
pub(super) fn table(todos: &[Todo], owners: bool, width: Option<usize>) -> String {
    let heading = ["ID", "DONE", "STAR", "DUE", "ADDED (UTC)", "OWNER", "DESCRIPTION"].map(str::to_owned);
    let rows = std::iter::once(heading).chain(todos.iter().map(row));
    let rows: Vec<Vec<String>> = rows
        .map(|row| {
            row.into_iter().enumerate().filter(|(column, _)| owners || *column != OWNER).map(|(_, cell)| cell).collect()
        })
        .collect();
    let columns = rows.first().map_or(0, Vec::len);
    let mut widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or_default()).collect();
    if let Some(width) = width {
        fit(&mut widths, width, owners);
    }
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = cut(cell, *width);
            let padding = if column + 1 == columns { 0 } else { width - cell.width() + GAP };
            let _ = write!(line, "{cell}{}", " ".repeat(padding));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn row(todo: &Todo) -> [String; 7] {
    let added = todo.created_at.format(format_description!("[year]-[month]-[day] [hour]:[minute]")).unwrap_or_default();
    let yes_or_no = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let due = todo.details.due.as_ref().map_or_else(|| "-".to_owned(), due);
    let (id, done, starred) = (todo.id.to_string(), yes_or_no(todo.done), yes_or_no(todo.details.starred));
    [id, done, starred, due, added, printable(&todo.owner), printable(todo.description.as_str())]
}

/// A day, or a moment as the clocks of its zone show it.
fn due(due: &Due) -> String {
    match due.time() {
        Some((time, zone)) => format!("{} {time} {zone}", due.date()),
        None => due.date().to_string(),
    }
}

/// Narrows the description, then the owner, until all fits. Ids are never cut: they are there to be copied.
fn fit(widths: &mut [usize], width: usize, owners: bool) {
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * (widths.len() - 1);
    let description = widths.len() - 1;
    let owner = owners.then_some(OWNER);
    // Owners' keys are long and alike: they give way before the description is cut below three times the least.
    for (column, least) in [(Some(description), 3 * NARROWEST), (owner, NARROWEST), (Some(description), NARROWEST)] {
        let excess = total(widths).saturating_sub(width);
        if let Some(column) = column
            && widths[column] > least
        {
            widths[column] = (widths[column] - excess.min(widths[column])).max(least);
        }
    }
}

/// The beginning of `text` that takes at most `width` columns, with an ellipsis where something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or_default();
        if used > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::todo::{ClockTime, Day, Description, Details, ZoneName};

    fn todo(owner: &str, description: &str, done: bool) -> Todo {
        Todo {
            id: Uuid::from_u128(1),
            owner: owner.to_owned(),
            description: Description::parse(description).expect("valid"),
            done,
            details: Details::default(),
            completed_at: None,
            created_at: datetime!(2026-11-25 04:05:06 UTC),
            updated_at: datetime!(2026-11-25 04:05:06 UTC),
            version: 1,
        }
    }

    #[test]
    fn columns_are_aligned_whatever_the_script() {
        let mut todos = [todo("ada", "buy milk", false), todo("b", "牛乳を買う", true), todo("b", "c", false)];
        todos[1].details.due = Some(Due::on(Day::parse("2026-12-01").expect("a day")));
        let (time, zone) =
            (ClockTime::parse("09:00").expect("a time"), ZoneName::parse("Europe/Oslo").expect("a zone"));
        todos[2].details.due = Some(Due::at(Day::parse("2026-12-24").expect("a day"), time, zone));
        todos[2].details.starred = true;
        let expected = "\
ID                                    DONE  STAR  DUE                           ADDED (UTC)       OWNER  DESCRIPTION
00000000-0000-0000-0000-000000000001  no    no    -                             2026-11-25 04:05  ada    buy milk
00000000-0000-0000-0000-000000000001  yes   no    2026-12-01                    2026-11-25 04:05  b      牛乳を買う
00000000-0000-0000-0000-000000000001  no    yes   2026-12-24 09:00 Europe/Oslo  2026-11-25 04:05  b      c
";
        assert_eq!(table(&todos, true, None), expected);
        assert!(!table(&todos, false, None).contains("OWNER"));
        assert_eq!(table(&[], false, None), "ID  DONE  STAR  DUE  ADDED (UTC)  DESCRIPTION\n");
    }

    #[test]
    fn a_line_is_cut_to_the_terminal_and_an_id_never() {
        let todos = [todo(&"k".repeat(73), &"牛乳".repeat(100), false)];
        for width in [110, 120, 140, 200] {
            for line in table(&todos, true, Some(width)).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
        let narrow = table(&todos, true, Some(20));
        assert!(narrow.contains("00000000-0000-0000-0000-000000000001") && narrow.contains('…'), "{narrow}");
        assert!(table(&todos, true, None).contains(&"牛乳".repeat(100)));
    }

    #[test]
    fn nothing_in_a_to_do_commands_the_terminal() {
        let todos = [todo("o\u{9b}2J", "\u{1b}]0;owned\u{7}\u{202e}txt.exe", false)];
        let text = table(&todos, true, None);
        assert!(text.contains("\\u{1b}]0;owned\\u{7}\\u{202e}txt.exe") && text.contains("o\\u{9b}2J"), "{text}");
        let text = json(&serde_json::to_string_pretty(&todos).expect("JSON"));
        assert!(!text.chars().any(|c| is_obeyed(c) && c != '\n'), "{text}");
        assert_eq!(serde_json::from_str::<Vec<Todo>>(&text).expect("JSON"), todos);
    }
}
