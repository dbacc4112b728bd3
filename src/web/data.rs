//! The deletion of all of the customer's to-dos.

use reqwest::Method;

use super::downstream;
use super::request::Request;
use crate::app::error::AppError;
use crate::app::model::done::Done;
use crate::app::model::reason::Reason;
use crate::app::texts::Texts;
use crate::identity::downstream::Call;
use crate::language::Language;

/// What is typed by whoever means it, in any of the languages.
fn is_meant(confirmation: &str) -> bool {
    let typed = confirmation.trim().to_lowercase();
    Language::ALL.into_iter().any(|language| typed == Texts::of(language).data_delete_word())
}

/// Deletes all of the customer's to-dos, where they typed that they mean it.
pub(crate) async fn delete_everything(confirmation: &str) -> Result<Done, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    if !is_meant(confirmation) {
        return Err(AppError::Invalid(Reason::Confirmation));
    }
    let query = [("everything", "true")];
    let (method, headers) = (Some(Method::DELETE), [downstream::in_language_of(&request)]);
    let call = Call { method, query: &query, headers: &headers, scopes: "write", ..Call::default() };
    let web = &request.web;
    let deleted = web.todolist().call_for_user(web.identity().tokens(), &signed_in.key, &call).await;
    deleted.map_err(|error| downstream::failed("the ToDoList API", &request, &signed_in, &error))?;
    Ok(Done::EverythingDeleted)
}
