//! What a page is loaded with: fetched on the server, sent with the page as JSON, and fetched by the browser where it goes to
//! the page on its own.

use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a page is loaded with.
pub type PageData<T> = Resource<T, Json>;

/// What `fetch` answers, before anything of the page is sent.
pub fn page_data<T, F>(fetch: impl Fn() -> F + Send + Sync + 'static) -> PageData<T>
where
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(|| (), move |()| fetch(), true)
}

/// JSON as bytes, which is how the answers of server functions are read: read as text here, all that is in both would be in the
/// program twice.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl<T: Serialize> Encoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> serde_json::Result<String> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> serde_json::Result<T> {
        serde_json::from_slice(text.as_bytes())
    }
}
