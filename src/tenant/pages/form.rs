//! Pages with a form.

use maud::{Markup, html};

use super::frame::{Frame, Page};
use crate::tenant::texts::Texts;

/// A field of a form.
#[derive(Default)]
pub(in crate::tenant) struct Field<'a> {
    /// Its name, and its id.
    pub(in crate::tenant) name: &'a str,
    /// What to enter.
    pub(in crate::tenant) label: &'a str,
    /// `text`, `email` or `password`.
    pub(in crate::tenant) kind: &'a str,
    /// What was typed before; passwords never.
    pub(in crate::tenant) value: &'a str,
    /// Advice below the label.
    pub(in crate::tenant) hint: Option<String>,
    /// What is wrong.
    pub(in crate::tenant) error: Option<String>,
    /// The HTML standard's name of what belongs here, for browsers and password managers.
    pub(in crate::tenant) autocomplete: &'a str,
    /// `numeric` brings up digits on a phone.
    pub(in crate::tenant) inputmode: Option<&'a str>,
    /// Whether the cursor starts here when nothing is wrong.
    pub(in crate::tenant) first: bool,
    /// Shown for information (and for password managers).
    pub(in crate::tenant) readonly: bool,
}

impl Field<'_> {
    fn described_by(&self) -> Option<String> {
        let ids = [self.hint.as_ref().map(|_| "hint"), self.error.as_ref().map(|_| "error")];
        let ids: Vec<_> = ids.iter().flatten().map(|part| format!("{}-{part}", self.name)).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// What is wrong with a form as a whole, and its fields in the order of the page.
pub(in crate::tenant) struct Form<'a> {
    /// `<h1>` and `<title>`.
    pub(in crate::tenant) title: &'a str,
    /// Below the heading.
    pub(in crate::tenant) lead: Markup,
    /// An error that belongs to no field.
    pub(in crate::tenant) problem: Option<String>,
    /// Good news.
    pub(in crate::tenant) notice: Option<&'a str>,
    /// The fields.
    pub(in crate::tenant) fields: Vec<Control<'a>>,
    /// The button that Enter presses.
    pub(in crate::tenant) submit: &'a str,
    /// More buttons of this form.
    pub(in crate::tenant) more: Markup,
    /// Below the form: links and other forms.
    pub(in crate::tenant) after: Markup,
}

/// Something to fill in.
pub(in crate::tenant) enum Control<'a> {
    /// A line of text.
    Input(Field<'a>),
    /// One of (value, label).
    Select(Field<'a>, &'a [(&'a str, &'a str)]),
}

impl<'a> Control<'a> {
    fn field(&self) -> &Field<'a> {
        match self {
            Self::Input(field) | Self::Select(field, _) => field,
        }
    }
}

/// A page with one form: heading, what is wrong (a summary that is read out, linked to the fields), fields, button.
pub(in crate::tenant) fn form(frame: &Frame, form: &Form<'_>) -> Page {
    let t = frame.t();
    let wrong: Vec<&Field<'_>> = form.fields.iter().map(Control::field).filter(|f| f.error.is_some()).collect();
    let failed = !wrong.is_empty() || form.problem.is_some();
    let focus = wrong
        .first()
        .map(|f| f.name)
        .or_else(|| form.fields.iter().map(Control::field).find(|f| f.first).map(|f| f.name));
    let title = if failed { t.error_title(&form.title) } else { form.title.to_owned() };
    frame.narrow(
        &title,
        &html! {
            h1 { (form.title) }
            (form.lead)
            @if let Some(notice) = form.notice {
                p.notice role="status" { (notice) }
            }
            @if failed {
                div.problem role="alert" {
                    @if let Some(problem) = &form.problem { p { (problem) } }
                    @if !wrong.is_empty() {
                        ul {
                            @for field in &wrong {
                                li { a href={ "#" (field.name) } { (field.error.as_deref().unwrap_or_default()) } }
                            }
                        }
                    }
                }
            }
            // Our own messages are linked, summarised and translated with the page; the browser's are not.
            form method="post" novalidate {
                @for control in &form.fields {
                    (self::control(t, control, focus == Some(control.field().name)))
                }
                button.primary type="submit" { (form.submit) }
                (form.more)
            }
            (form.after)
        },
    )
}

fn control(t: Texts, control: &Control<'_>, focus: bool) -> Markup {
    let field = control.field();
    html! {
        div.field.wrong[field.error.is_some()] {
            label for=(field.name) { (field.label) }
            @if let Some(hint) = &field.hint {
                p.hint id={ (field.name) "-hint" } { (hint) }
            }
            @if let Some(error) = &field.error {
                p.error id={ (field.name) "-error" } { (error) }
            }
            @match control {
                Control::Input(field) => {
                    input id=(field.name) name=(field.name) type=(field.kind) value=(field.value)
                        autocomplete=(field.autocomplete) inputmode=[field.inputmode]
                        autocapitalize=[(field.kind != "text").then_some("none")] spellcheck="false"
                        aria-describedby=[field.described_by()] aria-invalid=[field.error.as_ref().map(|_| "true")]
                        required[!field.readonly] readonly[field.readonly] autofocus[focus];
                }
                Control::Select(field, options) => {
                    select id=(field.name) name=(field.name) autocomplete=(field.autocomplete)
                        aria-describedby=[field.described_by()] aria-invalid=[field.error.as_ref().map(|_| "true")]
                        required autofocus[focus] {
                        option value="" selected[field.value.is_empty()] { (t.choose()) }
                        @for (value, label) in *options {
                            option value=(value) selected[field.value == *value] { (label) }
                        }
                    }
                }
            }
        }
    }
}

/// A button that looks like a link, in a form of its own: it changes something, so it must not be a link.
pub(in crate::tenant) fn quiet_button(action: &str, label: &str) -> Markup {
    html! {
        form.quiet method="post" action=(action) {
            button.link type="submit" { (label) }
        }
    }
}
