//! What Entra's error numbers (`AADSTSnnnnn`, which the embedded tenant uses as well) mean, and what an operator does.

/// An error, explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Entra's number.
    pub code: u32,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

const KNOWN: [(u32, &str, &str); 24] = [
    (7000215, "the client secret is wrong", "copy the secret's value (not its id) from Certificates & secrets"),
    (7000222, "the client secret has expired", "make a new one under Certificates & secrets"),
    (7000216, "the app sent neither a secret nor an assertion", "give one in client_credentials"),
    (7000218, "the app sent neither a secret nor an assertion", "give one in client_credentials"),
    (
        700016,
        "no app with this client id is registered in this tenant",
        "compare client_id and tenant_id with the app's overview page",
    ),
    (
        700027,
        "the assertion's signature or certificate is not accepted",
        "upload the certificate to the app's registration, and check that the private key belongs to it",
    ),
    (700024, "the assertion is not valid at this time", "set this machine's clock"),
    (
        700021,
        "no federated credential of the app matches the assertion",
        "compare issuer, subject and audience of the federated credential, character by character",
    ),
    (
        700213,
        "no federated credential of the app matches the assertion's subject",
        "compare the subject of the federated credential, character by character",
    ),
    (7000214, "the certificate is not registered with the app", "upload it under Certificates & secrets"),
    (7000274, "the assertion's certificate is not accepted", "upload the certificate under Certificates & secrets"),
    (7000277, "the assertion's certificate is not accepted", "upload the certificate under Certificates & secrets"),
    (1000502, "the certificate is outside its period of validity", "make a new one, and upload it"),
    (90002, "there is no such tenant", "check authority and tenant_id"),
    (900144, "a parameter is missing in the request", "check authority: it must end in /v2.0"),
    (90013, "the request is malformed", "check the scopes: one API, and /.default for an app of its own"),
    (70011, "the scope is not valid", "an app of its own asks for {Application ID URI}/.default, and for nothing else"),
    (
        1002012,
        "the scope is not valid for an app of its own",
        "ask for {Application ID URI}/.default, and for nothing else",
    ),
    (
        500011,
        "the API that the scope names is not registered in this tenant",
        "compare the scope with the API's Application ID URI",
    ),
    (
        501051,
        "the app has no role at the API",
        "add the API's application permissions to the app, and have an administrator consent",
    ),
    (65001, "nobody has consented to the permission", "have an administrator grant consent (API permissions)"),
    (650057, "the app's registration does not list the API", "add the API under API permissions, and grant consent"),
    (
        50076,
        "more proof is asked of the customer than they gave",
        "the customer signs in again; an app of its own cannot",
    ),
    (53003, "a conditional access policy refuses this", "ask the tenant's administrator for an exception for this app"),
];

/// What `code` means; `None` for numbers that say nothing to an operator.
pub fn explain(code: u32) -> Option<Explanation> {
    let (code, meaning, remedy) = *KNOWN.iter().find(|(known, ..)| *known == code)?;
    Some(Explanation { code, meaning, remedy })
}

/// What the numbers mean that stand in an error's text: `[700016]` or `AADSTS700016`.
pub fn explain_text(text: &str) -> Option<Explanation> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).find_map(explain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_texts_and_known_once() {
        let found =
            explain_text("the provider refused the app's credential: invalid_client [7000215] (correlation id 5)");
        assert_eq!(found.map(|found| found.code), Some(7_000_215));
        assert_eq!(explain_text("AADSTS500011: The resource principal …").map(|found| found.code), Some(500_011));
        assert_eq!(explain_text("no answer from http://localhost:3002/x"), None);
        let mut codes: Vec<u32> = KNOWN.iter().map(|(code, ..)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), KNOWN.len());
    }
}
