//! A browser in front of the pages of one interaction.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use super::answer::Answer;
use super::tenant::TestTenant;

/// A browser in the middle of an authorization request.
pub(in crate::tenant) struct Browser<'a> {
    pub(in crate::tenant) at: &'a TestTenant,
    pub(in crate::tenant) id: String,
    pub(in crate::tenant) cookie: String,
}

impl Browser<'_> {
    pub(in crate::tenant) fn path(&self, page: &str) -> String {
        format!("/contoso.localhost/flow/{}/{page}", self.id)
    }

    pub(in crate::tenant) async fn get(&self, page: &str) -> Answer {
        let request = Request::get(self.path(page)).header(header::COOKIE, &self.cookie);
        self.at.send(request.body(Body::empty()).unwrap()).await
    }

    pub(in crate::tenant) async fn post(&self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(self.path(page))
            .header(header::COOKIE, &self.cookie)
            .header(header::HOST, "localhost:3002")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(serde_urlencoded::to_string(fields).unwrap()))
            .unwrap();
        self.at.send(request).await
    }

    /// The page after a form: the redirect must be a 303 to `page`.
    pub(in crate::tenant) async fn follow(&self, answer: &Answer, page: &str) -> Answer {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert_eq!(answer.location_header(), self.path(page));
        self.get(page).await
    }

    pub(in crate::tenant) async fn sign_up_as_far_as_details(&self, email: &str) {
        let answer = self.post("sign-up", &[("email", email)]).await;
        self.follow(&answer, "sign-up/passcode").await;
        let code = self.at.newest_passcode(email).await;
        let answer = self.post("sign-up/passcode", &[("passcode", &code)]).await;
        self.follow(&answer, "sign-up/details").await;
    }

    pub(in crate::tenant) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("sign-in", &[("email", email), ("password", password)]).await
    }
}
