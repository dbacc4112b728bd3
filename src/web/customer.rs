//! Who is signed in, and what was left for them: the server's side of `app::actions::customer`.

use super::request::{Request, is_to_be_kept, tag};
use super::{farewell, flash};
use crate::app::error::AppError;
use crate::app::model::flash::Flash;
use crate::app::model::viewer::{Customer, Viewer};

/// Who is looking.
pub(crate) async fn viewer() -> Result<Viewer, AppError> {
    let request = Request::current()?;
    match request.signed_in().await? {
        Some(signed_in) => {
            flash::remember_author(&request, &signed_in);
            Ok(Viewer::Customer(Customer {
                name: request.known_name(&signed_in).await.unwrap_or_default(),
                tag: tag(&signed_in.key),
            }))
        }
        None => Ok(Viewer::Visitor { can_sign_up: request.web.identity().offers_sign_up() }),
    }
}

/// What the last plain form left behind, or a sign-out; reading it removes it.
pub(crate) async fn take_flash() -> Result<Flash, AppError> {
    let request = Request::current()?;
    let nobody_looks = is_to_be_kept(&request.parts.headers);
    match request.signed_in().await? {
        Some(signed_in) if nobody_looks => Ok(Flash { author: tag(&signed_in.key), ..Flash::default() }),
        None if nobody_looks => Ok(Flash::default()),
        Some(signed_in) => Ok(flash::take(&request, &signed_in).await),
        None => Ok(farewell::take(&request)),
    }
}
