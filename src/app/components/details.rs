//! All of one to-do: beside the list where there is room, in its place on a phone.

use std::time::Duration;

use leptos::prelude::*;
use leptos::web_sys::{Event, HtmlInputElement, HtmlSelectElement, SubmitEvent};
use leptos_router::hooks::use_location;
use server_fn::ServerFn as _;
use uuid::Uuid;

use crate::app::actions::todos::{ChangeStep, DeleteTodo, MoveTodo, SaveDetails};
use crate::app::browser;
use crate::app::components::author_field::AuthorField;
use crate::app::components::icons::{Cross, Down, Plus, Tick, Up};
use crate::app::components::live_field::{LiveInput, LiveTextArea, Save, Typing};
use crate::app::day_words::full;
use crate::app::derived::{Derived, derived, derived_from_last};
use crate::app::erased::Erase as _;
use crate::app::lists_state::ListsState;
use crate::app::model::reason::Reason;
use crate::app::model::step_action::StepAction;
use crate::app::optimistic::{Entry, StepChange};
use crate::app::texts::Texts;
use crate::app::todo_list_state::TodoListState;
use crate::todo::{ClockTime, Day, Description, Due, Moment, Note, Repeat, Step, ZoneName};

/// How long nothing is changed of a day or a time before it is saved.
const PAUSE: Duration = Duration::from_millis(800);

/// The details of the row `id`. What is changed is saved at once; without scripts, by "Save".
#[component]
pub fn Details(
    /// Which row.
    id: Uuid,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let path = use_location().pathname;
    let entry = derived_from_last(move |before: Option<&Option<Entry>>| {
        let now = state.list.with(|list| list.entry(id).cloned());
        now.or_else(|| before.cloned().flatten())
    });
    let is_there = derived(move || state.list.with(|list| list.entry(id).is_some_and(|entry| !entry.gone)));
    view! {
        <section
            class="card details"
            id="details"
            tabindex="-1"
            aria-labelledby="details-title"
            on:keydown=move |event| {
                if event.key() == "Escape" && !browser::is_composing(&event) && !event.default_prevented() {
                    event.prevent_default();
                    browser::click("close-details");
                }
            }
        >
            <div class="details__head">
                <h2 id="details-title">{t.details()}</h2>
                <a
                    class="icon-button"
                    id="close-details"
                    href=move || path.get() + &state.here_with(None)
                    data-noscroll=""
                    title=t.close()
                    aria-label=t.close_details()
                >
                    <Cross />
                </a>
            </div>
            {move || if is_there.get() {
                view! { <Fields id entry /> }.erased()
            } else {
                view! { <p class="details__gone">{t.details_gone()}</p> }.erased()
            }}
        </section>
    }
    .erased()
}

/// What is read of it; nothing where the row is gone.
fn part<T: Default + PartialEq + Send + Sync + 'static>(
    entry: Derived<Option<Entry>>,
    read: impl Fn(&Entry) -> T + Send + Sync + 'static,
) -> Derived<T> {
    derived(move || entry.with(|entry| entry.as_ref().map(&read).unwrap_or_default()))
}

#[component]
fn Fields(id: Uuid, entry: Derived<Option<Entry>>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let version = part(entry, |entry| entry.version);
    let text = part(entry, |entry| entry.todo.description.to_string());
    let note = part(entry, |entry| entry.todo.details.note.as_str().to_owned());
    let text_draft = state.details_draft(id, "details[description]");
    let note_draft = state.details_draft(id, "details[note]");
    // Of a row that another device deletes meanwhile, what was known last.
    let known = move || entry.with_untracked(|entry| entry.as_ref().map(|entry| entry.todo.clone()));
    let save_text: Save = Callback::new(move |(text, before): (String, String)| state.set_text(id, &text, &before));
    let keep_text: Typing = Callback::new(move |typed| state.keep_text(id, typed));
    let save_note: Save =
        Callback::new(move |(note, before): (String, String)| state.set_note(id, &note, &before, known()));
    view! {
        <form
            class="form details__form"
            method="post"
            action=SaveDetails::url()
            // All of it is saved by its fields.
            on:submit=move |event| event.prevent_default()
        >
            <AuthorField />
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="seen" value=version />
            // What Enter presses.
            <button type="submit" class="visually-hidden" tabindex="-1" aria-hidden="true">{t.save()}</button>
            <div class="form__field">
                <label for="details-text">{t.details_todo()}</label>
                <LiveInput id="details-text".to_owned() name="details[description]" class="field" value=text save=save_text typing=keep_text draft=text_draft />
            </div>
            <DueFields id entry />
            <ReminderFields id entry />
            <RepeatField id entry />
            <ListField id entry />
            <div class="form__field">
                <label for="details-note">{t.details_note()}</label>
                <LiveTextArea
                    id="details-note".to_owned()
                    name="details[note]"
                    value=note
                    save=save_note
                    typing=Callback::new(move |typed| state.keep_note(id, typed))
                    maxlength=Note::MAX_CHARS
                    draft=note_draft
                />
            </div>
            <p class="actions without-script"><button type="submit" class="button">{t.save()}</button></p>
        </form>
        <Steps id entry />
        <Place id entry />
    }
    .erased()
}

