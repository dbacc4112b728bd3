//! The rows of a list: HTML ([`row_html`](super::row_html)), one listener of each kind for all of them, and a view only where
//! a row needs one.
//!
//! In the browser, `on_page` keeps them as the list is: what a change is not about stays as it stands, with the focus, and
//! with what a translator or a phone has made of it.

use std::sync::Arc;

use leptos::html::Ul;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::{Element, Event, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};
use uuid::Uuid;

use crate::app::browser::{self, Control};
use crate::app::components::row_html::{Around, Marks};
use crate::app::derived::{Derived, derived};
use crate::app::erased::Erase as _;
use crate::app::filter::Filter;
use crate::app::optimistic::Entry;
use crate::app::short_id;
use crate::app::todo_list_state::{Dragged, TodoListState};

/// What says which rows there are.
pub type Rows = Arc<dyn Fn() -> Vec<Entry> + Send + Sync>;

/// A list of rows.
#[component]
pub fn RowList(
    /// Which, in their order.
    rows: Rows,
    /// What it is called.
    label: &'static str,
    /// The filter in force.
    filter: Derived<Filter>,
    /// The row whose details are shown.
    opened: Derived<Option<Uuid>>,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let list = NodeRef::<Ul>::new();
    let is_mine = derived(move || state.arrangement().is_mine());
    #[cfg(feature = "ssr")]
    let html = as_html(state, &rows(), opened.get_untracked());
    // It is there already, or made below.
    #[cfg(not(feature = "ssr"))]
    let html = String::new();
    #[cfg(not(feature = "ssr"))]
    on_page::keep(list, state, rows, opened);
    #[cfg(feature = "ssr")]
    let _ = opened;
    view! {
        <ul
            class="todos"
            class:todos--mine=move || is_mine.get()
            aria-label=label
            node_ref=list
            on:click=move |event| click(state, filter, &event)
            on:dblclick=move |event| {
                if closest(&event, ".todo__text").is_some() && let Some(id) = row_of(&event) {
                    state.edit(id);
                }
            }
            on:keydown=move |event: KeyboardEvent| {
                if control_of(&event).is_some() {
                    browser::only_once_held(event);
                }
            }
            on:pointerover=move |event| name_grip(state, &event)
            on:pointerdown=move |event| take_hold(state, &event)
            on:pointermove=move |event| drag(state, &event)
            on:pointerup=move |event| drop_row(state, &event)
            // After a drop too, and where the row goes away.
            on:lostpointercapture=move |event: PointerEvent| {
                if is_dragged_by(state, &event) {
                    state.dragged.set(None);
                }
            }
            inner_html=html
        />
    }
    .erased()
}

/// What the rows have in common. Follows what that depends on.
fn around(state: TodoListState) -> Around {
    let query = state.here_with(None);
    let query = if query.is_empty() { "?".to_owned() } else { query + "&" };
    Around { texts: state.texts(), reader: state.reader.get(), query }
}

/// How a row is marked. Follows what that depends on.
fn marks(state: TodoListState, id: Uuid, opened: Option<Uuid>) -> Marks {
    Marks { is_new: state.added.with(|added| added.rows.contains(&id)), is_opened: opened == Some(id) }
}

#[cfg(feature = "ssr")]
fn as_html(state: TodoListState, rows: &[Entry], opened: Option<Uuid>) -> String {
    use crate::app::components::edit_form::EditForm;
    use crate::app::components::row_html::{push_inside, push_row};

    /// About as long as the HTML of a row is.
    const LENGTH: usize = 1200;
    untrack(|| {
        let around = around(state);
        let editing = state.editing.get();
        let mut html = String::with_capacity(rows.len() * LENGTH);
        for entry in rows {
            push_row(&mut html, entry, marks(state, entry.id, opened), |html| match &editing {
                Some(editing) if editing.id == entry.id => {
                    let (id, text) = (editing.id, editing.text.clone());
                    html.push_str(&view! { <EditForm id text /> }.into_view().to_html());
                }
                _ => push_inside(html, entry, &around),
            });
        }
        html
    })
}

