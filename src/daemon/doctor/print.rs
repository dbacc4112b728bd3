//! The report for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Report, Verdict};

/// Columns of a report, where the terminal does not say.
const WIDTH: usize = 100;

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "WRONG",
            Self::Unknown => "unknown",
        }
    }

    /// The colour of the word (ECMA-48 SGR).
    fn colour(self) -> &'static str {
        match self {
            Self::Right => "32",
            Self::Wrong => "1;31",
            Self::Unknown => "33",
        }
    }
}

/// The report as text, one block per section, lines of at most `width` characters, with colours where the terminal has
/// them.
pub fn text(report: &Report, coloured: bool, width: Option<usize>) -> String {
    let paint = |text: &str, colour: &str| {
        if coloured { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let width = width.unwrap_or(WIDTH).clamp(60, 160);
    let mut out = String::new();
    for section in &report.sections {
        let _ = writeln!(out, "{}", paint(&section.title, "1"));
        for check in &section.checks {
            let verdict = paint(&format!("{:<7}", check.verdict.word()), check.verdict.colour());
            let _ = writeln!(out, "  {verdict}  {}", check.name);
            block(&mut out, "", &check.found, width);
            if let Some(remedy) = &check.remedy {
                block(&mut out, "→ ", remedy, width);
            }
        }
        out.push('\n');
    }
    let [right, wrong, unknown] = [Verdict::Right, Verdict::Wrong, Verdict::Unknown].map(|v| report.count(v));
    let summary = format!("{right} right, {wrong} wrong, {unknown} unknown.");
    let verdict = if wrong == 0 { Verdict::Right } else { Verdict::Wrong };
    let _ = writeln!(out, "{}", paint(&summary, verdict.colour()));
    out
}

/// A paragraph under a check, with a sign before its first line.
fn block(out: &mut String, sign: &str, text: &str, width: usize) {
    const INDENT: usize = 11;
    let room = width - INDENT - sign.chars().count();
    let mut first = true;
    for line in wrap(text, room) {
        let before = if first { sign.to_owned() } else { " ".repeat(sign.chars().count()) };
        let _ = writeln!(out, "{:INDENT$}{before}{line}", "");
        first = false;
    }
}

/// Lines of at most `width` characters, divided at blanks; a word that is longer stays whole, to be copied.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The report for programs.
pub fn json(report: &Report) -> Value {
    let count = |verdict| report.count(verdict);
    json!({
        "right": count(Verdict::Right),
        "wrong": count(Verdict::Wrong),
        "unknown": count(Verdict::Unknown),
        "sections": report.sections,
    })
}
