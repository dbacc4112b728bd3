//! Tables of what is understood, and of what is not.

use super::*;
use crate::todo::ZoneName;

const LISTS: [&str; 4] = ["Home", "Home office", "Casa", "Años 80"];

/// Saturday, 28 November 2026, half past ten.
fn reader(language: Language) -> Reader {
    Reader {
        language,
        today: Day::parse("2026-11-28").expect("a day"),
        time: ClockTime::parse("10:30").expect("a time"),
        time_zone: ZoneName::parse("Europe/Madrid").ok(),
    }
}

/// What is understood of `text`, in short: `buy milk | 2026-11-29 09:00 | * | @Home | FREQ=DAILY`.
fn said(text: &str, language: Language) -> String {
    said_with(text, language, &[])
}

fn said_with(text: &str, language: Language, not_meant: &[NotMeant]) -> String {
    let reader = reader(language);
    let date_order = if language == Language::English { DateOrder::Unknown } else { DateOrder::DayFirst };
    let understood = understand(text, &Setting { reader: &reader, date_order, lists: &LISTS, not_meant });
    let mut said = vec![understood.description];
    said.extend(understood.due.map(|due| match due.time() {
        Some((time, _)) => format!("{} {time}", due.date()),
        None => due.date().to_string(),
    }));
    said.extend(understood.starred.then(|| "*".to_owned()));
    said.extend(understood.list.map(|list| format!("@{}", LISTS[list])));
    said.extend(understood.repeat.map(Every::rule));
    said.extend(understood.unknown_lists.iter().map(|name| format!("?{name}")));
    said.join(" | ")
}

