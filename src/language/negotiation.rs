//! Which language a browser asks for: `Accept-Language` (RFC 9110 §12.5.4).

use super::Language;

/// A range, and how much it is wanted, in thousandths.
struct Wanted<'h> {
    range: &'h str,
    quality: u16,
}

/// The language that the lines of the header ask for most; none where they name none of ours, or refuse all. What cannot be
/// read of a line counts for nothing, and changes nothing of the rest.
pub fn accepted<'h>(lines: impl IntoIterator<Item = &'h [u8]>) -> Option<Language> {
    let wanted: Vec<Wanted<'_>> =
        lines.into_iter().flat_map(|line| line.split(|b| *b == b',')).filter_map(wanted).collect();
    // A range of a language, of whatever region, is one of that language (RFC 4647 §3.4); "*" is what is not named.
    let quality = |language: Language| {
        let (mut named, mut any) = (None, None);
        for (place, Wanted { range, quality }) in wanted.iter().enumerate() {
            let best = if *range == "*" {
                &mut any
            } else if Language::of_tag(range) == Some(language) {
                &mut named
            } else {
                continue;
            };
            if best.is_none_or(|(known, _)| *quality > known) {
                *best = Some((*quality, place));
            }
        }
        named.or(any).filter(|(quality, _)| *quality > 0)
    };
    let all = Language::ALL.into_iter().filter_map(|language| quality(language).map(|found| (language, found)));
    // Of those that are wanted as much, the one that is named first; of those that "*" stands for, ours.
    all.reduce(|best, next| {
        let ((_, (most, place)), (_, (quality, at))) = (best, next);
        if quality > most || (quality == most && at < place) { next } else { best }
    })
    .map(|(language, _)| language)
}

fn wanted(range: &[u8]) -> Option<Wanted<'_>> {
    let text = std::str::from_utf8(range).ok()?;
    let mut parts = text.split(';').map(|part| part.trim_matches([' ', '\t']));
    let range = parts.next().filter(|range| !range.is_empty())?;
    let quality = match (parts.next(), parts.next()) {
        (None, _) => 1000,
        (Some(weight), None) => {
            let value = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?;
            self::quality(value)?
        }
        _ => return None,
    };
    Some(Wanted { range, quality })
}

/// RFC 9110 §12.4.2: from 0 to 1, with at most three digits.
fn quality(value: &str) -> Option<u16> {
    let (whole, digits) = value.split_once('.').unwrap_or((value, ""));
    if digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{digits:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_wanted_most_is_spoken() {
        const EN: Option<Language> = Some(Language::English);
        const ES: Option<Language> = Some(Language::Spanish);
        for (lines, expected) in [
            (&["es"][..], ES),
            (&["en"], EN),
            (&["es-MX,es;q=0.9,en;q=0.8"], ES),
            (&["en-GB,en;q=0.9,es;q=0.8"], EN),
            (&["de-DE,de;q=0.9,es;q=0.5,en;q=0.4"], ES),
            (&["de, fr;q=0.8"], None),
            (&["en;q=0.5, es;q=0.7"], ES),
            (&["es;q=0.7, en;q=0.7"], ES),
            (&["en;q=0.7, es;q=0.7"], EN),
            (&["en;q=0.700 , es;q=0.701"], ES),
            (&["EN;Q=0.1\t,\tES ; q=0.2"], ES),
            (&["de", "es"], ES),
            // Any: ours. Any but that one: another one.
            (&["*"], EN),
            (&["de, *;q=0.1"], EN),
            (&["en;q=0, *"], ES),
            (&["es;q=0.3, *;q=0.5"], EN),
            (&["*;q=0"], None),
            (&["en;q=0, es;q=0"], None),
            (&["en;q=0.0, es;q=0.001"], ES),
            // A region may be refused, and the language not.
            (&["es-ES;q=0, es"], ES),
            // What is none counts for nothing.
            (&["es;q=2, en;q=0.1"], EN),
            (&["es;q=0.5000, en;q=0.1"], EN),
            (&["es;q=-1, es;q=, es;q, es;x=1, es;q=0.9;q=1, en;q=0.1"], EN),
            (&["es;q=1.001, en;q=0.1"], EN),
            (&["es;q=0.+5, en;q=0.1"], EN),
            (&["españa, estonian, , ;q=1, en;q=0.1"], EN),
            (&[""], None),
            (&[";;;,,,===***"], None),
            (&[], None),
        ] {
            assert_eq!(accepted(lines.iter().map(|line| line.as_bytes())), expected, "{lines:?}");
        }
        assert_eq!(accepted([b"\xff\xfe, es;q=0.5".as_slice()]), ES);
    }
}