/// The element that an event is about, or the one around it, of this kind.
fn closest(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}

/// The row that an event is about.
fn row_of(event: &Event) -> Option<Uuid> {
    short_id::row(&closest(event, "li.todo")?.id())
}

/// What it asks for, of which row.
fn control_of(event: &Event) -> Option<(Control, Uuid)> {
    let element = closest(event, ".check, .todo__actions > *")?;
    let class = element.class_name();
    let control = Control::ALL.into_iter().find(|control| control.class() == class)?;
    Some((control, row_of(event)?))
}

/// Does what the button of a row asks for, which is a plain form without scripts.
fn click(state: TodoListState, filter: Derived<Filter>, event: &MouseEvent) {
    let Some((control, id)) = control_of(event) else { return };
    // The router follows that link.
    if control == Control::Details {
        return;
    }
    event.prevent_default();
    // Under a filter another row moves up, as it does after deleting: the second of two clicks would be about that.
    let moves_up = control == Control::Delete || filter.get_untracked() != Filter::All;
    if moves_up && matches!(control, Control::Delete | Control::Toggle) && browser::is_again(event) {
        return;
    }
    let Some(Entry { todo, .. }) = state.list.with_untracked(|list| list.entry(id).cloned()) else { return };
    match control {
        Control::Edit => state.edit(id),
        Control::Star => state.set_starred(id, !todo.details.starred),
        Control::Delete => {
            let neighbour = neighbour(state, id);
            state.delete(id);
            browser::focus_control_soon(Control::Delete, neighbour);
        }
        Control::Toggle | Control::Details => {
            // Under a filter the row goes away with the change, and the focus with it.
            let neighbour = moves_up.then(|| neighbour(state, id));
            state.set_done(id, !todo.done);
            if let Some(neighbour) = neighbour {
                browser::focus_control_soon(Control::Toggle, neighbour);
            }
        }
    }
}

/// The next shown row after `id`, else the previous one.
fn neighbour(state: TodoListState, id: Uuid) -> Option<Uuid> {
    let shown = untrack(|| state.shown_beside(id));
    let place = shown.iter().position(|row| *row == id)?;
    shown.get(place + 1).or_else(|| shown.get(place.checked_sub(1)?)).copied()
}

/// Says what a row is dragged by, to who points at it. Keys move it, too: Alt and an arrow.
fn name_grip(state: TodoListState, event: &PointerEvent) {
    if let Some(grip) = closest(event, ".grip").filter(|grip| !grip.has_attribute("title")) {
        let _ = grip.set_attribute("title", state.texts().drag_to_move());
    }
}

fn take_hold(state: TodoListState, event: &PointerEvent) {
    let Some((grip, id)) = closest(event, ".grip").zip(row_of(event)).filter(|_| event.button() == 0) else { return };
    event.prevent_default();
    let _ = grip.unchecked_into::<HtmlElement>().set_pointer_capture(event.pointer_id());
    state.dragged.set(Some(Dragged { id, over: None, pointer: event.pointer_id() }));
}

/// Whether a row is dragged by the finger, or the mouse, that an event is of: another finger drags nothing.
fn is_dragged_by(state: TodoListState, event: &PointerEvent) -> bool {
    state.dragged.with_untracked(|dragged| dragged.is_some_and(|dragged| dragged.pointer == event.pointer_id()))
}

fn drag(state: TodoListState, event: &PointerEvent) {
    let Some(dragged) = state.dragged.get_untracked().filter(|_| is_dragged_by(state, event)) else { return };
    browser::scroll_at_edge(event.client_y());
    let now = browser::row_at(event.client_x(), event.client_y());
    if now != dragged.over {
        state.dragged.set(Some(Dragged { over: now, ..dragged }));
    }
}

fn drop_row(state: TodoListState, event: &PointerEvent) {
    if !is_dragged_by(state, event) {
        return;
    }
    let dragged = state.dragged.try_update(Option::take).flatten();
    if let Some((Dragged { id, .. }, (other, is_behind))) =
        dragged.zip(browser::row_at(event.client_x(), event.client_y()))
    {
        state.move_beside(id, other, is_behind);
    }
}