fn check(language: Language, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, expected)| (text, expected, said(text, language)))
        .filter(|(_, expected, said)| said != *expected)
        .map(|(text, expected, said)| format!("{text:?}\n    expected {expected}\n    but was  {said}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check_literal(language: Language, texts: &[&str]) {
    let cases: Vec<(&str, &str)> = texts.iter().map(|text| (*text, *text)).collect();
    check(language, &cases);
}

#[test]
fn english_days_are_understood() {
    check(
        Language::English,
        &[
            ("buy milk today", "buy milk | 2026-11-28"),
            ("Buy milk Tomorrow", "Buy milk | 2026-11-29"),
            ("buy milk tmrw", "buy milk | 2026-11-29"),
            ("buy milk the day after tomorrow", "buy milk | 2026-11-30"),
            ("buy milk tomorrow.", "buy milk | 2026-11-29"),
            ("tomorrow buy milk", "buy milk | 2026-11-29"),
            ("tomorrow: buy milk", "buy milk | 2026-11-29"),
            ("rent due tomorrow", "rent | 2026-11-29"),
            ("call mum monday", "call mum | 2026-11-30"),
            ("call mum on Friday", "call mum | 2026-12-04"),
            ("call mum by fri", "call mum | 2026-12-04"),
            // Who means today says so.
            ("call mum saturday", "call mum | 2026-12-05"),
            ("call mum this saturday", "call mum | 2026-11-28"),
            ("call mum on sat", "call mum | 2026-12-05"),
            ("call mum sat 9am", "call mum | 2026-12-05 09:00"),
            ("call mum next monday", "call mum | 2026-11-30"),
            ("call mum next friday", "call mum | 2026-12-04"),
            ("call mum next sun", "call mum | 2026-12-06"),
            ("call mum next week", "call mum | 2026-11-30"),
            ("pay rent next month", "pay rent | 2026-12-01"),
            ("call mum in 3 days", "call mum | 2026-12-01"),
            ("call mum in a week", "call mum | 2026-12-05"),
            ("call mum in two weeks", "call mum | 2026-12-12"),
            ("call mum in 3 months", "call mum | 2027-02-28"),
            ("call mum in 1 year", "call mum | 2027-11-28"),
            ("buy presents dec 24", "buy presents | 2026-12-24"),
            ("buy presents Dec. 24", "buy presents | 2026-12-24"),
            ("buy presents 24 dec", "buy presents | 2026-12-24"),
            ("buy presents December 24th, 2027", "buy presents | 2027-12-24"),
            ("buy presents on the 24th of december 2027", "buy presents | 2027-12-24"),
            ("taxes may 5", "taxes | 2027-05-05"),
            ("taxes on the 5th", "taxes | 2026-12-05"),
            ("taxes on the 31st", "taxes | 2026-12-31"),
            ("party feb 29", "party | 2028-02-29"),
            ("party nov 28", "party | 2026-11-28"),
            ("party nov 27", "party | 2027-11-27"),
            ("party friday dec 4", "party | 2026-12-04"),
            ("party Friday, 4 December", "party | 2026-12-04"),
            ("party 2026-12-24", "party | 2026-12-24"),
            ("party 24/12", "party | 2026-12-24"),
            ("party 12/24", "party | 2026-12-24"),
            ("party 7/7", "party | 2027-07-07"),
            ("party 24/12/2027", "party | 2027-12-24"),
            ("party 24-12-2027", "party | 2027-12-24"),
            ("party 24/12/27", "party | 2027-12-24"),
        ],
    );
}

#[test]
fn english_times_are_understood() {
    check(
        Language::English,
        &[
            ("tomorrow 9am #home ! buy milk", "buy milk | 2026-11-29 09:00 | * | @Home"),
            ("buy milk tomorrow 9am #home !", "buy milk | 2026-11-29 09:00 | * | @Home"),
            ("buy milk tomorrow, 9am, #home", "buy milk | 2026-11-29 09:00 | @Home"),
            ("buy milk 9am tomorrow", "buy milk | 2026-11-29 09:00"),
            ("tomorrow buy milk 9am", "buy milk | 2026-11-29 09:00"),
            // Of a time alone, the next.
            ("train 9:30", "train | 2026-11-29 09:30"),
            ("train 10:30", "train | 2026-11-29 10:30"),
            ("train 10:31", "train | 2026-11-28 10:31"),
            ("train today 9:30", "train | 2026-11-28 09:30"),
            ("train 9 pm", "train | 2026-11-28 21:00"),
            ("train 9 p.m.", "train | 2026-11-28 21:00"),
            ("train 9:15pm", "train | 2026-11-28 21:15"),
            ("train 12am", "train | 2026-11-29 00:00"),
            ("train 12pm", "train | 2026-11-28 12:00"),
            ("train noon", "train | 2026-11-28 12:00"),
            ("train at noon", "train | 2026-11-28 12:00"),
            ("train 17h", "train | 2026-11-28 17:00"),
            ("train 17h30", "train | 2026-11-28 17:30"),
            ("train 17:30h", "train | 2026-11-28 17:30"),
            ("dinner at 8", "dinner | 2026-11-29 08:00"),
            ("dinner at 8 in the evening", "dinner | 2026-11-28 20:00"),
            ("dinner at 8.30pm", "dinner | 2026-11-28 20:30"),
            ("dinner tomorrow 8 o'clock", "dinner | 2026-11-29 08:00"),
            ("dinner tomorrow at 8 o’clock", "dinner | 2026-11-29 08:00"),
            ("swim tomorrow 8h", "swim | 2026-11-29 08:00"),
            ("swim in 3 days at 7:05", "swim | 2026-12-01 07:05"),
        ],
    );
}

#[test]
fn english_repeats_are_understood() {
    check(
        Language::English,
        &[
            ("water plants every day", "water plants | 2026-11-28 | FREQ=DAILY"),
            ("water plants daily", "water plants | 2026-11-28 | FREQ=DAILY"),
            ("water plants every day 9am", "water plants | 2026-11-29 09:00 | FREQ=DAILY"),
            ("water plants every day at 9pm", "water plants | 2026-11-28 21:00 | FREQ=DAILY"),
            ("water plants every other day", "water plants | 2026-11-28 | FREQ=DAILY;INTERVAL=2"),
            ("water plants every 3 weeks", "water plants | 2026-11-28 | FREQ=WEEKLY;INTERVAL=3"),
            ("call mum every monday", "call mum | 2026-11-30 | FREQ=WEEKLY;BYDAY=MO"),
            ("call mum every saturday", "call mum | 2026-11-28 | FREQ=WEEKLY;BYDAY=SA"),
            ("call mum every saturday 9am", "call mum | 2026-12-05 09:00 | FREQ=WEEKLY;BYDAY=SA"),
            ("call mum every mon and thu", "call mum | 2026-11-30 | FREQ=WEEKLY;BYDAY=MO,TH"),
            ("call mum every thu, mon & sun", "call mum | 2026-11-29 | FREQ=WEEKLY;BYDAY=MO,TH,SU"),
            ("stand-up every weekday 9:30", "stand-up | 2026-11-30 09:30 | FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            ("pay rent every month", "pay rent | 2026-11-28 | FREQ=MONTHLY"),
            ("pay rent dec 1 every month", "pay rent | 2026-12-01 | FREQ=MONTHLY"),
            ("Ana's birthday every 5 May", "Ana's birthday | 2027-05-05 | FREQ=YEARLY"),
            ("every day water plants", "water plants | 2026-11-28 | FREQ=DAILY"),
        ],
    );
}

#[test]
fn spanish_is_understood() {
    check(
        Language::Spanish,
        &[
            ("comprar leche mañana 9:00 #casa !", "comprar leche | 2026-11-29 09:00 | * | @Casa"),
            ("mañana 9:00 #casa ! comprar leche", "comprar leche | 2026-11-29 09:00 | * | @Casa"),
            ("comprar leche hoy", "comprar leche | 2026-11-28"),
            ("comprar leche manana", "comprar leche | 2026-11-29"),
            ("comprar leche man\u{303}ana", "comprar leche | 2026-11-29"),
            ("comprar leche para mañana", "comprar leche | 2026-11-29"),
            ("comprar leche pasado mañana", "comprar leche | 2026-11-30"),
            ("llamar a Ana el lunes", "llamar a Ana | 2026-11-30"),
            ("llamar a Ana MIÉRCOLES", "llamar a Ana | 2026-12-02"),
            ("llamar a Ana el sábado", "llamar a Ana | 2026-12-05"),
            ("llamar a Ana este sabado", "llamar a Ana | 2026-11-28"),
            ("llamar a Ana el próximo viernes", "llamar a Ana | 2026-12-04"),
            ("llamar a Ana el viernes que viene", "llamar a Ana | 2026-12-04"),
            ("llamar a Ana el mar 9:00", "llamar a Ana | 2026-12-01 09:00"),
            ("llamar a Ana la próxima semana", "llamar a Ana | 2026-11-30"),
            ("llamar a Ana la semana que viene", "llamar a Ana | 2026-11-30"),
            ("pagar el mes que viene", "pagar | 2026-12-01"),
            ("llamar a Ana en 3 días", "llamar a Ana | 2026-12-01"),
            ("llamar a Ana dentro de dos semanas", "llamar a Ana | 2026-12-12"),
            ("regalos 24 dic", "regalos | 2026-12-24"),
            ("regalos el 24 de diciembre de 2027", "regalos | 2027-12-24"),
            ("regalos el jueves 24 de diciembre", "regalos | 2026-12-24"),
            ("regalos 24/12", "regalos | 2026-12-24"),
            ("regalos 5/6", "regalos | 2027-06-05"),
            ("impuestos el día 5", "impuestos | 2026-12-05"),
            ("cena a las 9", "cena | 2026-11-29 09:00"),
            ("cena a las 9 de la noche", "cena | 2026-11-28 21:00"),
            ("cena a las 9 y media de la noche", "cena | 2026-11-28 21:30"),
            ("cena mañana a las 9 menos cuarto", "cena | 2026-11-29 08:45"),
            ("cena mañana a las 21.30", "cena | 2026-11-29 21:30"),
            ("tren 17h", "tren | 2026-11-28 17:00"),
            ("tren 17 h", "tren | 2026-11-28 17:00"),
            ("tren mañana a las 15 horas", "tren | 2026-11-29 15:00"),
            ("comer al mediodía", "comer | 2026-11-28 12:00"),
            ("regar cada día", "regar | 2026-11-28 | FREQ=DAILY"),
            ("regar todos los días a las 9", "regar | 2026-11-29 09:00 | FREQ=DAILY"),
            ("regar cada 2 semanas", "regar | 2026-11-28 | FREQ=WEEKLY;INTERVAL=2"),
            ("regar cada lunes", "regar | 2026-11-30 | FREQ=WEEKLY;BYDAY=MO"),
            ("regar todos los lunes y jueves", "regar | 2026-11-30 | FREQ=WEEKLY;BYDAY=MO,TH"),
            ("regar todos los sábados", "regar | 2026-11-28 | FREQ=WEEKLY;BYDAY=SA"),
            ("alquiler cada mes", "alquiler | 2026-11-28 | FREQ=MONTHLY"),
            ("alquiler mensualmente", "alquiler | 2026-11-28 | FREQ=MONTHLY"),
            ("cumpleaños de Ana cada 5 de mayo", "cumpleaños de Ana | 2027-05-05 | FREQ=YEARLY"),
            ("disco #años-80", "disco | @Años 80"),
            ("disco #Años 80 mañana", "disco | 2026-11-29 | @Años 80"),
        ],
    );
}

#[test]
fn what_may_mean_something_else_is_left_in_the_text() {
    check_literal(
        Language::English,
        &[
            "tomorrow",
            "Friday",
            "9am",
            "!",
            "every day",
            "you may",
            "the cat sat",
            "march to the shop",
            "buy 7 up",
            "call 9 to 5 office",
            "lie in the sun",
            "work 9 to 5",
            "shop open 9am to 5pm",
            "shop open 9:00 - 17:00",
            "shop open monday - friday",
            "shop open monday to friday",
            "party saturday sunday",
            "party saturday, sunday",
            "wait until tomorrow",
            "prepare slides for tomorrow 9am",
            "finish before friday",
            "this is not for today",
            "Tomorrow never dies",
            "Monday morning stretch",
            "tomorrow and friday clean",
            "watch Black Friday",
            "read yesterday today",
            "sleep 8h",
            "ride the 24",
            "buy 9",
            "open 24/7",
            "buy onion 1/2",
            "buy cheese 3/4",
            "party 5/6",
            "party 32 dec",
            "party feb 30",
            "party 24/13",
            "party 2026-02-30",
            "party 25:00",
            "party 13pm",
            "party 0am",
            "price 9.30",
            "bake at 350",
            "ratio 16:9",
            "call mum tomorrow!",
            "call mum!",
            "* call mum",
            "C# tomorrow's homework",
            "call mum tomorrow?",
            "do it in 3 hours",
            "may",
            "every time it rains",
            "the weekly",
            "weekly report",
            "meet Ana tomorrow at the office",
            "call \"buy milk tomorrow\"",
            "read “The day after tomorrow”",
            "#12 is fixed",
        ],
    );
    check_literal(
        Language::Spanish,
        &[
            "mañana",
            "correr por la mañana",
            "esperar hasta mañana",
            "antes del viernes",
            "abrir de lunes a viernes",
            "comprar mayo",
            "ir al mar",
            "el mar",
            "dormir 8 horas",
            "estudiar 15 horas",
            "precio 9.30",
            "medio 1/2",
            "los lunes al sol",
            "leer «para mañana»",
            "cada vez que llueve",
            "dar una clase",
            "viernes noche cine",
        ],
    );
}

#[test]
fn what_is_between_commas_counts_when_all_of_it_means_something() {
    check(
        Language::English,
        &[
            ("call mum, tomorrow 9am, about the car", "call mum, about the car | 2026-11-29 09:00"),
            ("call mum - tomorrow - about the car", "call mum - about the car | 2026-11-29"),
            ("call mum, tomorrow maybe, about the car", "call mum, tomorrow maybe, about the car"),
            ("call mum, tomorrow", "call mum | 2026-11-29"),
            ("call mum: tomorrow", "call mum | 2026-11-29"),
            ("milk, eggs, friday, bread", "milk, eggs, bread | 2026-12-04"),
            ("milk #home eggs", "milk eggs | @Home"),
            ("  call   mum   tomorrow  ", "call   mum | 2026-11-29"),
        ],
    );
}

#[test]
fn lists_are_those_that_there_are() {
    check(
        Language::English,
        &[
            ("milk #HOME", "milk | @Home"),
            ("desk #home office", "desk | @Home office"),
            ("desk #home-office", "desk | @Home office"),
            ("desk #home_office tomorrow", "desk | 2026-11-29 | @Home office"),
            ("milk #hom", "milk #hom | ?#hom"),
            ("milk #nowhere tomorrow", "milk #nowhere | 2026-11-29 | ?#nowhere"),
            // Which one?
            ("milk #home #casa", "milk #home #casa"),
            ("milk #home #home", "milk | @Home"),
            ("fix #12", "fix #12"),
            ("#home", "#home"),
            ("tomorrow #home !", "tomorrow | * | @Home"),
        ],
    );
    let reader = reader(Language::English);
    let of = |lists: &[&str]| {
        let setting = Setting { reader: &reader, date_order: DateOrder::Unknown, lists, not_meant: &[] };
        let understood = understand("milk #home", &setting);
        (understood.list, understood.unknown_lists)
    };
    // Where there are no lists, nothing is said of them; of two of one name, nobody knows which.
    assert_eq!(of(&[]), (None, vec![]));
    assert_eq!(of(&["home", "HOME"]).0, None);
}

#[test]
fn a_backslash_or_quotation_marks_take_words_as_they_are() {
    check(
        Language::English,
        &[
            (r"read \tomorrow", "read tomorrow"),
            (r"read \tomorrow 9am", "read tomorrow | 2026-11-29 09:00"),
            (r"tag \#home", "tag #home"),
            (r"tag \#anything", "tag #anything"),
            (r"shout \!", "shout !"),
            (r"wave \o/", r"wave \o/"),
            (r"open C:\temp \tmp", r"open C:\temp \tmp"),
            (r#"read "tomorrow" friday"#, r#"read "tomorrow" | 2026-12-04"#),
            (r#"buy a 5" screen tomorrow"#, r#"buy a 5" screen | 2026-11-29"#),
        ],
    );
}

#[test]
fn what_is_not_meant_stays_in_the_text_while_the_rest_counts() {
    let not = |kind, words: &str| NotMeant { kind, words: words.to_owned() };
    let text = "buy milk tomorrow 9am #home !";
    for (not_meant, expected) in [
        (vec![not(Kind::Day, "tomorrow")], "buy milk tomorrow | 2026-11-29 09:00 | * | @Home"),
        (vec![not(Kind::Time, "9am")], "buy milk 9am | 2026-11-29 | * | @Home"),
        (vec![not(Kind::Day, "Tomorrow"), not(Kind::Time, "9am")], "buy milk tomorrow 9am | * | @Home"),
        (vec![not(Kind::Star, "!"), not(Kind::List, "#home")], "buy milk #home ! | 2026-11-29 09:00"),
        // Other words were not meant.
        (vec![not(Kind::Day, "friday")], "buy milk | 2026-11-29 09:00 | * | @Home"),
    ] {
        assert_eq!(said_with(text, Language::English, &not_meant), expected, "{not_meant:?}");
    }
    let reader = reader(Language::English);
    let setting = Setting { reader: &reader, date_order: DateOrder::Unknown, lists: &LISTS, not_meant: &[] };
    let understood = understand(text, &setting);
    let words = understood.words_of(text, &[Kind::Day, Kind::Time]);
    assert_eq!(words, [not(Kind::Day, "tomorrow"), not(Kind::Time, "9am")]);
}

#[test]
fn the_language_counts_in_which_most_means_something() {
    let reader = reader(Language::English);
    let setting = Setting { reader: &reader, date_order: DateOrder::Unknown, lists: &LISTS, not_meant: &[] };
    let both = [Language::English, Language::Spanish];
    for (text, description) in [
        ("comprar leche mañana 9:00", "comprar leche"),
        ("buy milk tomorrow 9:00", "buy milk"),
        ("train 9:00", "train"),
        ("buy milk", "buy milk"),
        ("milk #nowhere", "milk #nowhere"),
    ] {
        assert_eq!(understand_any(text, &setting, &both).description, description);
    }
    assert_eq!(understand_any("milk #nowhere", &setting, &both).unknown_lists, ["#nowhere"]);
    assert_eq!(understand_any(" buy milk tomorrow ", &setting, &[]).description, "buy milk tomorrow");
}

#[test]
fn without_a_time_zone_there_are_no_times_and_the_order_of_a_date_is_that_of_its_country() {
    let reader = Reader { time_zone: None, ..reader(Language::English) };
    let of = |text, tag| {
        let setting = Setting { reader: &reader, date_order: DateOrder::of_tag(tag), lists: &[], not_meant: &[] };
        let understood = understand(text, &setting);
        (understood.description, understood.due.map(|due| due.date().to_string()))
    };
    assert_eq!(of("milk 9am", "en-GB"), ("milk 9am".to_owned(), None));
    assert_eq!(of("party 5/6", "en-GB").1.as_deref(), Some("2027-06-05"));
    assert_eq!(of("party 5/6", "en-US").1.as_deref(), Some("2027-05-06"));
    assert_eq!(of("party 5/6", "es").1.as_deref(), Some("2027-06-05"));
    assert_eq!(of("party 5/6", "en").1, None);
}

#[test]
fn a_text_that_is_too_long_means_what_it_says() {
    let long = format!("{} tomorrow", "x".repeat(MAX_BYTES));
    assert_eq!(said(&long, Language::English), long);
    // One that is too long for a to-do only with what is understood is not.
    let fits = "x".repeat(Description::MAX_CHARS);
    assert_eq!(said(&format!("{fits} tomorrow"), Language::English), format!("{fits} | 2026-11-29"));
}

#[test]
fn at_the_ends_of_the_calendar_nothing_breaks() {
    for (today, text) in
        [("9999-12-31", "x tomorrow"), ("9999-12-31", "x in 9 years"), ("9999-12-31", "x 9:00 every day")]
    {
        let reader = Reader { today: Day::parse(today).expect("a day"), ..reader(Language::English) };
        let setting = Setting { reader: &reader, date_order: DateOrder::Unknown, lists: &[], not_meant: &[] };
        let _ = understand(text, &setting);
    }
    let reader = Reader { today: Day::parse("0001-01-01").expect("a day"), ..reader(Language::English) };
    let setting = Setting { reader: &reader, date_order: DateOrder::Unknown, lists: &[], not_meant: &[] };
    let _ = understand("x every dec 24 2027", &setting);
}

#[test]
fn all_words_of_a_language_are_folded() {
    for words in [&english::WORDS, &spanish::WORDS] {
        let groups = [
            words.next_before,
            words.next_behind,
            words.this,
            words.before_day,
            words.before_day_of_month,
            words.of,
            words.within,
            words.before_time,
            words.behind_time,
            words.every,
            words.every_other,
            words.working_days,
            words.and,
            words.holds_what_follows,
            words.holds_what_was,
        ];
        let names = words.weekdays.iter().chain(&words.doubtful_weekdays).chain(&words.plural_weekdays);
        let all = groups.iter().chain(names).chain(&words.months).flat_map(|group| group.iter());
        let pairs = words.days.iter().map(|(word, _)| word).chain(words.numbers.iter().map(|(word, _)| word));
        let pairs =
            pairs.chain(words.units.iter().map(|(word, _)| word)).chain(words.times.iter().map(|(word, ..)| word));
        let pairs = pairs.chain(words.behind_hour.iter().map(|(word, _)| word));
        let pairs = pairs.chain(words.adverbs.iter().map(|(word, _)| word));
        let pairs = pairs.chain(words.halves.iter().chain(words.parts_of_day).map(|(word, _)| word));
        for phrase in all.chain(pairs) {
            for word in phrase.split(' ') {
                assert_eq!(fold(word), word, "{phrase}");
                assert!(!word.is_empty(), "{phrase}");
            }
        }
    }
}

/// What is typed by nobody, and by everybody.
const TYPED: &[&str] = &[
    "tomorrow",
    "mañana",
    "9am",
    "9:30",
    "17h",
    "!",
    "*",
    "#home",
    "#home office",
    "#casa",
    "every",
    "cada",
    "monday",
    "lunes",
    "dec",
    "24",
    "24/12",
    "2026-12-24",
    "2027",
    "on",
    "at",
    "a",
    "las",
    "9",
    "de",
    "la",
    "next",
    "in",
    "3",
    "days",
    "en",
    "días",
    "to",
    "and",
    "y",
    "buy",
    "leche",
    "sat",
    "may",
    ",",
    ", ",
    " - ",
    ":",
    ";",
    "—",
    "\"",
    "“",
    "”",
    "«",
    "»",
    "\\",
    ".",
    "\u{301}",
    "👩‍👧",
    "\u{202e}",
    "\u{200b}",
    "\u{a0}",
    "\n",
    "İ",
    "ß",
    "٣",
    "\0",
    "#",
    "h",
];

fn typed() -> String {
    let mut text = String::new();
    for _ in 0..fastrand::usize(..10) {
        if fastrand::u8(..8) == 0 {
            text.push(fastrand::char(..));
        } else {
            text.push_str(TYPED[fastrand::usize(..TYPED.len())]);
        }
        if fastrand::u8(..4) > 0 {
            text.push(' ');
        }
    }
    text
}

#[test]
fn whatever_is_typed_is_taken_apart_without_a_loss() {
    fastrand::seed(9);
    for _ in 0..4_000 {
        let text = typed();
        for language in [Language::English, Language::Spanish] {
            let reader = reader(language);
            let setting = Setting { reader: &reader, date_order: DateOrder::DayFirst, lists: &LISTS, not_meant: &[] };
            let understood = understand(&text, &setting);
            let mut left = String::new();
            let mut at = 0;
            for part in &understood.parts {
                assert!(part.range.start >= at && part.range.start < part.range.end, "{text:?}: {understood:?}");
                // Slicing panics where a range does not begin and end with a character.
                left.push_str(&text[at..part.range.start]);
                assert!(!text[part.range.clone()].trim().is_empty(), "{text:?}: {understood:?}");
                at = part.range.end;
            }
            left.push_str(&text[at..]);
            // Blanks, what separates, and the backslashes of what is to be taken as it is, are all that may be lost beside.
            let is_lost = |c: &char| c.is_whitespace() || ",;:-–—|·\\".contains(*c);
            let kept = |text: &str| -> String { text.chars().filter(|c| !is_lost(c)).collect() };
            assert_eq!(kept(&understood.description), kept(&left), "{text:?}: {understood:?}");
            if Description::parse(&text).is_ok() {
                assert!(Description::parse(&understood.description).is_ok(), "{text:?}: {understood:?}");
            }
            if understood.parts.is_empty() && !text.contains('\\') {
                assert_eq!(understood.description, text.trim(), "{text:?}");
            }
        }
    }
}