/// Saves what is typed into the fields of a day and a time: after a pause, or at once where one of them is left.
fn saved_after_a_pause(save: impl Fn() + Copy + Send + Sync + 'static) -> (impl Fn() + Copy, impl Fn() + Copy) {
    // A year that is typed is one of one digit first.
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let is_due_to_be_saved = move |next: Option<TimeoutHandle>| {
        let before = timer.try_update_value(|timer| std::mem::replace(timer, next)).flatten();
        before.inspect(TimeoutHandle::clear).is_some()
    };
    // A field that is taken away while it has the focus says that it has changed, and that it is left.
    let is_there = move || timer.try_get_value().is_some();
    let save_soon = move || {
        if is_there() {
            is_due_to_be_saved(set_timeout_with_handle(save, PAUSE).ok());
        }
    };
    let save_now = move || {
        if is_there() {
            is_due_to_be_saved(None);
            save();
        }
    };
    // What is still to be saved does not outlive these fields: another row's stand there next.
    browser::when_gone(move || {
        if is_due_to_be_saved(None) {
            save();
        }
    });
    (save_soon, save_now)
}

/// The fields of a day and a time, and the zone that the time is of.
#[component]
fn DayAndTime(
    /// Of which row.
    id: Uuid,
    /// What they are a part of, in the names of the fields.
    part: &'static str,
    /// What day and time are called.
    labels: (&'static str, &'static str),
    /// What is stored of both.
    shown: (Derived<String>, Derived<String>),
    /// Both, for whoever reads what was entered.
    fields: (NodeRef<leptos::html::Input>, NodeRef<leptos::html::Input>),
    /// The name of the zone.
    zone: Signal<String>,
    /// Saves what was entered.
    save: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let (save_soon, save_now) = saved_after_a_pause(save);
    let name = move |field: &str| format!("details[{part}][{field}]");
    let (day, time) = shown;
    // What was filled in without scripts, and could not be saved.
    let first = move |field: &str, stored: Derived<String>| {
        state.details_draft(id, &name(field)).unwrap_or_else(|| stored.get_untracked())
    };
    view! {
        <div class="due-fields__when">
            <input
                class="field"
                id=format!("details-{part}-day")
                name=name("day")
                type="date"
                min="0001-01-01"
                max="9999-12-31"
                aria-label=labels.0
                value=first("day", day)
                prop:value=day
                node_ref=fields.0
                on:change=move |_| save_soon()
                on:blur=move |_| save_now()
            />
            <input
                class="field"
                id=format!("details-{part}-time")
                name=name("time")
                type="time"
                aria-label=labels.1
                value=first("time", time)
                prop:value=time
                node_ref=fields.1
                on:change=move |_| save_soon()
                on:blur=move |_| save_now()
            />
            // Scripts know the zone of the browser; who has none says it.
            <input type="hidden" name=name("shown_zone") value=zone />
            <label class="due-fields__zone without-script">
                <span class="details__hint">{state.texts().details_zone()}</span>
                <input
                    class="field"
                    name=name("time_zone")
                    type="text"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-label=format!("{}: {}", labels.1, state.texts().details_zone())
                    value=state.details_draft(id, &name("time_zone")).unwrap_or_else(|| zone.get_untracked())
                    prop:value=zone
                />
            </label>
        </div>
    }
    .erased()
}

