//! Users. A stand-in until the user flows' own file arrives.

use super::Tenant;

/// A customer.
#[derive(Clone, Debug)]
pub struct User {
    /// The object id.
    pub id: String,
    /// E-mail address, in lower case.
    pub email: String,
    /// Display name.
    pub display_name: String,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

impl User {
    /// The user with this object id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(tenant: &Tenant, id: &str) -> Result<Option<Self>, sqlx::Error> {
        let row: Option<(String, String, String, Option<String>)> =
            sqlx::query_as("SELECT id, email, display_name, country FROM users WHERE id = $1")
                .bind(id)
                .fetch_optional(&tenant.db)
                .await?;
        Ok(row.map(|(id, email, display_name, country)| Self { id, email, display_name, country }))
    }
}
