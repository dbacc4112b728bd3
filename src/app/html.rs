//! Text as HTML, where it is written without a view.

/// Writes an attribute.
pub fn push_attribute(html: &mut String, name: &str, value: &str) {
    for part in [" ", name, "=\""] {
        html.push_str(part);
    }
    push_escaped(html, value);
    html.push('"');
}

/// Writes a text, or the value of an attribute between double quotes (HTML §13.3, "escaping a string").
pub fn push_escaped(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some(place) = rest.find(['&', '<', '>', '"']) {
        html.push_str(&rest[..place]);
        html.push_str(match rest.as_bytes()[place] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[place + 1..];
    }
    html.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_text_stays_text() {
        let mut html = String::new();
        push_attribute(&mut html, "title", r#"a "b" & <c> 'd' é"#);
        push_escaped(&mut html, "<script>&amp;</script>");
        let expected = r#" title="a &quot;b&quot; &amp; &lt;c&gt; 'd' é"&lt;script&gt;&amp;amp;&lt;/script&gt;"#;
        assert_eq!(html, expected);
    }
}
