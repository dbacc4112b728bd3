//! The browser's database (W3C Indexed Database API 3.0), as far as the outbox needs it: one store of texts by name.
//! Browsers refuse it where the customer blocks storage, and in some private windows.

use idb::{Database, DatabaseEvent as _, Error, Factory, ObjectStoreParams, TransactionMode};
use wasm_bindgen::JsValue;

const DATABASE: &str = "errand";
const STORE: &str = "outbox";
const VERSION: u32 = 1;

/// All texts, in no order.
pub(super) async fn read_all() -> Result<Vec<String>, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadOnly)?;
    let texts = transaction.object_store(STORE)?.get_all(None, None)?.await?;
    // An open one would keep a newer version of the page waiting.
    database.close();
    Ok(texts.iter().filter_map(JsValue::as_string).collect())
}

/// Puts some texts and removes others, all of it or nothing. Answers whether that is done.
pub(super) async fn write(put: &[(String, String)], remove: &[String]) -> Result<bool, Error> {
    let database = open().await?;
    let transaction = database.transaction(&[STORE], TransactionMode::ReadWrite)?;
    let store = transaction.object_store(STORE)?;
    for (name, text) in put {
        store.put(&text.into(), Some(&name.into()))?;
    }
    for name in remove {
        store.delete(JsValue::from(name))?;
    }
    let result = transaction.commit()?.await?;
    database.close();
    Ok(result.is_committed())
}

async fn open() -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(VERSION))?;
    request.on_upgrade_needed(|event| {
        if let Ok(database) = event.database() {
            // Refused only where it is there already.
            let _ = database.create_object_store(STORE, ObjectStoreParams::new());
        }
    });
    request.await
}