/// When it is due: a day, and perhaps a time of it.
#[component]
fn DueFields(id: Uuid, entry: Derived<Option<Entry>>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let due = part(entry, |entry| entry.todo.details.due.clone());
    let day = derived(move || due.with(|due| due.as_ref().map(|due| due.date().to_string()).unwrap_or_default()));
    let time = derived(move || {
        due.with(|due| due.as_ref().and_then(Due::time).map(|(time, _)| time.to_string()).unwrap_or_default())
    });
    // A time stays one of its place.
    let zone = derived(move || {
        let of_due = due.with(|due| due.as_ref().and_then(|due| Some(due.time()?.1.clone())));
        of_due.or_else(|| state.reader.with(|reader| reader.time_zone.clone()))
    });
    let zone_name = move || zone.get().map_or_else(|| "UTC".to_owned(), |zone| zone.to_string());
    let words = move || due.get().map(|due| state.reader.with(|reader| full(&due, reader)));
    let day_field = NodeRef::<leptos::html::Input>::new();
    let time_field = NodeRef::<leptos::html::Input>::new();
    let save = move || {
        let (Some(day), Some(time)) =
            (day_field.try_get_untracked().flatten(), time_field.try_get_untracked().flatten())
        else {
            return;
        };
        // Half of a date, or of a time, is none yet: the field says so itself.
        if [&day, &time].into_iter().any(|field| field.value().is_empty() && !browser::is_complete(field)) {
            return;
        }
        if day.value().is_empty() && !time.value().is_empty() {
            state.problem.set(Some(t.invalid_time_alone().to_owned()));
            return;
        }
        let zone = zone.get_untracked().or_else(|| ZoneName::parse("UTC").ok());
        let due = Day::parse(&day.value()).ok().map(|day| match ClockTime::parse(&time.value()).ok().zip(zone) {
            Some((time, zone)) => Due::at(day, time, zone),
            None => Due::on(day),
        });
        state.set_due(id, due);
    };
    let choose = move |days: i64| {
        let today = state.reader.with_untracked(|reader| reader.today);
        let time = due.with_untracked(|due| due.as_ref().and_then(Due::time).map(|(time, zone)| (time, zone.clone())));
        if let Some(day) = today.plus(days) {
            state.set_due(
                id,
                Some(match time {
                    Some((time, zone)) => Due::at(day, time, zone),
                    None => Due::on(day),
                }),
            );
        }
    };
    let choice = move |name: &'static str, key: &'static str, days: Option<i64>| {
        view! {
            <button
                type="submit"
                class="chip"
                name="details[due][when]"
                value=key
                on:click=move |event| {
                    event.prevent_default();
                    match days {
                        Some(days) => choose(days),
                        None => state.set_due(id, None),
                    }
                }
            >
                {name}
            </button>
        }
    };
    view! {
        <fieldset class="form__field due-fields">
            <legend>{t.details_due()}</legend>
            <DayAndTime
                id
                part="due"
                labels=(t.details_day(), t.details_time())
                shown=(day, time)
                fields=(day_field, time_field)
                zone=Signal::derive(zone_name)
                save
            />
            <div class="chips">
                {choice(t.due_today(), "today", Some(0))}
                {choice(t.due_tomorrow(), "tomorrow", Some(1))}
                {choice(t.due_in_a_week(), "week", Some(7))}
                <Show when=move || due.with(Option::is_some)>{choice(t.due_not(), "never", None)}</Show>
            </div>
            <p class="details__hint">
                {move || words().unwrap_or_default()}
                {move || (!time.get().is_empty()).then(|| format!(" · {}", zone_name()))}
            </p>
        </fieldset>
    }
    .erased()
}

