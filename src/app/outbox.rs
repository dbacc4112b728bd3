//! What the server has not confirmed, kept in the browser: it survives a reload, a crash, and being offline. It holds texts
//! and what was done to them, and no token. It is bound to its customer: nobody else who signs in on this browser is shown
//! it, and signing out empties it.
//!
//! Each page keeps what is its own, under its own name. What a page left behind that is no longer there is taken over by the
//! next page of the same customer, or by one that is open: it waits for the page's lock (W3C Web Locks API).

use std::collections::BTreeMap;
#[cfg(feature = "hydrate")]
use std::collections::BTreeSet;
#[cfg(feature = "hydrate")]
use std::time::Duration;

use leptos::prelude::*;
#[cfg(feature = "hydrate")]
use leptos::task::spawn_local;
#[cfg(feature = "hydrate")]
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::optimistic::Unsent;
#[cfg(feature = "hydrate")]
use crate::app::{browser, indexed_db};

/// For how many milliseconds something is kept whose customer does not come back.
#[cfg(feature = "hydrate")]
const LIFETIME: f64 = 30.0 * 24.0 * 3600.0 * 1000.0;

/// A change, as it is kept.
#[cfg(feature = "hydrate")]
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    /// The page whose it is.
    page: Uuid,
    /// Whose it is ([`Customer::tag`](crate::app::model::viewer::Customer::tag)).
    author: String,
    /// When it was kept last, in milliseconds since 1970.
    at: f64,
    unsent: Unsent,
}

/// The outbox of this page. Only in the browser it does anything.
#[derive(Clone, Copy)]
pub struct Outbox {
    inside: StoredValue<Inside>,
    /// Whether the browser keeps anything.
    works: RwSignal<bool>,
}

#[derive(Default)]
struct Inside {
    /// What is to be kept.
    wanted: BTreeMap<Uuid, Unsent>,
    is_writing: bool,
    is_open: bool,
    #[cfg(feature = "hydrate")]
    page: Uuid,
    #[cfg(feature = "hydrate")]
    author: String,
    /// What is kept.
    #[cfg(feature = "hydrate")]
    kept: BTreeMap<Uuid, Unsent>,
}

impl Outbox {
    /// An empty one.
    pub fn new() -> Self {
        Self { inside: StoredValue::new(Inside::default()), works: RwSignal::new(true) }
    }

    /// Whether what cannot be sent survives the page.
    pub fn works(self) -> bool {
        self.works.get()
    }

    /// The same, where nothing waits for the answer.
    pub fn works_untracked(self) -> bool {
        self.works.get_untracked()
    }

    /// Whether all of it is kept: the page may go.
    pub fn is_safe(self) -> bool {
        let works = self.works.get_untracked();
        self.inside.with_value(|inside| {
            // Before it is known whose it is, nothing is.
            let is_kept = works && !inside.is_writing && inside.is_open;
            inside.wanted.is_empty() || is_kept
        })
    }

    /// Keeps these changes of the page's customer, and no others.
    pub fn keep(self, unsent: &[Unsent]) {
        let wanted = unsent.iter().map(|unsent| (unsent.key, unsent.clone())).collect();
        self.inside.update_value(|inside| inside.wanted = wanted);
        #[cfg(feature = "hydrate")]
        self.start_writing();
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(not(feature = "hydrate"))]
impl Outbox {
    /// Begins to keep what `author` does, and takes over what their earlier pages left.
    pub fn open(self, _author: &str, _adopt: impl Fn(Vec<Unsent>) + Copy + 'static) {}

    /// How many changes of `author` are kept, by all of their pages.
    pub async fn count(self, _author: &str) -> usize {
        std::future::ready(0).await
    }

    /// Forgets what is kept of `author`, and keeps nothing more.
    pub async fn empty(self, _author: &str) {
        std::future::ready(()).await;
    }
}

#[cfg(feature = "hydrate")]
impl Outbox {
    /// Begins to keep what `author` does, and hands to `adopt` what their earlier pages left; that is kept from then on.
    pub fn open(self, author: &str, adopt: impl Fn(Vec<Unsent>) + Copy + 'static) {
        if author.is_empty() || !self.author().is_empty() {
            return;
        }
        let page = Uuid::new_v4();
        self.inside.update_value(|inside| {
            inside.page = page;
            inside.is_open = true;
            author.clone_into(&mut inside.author);
        });
        browser::hold_lock(&lock_of(page));
        self.start_writing();
        spawn_local(async move {
            let Some(all) = self.read().await else { return };
            let now = js_sys::Date::now();
            let old: Vec<String> =
                all.iter().filter(|kept| now - kept.at > LIFETIME).map(|kept| kept.unsent.key.to_string()).collect();
            if !old.is_empty() {
                // They are tried again by the next page.
                let _ = indexed_db::write(&[], &old).await;
            }
            let pages: BTreeSet<Uuid> = all.iter().filter(|kept| self.is_left(kept)).map(|kept| kept.page).collect();
            for page in pages {
                browser::when_lock_is_free(&lock_of(page), move || self.take_over(page, adopt));
            }
        });
    }

