//! A list as a file: what a customer takes with them, and brings back. JSON has all of it; the other formats have what they
//! know: none of them has lists, and todo.txt neither note nor steps.

mod csv;
mod entry;
mod format;
mod ics;
mod json;
#[cfg(test)]
mod tests;
mod todo_txt;

pub(super) use self::entry::{ListEntry, time};
pub(super) use self::format::Format;
pub(super) use self::json::{FileTodo, Whole};
