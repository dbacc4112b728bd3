//! A form of the account page that is sent without leaving the page. What is sent is what the browser itself would
//! send, so both ways are one way for the server.

use leptos::html::Form;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::web_sys::SubmitEvent;

use crate::app::browser;
use crate::app::draft::Draft;
use crate::app::error::Section;
use crate::app::interaction::Interaction;
use crate::app::model::flash::Flash;
use crate::app::model::form_draft::{FormDraft, IMPORT};
use crate::app::texts::Texts;

/// What the forms of one card have to say. Cheap to copy.
#[derive(Clone, Copy)]
pub struct FormSubmission {
    /// What was done.
    pub said: RwSignal<Option<String>>,
    /// What went wrong.
    pub failed: RwSignal<Option<String>>,
    /// Whether something is on its way.
    pub busy: RwSignal<bool>,
    /// The form that is filled in, where the card has one.
    pub form: NodeRef<Form>,
    /// Whether something in it was changed and not saved yet.
    pub changed: StoredValue<bool>,
    section: Section,
    texts: Texts,
    interaction: Interaction,
}

impl FormSubmission {
    /// Says at first what the last plain form left, if it was one of this card's.
    pub fn new(section: Section, flash: &Flash) -> Self {
        let ours = Section::of_action(&flash.form.action) == section && !flash.form.action.is_empty();
        let text = |text: Option<String>| RwSignal::new(text.filter(|_| ours));
        // Neither done nor refused: the customer comes back from the provider.
        let came_back = ours && flash.error.is_none() && !flash.form.is_empty();
        let t = Texts::current();
        let said = text(flash.done.map(|done| done.text(t)));
        if came_back {
            let words = if flash.form.action == IMPORT { t.welcome_back_file() } else { t.welcome_back() };
            said.set(Some(words.to_owned()));
        }
        Self {
            said,
            failed: text(flash.problem(t)),
            busy: RwSignal::new(false),
            form: NodeRef::new(),
            changed: StoredValue::new(came_back),
            section,
            texts: t,
            interaction: expect_context(),
        }
    }

    /// Sends the form of `event`, and then calls `then` with whether that worked.
    pub fn send(self, event: &SubmitEvent, then: impl Fn(bool) + 'static) {
        let form = event_target::<leptos::web_sys::HtmlFormElement>(event);
        event.prevent_default();
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.said.set(None);
        self.failed.set(None);
        spawn_local(async move {
            let answer = browser::submit(&form).await;
            self.busy.set(false);
            then(answer.is_ok());
            match answer {
                Ok(done) => {
                    self.changed.set_value(false);
                    self.said.set(Some(done.text(self.texts)));
                }
                Err(error) => {
                    // What was changed in other forms of the page is kept, too.
                    let draft = || {
                        let sent = browser::typed(&form);
                        let mut draft = self.interaction.typed();
                        draft.forms.retain(|form| form.action != sent.action);
                        Draft { sent: Some(sent), ..draft }
                    };
                    if !self.interaction.start_if_required(&error, draft) {
                        self.failed.set(Some(error.text(self.texts, self.section)));
                    }
                }
            }
        });
    }

    /// What was typed into the card's form and is not saved yet.
    pub fn typed(self) -> Option<FormDraft> {
        let form = self.form.get_untracked().filter(|_| self.changed.get_value())?;
        Some(browser::typed(&form)).filter(|typed| !typed.is_empty())
    }

    /// Puts back what was typed before the customer had to leave.
    pub fn restore(self, typed: &FormDraft) {
        if typed.is_empty() {
            return;
        }
        if let Some(form) = self.form.get_untracked()
            && Section::of_action(&typed.action) == self.section
        {
            browser::fill(&form, typed);
            self.changed.set_value(true);
            // Not beside a reason why it is not saved.
            if self.failed.with_untracked(Option::is_none) {
                self.said.set(Some(self.texts.welcome_back().to_owned()));
            }
        }
    }
}
