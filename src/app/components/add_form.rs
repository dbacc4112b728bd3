//! "What needs to be done?"

use leptos::prelude::*;
use leptos::web_sys::Event;
use server_fn::ServerFn as _;
use uuid::Uuid;

use crate::app::actions::todos::AddTodo;
use crate::app::browser;
use crate::app::components::author_field::AuthorField;
use crate::app::components::fresh::words;
use crate::app::components::icons::{Cross, Plus};
use crate::app::day_words::{Reader, within};
use crate::app::derived::{Derived, derived};
use crate::app::erased::Erase as _;
use crate::app::lists_state::ListsState;
use crate::app::model::reason::Reason;
use crate::app::pasted_lines::{AT_ONCE, Line, as_one, lines};
use crate::app::quick_add::{DateOrder, Every, Kind, Meaning, NotMeant, QuickAdd, Setting, understand_any};
use crate::app::texts::Texts;
use crate::app::todo_list_state::TodoListState;
use crate::language::Language;
use crate::todo::{Description, DescriptionError, Details, NewTodo, Repeat, TodoList};

/// The field for a new to-do; Enter adds. What is understood of its text is shown below it before that, and can be taken
/// back. Without scripts, the text is what it says.
#[component]
pub fn AddForm(
    /// What the field starts with: a text that could not be saved.
    draft: String,
    /// Whether the field takes the focus when the page is loaded.
    autofocus: bool,
) -> impl IntoView {
    let typing = Typing::new();
    let t = typing.state.texts();
    // What was typed before the page was alive.
    Effect::new(move |_| {
        typing.languages.set(browser::languages());
        typing.look();
    });
    view! {
        <form
            class="add"
            method="post"
            action=AddTodo::url()
            on:submit=move |event| {
                event.prevent_default();
                typing.add();
            }
        >
            <AuthorField />
            // For the form without scripts, which may be sent twice; each page has another one.
            <input type="hidden" name="form" value=cfg!(feature = "ssr").then(|| Uuid::new_v4().to_string()) />
            <label class="visually-hidden" for="new-todo">{t.new_todo()}</label>
            <input
                class="field add__field"
                id="new-todo"
                name="description"
                type="text"
                dir="auto"
                autocomplete="off"
                enterkeyhint="done"
                placeholder=t.new_todo()
                value=draft
                autofocus=autofocus
                node_ref=typing.state.new_todo
                on:input=move |_| {
                    typing.pasted.set(None);
                    typing.look();
                }
                on:focus=move |_| typing.look()
                on:paste=move |event| typing.paste(&event)
            />
            // The word on a wide screen, the sign on a narrow one; the word is read out on both.
            <button type="submit" class="button add__button"><span>{t.add()}</span><Plus /></button>
        </form>
        <Understood typing />
        <PastedLines typing />
    }
    .erased()
}

/// What is in the field, as far as the page looked.
#[derive(Clone, Copy)]
struct Typing {
    state: TodoListState,
    lists: ListsState,
    text: RwSignal<String>,
    /// The tags of the languages that the customer reads, the first before all others.
    languages: RwSignal<Vec<String>>,
    not_meant: RwSignal<Vec<NotMeant>>,
    understood: Derived<QuickAdd>,
    /// The lines that were pasted last, and what was in the field beside them.
    pasted: RwSignal<Option<Pasted>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pasted {
    lines: Vec<Line>,
    beside: String,
}

impl Typing {
    fn new() -> Self {
        let state = expect_context::<TodoListState>();
        let lists = expect_context::<ListsState>();
        let text = RwSignal::new(String::new());
        let languages = RwSignal::new(Vec::new());
        let not_meant = RwSignal::new(Vec::new());
        let understood = derived(move || {
            let of = |text: &String| {
                languages.with(|tags: &Vec<String>| {
                    not_meant.with(|not_meant| {
                        state
                            .reader
                            .with(|reader| lists.lists.with(|lists| meaning(text, reader, tags, not_meant, lists)))
                    })
                })
            };
            text.with(of)
        });
        Self { state, lists, text, languages, not_meant, understood, pasted: RwSignal::new(None) }
    }

