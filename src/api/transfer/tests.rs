//! Files and back.

use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Format;
use super::entry::{Entry, MAX_ENTRIES};
use crate::todo::{ClockTime, Day, Description, Details, Due, Moment, Note, Repeat, Step, Todo, ZoneName};

fn text(text: &str) -> Description {
    Description::parse(text).expect("valid")
}

/// Texts that formats, spreadsheets or readers could take for something else.
const AWKWARD: [&str; 35] = [
    "buy milk",
    "x",
    "x done already",
    "(A) a priority",
    "2026-01-01 a date",
    "x 2026-01-01 2026-01-02 both",
    "=HYPERLINK(\"http://evil\")",
    "+1 555-0100",
    "-1",
    "@SUM(A1)",
    "'quoted",
    "''=x",
    "a,b;c:d",
    "\"quoted\" and \"more\"",
    "back\\slash\\n and \\,",
    "ünïcödé 👩\u{200d}👧 \u{202e}abc",
    "BEGIN:VTODO",
    "END:VCALENDAR",
    "two  blanks",
    "tab\tinside",
    "[x] a step?",
    "key:value http://example.com/a?b=c",
    "{\"json\": true}",
    "<script>alert(1)</script>",
    "call due:friday",
    "lunch pri:B",
    "pri:A",
    "tz:x",
    "due:2026-12-01",
    "due:",
    "time:09:00 tz:Europe/Madrid",
    "rec:1w",
    "rrule:FREQ=DAILY",
    "id:7",
    "remind:2026-12-01T09:00[Europe/Madrid]",
];

fn random(random: &mut fastrand::Rng) -> Todo {
    let phrase = |random: &mut fastrand::Rng| {
        let words = (0..random.usize(1..12)).map(|_| AWKWARD[random.usize(..AWKWARD.len())]);
        let words: Vec<&str> = words.collect();
        words.join(" ").chars().take(400).collect::<String>().trim().to_owned()
    };
    let at = |random: &mut fastrand::Rng| {
        OffsetDateTime::from_unix_timestamp(random.i64(1_600_000_000..1_900_000_000)).expect("a time")
    };
    let due = match random.u8(..3) {
        0 => None,
        1 => Some(Due::on(Day::parse("2026-12-01").expect("a day"))),
        _ => Some(Due::at(
            Day::parse("2026-03-29").expect("a day"),
            ClockTime::parse(["00:00", "09:30", "23:59"][random.usize(..3)]).expect("a time"),
            ZoneName::parse(["Europe/Madrid", "America/New_York", "UTC"][random.usize(..3)]).expect("a zone"),
        )),
    };
    let zone = || ZoneName::parse("Europe/Madrid").expect("a zone");
    let reminder = random.bool().then(|| {
        let day = Day::parse(["2026-03-29", "2026-10-25"][random.usize(..2)]).expect("a day");
        Moment::at(day, ClockTime::parse(["02:30", "18:00"][random.usize(..2)]).expect("a time"), zone())
    });
    let rules = [
        "FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=MO,TH",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=7",
        "FREQ=YEARLY",
        "FREQ=DAILY;UNTIL=20261231",
        "FREQ=DAILY;UNTIL=20261231T225959Z",
    ];
    let repeat =
        (due.is_some() && random.bool()).then(|| Repeat::parse(rules[random.usize(..rules.len())]).expect("a rule"));
    let list = random.bool().then(|| Uuid::from_u128(random.u128(1..)));
    let note = (0..random.usize(..4)).map(|_| phrase(random)).collect::<Vec<_>>().join("\n");
    let steps = (0..random.usize(..4)).map(|_| Step {
        id: Uuid::from_u128(random.u128(1..)),
        text: text(&phrase(random)),
        done: random.bool(),
    });
    let steps = steps.collect();
    // All of them: a new one is to be said here.
    let note = Note::parse(&note).expect("valid");
    let details = Details { note, starred: random.bool(), due, reminder, repeat, list, steps };
    let done = random.bool();
    Todo {
        id: Uuid::from_u128(random.u128(1..)),
        owner: "owner".to_owned(),
        description: text(&phrase(random)),
        done,
        details,
        completed_at: done.then(|| at(random)),
        created_at: at(random),
        updated_at: at(random),
        version: 7,
    }
}

fn file(format: Format, todos: &[Todo]) -> String {
    let mut file = format.head(&[]).expect("can be written");
    for (number, todo) in todos.iter().enumerate() {
        file += &format.write(todo, number == 0).expect("can be written");
    }
    file + format.tail()
}

