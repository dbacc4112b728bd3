//! Cursors: where a page of a list begins, as a text that clients hand back and need not understand.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use uuid::Uuid;

use super::store::{Key, Order, Place, Value};

/// The cursor of a place in a list of that order.
pub(super) fn write(order: Order, (value, id): &Place) -> String {
    let order = order.to_string();
    let value = match value {
        Value::Number(number) => json!(number),
        Value::Text(text) => json!(text),
    };
    URL_SAFE_NO_PAD.encode(json!([order, value, id]).to_string())
}

/// The place that a cursor names in a list of that order. `None` where it is not one that was made for such a list.
pub(super) fn read(order: Order, cursor: &str) -> Option<Place> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (of, value, id): (String, serde_json::Value, Uuid) = serde_json::from_slice(&bytes).ok()?;
    if of != order.to_string() {
        return None;
    }
    let value = match order.key {
        // A text that PostgreSQL does not take is none that it gave.
        Key::Description => Value::Text(value.as_str().filter(|text| !text.contains('\0'))?.to_owned()),
        _ => Value::Number(value.as_i64()?),
    };
    Some((value, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_the_order_that_it_was_made_for() {
        let order = |key, descending| Order { key, descending };
        let id = Uuid::from_u128(7);
        for (order, value) in [
            (order(Key::Position, false), Value::Number(i64::MIN)),
            (order(Key::Due, true), Value::Number(202_612_010_900)),
            (order(Key::Description, false), Value::Text("\"é\\".to_owned())),
        ] {
            let place = (value, id);
            let cursor = write(order, &place);
            assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{cursor}");
            assert_eq!(read(order, &cursor), Some(place.clone()));
            assert_eq!(read(Order { descending: !order.descending, ..order }, &cursor), None);
            assert_eq!(read(Order { key: Key::Updated, ..order }, &cursor), None);
            assert_eq!(read(order, &cursor[1..]), None);
        }
        let by_text = order(Key::Description, false);
        for forged in [
            json!([]),
            json!(["position", 1]),
            json!(["position", "1", id]),
            json!(["position", 1.5, id]),
            json!(["position", 9_223_372_036_854_775_808_u64, id]),
            json!(["position", 1, "x"]),
            json!(["position", 1, id, 2]),
            json!(["description", 1, id]),
            json!(["description", "a\0", id]),
            json!({"order": "position"}),
        ] {
            let cursor = URL_SAFE_NO_PAD.encode(forged.to_string());
            assert_eq!((read(Order::default(), &cursor), read(by_text, &cursor)), (None, None), "{forged}");
        }
        for nonsense in ["", "x", "%", "W10", "é"] {
            assert_eq!(read(Order::default(), nonsense), None, "{nonsense}");
        }
    }
}