    /// Takes over what is in the field.
    fn look(self) {
        let _ = self.looks_other();
    }

    /// The same; answers whether that is something else than before.
    fn looks_other(self) -> bool {
        let Some(field) = self.state.new_todo.get_untracked() else { return false };
        let now = field.value();
        if self.text.with_untracked(|text| *text == now) {
            return false;
        }
        if now.is_empty() {
            self.not_meant.set(Vec::new());
        }
        self.text.set(now);
        true
    }

    /// Fills the field.
    fn fill(self, text: &str) {
        if let Some(field) = self.state.new_todo.get_untracked() {
            field.set_value(text);
        }
        self.look();
    }

    /// Adds what is in the field.
    fn add(self) {
        let is_new = self.looks_other();
        let understood = self.understood.get_untracked();
        // What was put there by no key is shown first: nothing is understood in silence.
        if is_new && !understood.parts.is_empty() {
            return;
        }
        match Description::parse(&understood.description) {
            Ok(description) => {
                let QuickAdd { due, starred, repeat, list, .. } = understood;
                let repeat = repeat.and_then(rule);
                let list = list.and_then(|place| self.lists.lists.with_untracked(|lists| Some(lists.get(place)?.id)));
                let details = Details { starred, due, repeat, list, ..Details::default() };
                self.pasted.set(None);
                self.fill("");
                self.state.add(NewTodo { description, done: false, details });
            }
            Err(DescriptionError::Empty) => self.fill(""),
            Err(error) => self.state.problem.set(Some(Reason::from(error).text(self.state.texts()))),
        }
    }

    /// Some parts of the text are to mean what they say.
    fn take_back(self, kinds: &[Kind]) {
        let words = self
            .understood
            .with_untracked(|understood| self.text.with_untracked(|text| understood.words_of(text, kinds)));
        self.not_meant.update(|not_meant| not_meant.extend(words));
        browser::focus_soon("new-todo".to_owned(), "main");
    }

    /// Puts pasted lines into the field as one text, and offers to make a to-do of each.
    fn paste(self, event: &Event) {
        let lines = browser::pasted(event).map(|text| lines(&text)).unwrap_or_default();
        let Some(field) = self.state.new_todo.get_untracked().filter(|_| !lines.is_empty()) else { return };
        event.prevent_default();
        let value = field.value();
        let (begin, end) = browser::selection(&field);
        let (before, behind) = (&value[..begin], &value[end..]);
        let beside = format!("{before}{behind}").trim().to_owned();
        self.fill(&format!("{before}{}{behind}", as_one(&lines)));
        self.pasted.set(Some(Pasted { lines, beside }));
    }

    /// Adds a to-do for each of the lines that were pasted; what cannot be one stays.
    fn add_lines(self) {
        let Some(Pasted { mut lines, beside }) = self.pasted.get_untracked() else { return };
        let mut rest = lines.split_off(lines.len().min(AT_ONCE));
        let (mut count, mut problem, mut refused) = (0_usize, None, Vec::new());
        for line in lines {
            match Description::parse(&line.text) {
                Ok(description) => {
                    count += 1;
                    self.state.add(NewTodo { description, done: line.done, details: Details::default() });
                }
                Err(error) => {
                    problem = Some(Reason::from(error).text(self.state.texts()));
                    refused.push(line);
                }
            }
        }
        rest.splice(..0, refused);
        let mut left = as_one(&rest);
        if !beside.is_empty() && !left.is_empty() {
            left.insert_str(0, ", ");
        }
        self.fill(&(beside.clone() + &left));
        // One line is the text of the field.
        self.pasted.set((rest.len() > 1 && count > 0).then_some(Pasted { lines: rest, beside }));
        if count != 1 {
            self.state.added.update(|added| added.said = self.state.texts().added_todos(count));
        }
        if problem.is_some() {
            self.state.problem.set(problem);
        }
        browser::focus_soon("new-todo".to_owned(), "main");
    }