/// What a file of that format brings back of a to-do.
fn expected(format: Format, todo: &Todo) -> Entry {
    let mut new = crate::todo::NewTodo::from(todo.clone());
    let day = |at: OffsetDateTime| at.replace_time(time::Time::MIDNIGHT);
    if format != Format::Json {
        new.details.list = None;
    }
    let mut times = [todo.completed_at, Some(todo.created_at), Some(todo.updated_at)];
    if format == Format::TodoTxt {
        new.details.note = Note::default();
        new.details.steps = Vec::new();
        times = [todo.completed_at.map(day), Some(day(todo.created_at)), None];
    }
    let [completed_at, created_at, updated_at] = times;
    Entry { id: Some(todo.id), new, completed_at, created_at, updated_at }
}

/// Steps of a table have no ids.
fn without_step_ids(mut entry: Entry) -> Entry {
    for step in &mut entry.new.details.steps {
        step.id = Uuid::nil();
    }
    entry
}

#[test]
fn what_is_written_is_read_again_with_nothing_missing_that_the_format_knows() {
    let mut source = fastrand::Rng::with_seed(20_261_128);
    for round in 0..300 {
        let todos: Vec<Todo> = (0..source.usize(..6)).map(|_| random(&mut source)).collect();
        for format in Format::ALL {
            let written = file(format, &todos);
            let read = format.read(written.as_bytes()).map(|file| file.todos);
            let read = read.unwrap_or_else(|problem| panic!("{format:?} {round}: {problem:?}\n{written}"));
            let (read, expected): (Vec<_>, Vec<_>) = if format == Format::Csv {
                let expected = todos.iter().map(|todo| without_step_ids(expected(format, todo))).collect();
                (read.into_iter().map(without_step_ids).collect(), expected)
            } else {
                (read, todos.iter().map(|todo| expected(format, todo)).collect())
            };
            assert_eq!(read, expected, "{format:?} {round}\n{written}");
        }
    }
}

#[test]
fn a_spreadsheet_finds_no_formula_in_a_table() {
    let mut source = fastrand::Rng::with_seed(1);
    for formula in AWKWARD.into_iter().filter(|text| text.starts_with(['=', '+', '-', '@'])) {
        let details = Details { note: Note::parse(formula).expect("valid"), ..Details::default() };
        let written = file(Format::Csv, &[Todo { description: text(formula), details, ..random(&mut source) }]);
        let guarded = format!("'{}", formula.replace('"', "\"\""));
        assert_eq!(written.matches(&guarded).count(), 2, "{written}");
        assert!(!written.contains(&format!(",{formula}")) && !written.contains(&format!(",\"{formula}")), "{written}");
    }
}

#[test]
fn lines_of_a_calendar_are_short_and_end_as_they_must() {
    let mut source = fastrand::Rng::with_seed(2);
    let todos: Vec<Todo> = (0..50).map(|_| random(&mut source)).collect();
    let written = file(Format::Ics, &todos);
    for line in written.split_inclusive('\n') {
        assert!(line.ends_with("\r\n") && line.len() <= 77, "{line:?}");
    }
    let due = Due::at(
        Day::parse("2026-12-01").expect("a day"),
        ClockTime::parse("09:00").expect("a time"),
        ZoneName::parse("Europe/Madrid").expect("a zone"),
    );
    let details = Details { due: Some(due), starred: true, ..Details::default() };
    let written = file(Format::Ics, &[Todo { details, ..random(&mut source) }]);
    assert!(written.contains("DUE:20261201T080000Z\r\n") && written.contains("PRIORITY:1\r\n"), "{written}");
}

