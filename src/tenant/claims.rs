//! The `claims` parameter: single claims that the app asks for (OpenID Connect Core §5.5), and, in Entra's use of it,
//! what an API demands of an access token by a claims challenge.
//!
//! | request | meaning here |
//! |---|---|
//! | `access_token.acrs` | authentication contexts (`c1`) that the user must have satisfied; any one of several |
//! | `access_token.xms_cc` | what the client can do (`cp1`: it handles claims challenges); copied into access tokens |
//! | `id_token.sub` with a value | nobody else may be signed in (Core §5.5.1) |
//! | other members of `id_token` and `userinfo` | claims to give, whatever the scopes (Core §5.5) |
//!
//! Members that are not known are ignored (Core §5.5: "not understood"), such as the `nbf` of a challenge after a
//! revocation: every token is new anyway.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::config::Config;
use super::error::Described;

/// The longest parameter that is read, in bytes.
const MAX_CLAIMS: usize = 4096;

/// What a `claims` parameter asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ClaimsRequest {
    /// The authentication contexts of which the user must have satisfied one; empty when none is demanded.
    pub(super) acrs: Vec<String>,
    /// What the client can do.
    pub(super) xms_cc: Vec<String>,
    /// The only user that is wanted, as the app knows them.
    pub(super) sub: Option<String>,
    /// Names of claims for the ID token.
    pub(super) id_token: Vec<String>,
    /// Names of claims for userinfo.
    pub(super) userinfo: Vec<String>,
}

/// Why a `claims` parameter cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ClaimsError {
    /// Longer than [`MAX_CLAIMS`].
    #[error("the claims parameter is longer than {MAX_CLAIMS} bytes")]
    TooLong,
    /// Not a JSON object of objects (Core §5.5).
    #[error("the claims parameter is not the JSON that OpenID Connect Core §5.5 describes")]
    Malformed,
    /// `acrs` demands something that this tenant does not know, so that no step-up could ever satisfy it.
    #[error("the claims parameter demands an authentication context that the tenant does not have")]
    UnknownContext,
}

impl ClaimsError {
    pub(super) fn describe(&self) -> Described {
        let message = match self {
            Self::TooLong => "The 'claims' parameter is too long.",
            Self::Malformed => "The 'claims' parameter is not valid JSON of the form that OpenID Connect describes.",
            Self::UnknownContext => "The 'claims' parameter names an authentication context that does not exist.",
        };
        Described::new("invalid_request", 90_023, message)
    }
}

impl ClaimsRequest {
    /// Reads the `claims` parameter of a request; without one, nothing is asked for.
    pub(super) fn parse(text: Option<&str>, config: &Config) -> Result<Self, ClaimsError> {
        let Some(text) = text else { return Ok(Self::default()) };
        if text.len() > MAX_CLAIMS {
            return Err(ClaimsError::TooLong);
        }
        let request: Map<String, Value> = serde_json::from_str(text).map_err(|_| ClaimsError::Malformed)?;
        let section = |name: &str| match request.get(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members.clone()),
            Some(_) => Err(ClaimsError::Malformed),
        };
        let (access_token, id_token, userinfo) = (section("access_token")?, section("id_token")?, section("userinfo")?);
        let (essential, acrs) = wanted(access_token.get("acrs"))?;
        // A voluntary claim that cannot be had is no error (Core §5.5.1), and costs the user no step-up.
        let acrs = if essential { acrs } else { Vec::new() };
        if !acrs.is_empty() && !acrs.iter().any(|id| config.authentication_context(id).is_some()) {
            return Err(ClaimsError::UnknownContext);
        }
        // They go into tokens as they are.
        let (_, mut xms_cc) = wanted(access_token.get("xms_cc"))?;
        xms_cc.retain(|capability| capability.len() <= 16 && capability.chars().all(|c| c.is_ascii_alphanumeric()));
        xms_cc.truncate(8);
        let (_, sub) = wanted(id_token.get("sub"))?;
        let names = |section: &Map<String, Value>| section.keys().cloned().collect();
        Ok(Self { acrs, xms_cc, sub: sub.into_iter().next(), id_token: names(&id_token), userinfo: names(&userinfo) })
    }

    /// Reads what [`Self::to_json`] wrote.
    pub(super) fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// For the database.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether a user who has satisfied these authentication contexts has satisfied what is demanded.
    pub(super) fn satisfied_by(&self, acrs: &[String]) -> bool {
        self.acrs.is_empty() || self.acrs.iter().any(|wanted| acrs.contains(wanted))
    }
}

/// One member: whether it is essential, and the value or values that are asked for (Core §5.5.1).
fn wanted(member: Option<&Value>) -> Result<(bool, Vec<String>), ClaimsError> {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned).ok_or(ClaimsError::Malformed);
    let member = match member {
        None | Some(Value::Null) => return Ok((false, Vec::new())),
        Some(Value::Object(member)) => member,
        Some(_) => return Err(ClaimsError::Malformed),
    };
    let essential = match member.get("essential") {
        None => false,
        Some(essential) => essential.as_bool().ok_or(ClaimsError::Malformed)?,
    };
    let values = match (member.get("value"), member.get("values")) {
        (Some(value), None) => vec![text(value)?],
        (None, Some(Value::Array(values))) => values.iter().map(text).collect::<Result<_, _>>()?,
        (None, None) => Vec::new(),
        _ => return Err(ClaimsError::Malformed),
    };
    Ok((essential, values))
}