/// When its author is reminded of it, by mail.
#[component]
fn ReminderFields(id: Uuid, entry: Derived<Option<Entry>>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let reminder = part(entry, |entry| entry.todo.details.reminder.clone());
    let read = move |read: fn(&Moment) -> String| {
        derived(move || reminder.with(|reminder| reminder.as_ref().map(read).unwrap_or_default()))
    };
    let (day, time) = (read(|reminder| reminder.date().to_string()), read(|reminder| reminder.time().to_string()));
    let zone = derived(move || {
        let of_reminder = reminder.with(|reminder| reminder.as_ref().map(|reminder| reminder.time_zone().clone()));
        of_reminder.or_else(|| state.reader.with(|reader| reader.time_zone.clone()))
    });
    let zone_name = move || zone.get().map_or_else(|| "UTC".to_owned(), |zone| zone.to_string());
    let day_field = NodeRef::<leptos::html::Input>::new();
    let time_field = NodeRef::<leptos::html::Input>::new();
    let is_half = RwSignal::new(false);
    let save = move || {
        let (Some(day), Some(time)) =
            (day_field.try_get_untracked().flatten(), time_field.try_get_untracked().flatten())
        else {
            return;
        };
        let is_complete = [&day, &time].into_iter().all(browser::is_complete);
        let is_half_said = day.value().is_empty() != time.value().is_empty();
        is_half.set(is_half_said);
        // Half of it is none yet.
        if !is_complete || is_half_said {
            return;
        }
        let zone = zone.get_untracked().or_else(|| ZoneName::parse("UTC").ok());
        let moment = Day::parse(&day.value()).ok().zip(ClockTime::parse(&time.value()).ok()).zip(zone);
        state.set_reminder(id, moment.map(|((day, time), zone)| Moment::at(day, time, zone)));
    };
    view! {
        <fieldset class="form__field due-fields">
            <legend>{t.details_reminder()}</legend>
            <DayAndTime
                id
                part="reminder"
                labels=(t.details_reminder_day(), t.details_reminder_time())
                shown=(day, time)
                fields=(day_field, time_field)
                zone=Signal::derive(zone_name)
                save
            />
            <p class="details__hint">
                {move || is_half.get().then(|| t.details_reminder_half())}
                {move || (!is_half.get() && !time.get().is_empty()).then(zone_name)}
            </p>
        </fieldset>
    }
    .erased()
}

/// How it repeats.
#[component]
fn RepeatField(id: Uuid, entry: Derived<Option<Entry>>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let stored = part(entry, |entry| entry.todo.details.repeat.as_ref().map(ToString::to_string).unwrap_or_default());
    // What was chosen without scripts, and could not be saved, stays chosen; with them, what is shown is saved.
    let chosen = state.details_draft(id, "details[repeat]").filter(|_| cfg!(feature = "ssr"));
    let rule = derived(move || chosen.clone().unwrap_or_else(|| stored.get()));
    let is_due = part(entry, |entry| entry.todo.details.due.is_some());
    let is_known = derived(move || rule.with(|rule| rule.is_empty() || RULES.contains(&rule.as_str())));
    let choose = move |event: leptos::web_sys::Event| {
        let field = event_target::<HtmlSelectElement>(&event);
        let chosen = Repeat::parse(&field.value()).ok();
        if chosen.is_some() && !is_due.get_untracked() {
            field.set_value(&rule.get_untracked());
            state.problem.set(Some(t.invalid_repeat_alone().to_owned()));
        } else {
            state.set_repeat(id, chosen);
        }
    };
    view! {
        <div class="form__field">
            <label for="details-repeat">{t.details_repeat()}</label>
            <select class="field" id="details-repeat" name="details[repeat]" on:change=choose prop:value=rule>
                <option value="" selected=move || rule.with(String::is_empty)>{t.repeat_never()}</option>
                {RULES.map(|known| view! {
                    <option value=known selected=move || rule.with(|rule| rule == known)>{rule_name(known, t)}</option>
                })}
                {move || (!is_known.get()).then(|| view! {
                    <option value=rule selected=true>{move || t.repeat_as_it_is(&rule.get())}</option>
                })}
            </select>
            <p class="details__hint">{move || (!is_due.get()).then(|| t.invalid_repeat_alone())}</p>
        </div>
    }
    .erased()
}

/// The rules that are offered (RFC 5545 §3.3.10).
const RULES: [&str; 6] = [
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=MONTHLY",
    "FREQ=YEARLY",
];

/// What one of them is called.
fn rule_name(rule: &str, t: Texts) -> &'static str {
    match rule {
        "FREQ=DAILY" => t.repeat_daily(),
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" => t.repeat_workdays(),
        "FREQ=WEEKLY" => t.repeat_weekly(),
        "FREQ=WEEKLY;INTERVAL=2" => t.repeat_fortnightly(),
        "FREQ=MONTHLY" => t.repeat_monthly(),
        _ => t.repeat_yearly(),
    }
}