    fn add_as_one(self) {
        self.pasted.set(None);
        self.add();
        browser::focus_soon("new-todo".to_owned(), "main");
    }
}

/// What `text` means to somebody who reads some languages.
fn meaning(text: &str, reader: &Reader, tags: &[String], not_meant: &[NotMeant], lists: &[TodoList]) -> QuickAdd {
    if text.trim().is_empty() {
        return QuickAdd::default();
    }
    let mut languages = vec![reader.language];
    for language in tags.iter().filter_map(|tag| Language::of_tag(tag)) {
        if !languages.contains(&language) {
            languages.push(language);
        }
    }
    let date_order = tags.first().map(|tag| DateOrder::of_tag(tag)).unwrap_or_default();
    let names: Vec<&str> = lists.iter().map(|list| list.name.as_str()).collect();
    understand_any(text, &Setting { reader, date_order, lists: &names, not_meant }, &languages)
}

/// What was understood as a rule. The API reads all that are made here.
fn rule(every: Every) -> Option<Repeat> {
    Repeat::parse(&every.rule()).ok()
}

/// Something that was understood: in words, and what it came of, where it can be taken back by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chip {
    text: String,
    kinds: Vec<Kind>,
}

fn chips(understood: &QuickAdd, text: &str, reader: &Reader, lists: &[TodoList]) -> Vec<Chip> {
    let t = Texts::of(reader.language);
    let has = |kind: Kind| understood.parts.iter().any(|part| part.meaning.kind() == kind);
    let mut chips = Vec::new();
    if let Some(due) = &understood.due {
        let kinds = [Kind::Day, Kind::Time].into_iter().filter(|kind| has(*kind)).collect();
        chips.push(Chip { text: t.understood_due(&within(due, reader)), kinds });
    }
    if understood.parts.iter().any(|part| part.meaning == Meaning::Star) {
        chips.push(Chip { text: t.understood_star().to_owned(), kinds: vec![Kind::Star] });
    }
    // In the words that were typed.
    for words in understood.words_of(text, &[Kind::Repeat]) {
        chips.push(Chip { text: t.understood_repeats(&words.words), kinds: vec![Kind::Repeat] });
    }
    if let Some(list) = understood.list.and_then(|place| lists.get(place)) {
        chips.push(Chip { text: t.understood_list(&list.name), kinds: vec![Kind::List] });
    }
    for unknown in &understood.unknown_lists {
        chips.push(Chip { text: t.understood_no_list(unknown), kinds: Vec::new() });
    }
    chips
}

/// Below the field: what was understood of its text.
#[component]
fn Understood(typing: Typing) -> impl IntoView {
    let chips = derived(move || {
        let (text, lists) = (typing.text.get(), typing.lists.lists.get());
        typing.understood.with(|understood| typing.state.reader.with(|reader| chips(understood, &text, reader, &lists)))
    });
    let said = move || chips.with(|chips| chips.iter().map(|chip| chip.text.as_str()).collect::<Vec<_>>().join(", "));
    view! {
        <p class="visually-hidden" role="status">{words(said)}</p>
        {move || {
            let chips = chips.get();
            (!chips.is_empty()).then(|| view! {
                <ul class="understood" aria-label=typing.state.texts().understood()>
                    {chips.into_iter().map(|chip| view! { <ChipItem typing chip /> }).collect_view()}
                </ul>
            })
        }}
    }
    .erased()
}

