//! Tables (RFC 4180). What a spreadsheet would take for a formula has an apostrophe before it, which is taken off again.

use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::entry::{BadLines, Entry, MAX_ENTRIES, Unwritable, all_of, due, moment, moment_text, time, too_many};
use crate::api::detail::{Detail, Sent};
use crate::api::texts::Texts;
use crate::todo::{Description, Details, Due, NewTodo, Note, Repeat, Step, Todo, Unfit};

pub(super) const HEAD: &str =
    "id,description,done,starred,due,time,timeZone,note,steps,completedAt,createdAt,updatedAt,reminder,repeat\r\n";
/// How many columns there are.
const COLUMNS: usize = 14;

/// What spreadsheets begin formulas with, and our own mark.
const RISKY: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

pub(super) fn write(todo: &Todo) -> Result<String, Unwritable> {
    let Todo { id, owner: _, description, done, details, completed_at, created_at, updated_at, version: _ } = todo;
    // No list: a table has no place for their names.
    let Details { note, starred, due, reminder, repeat, list: _, steps } = details;
    let (clock, zone) =
        due.as_ref().and_then(Due::time).map(|(time, zone)| (time.to_string(), zone.to_string())).unwrap_or_default();
    let steps = steps.iter().map(|step| format!("[{}] {}", if step.done { 'x' } else { ' ' }, step.text));
    let cells: [String; COLUMNS] = [
        id.to_string(),
        description.to_string(),
        done.to_string(),
        starred.to_string(),
        due.as_ref().map(|due| due.date().to_string()).unwrap_or_default(),
        clock,
        zone,
        note.as_str().to_owned(),
        steps.collect::<Vec<_>>().join("\n"),
        completed_at.map(|at| at.format(&Rfc3339)).transpose()?.unwrap_or_default(),
        created_at.format(&Rfc3339)?,
        updated_at.format(&Rfc3339)?,
        reminder.as_ref().map(moment_text).unwrap_or_default(),
        repeat.as_ref().map(Repeat::to_string).unwrap_or_default(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    Ok(format!("{}\r\n", cells.join(",")))
}

fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(RISKY) { "'" } else { "" };
    let cell = format!("{guard}{cell}");
    // Blanks at the ends are part of a cell, and not all programs leave them there.
    if cell.contains([',', '"', '\r', '\n']) || cell.trim() != cell {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

fn unguarded(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(RISKY) => rest.to_owned(),
        _ => cell,
    }
}

/// The rows with the numbers of the lines on which they begin. Empty lines are none.
fn rows(text: &str) -> Result<Vec<(usize, Vec<String>)>, BadLines> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begun_on, mut is_quoted, mut was_quoted) = (1, 1, false, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\n' {
            line += 1;
        }
        match c {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            c if is_quoted => cell.push(c),
            '"' if cell.is_empty() && !was_quoted => (is_quoted, was_quoted) = (true, true),
            '"' => {
                return Err(vec![(line, Texts::csv_quote_within.into())]);
            }
            ',' => {
                row.push(std::mem::take(&mut cell));
                was_quoted = false;
                if row.len() >= COLUMNS {
                    return Err(vec![(begun_on, Detail::new(|t| t.csv_row_long(&COLUMNS)))]);
                }
            }
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' => {
                row.push(std::mem::take(&mut cell));
                let row = std::mem::take(&mut row);
                if row.iter().any(|cell| !cell.is_empty()) {
                    rows.push((begun_on, row));
                }
                // The names of the columns come before them.
                if rows.len() > MAX_ENTRIES + 1 {
                    return Err(vec![(begun_on, too_many())]);
                }
                (begun_on, was_quoted) = (line, false);
            }
            c if was_quoted => {
                let found = format!("{c:?}");
                return Err(vec![(line, Detail::new(move |t| t.csv_after_quote(&found)))]);
            }
            c => cell.push(c),
        }
    }
    if is_quoted {
        return Err(vec![(begun_on, Texts::csv_quote_open.into())]);
    }
    row.push(cell);
    if row.iter().any(|cell| !cell.is_empty()) {
        rows.push((begun_on, row));
    }
    Ok(rows)
}

