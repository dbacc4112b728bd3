//! The one way to "please sign in again" in the browser: say so, keep what was typed, and go there by a page load.
//! (A page load redirects before it streams; a plain form is redirected by the web server.)

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::browser;
use crate::app::draft::Draft;
use crate::app::error::AppError;
use crate::app::model::viewer::{Customer, Viewer};
use crate::app::viewer::ViewerResource;

/// Where the customer must go, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInPrompt {
    /// The address on this site.
    pub url: String,
    /// Whether it is for a permission, not for signing in.
    pub consent: bool,
}

/// Reads what is typed on the page.
type Reader = Arc<dyn Fn() -> Draft + Send + Sync>;

/// Where the customer must go, once something found out; the page then shows a notice until it is left.
#[derive(Clone, Copy)]
pub struct Interaction {
    prompt: RwSignal<Option<SignInPrompt>>,
    /// Whether the session is known to be over, and the page waits for the customer to sign in.
    pub ended: RwSignal<bool>,
    /// Whether the customer ended it from another browser.
    pub signed_out_elsewhere: RwSignal<bool>,
    typed: StoredValue<Option<Reader>>,
    signs_out: StoredValue<bool>,
    /// Who looks at the page.
    viewer: StoredValue<String>,
    /// Whom the forms of the page are for.
    author: StoredValue<String>,
}

impl Interaction {
    /// None is needed yet.
    pub fn new() -> Self {
        Self {
            prompt: RwSignal::new(None),
            ended: RwSignal::new(false),
            signed_out_elsewhere: RwSignal::new(false),
            typed: StoredValue::new(None),
            signs_out: StoredValue::new(false),
            viewer: StoredValue::new(String::new()),
            author: StoredValue::new(String::new()),
        }
    }

    /// Where the customer must go.
    pub fn prompt(self) -> Option<SignInPrompt> {
        self.prompt.get()
    }

    /// The same, where nothing waits for the answer.
    pub fn prompt_untracked(self) -> Option<SignInPrompt> {
        self.prompt.get_untracked()
    }

    /// Tells who looks at the page: what is typed is theirs.
    pub fn set_viewer(self, customer: &Customer) {
        self.viewer.set_value(customer.tag.clone());
    }

    /// Who looks at the page ([`Customer::tag`]); empty while that is not known.
    pub fn viewer(self) -> String {
        self.viewer.get_value()
    }

    /// Tells for whom the forms of the page are made.
    pub fn set_author(self, tag: &str) {
        self.author.set_value(tag.to_owned());
    }

    /// For whom the forms of the page are made; empty where that does not matter.
    pub fn author(self) -> String {
        self.author.get_value()
    }

    /// Hands what the viewer had typed when they left, once, to `restore`, which answers what belongs to another page of
    /// theirs. What somebody else typed is forgotten.
    pub fn take_draft(self, viewer: ViewerResource, restore: impl FnOnce(Draft) -> Draft + 'static) {
        spawn_local(async move {
            // Without an answer it stays for the next page.
            let Ok(Viewer::Customer(viewer)) = viewer.0.await else { return };
            let Some(draft) = browser::take_draft() else { return };
            if draft.author.is_empty() || draft.author != viewer.tag {
                return;
            }
            let rest = restore(draft);
            if !rest.is_empty() {
                browser::keep_draft(&rest);
            }
        });
    }

    /// Tells how to read what is typed on the page that is shown.
    pub fn set_reader(self, reader: impl Fn() -> Draft + Send + Sync + 'static) {
        self.typed.set_value(Some(Arc::new(reader)));
    }

    /// The customer signs out, here or in another tab: nothing of this page is sent or kept any more.
    pub fn sign_out(self) {
        self.typed.set_value(None);
        self.signs_out.set_value(true);
    }

    /// Whether the customer signs out.
    pub fn signs_out(self) -> bool {
        self.signs_out.get_value()
    }

    /// What is typed on this page.
    pub fn typed(self) -> Draft {
        self.typed.get_value().map(|reader| reader()).unwrap_or_default()
    }

    /// Keeps what is typed on this page for the customer's return.
    pub fn keep_typed(self) {
        // On the way out, what was kept is all there is to keep.
        if self.prompt.get_untracked().is_some() {
            return;
        }
        if let Some(reader) = self.typed.get_value() {
            self.keep(reader());
        }
    }

    /// Starts what `error` asks for, keeping `draft`; false when it asks for none.
    pub fn start_if_required(self, error: &AppError, draft: impl FnOnce() -> Draft) -> bool {
        let Some(url) = error.interaction_url() else { return false };
        // The first one wins: a second failure on the way out must not replace the draft.
        if self.prompt.get_untracked().is_none() {
            self.keep(draft());
            let consent = matches!(error, AppError::ConsentRequired { .. });
            self.prompt.set(Some(SignInPrompt { url: url.to_owned(), consent }));
            browser::leave_for(url);
        }
        true
    }

    fn keep(self, draft: Draft) {
        if !draft.is_empty() {
            browser::keep_draft(&Draft { author: self.viewer.get_value(), ..draft });
        }
    }
}

impl Default for Interaction {
    fn default() -> Self {
        Self::new()
    }
}
