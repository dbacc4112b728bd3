//! Who is looking at the page, for all of its parts.

use leptos::prelude::*;

use crate::app::error::AppError;
use crate::app::model::viewer::Viewer;
use crate::app::page_data::PageData;

/// Who is looking. The header reads it; a page that wants to know too derives a resource of its own from it, because
/// a resource that two `Suspense`s read never finishes on the server (leptos #4851).
#[derive(Clone, Copy)]
pub struct ViewerResource(pub PageData<Result<Viewer, AppError>>);

/// What the customer wants to be called since the page was loaded. Provided by the frame.
#[derive(Clone, Copy)]
pub struct CalledBy(pub RwSignal<Option<String>>);