/// The list that it is in.
#[component]
fn ListField(id: Uuid, entry: Derived<Option<Entry>>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let lists = expect_context::<ListsState>();
    let t = state.texts();
    let stored = part(entry, |entry| entry.todo.details.list);
    let chosen = state.details_draft(id, "details[list]").filter(|_| cfg!(feature = "ssr"));
    let chosen = chosen.map(|list| list.parse::<Uuid>().ok());
    let list = derived(move || chosen.unwrap_or_else(|| stored.get()));
    let value = derived(move || list.get().map(|list| list.to_string()).unwrap_or_default());
    let choose = move |event: leptos::web_sys::Event| {
        let list = event_target::<HtmlSelectElement>(&event).value();
        state.set_list(id, list.parse().ok());
    };
    let has_any = derived(move || list.get().is_some() || lists.lists.with(|lists| !lists.is_empty()));
    view! {
        <div class="form__field" hidden=move || !has_any.get()>
            <label for="details-list">{t.details_list()}</label>
            <select class="field" id="details-list" name="details[list]" on:change=choose prop:value=value>
                <option value="" selected=move || list.get().is_none()>{t.list_none()}</option>
                {move || list.get().filter(|id| lists.name(*id).is_none()).map(|id| view! {
                    <option value=id.to_string() selected=true>{t.list_as_it_is()}</option>
                })}
                <For each=move || lists.lists.get() key=|list| (list.id, list.name.to_string()) let:own>
                    <option value=own.id.to_string() selected=move || list.get() == Some(own.id)>{own.name.to_string()}</option>
                </For>
            </select>
        </div>
    }
    .erased()
}

/// What is to be done one after the other.
#[component]
fn Steps(id: Uuid, entry: Derived<Option<Entry>>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let steps = part(entry, |entry| entry.todo.details.steps.clone());
    let field = NodeRef::<leptos::html::Input>::new();
    let is_full = derived(move || steps.with(|steps| steps.len() >= Step::MAX));
    let known = move || entry.with_untracked(|entry| entry.as_ref().map(|entry| entry.todo.clone()));
    let add_step = move |text: Description| {
        state.change_step(id, StepChange::Add(Step { id: Uuid::new_v4(), text, done: false }), known());
    };
    // What is typed and not added when the field goes away is not lost.
    let typed = StoredValue::new(String::new());
    let gone = move || {
        if let Some(Ok(text)) = typed.try_get_value().map(|typed| Description::parse(&typed)) {
            typed.set_value(String::new());
            add_step(text);
        }
    };
    let leaving = window_event_listener(leptos::ev::pagehide, move |_| gone());
    browser::when_gone(move || {
        leaving.remove();
        gone();
    });
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(field) = field.get_untracked() else { return };
        match Description::parse(&field.value()) {
            Ok(text) => {
                field.set_value("");
                typed.set_value(String::new());
                add_step(text);
            }
            Err(_) if field.value().trim().is_empty() => field.set_value(""),
            Err(error) => state.problem.set(Some(Reason::from(error).text(t))),
        }
    };
    view! {
        <div class="details__part">
            <h3 id="steps-title">{t.steps()}</h3>
            <ul class="steps" aria-labelledby="steps-title">
                <For each=move || steps.get() key=|step| step.id let:step>
                    <StepRow id step entry />
                </For>
            </ul>
            <form class="inline-form" method="post" action=ChangeStep::url() on:submit=add hidden=move || is_full.get()>
                <AuthorField />
                <input type="hidden" name="id" value=id.to_string() />
                // For the form without scripts, which may be sent twice.
                <input type="hidden" name="step" value=cfg!(feature = "ssr").then(|| Uuid::new_v4().to_string()) />
                <input
                    class="field add__field"
                    id="new-step"
                    name="text"
                    type="text"
                    dir="auto"
                    autocomplete="off"
                    enterkeyhint="done"
                    placeholder=t.step_add()
                    aria-label=t.step_new()
                    value=state.details_draft(id, "text")
                    on:input=move |event: Event| typed.set_value(event_target::<HtmlInputElement>(&event).value())
                    node_ref=field
                />
                <button type="submit" class="icon-button" name="what" value=StepAction::Add.key() title=t.add() aria-label=t.step_add_button()>
                    <Plus />
                </button>
            </form>
            <p class="details__hint">
                {move || is_full.get().then(|| t.steps_full(&Step::MAX))}
            </p>
        </div>
    }
    .erased()
}

