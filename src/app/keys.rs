//! What keys mean on the list, where nothing is typed. Pure.

use crate::app::texts::Texts;

/// A key that was pressed, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pressed {
    /// Its name (W3C UI Events, `key`).
    pub key: String,
    /// With which other key.
    pub with: With,
    /// It is held.
    pub repeat: bool,
    /// It is meant for the window of an input method.
    pub composing: bool,
    /// What has the focus.
    pub focus: Focus,
    /// When, in milliseconds since any moment.
    pub at: u32,
}

/// A key that is held while another one is pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum With {
    /// None.
    #[default]
    Nothing,
    /// Shift.
    Shift,
    /// Control, or Command.
    Ctrl,
    /// Alt.
    Alt,
    /// More than one.
    Several,
}

impl With {
    /// The one of those that are held.
    pub fn of(shift: bool, ctrl: bool, alt: bool) -> Self {
        match (shift, ctrl, alt) {
            (false, false, false) => Self::Nothing,
            (true, false, false) => Self::Shift,
            (false, true, false) => Self::Ctrl,
            (false, false, true) => Self::Alt,
            _ => Self::Several,
        }
    }
}

/// What has the focus, as far as keys are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// Nothing that keys are for.
    #[default]
    Page,
    /// A row of the list itself.
    Row,
    /// A button or link in a row: Enter and Space are its own.
    InRow,
    /// A field with a text in it.
    Field,
    /// An empty field.
    EmptyField,
    /// Anything, while a dialog is open.
    Dialog,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Go to the field for a new to-do.
    Add,
    /// Go to the next row.
    Next,
    /// Go to the row before.
    Previous,
    /// Mark the row as done, or not done.
    Toggle,
    /// Change the text of the row.
    Edit,
    /// Give the row a star, or take it.
    Star,
    /// Show all of the row.
    Details,
    /// Move the row towards the end.
    MoveDown,
    /// Move the row towards the beginning.
    MoveUp,
    /// Go to the field for searching.
    Search,
    /// Undo the last change.
    Undo,
    /// Show which keys there are.
    Help,
    /// Go to a view.
    Go(View),
    /// Wait for the second of two keys.
    Wait,
}

/// A view of the list that two keys lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What is due today.
    Today,
    /// What is due on some day.
    Planned,
    /// What was due before.
    Overdue,
    /// What has a star.
    Starred,
    /// All of it.
    All,
}

/// How long the second of two keys may take, in milliseconds.
const PAUSE: u32 = 1500;

/// What keys do, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// What an action does.
    Action(Action),
    /// Move the row, towards either end.
    Move,
    /// Cancel, or close.
    Escape,
}

/// All keys as they are shown, each with what it does; the ones that stand for a character by themselves can be turned off.
pub const SHOWN: [(&[&str], Shown); 17] = [
    (&["n"], Shown::Action(Action::Add)),
    (&["j", "↓"], Shown::Action(Action::Next)),
    (&["k", "↑"], Shown::Action(Action::Previous)),
    (&["x", "Space"], Shown::Action(Action::Toggle)),
    (&["e", "Enter"], Shown::Action(Action::Edit)),
    (&["s"], Shown::Action(Action::Star)),
    (&["o"], Shown::Action(Action::Details)),
    (&["Alt+↑", "Alt+↓"], Shown::Move),
    (&["/"], Shown::Action(Action::Search)),
    (&["u", "Ctrl+Z"], Shown::Action(Action::Undo)),
    (&["g t"], Shown::Action(Action::Go(View::Today))),
    (&["g p"], Shown::Action(Action::Go(View::Planned))),
    (&["g o"], Shown::Action(Action::Go(View::Overdue))),
    (&["g s"], Shown::Action(Action::Go(View::Starred))),
    (&["g a"], Shown::Action(Action::Go(View::All))),
    (&["?"], Shown::Action(Action::Help)),
    (&["Esc"], Shown::Escape),
];