#[component]
fn ChipItem(typing: Typing, chip: Chip) -> impl IntoView {
    let Chip { text, kinds } = chip;
    let t = typing.state.texts();
    let label = t.not_meant_this(&text);
    view! {
        <li class="understood__part">
            <span>{text}</span>
            {(!kinds.is_empty()).then(|| view! {
                <button
                    type="button"
                    class="icon-button understood__not"
                    title=t.not_meant()
                    aria-label=label
                    on:click=move |_| typing.take_back(&kinds)
                >
                    <Cross />
                </button>
            })}
        </li>
    }
    .erased()
}

/// Below the field: what can become of several lines that were pasted into it.
#[component]
fn PastedLines(typing: Typing) -> impl IntoView {
    let t = typing.state.texts();
    let count = derived(move || typing.pasted.with(|pasted| pasted.as_ref().map_or(0, |pasted| pasted.lines.len())));
    let said = move || match count.get() {
        0 => String::new(),
        count if count > AT_ONCE => t.pasted_too_many(count, &AT_ONCE),
        count => t.pasted(count),
    };
    view! {
        <p class="visually-hidden" role="status">{words(said)}</p>
        <Show when=move || count.get() != 0>
            <div class="pasted">
                <button type="button" class="button button--small" on:click=move |_| typing.add_lines()>
                    {move || t.add_todos(count.get().min(AT_ONCE))}
                </button>
                <button type="button" class="button button--small button--quiet" on:click=move |_| typing.add_as_one()>
                    {t.add_as_one()}
                </button>
            </div>
        </Show>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::todo::{ClockTime, Day, ListName, ZoneName};

    fn said(text: &str, tags: &[&str]) -> String {
        let reader = Reader {
            today: Day::parse("2026-11-28").expect("a day"),
            time: ClockTime::parse("10:30").expect("a time"),
            time_zone: ZoneName::parse("Europe/Madrid").ok(),
            ..Reader::default()
        };
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let lists = [list("Home")];
        let chips = chips(&meaning(text, &reader, &tags, &[], &lists), text, &reader, &lists);
        chips.iter().map(|chip| format!("{} {:?}", chip.text, chip.kinds)).collect::<Vec<_>>().join("; ")
    }

    fn list(name: &str) -> TodoList {
        TodoList {
            id: Uuid::from_u128(1),
            owner: String::new(),
            name: ListName::parse(name).expect("a name"),
            created_at: time::OffsetDateTime::UNIX_EPOCH,
            updated_at: time::OffsetDateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn every_rule_that_is_understood_is_one_that_the_api_reads() {
        let reader = Reader { today: Day::parse("2026-11-28").expect("a day"), ..Reader::default() };
        for text in ["every day", "every monday", "every 2 weeks", "every month", "every year", "every workday"] {
            let understood = meaning(&format!("call mum {text}"), &reader, &[], &[], &[]);
            assert_eq!(understood.description, "call mum", "{text}");
            assert!(understood.repeat.and_then(rule).is_some() && understood.due.is_some(), "{text}");
        }
    }

    #[test]
    fn what_is_understood_is_said_in_the_languages_that_the_customer_reads() {
        for (text, tags, expected) in [
            ("buy milk", &["en"][..], ""),
            ("buy milk tomorrow 9am !", &["en"], "Due tomorrow 9:00 [Day, Time]; Star [Star]"),
            ("buy milk friday", &[], "Due Friday [Day]"),
            ("comprar leche mañana", &["en"], ""),
            ("comprar leche mañana", &["de", "es-ES"], "Due tomorrow [Day]"),
            ("party 5/6", &["en-US", "es"], "Due 6 May 2027 [Day]"),
            ("party 5/6", &["es", "en-US"], "Due 5 Jun 2027 [Day]"),
            ("call mum every monday", &["en"], "Due Monday []; Repeats every monday [Repeat]"),
            ("paint #home !", &["en"], "Star [Star]; List: Home [List]"),
            ("paint #work", &["en"], "There is no list “#work” []"),
            ("   ", &["en"], ""),
        ] {
            assert_eq!(said(text, tags), expected, "{text} {tags:?}");
        }
    }
}
