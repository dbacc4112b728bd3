//! The head of the app's pages. All of it but title and nonce is the same for all pages of a language, those with the program
//! and those without: it is written once, when the web server starts.

use std::sync::Arc;

use maud::html;

use super::browser_files::Addresses;
use super::texts::Texts;
use crate::app::head::Head;
use crate::app::{address, texts};
use crate::language::Language;

/// The heads of all pages. Cheap to clone.
#[derive(Clone)]
pub(super) struct Heads(Arc<[(Language, Program, Head)]>);

/// Whether a page has what runs in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// It is taken over by the program.
    Runs,
    /// It stays what the server made: links and plain forms.
    None,
}

impl Heads {
    /// Those of pages that name these files.
    pub(super) fn new(files: &Addresses) -> Self {
        let kinds =
            Language::ALL.into_iter().flat_map(|language| [(language, Program::Runs), (language, Program::None)]);
        Self(kinds.map(|(language, program)| (language, program, head(language, program, files))).collect())
    }

    /// The head of a page in this language.
    pub(super) fn of(&self, language: Language, program: Program) -> Head {
        let found = self.0.iter().find(|(of, with, _)| (*of, *with) == (language, program));
        found.map(|(.., head)| head.clone()).unwrap_or_default()
    }
}

fn head(language: Language, program: Program, files: &Addresses) -> Head {
    let t = Texts::of(language);
    let runs = program == Program::Runs;
    let elements = html! {
        meta charset="utf-8";
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        // A phone that makes links of numbers changes what scripts are about to take over.
        meta name="format-detection" content="telephone=no, date=no, address=no, email=no";
        meta name="theme-color" media="(prefers-color-scheme: light)" content="#faf8f5";
        meta name="theme-color" media="(prefers-color-scheme: dark)" content="#16151a";
        meta name="description" content=(t.page_description());
        // Before all else that is fetched: nothing is shown without it.
        link rel="stylesheet" href=(files.stylesheet);
        @if runs {
            link rel="modulepreload" href=(files.script);
            // In the mode in which the script fetches it, or it would be fetched twice.
            link rel="preload" as="fetch" type="application/wasm" crossorigin="anonymous" href=(files.program);
            // Before the program, which waits for its turn as this one does.
            script defer src=(texts::address(language)) {}
        }
        link rel="icon" href="/favicon.svg" type="image/svg+xml";
        link rel="icon" href="/favicon.ico" sizes="32x32";
        link rel="apple-touch-icon" href="/apple-touch-icon.png";
        link rel="manifest" href=(address::manifest(language));
    };
    Head { elements: elements.into_string(), start: runs.then(|| start(files)) }
}

/// The script that starts the program: a module, which waits until the page is there.
fn start(files: &Addresses) -> String {
    format!(
        "import load,{{hydrate}} from{:?};load({{module_or_path:{:?}}}).then(()=>hydrate())",
        files.script, files.program
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_names_the_style_sheet_before_all_else_that_is_fetched() {
        let files = Addresses::of("js: a1\nwasm: b2\ncss: c3\n");
        let heads = Heads::new(&files);
        let of = |language| heads.of(language, Program::Runs);
        let (english, spanish) = (of(Language::English), of(Language::Spanish));
        let place = |text: &str| english.elements.find(text).unwrap_or_else(|| panic!("{text}: {}", english.elements));
        let first = place("<link");
        assert_eq!(place("<link rel=\"stylesheet\" href=\"/pkg/errand.c3.css\">"), first);
        assert!(first < place("src=") && place("/pkg/errand.a1.js") < place("/pkg/errand.b2.wasm"));
        assert!(place("/texts/en.") < place("/favicon.svg"));
        assert!(spanish.elements.contains("/texts/es.") && spanish.elements.contains("/manifest.es.webmanifest"));
        assert_eq!(
            english.start.as_deref(),
            Some(
                "import load,{hydrate} from\"/pkg/errand.a1.js\";\
                 load({module_or_path:\"/pkg/errand.b2.wasm\"}).then(()=>hydrate())"
            )
        );
    }

    #[test]
    fn without_the_program_the_head_names_none_of_its_files() {
        let heads = Heads::new(&Addresses::of("js: a1\nwasm: b2\ncss: c3\n"));
        let head = heads.of(Language::Spanish, Program::None);
        assert_eq!(head.start, None);
        assert!(head.elements.contains("/pkg/errand.c3.css") && head.elements.contains("/manifest.es.webmanifest"));
        for part in ["<script", "preload", "/texts/", ".js", ".wasm"] {
            assert!(!head.elements.contains(part), "{part}: {}", head.elements);
        }
    }
}