#[cfg(not(feature = "ssr"))]
mod on_page {
    use std::collections::HashMap;

    use leptos::html::Ul;
    use leptos::prelude::*;
    use leptos::tachys::renderer::Rndr;
    use leptos::wasm_bindgen::JsCast as _;
    use leptos::web_sys::{Element, HtmlInputElement, HtmlTemplateElement};
    use uuid::Uuid;

    use super::{Rows, around, marks};
    use crate::app::components::edit_form::EditForm;
    use crate::app::components::not_saved::NotSaved;
    use crate::app::components::row_html::{
        Around, Marks, push_actions, push_check, push_class, push_facts, push_inside, push_text,
    };
    use crate::app::derived::Derived;
    use crate::app::erased::{Erase as _, Erased};
    use crate::app::optimistic::Entry;
    use crate::app::short_id;
    use crate::app::todo_list_state::{Dragged, TodoListState};

    /// Keeps the elements of a list as `rows` says, for as long as the list is there.
    pub(super) fn keep(list: NodeRef<Ul>, state: TodoListState, rows: Rows, opened: Derived<Option<Uuid>>) {
        // What a row has of its own outlives a run of the effect, and not the list.
        let Some(owner) = Owner::current() else { return };
        let shown = move || {
            let opened = opened.get();
            let edited = state.editing.with(|editing| editing.as_ref().map(|editing| editing.id));
            let rows = rows().into_iter().map(|entry| Shown {
                marks: marks(state, entry.id, opened),
                is_edited: edited == Some(entry.id),
                entry,
            });
            (rows.collect::<Vec<_>>(), around(state))
        };
        // As the server knew it. When the effect runs, the browser has told what day it is here.
        let mut of_server = Some(untrack(&shown));
        Effect::new(move |page: Option<Page>| {
            let (rows, around) = shown();
            let Some(list) = list.get() else { return page.unwrap_or_default() };
            let mut page = match of_server.take() {
                Some((rows, around)) => Page::of_server(&list, &rows, &around),
                None => page.unwrap_or_default(),
            };
            page.show(&list, rows, around, state, &owner);
            page
        });
        Effect::new(move |before: Option<Option<Dragged>>| {
            let now = state.dragged.get();
            mark_dragged(before.flatten(), false);
            mark_dragged(now, true);
            now
        });
    }

    /// The rows as they stand in the page.
    #[derive(Default)]
    struct Page {
        rows: Vec<Row>,
        around: Option<Around>,
    }

    struct Row {
        shown: Shown,
        element: Element,
        /// The view inside of it, or behind what is inside of it.
        view: Option<Mounted>,
    }

    /// What a row shows.
    #[derive(Clone, PartialEq, Eq)]
    struct Shown {
        entry: Entry,
        marks: Marks,
        is_edited: bool,
    }

    impl Shown {
        /// Whether it has the same view as this one.
        fn has_view_of(&self, other: &Self) -> bool {
            let (a, b) = (&self.entry, &other.entry);
            // What is typed stays, whatever becomes of the row's other changes.
            self.is_edited == other.is_edited
                && (self.is_edited
                    || a.trouble == b.trouble && (a.trouble.is_none() || a.todo.description == b.todo.description))
        }
    }

    /// A view in the page, and what it owns.
    struct Mounted {
        owner: Owner,
        view: <Erased as Render>::State,
    }

    impl Mounted {
        /// Makes a view as the last child of an element.
        fn new(element: &Element, owner: &Owner, make: impl FnOnce() -> Erased) -> Self {
            let owner = owner.child();
            let view = owner.with(|| {
                let mut view = make().build();
                view.mount(element, None);
                view
            });
            Self { owner, view }
        }

        fn take_away(mut self) {
            self.view.unmount();
            self.owner.cleanup();
        }
    }

