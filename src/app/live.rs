//! Hears that the list was changed, in another tab or on another device, and has it fetched.
//!
//! An event says only that there is something new. The page fetches the list, as it does when it comes to the front; so
//! there is one way in which anything gets onto it, and an event that was missed, doubled or late does no harm. What this
//! page changed itself it knows already.
//!
//! Only a page that can be seen listens: a browser has six connections to a server for all of its tabs (HTTP/1.1), and a
//! page that nobody sees need not be up to date. When it is looked at again, it says what it knows, and hears at once
//! whether there is more.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::address;
use crate::app::browser::{self, ServerEvent};
use crate::app::interaction::Interaction;
use crate::app::lists_state::ListsState;
use crate::app::optimistic::List;
use crate::app::todo_list_state::TodoListState;

/// How long to wait before the server is asked again that did not let the page listen.
const AGAIN: Duration = Duration::from_mins(1);
/// The same, before the list is fetched again that could not be fetched.
const FETCH_AGAIN: Duration = Duration::from_secs(3);

/// See the [module](self). As long as the list is on the page.
#[derive(Clone, Copy)]
pub struct Live {
    state: TodoListState,
    lists: ListsState,
    interaction: Interaction,
    /// The last change that was heard of.
    heard: StoredValue<i64>,
    /// Whether the numbers began anew: what is known from before is of no use.
    is_anew: StoredValue<bool>,
    is_fetching: StoredValue<bool>,
    /// Whether something was heard since the list was asked for.
    is_due: StoredValue<bool>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Live {
    /// One that does not listen yet.
    pub fn new(state: TodoListState, lists: ListsState, interaction: Interaction) -> Self {
        Self {
            state,
            lists,
            interaction,
            heard: StoredValue::new(0),
            is_anew: StoredValue::new(false),
            is_fetching: StoredValue::new(false),
            is_due: StoredValue::new(false),
            timer: StoredValue::new(None),
        }
    }

    /// Listens, in the browser, while the page can be seen and the customer is signed in, until the list leaves the page.
    pub fn listen(self) {
        Effect::new(move |_| {
            if self.interaction.ended.get() {
                self.stop();
            } else {
                self.listen_if_seen();
            }
        });
        let seen = window_event_listener(ev::visibilitychange, move |_| self.listen_if_seen());
        let online = window_event_listener(ev::online, move |_| self.listen_if_seen());
        browser::when_gone(move || {
            seen.remove();
            online.remove();
            self.stop();
        });
    }

    fn listen_if_seen(self) {
        self.stop();
        if !browser::is_visible() || self.interaction.ended.get_untracked() {
            return;
        }
        let url = format!("{}?since={}", address::EVENTS, self.known());
        browser::listen_to_server(&url, move |event| self.hear(event));
    }

    fn stop(self) {
        browser::stop_listening_to_server();
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }

    /// The last change that the page knows of.
    fn known(self) -> i64 {
        let heard = self.heard.get_value();
        if self.is_anew.get_value() {
            heard
        } else {
            self.state.list.with_untracked(List::last_known_change).max(heard)
        }
    }

    fn hear(self, event: ServerEvent) {
        match event {
            ServerEvent::Change(number) if number <= self.known() => {}
            ServerEvent::Change(number) | ServerEvent::Reset(number) => {
                if number < self.known() {
                    self.is_anew.set_value(true);
                }
                self.heard.set_value(number);
                self.fetch();
            }
            ServerEvent::Refused => {
                // Perhaps the session has ended; whoever asks for the list is told.
                self.fetch();
                let timer = set_timeout_with_handle(move || self.listen_if_seen(), AGAIN);
                self.timer.set_value(timer.ok());
            }
        }
    }

    /// Fetches the list, again if something is heard meanwhile or it cannot be had.
    fn fetch(self) {
        self.is_due.set_value(true);
        if self.is_fetching.get_value() {
            return;
        }
        self.is_fetching.set_value(true);
        spawn_local(async move {
            while self.is_due.try_get_value().unwrap_or_default() {
                let _ = self.is_due.try_set_value(false);
                self.lists.refresh();
                if !self.state.fetch_unless_sending().await {
                    self.try_again_later();
                    break;
                }
            }
            let _ = self.is_fetching.try_set_value(false);
        });
    }

    fn try_again_later(self) {
        set_timeout(
            move || {
                if browser::is_visible() && self.is_fetching.try_get_value() == Some(false) {
                    self.fetch();
                }
            },
            FETCH_AGAIN,
        );
    }
}