    /// Makes what `page` left this page's own.
    async fn take_over(self, page: Uuid, adopt: impl Fn(Vec<Unsent>)) {
        let Some(all) = self.read().await else { return };
        let mut left: Vec<Kept> = all.into_iter().filter(|kept| kept.page == page && self.is_left(kept)).collect();
        left.sort_by_key(|kept| kept.unsent.serial);
        if left.is_empty() {
            return;
        }
        let own = self.page();
        let put: Vec<_> = left.iter().filter_map(|kept| text_of(&Kept { page: own, ..kept.clone() })).collect();
        if matches!(indexed_db::write(&put, &[]).await, Ok(true)) {
            let of_page = |mut kept: Kept| {
                if kept.unsent.origin.is_nil() {
                    kept.unsent.origin = kept.page;
                }
                kept.unsent
            };
            let unsent: Vec<Unsent> = left.into_iter().map(of_page).collect();
            let known = unsent.iter().map(|unsent| (unsent.key, unsent.clone()));
            self.inside.update_value(|inside| inside.kept.extend(known));
            adopt(unsent);
        }
    }

    fn author(self) -> String {
        self.inside.with_value(|inside| inside.author.clone())
    }

    fn page(self) -> Uuid {
        self.inside.with_value(|inside| inside.page)
    }

    fn is_left(self, kept: &Kept) -> bool {
        kept.page != self.page() && kept.author == self.author() && js_sys::Date::now() - kept.at <= LIFETIME
    }

    async fn read(self) -> Option<Vec<Kept>> {
        let Ok(texts) = indexed_db::read_all().await else {
            self.works.set(false);
            return None;
        };
        // What another version of the page kept, and this one cannot read, is left to that.
        Some(texts.iter().filter_map(|text| serde_json::from_slice(text.as_bytes()).ok()).collect())
    }

    fn start_writing(self) {
        if self.inside.with_value(|inside| !inside.is_writing && !inside.author.is_empty()) {
            self.inside.update_value(|inside| inside.is_writing = true);
            spawn_local(self.write());
        }
    }

    /// Writes until what is kept is what is to be kept.
    async fn write(self) {
        loop {
            let (page, author, at) = (self.page(), self.author(), js_sys::Date::now());
            let (wanted, kept) = self.inside.with_value(|inside| (inside.wanted.clone(), inside.kept.clone()));
            let is_new = |unsent: &&Unsent| kept.get(&unsent.key).is_none_or(|known| !known.is_same(unsent));
            let of = |unsent: &Unsent| Kept { page, author: author.clone(), at, unsent: unsent.clone() };
            let put: Vec<_> = wanted.values().filter(is_new).filter_map(|unsent| text_of(&of(unsent))).collect();
            let remove: Vec<_> = kept.keys().filter(|key| !wanted.contains_key(key)).map(ToString::to_string).collect();
            // Signed out: nothing is kept any more.
            if author.is_empty() || (put.is_empty() && remove.is_empty()) {
                break;
            }
            let is_done = matches!(indexed_db::write(&put, &remove).await, Ok(true));
            self.works.set(is_done);
            if !is_done {
                break;
            }
            self.inside.update_value(|inside| inside.kept = wanted);
        }
        self.inside.update_value(|inside| inside.is_writing = false);
    }

    /// How many changes of `author` are kept, by all of their pages.
    pub async fn count(self, author: &str) -> usize {
        let all = self.read().await.unwrap_or_default();
        all.iter().filter(|kept| kept.author == author).count()
    }

    /// Forgets what is kept of `author`, and keeps nothing more.
    pub async fn empty(self, author: &str) {
        self.inside.update_value(|inside| inside.author.clear());
        // What is being written at this moment would come after.
        while self.inside.with_value(|inside| inside.is_writing) {
            browser::sleep(Duration::from_millis(20)).await;
        }
        let Some(all) = self.read().await else { return };
        let own = all.iter().filter(|kept| author == kept.author);
        let own: Vec<String> = own.map(|kept| kept.unsent.key.to_string()).collect();
        if !own.is_empty() {
            // Where that is refused, it is bound to its customer all the same.
            let _ = indexed_db::write(&[], &own).await;
        }
    }
}

/// The lock that a page holds for as long as it is there.
#[cfg(feature = "hydrate")]
fn lock_of(page: Uuid) -> String {
    format!("errand.outbox.{page}")
}

/// Under which name a change is kept, and how.
#[cfg(feature = "hydrate")]
fn text_of(kept: &Kept) -> Option<(String, String)> {
    Some((kept.unsent.key.to_string(), serde_json::to_string(kept).ok()?))
}