    impl Page {
        /// What the server has made, which shows `rows`.
        fn of_server(list: &Element, rows: &[Shown], around: &Around) -> Self {
            let elements = (0..list.children().length()).filter_map(|place| list.children().item(place));
            let elements = elements.collect::<Vec<_>>();
            let is_ours = elements.len() == rows.len()
                && elements.iter().zip(rows).all(|(element, row)| short_id::row(&element.id()) == Some(row.entry.id));
            if !is_ours {
                list.set_inner_html("");
                return Self::default();
            }
            let rows = rows.iter().zip(elements).map(|(shown, element)| {
                // It is a view here: made anew below, with what was typed meanwhile.
                let shown = Shown { is_edited: false, ..shown.clone() };
                Row { shown, element, view: None }
            });
            Self { rows: rows.collect(), around: Some(around.clone()) }
        }

        /// Makes them as they are to be: takes away what is gone, changes what is otherwise, moves what has moved.
        fn show(&mut self, list: &Element, rows: Vec<Shown>, around: Around, state: TodoListState, owner: &Owner) {
            let is_around = self.around.as_ref() == Some(&around);
            let mut known = self.rows.drain(..).map(|row| (row.shown.entry.id, row)).collect::<HashMap<_, _>>();
            let ids = rows.iter().map(|row| row.entry.id).collect::<std::collections::HashSet<_>>();
            known.retain(|id, row| {
                let stays = ids.contains(id);
                if !stays {
                    row.leave(state);
                }
                stays
            });
            let mut next = list.first_element_child();
            for shown in rows {
                let row = match known.remove(&shown.entry.id) {
                    Some(mut row) => {
                        if !is_around || row.shown != shown {
                            row.change(shown, &around, self.around.as_ref(), state, owner);
                        }
                        row
                    }
                    None => Row::new(shown, &around, state, owner),
                };
                if next.as_ref() == Some(&row.element) {
                    next = row.element.next_element_sibling();
                } else {
                    let _ = list.insert_before(&row.element, next.as_deref());
                }
                self.rows.push(row);
            }
            self.around = Some(around);
        }
    }

    impl Row {
        fn new(shown: Shown, around: &Around, state: TodoListState, owner: &Owner) -> Self {
            let element = Rndr::create_element("li", None);
            element.set_id(&short_id::of_row(shown.entry.id));
            let mut row = Self { shown, element, view: None };
            row.fill(around);
            row.mark();
            row.add_view(state, owner);
            row
        }

        /// Everything but its view, from the beginning.
        fn fill(&self, around: &Around) {
            let html = if self.shown.is_edited {
                String::new()
            } else {
                written(|html| push_inside(html, &self.shown.entry, around))
            };
            self.element.set_inner_html(&html);
        }

        fn mark(&self) {
            self.element.set_class_name(&written(|html| push_class(html, &self.shown.entry, self.shown.marks)));
        }

        fn add_view(&mut self, state: TodoListState, owner: &Owner) {
            let Entry { id, todo, trouble, .. } = &self.shown.entry;
            let (id, text) = (*id, todo.description.to_string());
            self.view = if self.shown.is_edited {
                let text = state.editing.with_untracked(|editing| editing.as_ref().map(|editing| editing.text.clone()));
                let text = text.unwrap_or_default();
                Some(Mounted::new(&self.element, owner, move || view! { <EditForm id text /> }.erased()))
            } else {
                trouble.clone().map(|trouble| {
                    Mounted::new(&self.element, owner, move || view! { <NotSaved id text trouble /> }.erased())
                })
            };
        }

        /// Makes the row what it is now.
        fn change(
            &mut self,
            shown: Shown,
            around: &Around,
            before: Option<&Around>,
            state: TodoListState,
            owner: &Owner,
        ) {
            let was = std::mem::replace(&mut self.shown, shown);
            self.mark();
            mark_dragged(state.dragged.get_untracked(), true);
            let has_same_view = self.shown.has_view_of(&was);
            if !has_same_view && let Some(view) = self.view.take() {
                view.take_away();
            }
            if self.shown.is_edited {
                // What was typed before scripts came is typed.
                self.take_over_typed(state);
                if !has_same_view {
                    self.fill(around);
                }
            } else if was.is_edited {
                self.fill(around);
            } else {
                self.update(&was.entry, around, before.unwrap_or(around));
            }
            if !has_same_view {
                self.add_view(state, owner);
            }
        }

