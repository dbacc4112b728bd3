//! Time zones, as the database of the IANA has them, which comes with the program.

use crate::todo::{NotATimeZone, ZoneName};

/// Finds a time zone by its IANA name, in any case of letters. It is spelt as in the database then, which comes with the
/// program.
pub(super) fn time_zone(name: &str) -> Result<ZoneName, NotATimeZone> {
    let name = ZoneName::parse(name)?;
    let rules = jiff::tz::db().get(name.as_str()).map_err(|_| NotATimeZone)?;
    // One without a name (`Etc/Unknown`) is none.
    ZoneName::parse(rules.iana_name().ok_or(NotATimeZone)?)
}