#[test]
fn files_of_other_programs_are_understood() {
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nEND:VTIMEZONE\r\n\
                    BEGIN:VTODO\r\nUID:abc@example.com\r\nSUMMARY;LANGUAGE=en:Call\\, then\r\n  write\r\n\
                    DUE;TZID=\"Europe/Paris\":20261201T090000\r\nPRIORITY:9\r\nSTATUS:IN-PROCESS\r\n\
                    BEGIN:VALARM\r\nDESCRIPTION:not this\r\nEND:VALARM\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";
    let read = Format::Ics.read(calendar.as_bytes()).expect("a calendar").todos;
    let [todo] = read.as_slice() else { panic!("{read:?}") };
    assert_eq!(todo.new.description.as_str(), "Call, then write");
    assert_eq!((todo.new.details.starred, todo.new.details.note.as_str()), (false, ""));
    assert_eq!(json!(todo.new.details.due), json!({"date": "2026-12-01", "time": "09:00", "timeZone": "Europe/Paris"}));
    assert_eq!(Format::Ics.read(calendar.as_bytes()).expect("again").todos[0].id, todo.id, "the same to-do");

    let plain =
        "(A) Thank Mom @phone +family\nx 2026-11-02 2026-11-01 Pay rent due:2026-11-03\n\n(B) later t:2026-01-01\n";
    let read = Format::TodoTxt.read(plain.as_bytes()).expect("todo.txt").todos;
    let said: Vec<_> =
        read.iter().map(|it| (it.new.description.as_str(), it.new.done, it.new.details.starred)).collect();
    assert_eq!(
        said,
        [("Thank Mom @phone +family", false, true), ("Pay rent", true, false), ("later t:2026-01-01", false, false)]
    );

    // What is not ours stays in the text, and what other programs say of how it repeats is understood.
    let plain = "call due:friday\nlunch pri:B\nsee tz:x\nmeet time:09:00\npay due:2026-12-01 id:7 rec:1w t:2026-11-30\nwater due:2026-12-01 rec:+2w\nrest rec:1b\n";
    let read = Format::TodoTxt.read(plain.as_bytes()).expect("todo.txt").todos;
    let said: Vec<_> = read
        .iter()
        .map(|it| (it.new.description.as_str(), it.new.details.repeat.as_ref().map(ToString::to_string)))
        .collect();
    let every_other_week = Some("FREQ=WEEKLY;INTERVAL=2".to_owned());
    assert_eq!(
        said,
        [
            ("call due:friday", None),
            ("lunch pri:B", None),
            ("see tz:x", None),
            ("meet time:09:00", None),
            ("pay id:7 t:2026-11-30", Some("FREQ=WEEKLY".to_owned())),
            ("water", every_other_week),
            ("rest rec:1b", None),
        ]
    );

    let table = "\u{feff}Description;x\n";
    assert!(Format::Csv.read(table.as_bytes()).is_err());
    let table = "\u{feff}Description,Done\n\"buy \"\"milk\"\"\",yes\nbread\n";
    let read = Format::Csv.read(table.as_bytes()).expect("a table").todos;
    let said: Vec<_> = read.iter().map(|it| (it.new.description.as_str(), it.new.done)).collect();
    assert_eq!(said, [("buy \"milk\"", true), ("bread", false)]);
    // White space at the ends is no part of a text, however much of it there is.
    let blanks = " ".repeat(600);
    let table = format!("description,steps\n{blanks}milk{blanks},\"{blanks}[x] purse{blanks}\"\n");
    let read = Format::Csv.read(table.as_bytes()).expect("a table").todos;
    let step = &read[0].new.details.steps[0];
    assert_eq!((read[0].new.description.as_str(), step.text.as_str(), step.done), ("milk", "purse", true));
    // Other programs number theirs.
    let read = Format::Csv.read(b"id,description\n7,milk\n").expect("a table").todos;
    assert_eq!((read[0].id, read[0].new.description.as_str()), (None, "milk"));
}

#[test]
fn bad_lines_are_named_and_nonsense_is_no_panic() {
    let lines = |format: Format, text: &str| {
        let problem = format.read(text.as_bytes()).expect_err("refused");
        problem.bad_lines().iter().map(|(line, _)| *line).collect::<Vec<_>>()
    };
    assert_eq!(lines(Format::TodoTxt, "fine\ndue:x\nfine due:2026-02-30\nfine id:7\n"), [3]);
    assert_eq!(lines(Format::Csv, "description,due\nfine,\n,2026-01-01\n\"two\nlines\",never\n"), [3, 4]);
    assert_eq!(lines(Format::Csv, "description\n\"open\n"), [2]);
    assert_eq!(lines(Format::Csv, "what\nfine\n"), [1]);
    assert_eq!(lines(Format::Ics, "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:\nEND:VTODO\nEND:VCALENDAR\n"), [2]);
    assert_eq!(lines(Format::Ics, "BEGIN:VCALENDAR\nBEGIN:VTODO\n"), [2]);
    assert_eq!(lines(Format::Ics, "SUMMARY:x\n"), [1]);
    assert_eq!(lines(Format::Json, "{\"errand\": \"todolist\",\n\"version\": 1,\n\"todos\": [,]}"), [3]);
    assert_eq!(lines(Format::TodoTxt, "a\nb\n\u{0}"), [3]);
    for format in Format::ALL {
        let problem = format.read(b"ok\n\xff").expect_err("refused");
        assert_eq!(problem.bad_lines()[0].0, 2, "{format:?}");
    }
    let mut source = fastrand::Rng::with_seed(3);
    let pieces = [
        "BEGIN:", "VTODO", "\n", "\r\n", "\"", ",", "x ", "(A) ", "due:", ":", ";", " ", "{", "}", "[", "]", "é", "\\",
    ];
    for _ in 0..5000 {
        let text: String = (0..source.usize(..30)).map(|_| pieces[source.usize(..pieces.len())]).collect();
        for format in Format::ALL {
            let _ = format.read(text.as_bytes());
        }
    }
}