        /// Of a field that the server has made.
        fn take_over_typed(&self, state: TodoListState) {
            let field = self.element.query_selector("form.edit [name=description]").ok().flatten();
            let field =
                field.filter(|_| self.view.is_none()).and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
            if let Some(typed) = field.map(|field| field.value()) {
                state.editing.update_untracked(|editing| {
                    if let Some(editing) = editing {
                        editing.text = typed;
                    }
                });
            }
        }

        /// Changes those parts of it that are otherwise.
        fn update(&self, was: &Entry, around: &Around, before: &Around) {
            let now = &self.shown.entry;
            let part = |class: &str| self.element.query_selector(class).ok().flatten();
            let is_other = |push: &dyn Fn(&mut String, &Entry, &Around)| {
                let html = written(|html| push(html, now, around));
                (html != written(|html| push(html, was, before))).then_some(html)
            };
            if let Some(html) = is_other(&|html, entry, _| push_check(html, entry)) {
                let check = part(".check");
                take_attributes(&check.into_iter().collect::<Vec<_>>(), &html);
            }
            if let Some(html) = is_other(&|html, entry, _| push_text(html, entry))
                && let Some(text) = part(".todo__text")
            {
                text.set_inner_html(&html);
            }
            if let Some(html) = is_other(&push_facts) {
                if let Some(facts) = part(".facts") {
                    facts.remove();
                }
                if let Some(main) = part(".todo__main") {
                    let _ = main.insert_adjacent_html("beforeend", &html);
                }
            }
            if let Some(html) = is_other(&push_actions)
                && let Some(actions) = part(".todo__actions")
            {
                let actions = actions.children();
                let actions = (0..actions.length()).filter_map(|place| actions.item(place));
                take_attributes(&actions.collect::<Vec<_>>(), &html);
            }
        }

        /// Goes out of the page.
        fn leave(&mut self, state: TodoListState) {
            if let Some(view) = self.view.take() {
                view.take_away();
            }
            self.element.remove();
            // Nothing else tells that it is not dragged any more.
            if state.dragged.with_untracked(|dragged| dragged.is_some_and(|dragged| dragged.id == self.shown.entry.id))
            {
                state.dragged.set(None);
            }
        }
    }

    fn written(push: impl FnOnce(&mut String)) -> String {
        let mut html = String::new();
        push(&mut html);
        html
    }

    /// Gives elements the attributes of those that are written in `html`, and leaves the elements where they are: one of them
    /// may have the focus, or be pressed.
    fn take_attributes(elements: &[Element], html: &str) {
        let template = Rndr::create_element("template", None).unchecked_into::<HtmlTemplateElement>();
        template.set_inner_html(html);
        let made = template.content().children();
        for (place, element) in (0..).zip(elements) {
            let Some(made) = made.item(place) else { return };
            let names = |element: &Element| {
                element.get_attribute_names().iter().filter_map(|name| name.as_string()).collect::<Vec<_>>()
            };
            for name in names(&made) {
                let value = made.get_attribute(&name).unwrap_or_default();
                if element.get_attribute(&name).as_deref() != Some(&value) {
                    let _ = element.set_attribute(&name, &value);
                }
            }
            for name in names(element).into_iter().filter(|name| !made.has_attribute(name)) {
                let _ = element.remove_attribute(&name);
            }
        }
    }

    /// Shows which row is dragged, and where it would be dropped.
    fn mark_dragged(dragged: Option<Dragged>, is_so: bool) {
        let Some(Dragged { id, over, .. }) = dragged else { return };
        let mark = |id: Uuid, class: &str| {
            if let Some(row) = document().get_element_by_id(&short_id::of_row(id)) {
                let _ = row.class_list().toggle_with_force(class, is_so);
            }
        };
        mark(id, "todo--dragged");
        if let Some((other, is_behind)) = over.filter(|(other, _)| *other != id) {
            mark(other, if is_behind { "todo--drop-behind" } else { "todo--drop-before" });
        }
    }
}
