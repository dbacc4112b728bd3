//! Texts of others in the log.

/// A provider's text, cut to what an error code may contain (RFC 6749 §5.2), so that it cannot forge log lines.
pub(super) fn loggable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(80).collect()
}

/// The same for several words, of which the first thirty are kept.
pub(super) fn loggable_words(text: &str) -> String {
    text.split_ascii_whitespace().take(30).map(loggable).collect::<Vec<_>>().join(" ")
}
