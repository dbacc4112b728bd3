//! What the server knows of a page's head before the page is made.

/// Written by the web server, which knows the names of the browser's files.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Elements, as HTML.
    pub elements: String,
    /// The text of the script that starts the program, where the page has one.
    pub start: Option<String>,
}
