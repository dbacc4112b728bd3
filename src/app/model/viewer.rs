//! Who is looking at the page.

use serde::{Deserialize, Serialize};

/// Who is looking at the page, as far as the page needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// What to call them: the ID token's `name`, else `preferred_username`, else "You".
    pub name: String,
    /// Tells them from other customers who use the same browser; opens nothing.
    pub tag: String,
}