impl Shown {
    /// In words.
    pub fn text(self, t: Texts) -> &'static str {
        match self {
            Self::Action(Action::Add) => t.key_add(),
            Self::Action(Action::Next) => t.key_next(),
            Self::Action(Action::Previous) => t.key_previous(),
            Self::Action(Action::Toggle) => t.key_toggle(),
            Self::Action(Action::Edit) => t.key_edit(),
            Self::Action(Action::Star) => t.key_star(),
            Self::Action(Action::Details) => t.key_details(),
            Self::Action(Action::MoveDown | Action::MoveUp) | Self::Move => t.key_move(),
            Self::Action(Action::Search) => t.key_search(),
            Self::Action(Action::Undo) => t.key_undo(),
            Self::Action(Action::Help) => t.key_help(),
            Self::Action(Action::Go(View::Today)) => t.key_today(),
            Self::Action(Action::Go(View::Planned)) => t.key_planned(),
            Self::Action(Action::Go(View::Overdue)) => t.key_overdue(),
            Self::Action(Action::Go(View::Starred)) => t.key_starred(),
            Self::Action(Action::Go(View::All)) => t.key_all(),
            Self::Action(Action::Wait) => "",
            Self::Escape => t.key_escape(),
        }
    }
}

/// What was pressed before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// When `g` was, the first of two keys.
    first: Option<u32>,
}

impl Keys {
    /// What is to be done, where anything is; `singles`: whether keys that stand for a character do something by themselves
    /// (WCAG 2.2, 2.1.4).
    pub fn press(&mut self, pressed: &Pressed, singles: bool) -> Option<Action> {
        let is_second = self.first.take().is_some_and(|at| pressed.at.wrapping_sub(at) <= PAUSE);
        if pressed.composing || pressed.focus == Focus::Dialog {
            return None;
        }
        if !matches!(pressed.with, With::Nothing | With::Shift) {
            return combined(pressed);
        }
        if matches!(pressed.focus, Focus::Field | Focus::EmptyField) {
            return None;
        }
        let action = if pressed.key.chars().count() == 1 && pressed.key != " " {
            let key = if singles { pressed.key.as_str() } else { "" };
            if is_second { second(key).or_else(|| single(key)) } else { single(key) }
        } else {
            on_row(pressed)
        }?;
        if action == Action::Wait {
            self.first = Some(pressed.at);
        }
        // "?" needs Shift on most keyboards; a capital is another key.
        let is_allowed = pressed.with == With::Nothing || matches!(action, Action::Help | Action::Search);
        // A key that is held walks, and does nothing else: the first time was the decision.
        let is_decision = !pressed.repeat || matches!(action, Action::Next | Action::Previous);
        (is_allowed && is_decision).then_some(action)
    }
}

/// Keys with Control or Alt.
fn combined(pressed: &Pressed) -> Option<Action> {
    let is_row = matches!(pressed.focus, Focus::Row | Focus::InRow);
    let action = match (pressed.with, pressed.key.as_str()) {
        // While something is typed, it is the field's own.
        (With::Ctrl, "z" | "Z") if pressed.focus != Focus::Field => Action::Undo,
        (With::Alt, "ArrowUp") if is_row => Action::MoveUp,
        (With::Alt, "ArrowDown") if is_row => Action::MoveDown,
        _ => return None,
    };
    (!pressed.repeat).then_some(action)
}

/// Keys that stand for a character.
fn single(key: &str) -> Option<Action> {
    Some(match key {
        "n" => Action::Add,
        "j" => Action::Next,
        "k" => Action::Previous,
        "x" => Action::Toggle,
        "e" => Action::Edit,
        "s" => Action::Star,
        "o" => Action::Details,
        "/" => Action::Search,
        "u" => Action::Undo,
        "?" => Action::Help,
        "g" => Action::Wait,
        _ => return None,
    })
}

