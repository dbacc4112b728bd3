//! Ids that are made of something, and not at random: of the same, they are the same.

use uuid::Uuid;

use crate::platform::hash;

/// An id for what these parts name (RFC 9562 §5.8).
pub(super) fn derived_id(parts: &[&str]) -> Uuid {
    // As JSON, no two lists of parts are the same text.
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        hash::sha256(&serde_json::json!(parts).to_string());
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_same_parts_it_is_the_same_and_of_others_another() {
        let id = derived_id(&["a", "b"]);
        assert_eq!((derived_id(&["a", "b"]), id.get_version_num()), (id, 8));
        for other in [&["a"][..], &["b", "a"], &["ab", ""], &["a\",\"b"]] {
            assert_ne!(derived_id(other), id, "{other:?}");
        }
    }
}
