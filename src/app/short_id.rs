//! Ids as they stand in the page: 22 characters of base64url (RFC 4648 §5) for the 36 of a UUID. A row has several copies.

use uuid::Uuid;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// How many characters hold the 128 bits of an id.
const LENGTH: usize = 22;
/// What the `id` of the element of a row begins with.
const ROW: &str = "todo-";

/// Writes `id` behind `text`.
pub fn push(text: &mut String, id: Uuid) {
    let mut bits = id.as_u128();
    let mut characters = [0; LENGTH];
    // The last character holds the two bits that are left, above four that are 0.
    characters[LENGTH - 1] = ALPHABET[((bits & 0b11) << 4) as usize];
    bits >>= 2;
    for character in characters[..LENGTH - 1].iter_mut().rev() {
        *character = ALPHABET[(bits & 0b11_1111) as usize];
        bits >>= 6;
    }
    text.extend(characters.map(char::from));
}

/// `id`, as it stands in the page.
pub fn of(id: Uuid) -> String {
    let mut text = String::with_capacity(LENGTH);
    push(&mut text, id);
    text
}

/// The id that is written so, or as a UUID: there is one way to write each.
pub fn parse(text: &str) -> Option<Uuid> {
    if text.len() != LENGTH {
        return text.parse().ok();
    }
    let mut bits = 0_u128;
    for (place, byte) in text.bytes().enumerate() {
        let value = ALPHABET.iter().position(|known| *known == byte)? as u128;
        if place == LENGTH - 1 {
            return value.is_multiple_of(16).then(|| Uuid::from_u128(bits << 2 | value >> 4));
        }
        bits = bits << 6 | value;
    }
    None
}

/// The `id` of the element that is the row of this to-do.
pub fn of_row(id: Uuid) -> String {
    let mut text = ROW.to_owned();
    push(&mut text, id);
    text
}

/// The to-do whose row is the element with this `id`.
pub fn row(element: &str) -> Option<Uuid> {
    parse(element.strip_prefix(ROW)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_base64url_writes_its_bytes() {
        for (id, expected) in [
            (Uuid::nil(), "AAAAAAAAAAAAAAAAAAAAAA"),
            (Uuid::max(), "_____________________w"),
            (Uuid::from_u128(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210), "ASNFZ4mrze_-3LqYdlQyEA"),
        ] {
            assert_eq!(of(id), expected);
            assert_eq!(parse(expected), Some(id));
            assert_eq!(parse(&id.to_string()), Some(id), "as it stood in earlier pages");
        }
        for _ in 0..1000 {
            let id = Uuid::new_v4();
            assert_eq!(parse(&of(id)), Some(id));
            assert_eq!(row(&of_row(id)), Some(id));
        }
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in [
            "",
            "x",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "AAAAAAAAAAAAAAAAAAAAA=",
            "AAAAAAAAAAAAAAAAAAAA",
            "éAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
