//! The way back to the app.

use maud::{Markup, html};

use crate::tenant::config::App;
use crate::tenant::state::Tenant;
use crate::tenant::texts::Texts;

/// Where a page on which nothing can be done leads: back to the app, or to every app where it is not known which.
pub(in crate::tenant) struct WayBack {
    /// Names and home pages.
    apps: Vec<(String, String)>,
}

impl WayBack {
    /// The way back to `app`.
    pub(in crate::tenant) fn to(tenant: &Tenant, app: Option<&App>) -> Self {
        let named = |app: &App| Some((app.name.clone(), app.home()?));
        let known = app.and_then(named);
        let apps = match known {
            Some(app) => vec![app],
            // What people sign in to.
            None => tenant.config().apps.iter().filter(|app| app.user_flow.is_some()).filter_map(named).collect(),
        };
        Self { apps }
    }

    /// The way back to the app of a user flow's page.
    pub(in crate::tenant) fn from_page(tenant: &Tenant, path: &str) -> Self {
        Self::to(tenant, app_of_page(tenant, path))
    }

    /// Links that leave a question unanswered.
    pub(in crate::tenant) fn cancel(&self, t: Texts) -> Markup {
        self.each(|app| t.cancel_to(&app))
    }

    /// Links.
    pub(in crate::tenant) fn links(&self, t: Texts) -> Markup {
        self.each(|app| t.back_to(&app))
    }

    fn each(&self, label: impl Fn(&str) -> String) -> Markup {
        html! {
            @if !self.apps.is_empty() {
                div.ways {
                    @for (name, home) in &self.apps { p { a href=(home) { (label(name)) } } }
                }
            }
        }
    }
}

/// The app that a page of a flow belongs to, whether the interaction is still alive or not: its id ends in it.
pub(in crate::tenant) fn app_of_page<'t>(tenant: &'t Tenant, path: &str) -> Option<&'t App> {
    let (_, rest) = path.split_once("/flow/")?;
    let (id, _) = rest.split_once('/')?;
    let (_, client_id) = id.rsplit_once('~')?;
    tenant.config().app(client_id)
}
