//! Makes Rust of the texts: of each room's `texts/*.ftl` (Fluent), a method for each message and a table for each language.
//! What a language lacks, or says with other placeables than English, stops the build.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(any(feature = "_pages", feature = "_server"))]
    {
        #[cfg(feature = "_pages")]
        texts::make("app", texts::Speakers::ServerAndBrowser);
        #[cfg(feature = "_server")]
        texts::make("platform", texts::Speakers::Server);
        #[cfg(feature = "tenant")]
        texts::make("tenant", texts::Speakers::Server);
        #[cfg(feature = "ssr")]
        for room in ["api", "daemon", "web"] {
            texts::make(room, texts::Speakers::Server);
        }
    }
}

#[cfg(any(feature = "_pages", feature = "_server"))]
mod texts {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write as _;
    use std::path::{Path, PathBuf};

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};

    /// The language that the others are compared with.
    const FIRST: &str = "en";
    /// The categories of plurals (Unicode CLDR).
    const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

    /// A message as it is in one language.
    struct Message {
        /// As `crate::language::pattern` reads it.
        pattern: String,
        /// The number that chooses between variants.
        count: Option<String>,
        /// What is put into it, in order.
        arguments: Vec<String>,
    }

    type Messages = BTreeMap<String, Message>;

    /// Who says the texts of a room.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(super) enum Speakers {
        /// Servers, which have those of all languages.
        #[allow(dead_code, reason = "the build for the browser has no such room")]
        Server,
        /// Servers and browsers, which have those of one language.
        #[allow(dead_code, reason = "a build without pages has no such room")]
        ServerAndBrowser,
    }

    /// Makes `{room}_texts.rs` of `src/{room}/texts/*.ftl`.
    pub(super) fn make(room: &str, speakers: Speakers) {
        let folder = format!("src/{room}/texts");
        println!("cargo::rerun-if-changed={folder}");
        let mut languages: BTreeMap<String, String> = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}")) {
            let path = entry.expect("an entry of a folder").path();
            if path.extension().is_some_and(|extension| extension == "ftl") {
                let tag = path.file_stem().and_then(|stem| stem.to_str()).expect("a language tag").to_owned();
                languages.insert(tag, read(&path));
            }
        }
        let first = languages.remove(FIRST).unwrap_or_else(|| panic!("{folder} has no {FIRST}.ftl"));
        let first = parse(&format!("{folder}/{FIRST}.ftl"), &first, None);
        let others: BTreeMap<String, Messages> = languages
            .iter()
            .map(|(tag, source)| (tag.clone(), parse(&format!("{folder}/{tag}.ftl"), source, Some(&first))))
            .collect();
        let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names the folder"));
        std::fs::write(out.join(format!("{room}_texts.rs")), code(&first, &others, speakers))
            .expect("the folder takes files");
    }

    fn read(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Reads a file; where there is a `first` one, it must have the same messages with the same placeables.
    fn parse(file: &str, source: &str, first: Option<&Messages>) -> Messages {
        let resource = fluent_syntax::parser::parse(source)
            .unwrap_or_else(|(_, errors)| panic!("{file} cannot be read: {errors:?}"));
        let mut messages = Messages::new();
        for entry in resource.body {
            let message = match entry {
                Entry::Message(message) => message,
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
                Entry::Term(_) | Entry::Junk { .. } => panic!("{file} has something else than messages"),
            };
            let id = message.id.name.to_owned();
            let value = message.value.unwrap_or_else(|| panic!("{file}: {id} says nothing"));
            assert!(message.attributes.is_empty(), "{file}: {id} has attributes");
            let known =
                first.map(|first| first.get(&id).unwrap_or_else(|| panic!("{file}: there is no {id} in {FIRST}.ftl")));
            let read = read_message(&format!("{file}: {id}"), &value, known);
            assert!(messages.insert(id.clone(), read).is_none(), "{file}: {id} is there twice");
        }
        if let Some(first) = first {
            let missing: Vec<&String> = first.keys().filter(|id| !messages.contains_key(*id)).collect();
            assert!(missing.is_empty(), "{file} lacks {missing:?}");
        }
        messages
    }

    fn read_message(place: &str, value: &Pattern<&str>, known: Option<&Message>) -> Message {
        let mut arguments = known.map(|known| known.arguments.clone()).unwrap_or_default();
        let mut pattern = String::new();
        let count = if let [PatternElement::Placeable { expression: Expression::Select { selector, variants } }] =
            value.elements.as_slice()
        {
            let InlineExpression::VariableReference { id } = selector else {
                panic!("{place} is chosen by something else than a number that is given")
            };
            if known.is_none() {
                arguments.push(id.name.to_owned());
            }
            for variant in variants {
                let key = match &variant.key {
                    VariantKey::Identifier { name } => {
                        assert!(CATEGORIES.contains(name), "{place}: [{name}] is no category");
                        name
                    }
                    VariantKey::NumberLiteral { value } => value,
                };
                assert_eq!(variant.default, *key == "other", "{place}: *[other] is what else there is");
                let _ = write!(pattern, "{{={key}}}");
                flat(place, &variant.value, known.is_none(), &mut arguments, &mut pattern);
            }
            Some(id.name.to_owned())
        } else {
            flat(place, value, known.is_none(), &mut arguments, &mut pattern);
            None
        };
        if let Some(known) = known {
            assert_eq!(count, known.count, "{place} is chosen by another number than in {FIRST}.ftl");
            let used = |pattern: &str| -> BTreeSet<usize> {
                (0..arguments.len()).filter(|place| pattern.contains(&format!("{{{place}}}"))).collect()
            };
            assert_eq!(used(&pattern), used(&known.pattern), "{place} has other placeables than in {FIRST}.ftl");
        }
        assert!(arguments.len() <= 10, "{place} has too many placeables");
        Message { pattern, count, arguments }
    }

    /// Writes a text, with the places of what is put into it.
    fn flat(place: &str, value: &Pattern<&str>, may_add: bool, arguments: &mut Vec<String>, pattern: &mut String) {
        for element in &value.elements {
            match element {
                PatternElement::TextElement { value } => {
                    assert!(!value.contains(['{', '}', '\n']), "{place}: braces, or more than one line");
                    pattern.push_str(value);
                }
                PatternElement::Placeable {
                    expression: Expression::Inline(InlineExpression::VariableReference { id }),
                } => {
                    let known = arguments.iter().position(|argument| argument == id.name);
                    let at = known.unwrap_or_else(|| {
                        assert!(may_add, "{place}: there is no ${} in {FIRST}.ftl", id.name);
                        arguments.push(id.name.to_owned());
                        arguments.len() - 1
                    });
                    let _ = write!(pattern, "{{{at}}}");
                }
                PatternElement::Placeable { .. } => panic!("{place} has something else than what is put into it"),
            }
        }
    }

    /// The methods and the tables.
    fn code(first: &Messages, others: &BTreeMap<String, Messages>, speakers: Speakers) -> String {
        let mut code = String::from("impl Texts {\n");
        for (place, (id, message)) in first.iter().enumerate() {
            let name = id.replace('-', "_");
            let _ = writeln!(code, "    // {}", message.pattern);
            let more: String = message
                .arguments
                .iter()
                .filter(|argument| Some(*argument) != message.count.as_ref())
                .fold(String::new(), |all, argument| all + &format!(", {argument}: &dyn std::fmt::Display"));
            let listed = |borrow: &str| -> Vec<String> {
                let is_count = |argument: &String| Some(argument) == message.count.as_ref();
                message.arguments.iter().map(|a| if is_count(a) { format!("{borrow}{a}") } else { a.clone() }).collect()
            };
            let _ = match &message.count {
                Some(count) => writeln!(
                    code,
                    "    pub(crate) fn {name}(self, {count}: impl Into<Count>{more}) -> String {{\n        let {count} = \
                     {count}.into();\n        self.counted({place}, {count}, &[{}])\n    }}",
                    listed("&").join(", ")
                ),
                None if name.ends_with("_parts") => {
                    writeln!(code, "    pub(crate) fn {name}(self) -> Vec<Piece> {{ self.pieces({place}) }}")
                }
                None if message.arguments.is_empty() => {
                    writeln!(code, "    pub(crate) fn {name}(self) -> &'static str {{ self.at({place}) }}")
                }
                None => writeln!(
                    code,
                    "    pub(crate) fn {name}(self{more}) -> String {{ self.filled({place}, &[{}]) }}",
                    listed("&").join(", ")
                ),
            };
        }
        code.push_str("}\n");
        let count = first.len();
        let on_servers = match speakers {
            Speakers::Server => "",
            Speakers::ServerAndBrowser => {
                let _ = writeln!(code, "#[cfg(feature = \"hydrate\")]\nconst COUNT: usize = {count};");
                "#[cfg(feature = \"ssr\")]\n"
            }
        };
        let table = |tag: &str, messages: &Messages| {
            let mut table = format!("{on_servers}static {}: [&str; {count}] = [\n", tag.to_uppercase());
            for message in messages.values() {
                let _ = writeln!(table, "    {:?},", message.pattern);
            }
            table + "];\n"
        };
        code.push_str(&table(FIRST, first));
        let mut arms = String::new();
        for (tag, messages) in others {
            code.push_str(&table(tag, messages));
            let _ = write!(arms, "{tag:?} => &{}, ", tag.to_uppercase());
        }
        let _ = write!(
            code,
            "{on_servers}fn table(language: Language) -> &'static [&'static str; {count}] {{\n    match \
             language.tag() {{ {arms}_ => &{} }}\n}}\n",
            FIRST.to_uppercase()
        );
        code
    }
}