#[component]
fn StepRow(id: Uuid, step: Step, entry: Derived<Option<Entry>>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let step_id = step.id;
    let version = part(entry, |entry| entry.version);
    let step = derived(move || {
        let now =
            entry.with(|entry| entry.as_ref()?.todo.details.steps.iter().find(|known| known.id == step_id).cloned());
        now.unwrap_or_else(|| step.clone())
    });
    let text = derived(move || step.with(|step| step.text.to_string()));
    let is_done = derived(move || step.with(|step| step.done));
    let known = move || entry.with_untracked(|entry| entry.as_ref().map(|entry| entry.todo.clone()));
    let remove = move || {
        let before = step.with_untracked(|step| step.text.clone());
        state.change_step(id, StepChange::Delete { id: step_id, before }, known());
        browser::focus_soon("new-step".to_owned(), "details");
    };
    let save: Save = Callback::new(move |(text, before): (String, String)| {
        if text.trim().is_empty() {
            remove();
            return true;
        }
        match (Description::parse(&text), Description::parse(&before)) {
            (Ok(text), Ok(before)) => {
                state.change_step(id, StepChange::Edit { id: step_id, text, before }, known());
                true
            }
            (Err(error), _) => {
                state.problem.set(Some(Reason::from(error).text(t)));
                false
            }
            (_, Err(_)) => false,
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let pressed = event.submitter().and_then(|button| button.get_attribute("value"));
        match pressed.as_deref().and_then(StepAction::of_key) {
            Some(StepAction::Done | StepAction::Undone) => {
                let change = StepChange::SetDone { id: step_id, done: !is_done.get_untracked() };
                state.change_step(id, change, known());
            }
            Some(StepAction::Delete) => remove(),
            // What Enter presses: the field saves its text itself, once it is left.
            _ => {
                browser::focus_soon("new-step".to_owned(), "details");
            }
        }
    };
    view! {
        <li class="step" class:step--done=is_done>
            <form method="post" action=ChangeStep::url() on:submit=submit>
                <AuthorField />
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="seen" value=version />
                <input type="hidden" name="step" value=step_id.to_string() />
                <button type="submit" class="visually-hidden" name="what" value=StepAction::Text.key() tabindex="-1" aria-hidden="true">{t.save()}</button>
                <button
                    type="submit"
                    class="check check--small"
                    role="checkbox"
                    name="what"
                    value=move || if is_done.get() { StepAction::Undone } else { StepAction::Done }.key()
                    aria-checked=move || is_done.get().to_string()
                    aria-label=move || text.get()
                    on:keydown=browser::only_once_held
                >
                    <Tick />
                </button>
                <LiveInput id=format!("step-{step_id}") name="text" label=t.step() class="field step__text" value=text save />
                <button
                    type="submit"
                    class="icon-button icon-button--danger"
                    name="what"
                    value=StepAction::Delete.key()
                    title=t.delete()
                    aria-label=move || t.step_delete(&text.get())
                    on:click=browser::only_once
                    on:keydown=browser::only_once_held
                >
                    <Cross />
                </button>
            </form>
        </li>
    }
    .erased()
}

/// Where it is in the list, and away with it.
#[component]
fn Place(id: Uuid, entry: Derived<Option<Entry>>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let version = part(entry, |entry| entry.version);
    let is_mine = derived(move || state.arrangement().is_mine());
    // The row behind which it comes, one place up and one down; nothing for the top.
    let neighbours = derived(move || {
        let rows = state.shown_beside(id);
        let place = rows.iter().position(|row| *row == id)?;
        let above = place.checked_sub(1).map(|above| above.checked_sub(1).map(|place| rows[place]));
        Some((above, rows.get(place + 1).copied()))
    });
    let move_form = move |name: &'static str, is_down: bool| {
        let after = move || {
            let (up, down) = neighbours.get()?;
            if is_down { down.map(Some) } else { up }
        };
        view! {
            <form
                method="post"
                action=MoveTodo::url()
                on:submit=move |event| {
                    event.prevent_default();
                    state.move_by_one(id, is_down);
                }
            >
                <AuthorField />
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="after" value=move || after().flatten().map(|id| id.to_string()).unwrap_or_default() />
                <button type="submit" class="button button--small button--quiet" disabled=move || after().is_none()>
                    {if is_down { view! { <Down /> }.erased() } else { view! { <Up /> }.erased() }}
                    {name}
                </button>
            </form>
        }
    };
    view! {
        <div class="details__part details__end">
            <Show when=move || is_mine.get()>
                {move_form(t.move_up(), false)}
                {move_form(t.move_down(), true)}
            </Show>
            <form
                class="details__delete"
                method="post"
                action=DeleteTodo::url()
                on:submit=move |event| {
                    event.prevent_default();
                    state.delete(id);
                    browser::focus_soon("new-todo".to_owned(), "main");
                }
            >
                <AuthorField />
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="seen" value=version />
                <button type="submit" class="button button--small button--quiet button--danger">{t.delete()}</button>
            </form>
        </div>
    }
    .erased()
}
