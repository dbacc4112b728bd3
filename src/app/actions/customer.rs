//! Who is signed in, and what was left for them.

use leptos::prelude::*;

use crate::app::day_words::Reader;
use crate::app::error::AppError;
use crate::app::model::flash::Flash;
use crate::app::model::viewer::Viewer;

/// Who is looking.
#[server(prefix = "/actions", endpoint = "viewer")]
pub async fn current_viewer() -> Result<Viewer, AppError> {
    crate::web::customer::viewer().await
}

/// What the last plain form left behind; reading it removes it.
#[server(prefix = "/actions", endpoint = "notice")]
pub async fn take_flash() -> Result<Flash, AppError> {
    crate::web::customer::take_flash().await
}

/// Who reads the page, as far as the server can tell; the browser knows it itself.
pub fn current_reader() -> Reader {
    #[cfg(feature = "ssr")]
    return crate::web::reader::current();
    #[cfg(not(feature = "ssr"))]
    crate::app::browser::here().unwrap_or_default()
}
