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

const KNOWN: [(u32, &str, &str); 49] = [
    (7_000_215, "the client secret is wrong", "copy the secret's value (not its id) from Certificates & secrets"),
    (7_000_222, "the client secret has expired", "make a new one under Certificates & secrets"),
    (7_000_216, "the app sent neither a secret nor an assertion", "give one in client_credentials"),
    (7_000_218, "the app sent neither a secret nor an assertion", "give one in client_credentials"),
    (
        700_016,
        "no app with this client id is registered in this tenant",
        "compare client_id and tenant_id with the app's overview page",
    ),
    (
        700_027,
        "the assertion's signature or certificate is not accepted",
        "upload the certificate to the app's registration, and check that the private key belongs to it",
    ),
    (700_024, "the assertion is not valid at this time", "set this machine's clock"),
    (
        700_021,
        "no federated credential of the app matches the assertion",
        "compare issuer, subject and audience of the federated credential, character by character",
    ),
    (
        700_213,
        "no federated credential of the app matches the assertion's subject",
        "compare the subject of the federated credential, character by character",
    ),
    (7_000_214, "the certificate is not registered with the app", "upload it under Certificates & secrets"),
    (7_000_274, "the assertion's certificate is not accepted", "upload the certificate under Certificates & secrets"),
    (7_000_277, "the assertion's certificate is not accepted", "upload the certificate under Certificates & secrets"),
    (1_000_502, "the certificate is outside its period of validity", "make a new one, and upload it"),
    (90_002, "there is no such tenant", "check authority and tenant_id"),
    (900_144, "a parameter is missing in the request", "check authority: it must end in /v2.0"),
    (90_013, "the request is malformed", "check the scopes: one API, and /.default for an app of its own"),
    (
        70_011,
        "the scope is not valid",
        "an app of its own asks for {Application ID URI}/.default, and for nothing else",
    ),
    (
        1_002_012,
        "the scope is not valid for an app of its own",
        "ask for {Application ID URI}/.default, and for nothing else",
    ),
    (
        500_011,
        "the API that the scope names is not registered in this tenant",
        "compare the scope with the API's Application ID URI",
    ),
    (
        501_051,
        "the app has no role at the API",
        "add the API's application permissions to the app, and have an administrator consent",
    ),
    (65_001, "nobody has consented to the permission", "have an administrator grant consent (API permissions)"),
    (650_057, "the app's registration does not list the API", "add the API under API permissions, and grant consent"),
    (
        50_076,
        "more proof is asked of the customer than they gave",
        "the customer signs in again; an app of its own cannot",
    ),
    (
        50_011,
        "the redirect URI is not among those that are registered",
        "register the redirect URI of the message, character by character, for the platform Web",
    ),
    (
        500_207,
        "the account is of a kind that cannot be used at this address",
        "write authority as https://{name}.ciamlogin.com, with /v2.0 where it has a path",
    ),
    (
        500_208,
        "the address is not one where this kind of account signs in",
        "write authority as https://{name}.ciamlogin.com for customers of an External ID tenant",
    ),
    (
        50_020,
        "the account is of another tenant",
        "sign in with an account of this tenant, and compare authority and tenant_id",
    ),
    (50_034, "there is no such account in the tenant", "sign up, or sign in with another account"),
    (50_057, "the account is disabled", "enable it in the admin center, under Users"),
    (50_058, "nobody is signed in, and the app asked not to show a page", "nothing: the app asks again, with a page"),
    (50_079, "the customer must set up a second factor first", "the customer signs in again, and is led through it"),
    (50_105, "the app takes only users that are assigned to it", "assign them, or turn assignment off (Properties)"),
    (50_173, "the grant was revoked, for example by a new password", "the customer signs in again"),
    (50_194, "the app is for one tenant, and was asked for at the address of all", "put the tenant into authority"),
    (54_005, "the code was used before", "start the sign-in again; if it happens often, look for a proxy that repeats"),
    (65_004, "the customer declined", "nothing: they may start again"),
    (
        650_053,
        "the API does not expose this scope",
        "compare the scope with the API's page Expose an API, character by character",
    ),
    (70_000, "the grant is not valid", "the customer signs in again"),
    (70_001, "no app with this client id is registered in this tenant", "compare client_id and tenant_id"),
    (70_008, "the code or refresh token has expired", "the customer signs in again"),
    (700_025, "the app is registered as a public client, and sent a credential", "register the redirect URI under Web"),
    (700_051, "the app's registration does not allow this kind of sign-in", "register the redirect URI under Web"),
    (700_082, "the refresh token has expired because it was not used", "the customer signs in again"),
    (7_000_112, "the app's registration is disabled", "enable it in the admin center (Properties)"),
    (90_009, "the app asks for a token for itself under its Application ID URI", "use the client id in the scope"),
    (
        90_023,
        "a parameter of the request has a value that is not supported",
        "check sign_up and extra_query_parameters",
    ),
    (900_971, "the app has no redirect URI at all", "register one for the platform Web"),
    (9_002_325, "the app's redirect URI is registered for another platform than Web", "register it under Web"),
    (
        53_003,
        "a conditional access policy refuses this",
        "ask the tenant's administrator for an exception for this app",
    ),
];

/// What `code` means; `None` for numbers that say nothing to an operator.
pub fn explain(code: u32) -> Option<Explanation> {
    let (code, meaning, remedy) = *KNOWN.iter().find(|(known, ..)| *known == code)?;
    Some(Explanation { code, meaning, remedy })
}

/// What the number means that stands in an error's text: `[700016]` or `AADSTS700016`. Other numbers, such as ports, are
/// none of Entra's.
pub fn explain_text(text: &str) -> Option<Explanation> {
    let number = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    ["AADSTS", "["].iter().find_map(|sign| text.split(sign).skip(1).filter_map(number).find_map(explain))
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
        assert_eq!(explain_text("no answer from http://localhost:50011/x"), None);
        let mut codes: Vec<u32> = KNOWN.iter().map(|(code, ..)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), KNOWN.len());
    }
}
