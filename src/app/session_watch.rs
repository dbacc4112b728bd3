//! Warns before the session ends, and notices when it has: by its time, by a sign-out in another tab, or from elsewhere.
//!
//! Watching keeps no session alive: it asks with `slide=false`, when the page comes to the front and once by a timer
//! that is set for the moment of the warning. Only the customer extends the session.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::browser::{self, SessionState};
use crate::app::interaction::Interaction;

/// Seconds before its end at which the warning comes: time to read it, decide and press a button (WCAG 2.2.1).
const WARNING: i64 = 60;
/// The longest time, in seconds, between two looks: browsers cannot count more than 24 days, and computers sleep.
const AT_THE_LATEST: i64 = 6 * 3600;
/// Seconds after which the web server is asked again when it did not answer.
const AGAIN: i64 = 60;
/// The same, while the session is about to end.
const AGAIN_SOON: i64 = 5;

/// What there is to say about the session's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing.
    Quiet,
    /// It ends within a minute, unless the customer stays.
    Ending,
    /// As `Ending`; the customer wanted to stay, and the web server did not answer.
    StayFailed,
    /// It ends within a minute, whatever the customer does.
    EndingForGood,
}

/// The watch. One for the life of the page, in the context.
#[derive(Clone, Copy)]
pub struct SessionWatch {
    /// What there is to say.
    pub phase: RwSignal<Phase>,
    interaction: Interaction,
    timer: StoredValue<Option<TimeoutHandle>>,
    is_asking: StoredValue<bool>,
    is_watching: StoredValue<bool>,
}

impl SessionWatch {
    /// One that does not watch yet.
    pub fn new() -> Self {
        Self {
            phase: RwSignal::new(Phase::Quiet),
            interaction: expect_context(),
            timer: StoredValue::new(None),
            is_asking: StoredValue::new(false),
            is_watching: StoredValue::new(false),
        }
    }

    /// Begins to watch. Only in the browser.
    pub fn start(self) {
        if self.is_watching.get_value() {
            return;
        }
        self.is_watching.set_value(true);
        self.look();
        browser::listen_to_other_tabs(move || self.look(), move || self.interaction.sign_out());
        // They stay as long as the page does.
        let _ = window_event_listener(ev::focus, move |_| self.look());
        let _ = window_event_listener(ev::visibilitychange, move |_| {
            if browser::is_visible() {
                self.look();
            }
        });
    }

    /// The customer stays: extends the session, as far as it can be extended.
    pub fn stay(self) {
        spawn_local(async move {
            match browser::session_state(true).await {
                Some(state) if state.signed_in && state.seconds_left <= WARNING => {
                    self.wait(state.seconds_left);
                    self.phase.set(Phase::EndingForGood);
                }
                None => {
                    self.phase.set(Phase::StayFailed);
                    self.set_timer(AGAIN_SOON);
                }
                state => {
                    self.learn(state);
                    browser::announce_stay();
                    // The button that had the focus is gone.
                    browser::focus_soon("main".to_owned(), "main");
                }
            }
        });
    }

    /// Looks how the session is.
    fn look(self) {
        // Coming to the front is reported twice.
        if self.is_asking.get_value() {
            return;
        }
        self.is_asking.set_value(true);
        spawn_local(async move {
            let state = browser::session_state(false).await;
            self.is_asking.set_value(false);
            self.learn(state);
        });
    }

    fn learn(self, state: Option<SessionState>) {
        match state {
            Some(SessionState { signed_in: true, .. }) if self.interaction.ended.get_untracked() => {
                // Signed in again in another tab, perhaps as somebody else: the page begins anew.
                self.interaction.keep_typed();
                browser::reload();
            }
            Some(SessionState { signed_in: true, seconds_left, .. }) => {
                if seconds_left > WARNING {
                    self.phase.set(Phase::Quiet);
                }
                self.wait(seconds_left);
            }
            Some(SessionState { signed_in: false, signed_out_elsewhere, .. }) => {
                self.interaction.signed_out_elsewhere.set(signed_out_elsewhere);
                self.end();
            }
            // Unknown: a warning that is shown stays.
            None if self.phase.get_untracked() == Phase::Quiet => self.set_timer(AGAIN),
            None => self.set_timer(AGAIN_SOON),
        }
    }

    /// Warns, or waits until it is time to.
    fn wait(self, seconds_left: i64) {
        if seconds_left > WARNING {
            self.set_timer((seconds_left - WARNING).min(AT_THE_LATEST));
        } else {
            if self.phase.get_untracked() == Phase::Quiet {
                self.phase.set(Phase::Ending);
            }
            self.set_timer(seconds_left.max(0) + 1);
        }
    }

    fn end(self) {
        self.clear_timer();
        self.phase.set(Phase::Quiet);
        self.interaction.ended.set(true);
    }

    fn set_timer(self, seconds: i64) {
        self.clear_timer();
        let wait = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        self.timer.set_value(set_timeout_with_handle(move || self.look(), wait).ok());
    }

    fn clear_timer(self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }
}

impl Default for SessionWatch {
    fn default() -> Self {
        Self::new()
    }
}
