//! A row of the list, as HTML. The server writes it into the page, the browser where a row comes or changes: there are many
//! of them, and none needs a view of its own. What a row can do besides, while its text is changed or something of it is not
//! saved, are views: [`EditForm`](super::edit_form::EditForm), [`NotSaved`](super::not_saved::NotSaved).

use uuid::Uuid;

use crate::app::components::linked_text::push_linked;
use crate::app::day_words::{Reader, Urgency, full, machine_readable, short, urgency};
use crate::app::html::{push_attribute, push_escaped};
use crate::app::model::row_change::{RowAction, RowChange};
use crate::app::optimistic::{Entry, Trouble};
use crate::app::short_id;
use crate::app::texts::Texts;

/// The form that the buttons of all rows belong to.
pub const FORM: &str = "rows";
/// The name of its field, which the pressed button gives a value.
pub const FIELD: &str = "row";

/// What all rows of a page have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// What the page says.
    pub texts: Texts,
    /// Who reads it, and when.
    pub reader: Reader,
    /// The query of the view, as far as its links keep it: `?` or `?q=…&`.
    pub query: String,
}

/// A row, as far as its class tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// It was added just now.
    pub is_new: bool,
    /// Its details are open.
    pub is_opened: bool,
}

/// Writes a row with `inside`.
pub fn push_row(html: &mut String, entry: &Entry, marks: Marks, inside: impl FnOnce(&mut String)) {
    html.push_str(r#"<li class=""#);
    push_class(html, entry, marks);
    html.push('"');
    push_attribute(html, "id", &short_id::of_row(entry.id));
    html.push('>');
    inside(html);
    html.push_str("</li>");
}

/// The class of a row.
pub fn push_class(html: &mut String, entry: &Entry, marks: Marks) {
    html.push_str("todo");
    for (is_so, class) in [
        (entry.todo.done, " todo--done"),
        (entry.pending, " todo--pending"),
        (entry.trouble.is_some(), " todo--failed"),
        (marks.is_new, " todo--new"),
        (marks.is_opened, " todo--opened"),
    ] {
        if is_so {
            html.push_str(class);
        }
    }
}

/// Writes what is inside of a row: what it is dragged by, the checkbox, the text with what else is known, and what can be done
/// with it.
pub fn push_inside(html: &mut String, entry: &Entry, around: &Around) {
    // Keys move a row, too: Alt and an arrow.
    html.push_str(r#"<span class="grip needs-script" aria-hidden="true"></span>"#);
    push_check(html, entry);
    html.push_str(r#"<div class="todo__main"><span class="todo__text" dir="auto">"#);
    push_text(html, entry);
    html.push_str("</span>");
    push_facts(html, entry, around);
    html.push_str(r#"</div><div class="todo__actions">"#);
    push_actions(html, entry, around);
    html.push_str("</div>");
}

/// The checkbox: a button, so that it works without WebAssembly.
pub fn push_check(html: &mut String, entry: &Entry) {
    let action = if entry.todo.done { RowAction::Undone } else { RowAction::Done };
    push_button(html, "check", entry, action);
    html.push_str(r#" role="checkbox" aria-checked=""#);
    html.push_str(if entry.todo.done { "true" } else { "false" });
    html.push('"');
    if entry.is_only_here() {
        html.push_str(" disabled");
    }
    push_attribute(html, "aria-label", entry.todo.description.as_str());
    html.push_str("></button>");
}

/// The text of a row, with its addresses as links.
pub fn push_text(html: &mut String, entry: &Entry) {
    push_linked(html, entry.todo.description.as_str());
}

/// Editing, deleting, the star, and the way to the details.
pub fn push_actions(html: &mut String, entry: &Entry, around: &Around) {
    let Around { texts: t, query, .. } = around;
    let text = entry.todo.description.as_str();
    // What there is only here, and what is in dispute, is decided first.
    let is_open = entry.gone || entry.is_in_conflict();
    let cannot_be_deleted = matches!(entry.trouble, Some(Trouble::Conflict { .. } | Trouble::Refused(_)));
    let is_only_here = entry.is_only_here();
    let named = |html: &mut String, title: &str, name: &str, is_hidden: bool| {
        push_attribute(html, "title", title);
        push_attribute(html, "aria-label", name);
        html.push_str(if is_hidden { " hidden>" } else { ">" });
    };

    push_link(html, "todo__edit", query, "edit", entry.id);
    named(html, t.edit(), &t.edit_this(&text), is_open);
    html.push_str("</a>");
    push_button(html, "todo__delete", entry, RowAction::Delete);
    named(html, t.delete(), &t.delete_this(&text), cannot_be_deleted);
    html.push_str("</button>");
    let is_starred = entry.todo.details.starred;
    push_button(html, "star", entry, if is_starred { RowAction::Unstar } else { RowAction::Star });
    push_attribute(html, "aria-pressed", if is_starred { "true" } else { "false" });
    named(html, t.star(), &t.star_this(&text), is_only_here);
    html.push_str("</button>");
    push_link(html, "todo__more", query, "open", entry.id);
    html.push_str(" data-noscroll");
    named(html, t.details(), &t.details_of(&text), is_only_here);
    html.push_str("</a>");
}

/// What else is known of a to-do, in a line below its text.
pub fn push_facts(html: &mut String, entry: &Entry, around: &Around) {
    let Around { texts: t, reader, query } = around;
    let details = &entry.todo.details;
    let is_done = entry.todo.done;
    let reminder = details.reminder.as_ref().filter(|_| !is_done);
    let has_any = details.due.is_some()
        || details.repeat.is_some()
        || reminder.is_some()
        || !details.steps.is_empty()
        || !details.note.is_empty();
    if !has_any {
        return;
    }
    push_link(html, "facts", query, "open", entry.id);
    html.push_str(r#" data-noscroll tabindex="-1">"#);
    if let Some(due) = &details.due {
        let urgency = (!is_done).then(|| urgency(due, reader));
        html.push_str(match urgency {
            Some(Urgency::Overdue) => r#"<time class="due due--overdue""#,
            Some(Urgency::Today) => r#"<time class="due due--today""#,
            Some(Urgency::Later) | None => r#"<time class="due""#,
        });
        push_attribute(html, "datetime", &machine_readable(due));
        push_attribute(html, "title", &full(due, reader));
        html.push('>');
        if urgency == Some(Urgency::Overdue) {
            push_heard(html, t.overdue());
            html.push(' ');
        }
        push_escaped(html, &short(due, reader));
        html.push_str("</time>");
    }
    if details.repeat.is_some() {
        push_mark(html, "repeat", "", t.has_repeat());
    }
    if let Some(reminder) = reminder {
        let words = t.has_reminder(&full(&reminder.clone().into(), reader));
        push_mark(html, "bell", &words, &words);
    }
    if !details.steps.is_empty() {
        let done = details.steps.iter().filter(|step| step.done).count();
        html.push_str("<span>");
        push_escaped(html, &t.steps_done(&done, &details.steps.len()));
        html.push(' ');
        push_heard(html, t.steps_done_words());
        html.push_str("</span>");
    }
    if !details.note.is_empty() {
        push_mark(html, "note", "", t.has_note());
    }
    html.push_str("</a>");
}

/// A small drawing, and its words for those who do not see it.
fn push_mark(html: &mut String, icon: &str, title: &str, words: &str) {
    html.push_str(r#"<span class="facts__mark facts__mark--"#);
    html.push_str(icon);
    html.push('"');
    if !title.is_empty() {
        push_attribute(html, "title", title);
    }
    html.push('>');
    push_heard(html, words);
    html.push_str("</span>");
}

/// Words for those who do not see what stands beside them.
fn push_heard(html: &mut String, words: &str) {
    html.push_str(r#"<span class="visually-hidden">"#);
    push_escaped(html, words);
    html.push_str("</span>");
}

/// The beginning of a button, open for more attributes.
fn push_button(html: &mut String, class: &str, entry: &Entry, action: RowAction) {
    for part in [r#"<button class=""#, class, r#"" form=""#, FORM, r#"" name=""#, FIELD, r#"" value=""#] {
        html.push_str(part);
    }
    RowChange { action, id: entry.id, seen: entry.version }.push(html);
    html.push('"');
}

/// The beginning of a link to this view with more in its query, open for more attributes.
fn push_link(html: &mut String, class: &str, query: &str, name: &str, id: Uuid) {
    for part in [r#"<a class=""#, class, r#"" href=""#] {
        html.push_str(part);
    }
    push_escaped(html, query);
    html.push_str(name);
    html.push('=');
    short_id::push(html, id);
    html.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::optimistic::Part;
    use crate::language::Language;
    use crate::todo::{Description, Details, NewTodo};

    fn entry(text: &str) -> Entry {
        let todo = NewTodo::from(Description::parse(text).expect("a description"));
        Entry { id: Uuid::nil(), todo, version: 7, pending: false, trouble: None, gone: false }
    }

    fn html(entry: &Entry, query: &str) -> String {
        let around = Around { texts: Texts::of(Language::English), reader: Reader::default(), query: query.to_owned() };
        let mut html = String::new();
        let marks = Marks { is_new: false, is_opened: false };
        push_row(&mut html, entry, marks, |html| push_inside(html, entry, &around));
        html
    }

    /// The tag of the element with this class.
    fn tag<'a>(html: &'a str, class: &str) -> &'a str {
        let begin = html.find(&format!("class=\"{class}\"")).unwrap_or_else(|| panic!("{class} in {html}"));
        let begin = html[..begin].rfind('<').expect("an element");
        &html[begin..=begin + html[begin..].find('>').expect("it ends")]
    }

    /// Abuse case 38: what is typed is text, in elements and in attributes.
    #[test]
    fn what_a_row_says_is_text_wherever_it_stands() {
        let text = r#""><script>alert(1)</script> ' onclick="x" &amp; https://example.org/?"a=1&b"#;
        let html = html(&entry(text), "?q=%22&");
        assert!(!html.contains("<script") && !html.contains("onclick=\"x"), "{html}");
        assert_eq!(html.matches("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;").count(), 6, "{html}");
        assert!(html.contains(r#"href="?q=%22&amp;edit=AAAA"#), "{html}");
    }

    #[test]
    fn the_buttons_of_a_row_say_what_they_ask_for_and_are_there_where_it_can_be_done() {
        let open = entry("milk");
        let row = html(&open, "?");
        assert!(
            tag(&row, "check").contains(r#"form="rows" name="row" value="done.AAAAAAAAAAAAAAAAAAAAAA.7""#),
            "{row}"
        );
        assert!(tag(&row, "star").contains(r#"value="star.AAAAAAAAAAAAAAAAAAAAAA.7" aria-pressed="false""#), "{row}");
        assert!(!row.contains("hidden>") && !row.contains("disabled") && !row.contains("facts"), "{row}");

        let details = Details { starred: true, ..Details::default() };
        let done = Entry { todo: NewTodo { done: true, details, ..open.todo.clone() }, ..open.clone() };
        let row = html(&done, "?");
        assert!(row.starts_with(r#"<li class="todo todo--done" id="todo-AAAAAAAAAAAAAAAAAAAAAA">"#), "{row}");
        assert!(
            tag(&row, "check").contains("value=\"undone.") && tag(&row, "star").contains("value=\"unstar."),
            "{row}"
        );

        let refused = Entry { version: 0, trouble: Some(Trouble::Refused("no".to_owned())), ..open.clone() };
        let row = html(&refused, "?");
        assert!(tag(&row, "check").contains(" disabled "), "what is nowhere else is not done: {row}");
        for class in ["star", "todo__delete", "todo__more"] {
            assert!(tag(&row, class).ends_with(" hidden>"), "{class}: {row}");
        }
        assert!(!tag(&row, "todo__edit").contains("hidden"), "{row}");

        let conflict = Trouble::Conflict { part: Part::Text, theirs: None, mine: "milk".to_owned() };
        let row = html(&Entry { trouble: Some(conflict), ..open }, "?");
        assert!(tag(&row, "todo__edit").ends_with(" hidden>"), "of two texts the customer chooses first: {row}");
    }
}
