//! Who is looking at the page.

use serde::{Deserialize, Serialize};

use crate::app::texts::Texts;

/// Who is looking at the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Viewer {
    /// Somebody who is signed in.
    Customer(Customer),
    /// Somebody who is not.
    Visitor {
        /// Whether they can sign up: else nothing offers it.
        can_sign_up: bool,
    },
}

/// A customer, as far as the page needs to know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// What to call them: the ID token's `name`, else `preferred_username`; empty where they have no name.
    pub name: String,
    /// Tells them from other customers who use the same browser; opens nothing.
    pub tag: String,
}

impl Customer {
    /// What to call them.
    pub fn called(&self, t: Texts) -> String {
        if self.name.is_empty() { t.you().to_owned() } else { self.name.clone() }
    }
}

impl Viewer {
    /// Whoever looks when that could not be told: a visitor, who is promised nothing.
    pub const UNKNOWN: Self = Self::Visitor { can_sign_up: false };

    /// The customer, if it is one.
    pub fn customer(self) -> Option<Customer> {
        match self {
            Self::Customer(customer) => Some(customer),
            Self::Visitor { .. } => None,
        }
    }
}
