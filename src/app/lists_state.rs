//! The customer's lists, live: what they are called, and what is done with them. Nothing of them is shown before the server
//! has it; a name that could not be saved stays in its field.

use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use crate::app::actions::lists::{add_list, delete_list, list_lists, rename_list};
use crate::app::error::{AppError, Section};
use crate::app::interaction::Interaction;
use crate::app::model::done::Done;
use crate::app::model::reason::Reason;
use crate::app::optimistic::List;
use crate::app::todo_list_state::TodoListState;
use crate::todo::{ListName, TodoList};

/// See the [module](self). One for the life of the page, in the context.
#[derive(Clone, Copy)]
pub struct ListsState {
    /// The lists, in their order.
    pub lists: RwSignal<Vec<TodoList>>,
    interaction: StoredValue<Interaction>,
    /// A name that was typed without scripts, and could not be saved.
    draft: StoredValue<String>,
    /// How often the lists were asked for, and which of the answers is shown.
    turns: StoredValue<(u64, u64)>,
}

impl ListsState {
    /// None yet.
    pub fn new() -> Self {
        Self {
            lists: RwSignal::new(Vec::new()),
            interaction: StoredValue::new(expect_context()),
            draft: StoredValue::new(String::new()),
            turns: StoredValue::new((0, 0)),
        }
    }

    /// What the list is called; nothing where there is no such list. Follows its name.
    pub fn name(self, id: Uuid) -> Option<String> {
        self.lists.with(|lists| lists.iter().find(|list| list.id == id).map(|list| list.name.to_string()))
    }

    /// Keeps a name that was typed without scripts, and could not be saved.
    pub fn set_draft(self, name: &str) {
        self.draft.set_value(name.to_owned());
    }

    /// That name.
    pub fn draft(self) -> String {
        self.draft.get_value()
    }

    /// Fetches them. What is known stays where that does not work.
    pub fn refresh(self) {
        spawn_local(self.fetch());
    }

    async fn fetch(self) {
        let turn = self.turns.with_value(|(asked, _)| *asked) + 1;
        self.turns.update_value(|(asked, _)| *asked = turn);
        let Ok(lists) = list_lists(self.viewer()).await else { return };
        // One that was asked for later is shown already.
        if turn < self.turns.with_value(|(_, answered)| *answered) {
            return;
        }
        self.turns.update_value(|(_, answered)| *answered = turn);
        if self.lists.with_untracked(|known| *known != lists) {
            self.lists.set(lists);
        }
    }

    fn viewer(self) -> String {
        self.interaction.get_value().viewer()
    }

    /// Adds a list under an id of the page's; `then` is called once it is there.
    pub fn add(self, state: TodoListState, id: Uuid, name: String, then: impl FnOnce() + 'static) {
        spawn_local(async move {
            let answer = add_list(Some(id), name, self.viewer()).await;
            if self.settle(state, answer).await {
                then();
            }
        });
    }

    /// Gives a list another name.
    pub fn rename(self, state: TodoListState, id: Uuid, name: String) {
        let seen = self.lists.with_untracked(|lists| lists.iter().find(|list| list.id == id).map(|list| list.version));
        spawn_local(async move {
            let answer = rename_list(id, name, seen, self.viewer()).await;
            self.settle(state, answer).await;
        });
    }

    /// Deletes a list with all that is in it, and offers to undo that. `then` is called once it is gone.
    pub fn delete(self, state: TodoListState, id: Uuid, then: impl FnOnce() + 'static) {
        spawn_local(async move {
            // What this page itself has done in it is seen.
            state.arrived().await;
            let seen = state.list.with_untracked(List::last_change);
            let answer = delete_list(id, Some(seen), self.viewer()).await;
            let done = answer.as_ref().ok().copied();
            if self.settle(state, answer).await {
                then();
                // Unless it was undone meanwhile.
                if let Some(done @ Done::List { change, .. }) = done
                    && change.is_none_or(|change| state.has_done(change))
                {
                    state.say(done);
                }
            }
        });
    }

    /// Shows what became of it, and the list as it is then.
    async fn settle(self, state: TodoListState, answer: Result<Done, AppError>) -> bool {
        let is_done = answer.is_ok();
        if let Ok(Done::List { change: Some(change), .. }) = answer {
            state.did(change);
        }
        if let Err(error) = answer
            && !self.interaction.get_value().start_if_required(&error, || state.typed())
        {
            state.problem.set(Some(error.text(state.texts(), Section::List)));
        }
        self.fetch().await;
        state.fetch_unless_sending().await;
        is_done
    }

    /// The text as a name, or why it is none.
    pub fn parse(state: TodoListState, text: &str) -> Option<String> {
        match ListName::parse(text) {
            Ok(name) => Some(name.to_string()),
            Err(error) => {
                state.problem.set(Some(Reason::from(error).text(state.texts())));
                None
            }
        }
    }
}

impl Default for ListsState {
    fn default() -> Self {
        Self::new()
    }
}
