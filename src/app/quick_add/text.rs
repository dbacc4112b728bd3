//! A text as words with places.

use std::ops::Range;

use crate::app::arrangement::folded;

/// A word of a text: what stands between blanks, without the comma behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it is, in bytes.
    pub(super) range: Range<usize>,
    /// How it is compared.
    pub(super) folded: String,
    /// Whether it is in quotation marks.
    pub(super) is_quoted: bool,
    /// Whether a backslash is before it (in [`Word::range`], not in [`Word::folded`]).
    pub(super) is_escaped: bool,
    /// Whether a comma, a colon or a dash separates it from the next.
    pub(super) ends_segment: bool,
}

/// What separates two segments, at the end of a word.
const SEPARATORS: [char; 3] = [',', ';', ':'];
/// What separates them, between blanks.
const DASHES: [&str; 5] = ["-", "–", "—", "|", "·"];

/// The words of `text`.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut at = 0;
    while let Some(begin) = text[at..].find(|c: char| !c.is_whitespace()).map(|skipped| at + skipped) {
        let quoted = end_of_quotation(text, begin);
        let from = quoted.unwrap_or(begin);
        let end = text[from..].find(char::is_whitespace).map_or(text.len(), |length| from + length);
        at = end;
        let written = &text[begin..end];
        let bare = written.trim_end_matches(SEPARATORS);
        if bare.is_empty() || DASHES.contains(&bare) {
            if let Some(last) = words.last_mut() {
                last.ends_segment = true;
            }
            continue;
        }
        let escaped = bare.strip_prefix('\\').filter(|rest| !rest.is_empty() && quoted.is_none());
        words.push(Word {
            range: begin..begin + bare.len(),
            folded: fold(escaped.unwrap_or(bare)),
            is_quoted: quoted.is_some(),
            is_escaped: escaped.is_some(),
            ends_segment: bare.len() < written.len(),
        });
    }
    words
}

/// Where the quotation ends that begins at `begin`.
fn end_of_quotation(text: &str, begin: usize) -> Option<usize> {
    let first = text[begin..].chars().next()?;
    let closing = match first {
        '"' => '"',
        '“' | '”' | '„' => '”',
        '«' => '»',
        _ => return None,
    };
    let inside = begin + first.len_utf8();
    let ends = |end: &usize| text[*end..].chars().next().is_none_or(|c| c.is_whitespace() || c.is_ascii_punctuation());
    text[inside..]
        .char_indices()
        .filter(|(_, c)| *c == closing || (first == '„' && *c == '“'))
        .map(|(place, c)| inside + place + c.len_utf8())
        .find(ends)
}

/// How words are compared: in small letters, without accents, without the full stop of an abbreviation or a sentence.
pub(super) fn fold(word: &str) -> String {
    let without_stop = match word.strip_suffix('.') {
        Some(rest) if !rest.ends_with('.') => rest,
        _ => word,
    };
    folded(without_stop).replace('’', "'")
}

/// `text` without some ranges, which are in their order: with one blank instead, and without a comma that separates nothing
/// then. Those of `escapes` leave nothing behind them.
pub(super) fn cut(text: &str, ranges: &[Range<usize>], escapes: &[Range<usize>]) -> String {
    let mut left = String::with_capacity(text.len());
    let mut at = 0;
    let end = text.len()..text.len();
    let ends = ranges.iter().chain(std::iter::once(&end));
    for (place, range) in ends.enumerate() {
        let piece = without(text, at..range.start, escapes);
        let mut piece = piece.trim();
        if place > 0 && (left.is_empty() || without_separators_behind(&left).len() < left.len()) {
            piece = without_separators_before(piece);
        }
        if place == ranges.len() && place > 0 && without_separators_before(piece).is_empty() {
            left.truncate(without_separators_behind(&left).len());
        } else if !piece.is_empty() {
            if !left.is_empty() && !piece.starts_with(SEPARATORS) {
                left.push(' ');
            }
            left.push_str(piece);
        }
        at = range.end;
    }
    left
}

/// A range of `text` without the escapes in it.
fn without(text: &str, range: Range<usize>, escapes: &[Range<usize>]) -> String {
    let mut left = String::new();
    let mut at = range.start;
    for escape in escapes.iter().filter(|escape| range.start <= escape.start && escape.end <= range.end) {
        left.push_str(&text[at..escape.start]);
        at = escape.end;
    }
    left.push_str(&text[at..range.end]);
    left
}

fn without_separators_before(mut text: &str) -> &str {
    loop {
        let first = text.split_whitespace().next().unwrap_or_default();
        if first.is_empty() || !(DASHES.contains(&first) || first.trim_matches(SEPARATORS).is_empty()) {
            return text;
        }
        text = text[first.len()..].trim_start();
    }
}

fn without_separators_behind(mut text: &str) -> &str {
    loop {
        let end = text.trim_end().trim_end_matches(SEPARATORS).trim_end();
        let last = end.split_whitespace().next_back().unwrap_or_default();
        let shorter = if DASHES.contains(&last) { &end[..end.len() - last.len()] } else { end };
        if shorter.len() == text.len() {
            return text;
        }
        text = shorter;
    }
}