/// The second of two keys.
fn second(key: &str) -> Option<Action> {
    Some(Action::Go(match key {
        "t" => View::Today,
        "p" => View::Planned,
        "o" => View::Overdue,
        "s" => View::Starred,
        "a" => View::All,
        _ => return None,
    }))
}

/// Keys that mean something on a row alone.
fn on_row(pressed: &Pressed) -> Option<Action> {
    match (pressed.focus, pressed.key.as_str()) {
        (Focus::Row | Focus::InRow, "ArrowDown") => Some(Action::Next),
        (Focus::Row | Focus::InRow, "ArrowUp") => Some(Action::Previous),
        (Focus::Row, " ") => Some(Action::Toggle),
        (Focus::Row, "Enter") => Some(Action::Edit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> Pressed {
        Pressed { key: key.to_owned(), ..Pressed::default() }
    }

    fn press(pressed: &Pressed) -> Option<Action> {
        Keys::default().press(pressed, true)
    }

    #[test]
    fn keys_do_what_the_help_says() {
        for (name, action) in [
            ("n", Action::Add),
            ("j", Action::Next),
            ("k", Action::Previous),
            ("x", Action::Toggle),
            ("e", Action::Edit),
            ("s", Action::Star),
            ("o", Action::Details),
            ("/", Action::Search),
            ("u", Action::Undo),
            ("?", Action::Help),
        ] {
            assert_eq!(press(&key(name)), Some(action), "{name}");
            assert_eq!(press(&Pressed { focus: Focus::InRow, ..key(name) }), Some(action), "{name} on a button");
            assert!(SHOWN.iter().any(|(keys, _)| keys.contains(&name)), "{name} is not in the help");
        }
        for (name, action) in
            [("ArrowDown", Action::Next), ("ArrowUp", Action::Previous), (" ", Action::Toggle), ("Enter", Action::Edit)]
        {
            assert_eq!(press(&Pressed { focus: Focus::Row, ..key(name) }), Some(action), "{name} on a row");
            assert_eq!(press(&key(name)), None, "{name} on the page");
        }
        for name in [" ", "Enter"] {
            assert_eq!(press(&Pressed { focus: Focus::InRow, ..key(name) }), None, "{name:?} is the button's own");
        }
        for name in ["Backspace", "Delete", "Escape", "Tab", "a", "N", "Shift", "F1", "Dead", "Process"] {
            assert_eq!(press(&Pressed { focus: Focus::Row, ..key(name) }), None, "{name}");
        }
    }

    #[test]
    fn nothing_happens_while_something_is_typed_or_composed_or_a_dialog_is_open() {
        for name in ["n", "j", "x", "e", "s", "o", "/", "u", "?", "g", "Enter", " ", "ArrowDown"] {
            for focus in [Focus::Field, Focus::EmptyField, Focus::Dialog] {
                assert_eq!(press(&Pressed { focus, ..key(name) }), None, "{name} in {focus:?}");
            }
            assert_eq!(press(&Pressed { composing: true, focus: Focus::Row, ..key(name) }), None, "{name}");
            for with in [With::Ctrl, With::Alt, With::Several] {
                assert_eq!(press(&Pressed { with, ..key(name) }), None, "{with:?}+{name}");
            }
        }
        for name in ["n", "x", "u", "e"] {
            assert_eq!(press(&Pressed { with: With::Shift, ..key(name) }), None, "Shift+{name}");
        }
        assert_eq!(press(&Pressed { with: With::Shift, ..key("?") }), Some(Action::Help));
        assert_eq!(press(&Pressed { with: With::Shift, ..key("/") }), Some(Action::Search));
    }

    #[test]
    fn a_key_that_is_held_walks_and_does_nothing_else() {
        for name in ["x", "e", "s", "u", "n", "?", " ", "Enter", "g"] {
            assert_eq!(press(&Pressed { repeat: true, focus: Focus::Row, ..key(name) }), None, "{name:?}");
        }
        for name in ["j", "k", "ArrowDown", "ArrowUp"] {
            assert!(press(&Pressed { repeat: true, focus: Focus::Row, ..key(name) }).is_some(), "{name}");
        }
        for (with, name) in [(With::Alt, "ArrowUp"), (With::Ctrl, "z")] {
            assert_eq!(press(&Pressed { with, repeat: true, focus: Focus::Row, ..key(name) }), None, "{name}");
        }
    }

    #[test]
    fn several_keys_held_are_none_of_them() {
        assert_eq!(With::of(false, true, true), With::Several);
        assert_eq!(With::of(true, true, false), With::Several);
        assert_eq!(With::of(false, true, false), With::Ctrl);
        assert_eq!(With::of(false, false, false), With::Nothing);
    }

    #[test]
    fn undoing_is_the_fields_own_while_it_has_a_text() {
        let undo = |focus| press(&Pressed { with: With::Ctrl, focus, ..key("z") });
        for focus in [Focus::Page, Focus::Row, Focus::InRow, Focus::EmptyField] {
            assert_eq!(undo(focus), Some(Action::Undo), "{focus:?}");
        }
        assert_eq!(undo(Focus::Field), None);
        assert_eq!(undo(Focus::Dialog), None);
        // Redoing is not undoing.
        assert_eq!(press(&Pressed { with: With::Several, ..key("Z") }), None);
    }

    #[test]
    fn alt_and_an_arrow_move_the_row() {
        for focus in [Focus::Row, Focus::InRow] {
            assert_eq!(press(&Pressed { with: With::Alt, focus, ..key("ArrowUp") }), Some(Action::MoveUp));
            assert_eq!(press(&Pressed { with: With::Alt, focus, ..key("ArrowDown") }), Some(Action::MoveDown));
        }
        // Without a row, they are the browser's.
        assert_eq!(press(&Pressed { with: With::Alt, ..key("ArrowUp") }), None);
        assert_eq!(press(&Pressed { with: With::Alt, focus: Focus::Field, ..key("ArrowUp") }), None);
    }

    #[test]
    fn two_keys_lead_to_a_view() {
        let go = |second: &str, after: u32| {
            let mut keys = Keys::default();
            assert_eq!(keys.press(&Pressed { at: 100, ..key("g") }, true), Some(Action::Wait));
            keys.press(&Pressed { at: 100 + after, ..key(second) }, true)
        };
        for (second, view) in
            [("t", View::Today), ("p", View::Planned), ("o", View::Overdue), ("s", View::Starred), ("a", View::All)]
        {
            assert_eq!(go(second, 1500), Some(Action::Go(view)));
            let shown = format!("g {second}");
            assert!(SHOWN.iter().any(|(keys, _)| keys.contains(&shown.as_str())), "{shown} is not in the help");
        }
        assert_eq!(go("s", 1501), Some(Action::Star), "too late, it is a key of its own");
        assert_eq!(go("t", 1501), None);
        assert_eq!(go("n", 10), Some(Action::Add));
        assert_eq!(go("g", 10), Some(Action::Wait));
    }

    #[test]
    fn keys_that_are_a_character_can_be_turned_off() {
        let press = |pressed: &Pressed| Keys::default().press(pressed, false);
        for name in ["n", "j", "k", "x", "e", "s", "o", "/", "u", "?", "g"] {
            assert_eq!(press(&Pressed { focus: Focus::Row, ..key(name) }), None, "{name}");
        }
        assert_eq!(press(&Pressed { focus: Focus::Row, ..key("ArrowDown") }), Some(Action::Next));
        assert_eq!(press(&Pressed { focus: Focus::Row, ..key(" ") }), Some(Action::Toggle));
        assert_eq!(press(&Pressed { with: With::Ctrl, ..key("z") }), Some(Action::Undo));
        assert_eq!(press(&Pressed { with: With::Alt, focus: Focus::Row, ..key("ArrowUp") }), Some(Action::MoveUp));
    }
}