/// The to-dos of a calendar with these lines.
fn calendar(lines: &str) -> Vec<Entry> {
    let text = format!("BEGIN:VCALENDAR\nVERSION:2.0\n{}\nEND:VCALENDAR\n", lines.replace("; ", "\n"));
    Format::Ics.read(text.as_bytes()).unwrap_or_else(|problem| panic!("{problem:?} {text}")).todos
}

#[test]
fn what_another_program_changed_of_a_calendar_counts() {
    let begin = "BEGIN:VTODO; UID:a; SUMMARY:x";
    for (due, expected) in [
        ("DUE:20261201T080000Z", json!({"date": "2026-12-01", "time": "09:00", "timeZone": "Europe/Madrid"})),
        ("DUE:20261201T090000", json!({"date": "2026-12-01", "time": "09:00", "timeZone": "Europe/Madrid"})),
        ("DUE:20261202T080000Z", json!({"date": "2026-12-02", "time": "08:00", "timeZone": "UTC"})),
        ("DUE;VALUE=DATE:20261203", json!({"date": "2026-12-03"})),
        (
            "due;tzid=europe/paris:20261204T100000",
            json!({"date": "2026-12-04", "time": "10:00", "timeZone": "Europe/Paris"}),
        ),
        (
            "DUE;TZID=/example.org/x/Europe/Paris:20261204T100000",
            json!({"date": "2026-12-04", "time": "10:00", "timeZone": "Europe/Paris"}),
        ),
        ("X-OTHER:1", json!(null)),
    ] {
        let read = calendar(&format!("{begin}; {due}; X-ERRAND-DUE:2026-12-01 09:00 Europe/Madrid; END:VTODO"));
        assert_eq!(json!(read[0].new.details.due), expected, "{due}");
    }
}

#[test]
fn rules_alarms_and_single_times_of_other_calendars_are_understood() {
    let moment = |date: &str, time: &str, zone: &str| json!({"date": date, "time": time, "timeZone": zone});
    let begin = "BEGIN:VTODO; UID:a; SUMMARY:x; DUE;TZID=Europe/Madrid:20261201T090000";
    let alarm = |lines: &str| {
        let read = calendar(&format!("{begin}; BEGIN:VALARM; {lines}; END:VALARM; END:VTODO"));
        json!(read[0].new.details.reminder)
    };
    for (lines, expected) in [
        ("TRIGGER:-PT15M", moment("2026-12-01", "08:45", "Europe/Madrid")),
        ("TRIGGER;RELATED=END:-P1DT2H", moment("2026-11-30", "07:00", "Europe/Madrid")),
        ("TRIGGER;VALUE=DURATION:-P1W", moment("2026-11-24", "09:00", "Europe/Madrid")),
        ("TRIGGER:+PT1H", moment("2026-12-01", "10:00", "Europe/Madrid")),
        ("TRIGGER;VALUE=DATE-TIME:20261130T200000Z", moment("2026-11-30", "21:00", "Europe/Madrid")),
        ("TRIGGER;VALUE=DATE-TIME:19760401T005545Z", json!(null)),
        ("TRIGGER:-PT15M; ACKNOWLEDGED:20261130T200000Z", json!(null)),
        ("TRIGGER:soon", json!(null)),
        // Ours, and ours that another program moved.
        (
            "TRIGGER;VALUE=DATE-TIME:20261130T200000Z; X-ERRAND-REMINDER:2026-11-30T15:00[America/New_York]",
            moment("2026-11-30", "15:00", "America/New_York"),
        ),
        (
            "TRIGGER;VALUE=DATE-TIME:20261130T210000Z; X-ERRAND-REMINDER:2026-11-30T15:00[America/New_York]",
            moment("2026-11-30", "22:00", "Europe/Madrid"),
        ),
    ] {
        assert_eq!(alarm(lines), expected, "{lines}");
    }
    let rule = |lines: &str| {
        let Entry { new, .. } = calendar(&format!("BEGIN:VTODO; SUMMARY:x; {lines}; END:VTODO")).remove(0);
        (new.details.repeat.map(|rule| rule.to_string()), new.details.note.as_str().to_owned())
    };
    let some = |rule: &str| (Some(rule.to_owned()), String::new());
    assert_eq!(rule("DUE;VALUE=DATE:20261201; RRULE:FREQ=WEEKLY;BYDAY=TU"), some("FREQ=WEEKLY;BYDAY=TU"));
    assert_eq!(rule("DTSTART;VALUE=DATE:20261201; RRULE:FREQ=DAILY"), some("FREQ=DAILY"));
    assert_eq!(rule("DUE:20261201T090000; RRULE:FREQ=DAILY;UNTIL=20261231T090000"), some("FREQ=DAILY;UNTIL=20261231"));
    // One that cannot be kept as a rule can be read.
    let unknown = (None, "RRULE:FREQ=HOURLY".to_owned());
    assert_eq!(rule("DUE;VALUE=DATE:20261201; RRULE:FREQ=HOURLY"), unknown);
    assert_eq!(rule("DESCRIPTION:a; RRULE:FREQ=DAILY"), (None, "a\n\nRRULE:FREQ=DAILY".to_owned()));

    // One time that differs is a to-do of its own, and what is related otherwise is no part.
    let read = calendar(
        "BEGIN:VTODO; UID:a; SUMMARY:all; DUE;VALUE=DATE:20261201; RRULE:FREQ=DAILY; END:VTODO; \
         BEGIN:VTODO; UID:a; RECURRENCE-ID;VALUE=DATE:20261203; SUMMARY:this; RRULE:FREQ=DAILY; END:VTODO; \
         BEGIN:VTODO; UID:b; RELATED-TO;RELTYPE=SIBLING:a; SUMMARY:other; END:VTODO; \
         BEGIN:VTODO; UID:c; RELATED-TO:a; SUMMARY:part; END:VTODO",
    );
    let said: Vec<_> = read.iter().map(|it| (it.new.description.as_str(), it.new.details.steps.len())).collect();
    assert_eq!(said, [("all", 1), ("this", 0), ("other", 0)]);
    assert!(read[0].id != read[1].id && read[1].id.is_some() && read[1].new.details.repeat.is_none());
}