pub(super) fn read(text: &str) -> Result<Vec<Entry>, BadLines> {
    let mut rows = rows(text)?.into_iter();
    let Some((_, names)) = rows.next() else { return Ok(Vec::new()) };
    let known: Vec<&str> = HEAD.trim_end().split(',').collect();
    let column = |name: &String| known.iter().position(|known| known.eq_ignore_ascii_case(name.trim()));
    let mut columns = Vec::with_capacity(names.len());
    for name in &names {
        let position = column(name).filter(|position| !columns.contains(position));
        let refused = || {
            let (name, known) = (Sent::new(name), known.join(", "));
            vec![(1, Detail::new(move |t| t.csv_column(&name, &known)))]
        };
        columns.push(position.ok_or_else(refused)?);
    }
    if !columns.contains(&1) {
        return Err(vec![(1, Texts::csv_no_description.into())]);
    }
    all_of(rows.map(|(line, row)| {
        if row.len() > columns.len() {
            let (cells, columns) = (row.len(), columns.len());
            return (line, Err(Detail::new(move |t| t.csv_row_longer(&cells, &columns))));
        }
        let mut cells: [String; COLUMNS] = Default::default();
        for (position, cell) in columns.iter().zip(row) {
            cells[*position] = unguarded(cell);
        }
        (line, entry(cells))
    }))
}

fn entry(cells: [String; COLUMNS]) -> Result<Entry, Detail> {
    let [
        id,
        description,
        done,
        starred,
        day,
        clock,
        zone,
        note,
        steps,
        completed_at,
        created_at,
        updated_at,
        reminder,
        repeat,
    ] = cells;
    let truth = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
        "" | "false" | "no" | "0" => Ok(false),
        "true" | "yes" | "1" | "x" => Ok(true),
        text => {
            let sent = Sent::new(text);
            Err(Detail::new(move |t| t.file_truth(&sent)))
        }
    };
    let id = super::entry::id(&id);
    let due = due(day.trim(), clock.trim(), zone.trim())?;
    let repeat = given(&repeat, |text| Repeat::parse(text).map_err(|error| Detail::from(error).at(Sent::new(text))))?;
    if repeat.is_some() && due.is_none() {
        return Err(Unfit::Repeat.into());
    }
    let details = Details {
        note: Note::parse(&note)?,
        starred: truth(&starred)?,
        due,
        reminder: given(&reminder, moment)?,
        repeat,
        list: None,
        steps: parse_steps(&steps)?,
    };
    let description = Description::parse(description.trim())?;
    Ok(Entry {
        id,
        new: NewTodo { description, done: truth(&done)?, details },
        completed_at: given(&completed_at, time)?,
        created_at: given(&created_at, time)?,
        updated_at: given(&updated_at, time)?,
    })
}

/// What a cell says that is not empty.
fn given<T>(cell: &str, parse: impl FnOnce(&str) -> Result<T, Detail>) -> Result<Option<T>, Detail> {
    let cell = cell.trim();
    if cell.is_empty() { Ok(None) } else { parse(cell).map(Some) }
}

/// `[x] text` and `[ ] text`, one a line.
fn parse_steps(text: &str) -> Result<Vec<Step>, Detail> {
    let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty());
    let steps = lines.map(|line| {
        let (text, done) = match (line.strip_prefix("[x] "), line.strip_prefix("[ ] ")) {
            (Some(text), _) => (text, true),
            (None, Some(text)) => (text, false),
            (None, None) => (line, false),
        };
        let text = Description::parse(text.trim()).map_err(|error| {
            let (text, why) = (Sent::new(text), Detail::from(error));
            Detail::new(move |t| t.file_step(&text, &why.text(t)))
        })?;
        Ok(Step { id: Uuid::new_v4(), text, done })
    });
    let steps = steps.collect::<Result<Vec<_>, Detail>>()?;
    if steps.len() > Step::MAX {
        return Err(Detail::new(|t| t.file_too_many_steps(&Step::MAX)));
    }
    Ok(steps)
}