#[test]
fn times_that_could_not_be_written_again_are_refused() {
    let line = |format: Format, text: &str| {
        format.read(text.as_bytes()).expect_err("refused").bad_lines().first().map(|(line, _)| *line)
    };
    for time in ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "yesterday"] {
        assert_eq!(line(Format::Csv, &format!("description,createdAt\nx,{time}\n")), Some(2), "{time}");
        for member in ["createdAt", "updatedAt", "completedAt"] {
            let todo = json!({"description": "x", member: time});
            let file = json!({"errand": "todolist", "version": 1, "todos": [todo]}).to_string();
            assert!(Format::Json.read(file.as_bytes()).is_err(), "{member} {time}");
        }
        let list = json!({"id": Uuid::from_u128(1), "name": "x", "createdAt": time});
        let file = json!({"errand": "todolist", "version": 1, "lists": [list], "todos": []}).to_string();
        assert!(Format::Json.read(file.as_bytes()).is_err(), "{time}");
    }
    let calendar = "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nCREATED:00000101T000000Z\nEND:VTODO\nEND:VCALENDAR\n";
    assert_eq!(line(Format::Ics, calendar), Some(2));
}

#[test]
fn a_file_with_more_than_an_owner_may_have_is_refused_by_its_line() {
    let many = MAX_ENTRIES + 1;
    let line = |format: Format, text: &str| {
        format.read(text.as_bytes()).expect_err("refused").bad_lines().first().map(|(line, _)| *line)
    };
    assert_eq!(line(Format::TodoTxt, &"x\n".repeat(many)), Some(many));
    assert_eq!(Format::TodoTxt.read("x\n".repeat(many - 1).as_bytes()).expect("fits").todos.len(), many - 1);
    assert_eq!(line(Format::Csv, &format!("description\n{}", "x\n".repeat(many))), Some(many + 1));
    assert_eq!(line(Format::Csv, &format!("description\n{}", ",".repeat(1000))), Some(2));
    let todos = "{\"description\":\"x\"},\n".repeat(many);
    let file = format!("{{\"errand\":\"todolist\",\"version\":1,\"todos\":[{}]}}", todos.trim_end_matches(",\n"));
    assert!(line(Format::Json, &file).is_some_and(|line| line >= many - 1));
    // Nothing is kept of what says nothing.
    let empty = "\n".repeat(1 << 20);
    for format in [Format::TodoTxt, Format::Csv] {
        assert_eq!(format.read(empty.as_bytes()).expect("nothing").todos, []);
    }
}
