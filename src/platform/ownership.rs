//! Who a data folder or a database file belongs to while a program runs: a file beside it that the operating system
//! locks for the process (flock), with the process's id in it. The lock goes with the process, however that ends.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Held for as long as something is ours.
#[derive(Debug)]
pub struct Ownership(#[expect(dead_code, reason = "holds the lock until it is closed")] File);

/// With whom something is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody.
    Exclusive,
    /// Other programs of the same kind.
    Shared,
}

/// Why something cannot be ours.
#[derive(Debug, thiserror::Error)]
pub enum OwnershipError {
    /// It is another process's.
    #[error(
        "{place} is in use by another program{}: stop that one first, or give this one a place of its own ({remedy})",
        .process.map(|id| format!(", process {id}")).unwrap_or_default()
    )]
    Taken {
        /// What it is.
        place: String,
        /// Whose it is, if that can be told.
        process: Option<u32>,
        /// Where to name another place.
        remedy: String,
    },
    /// The file that says so cannot be written.
    #[error("{} cannot be written: {reason}", .file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// The operating system's words.
        reason: String,
    },
}

impl Ownership {
    /// Takes the data folder `folder`, which exists, for this process alone.
    ///
    /// # Errors
    /// [`OwnershipError`].
    pub fn of_folder(folder: &Path) -> Result<Self, OwnershipError> {
        let place = format!("the data folder {}", folder.display());
        Self::take(folder.join("errand.lock"), Sharing::Exclusive, &place, "data, or ERRAND_DATA")
    }

    /// Takes the database file `file`. `key` names the configuration key that says where it is.
    ///
    /// # Errors
    /// [`OwnershipError`].
    pub fn of_database(key: &str, file: &Path, sharing: Sharing) -> Result<Self, OwnershipError> {
        let mut lock = file.as_os_str().to_owned();
        lock.push(".lock");
        Self::take(lock.into(), sharing, &format!("the database {}", file.display()), key)
    }

    fn take(file: PathBuf, sharing: Sharing, place: &str, remedy: &str) -> Result<Self, OwnershipError> {
        let unusable =
            |error: std::io::Error| OwnershipError::Unusable { file: file.clone(), reason: error.to_string() };
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&file);
        let mut lock = open.map_err(unusable)?;
        let locked = match sharing {
            Sharing::Exclusive => lock.try_lock(),
            Sharing::Shared => lock.try_lock_shared(),
        };
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = lock.read_to_string(&mut text);
                let process = read.ok().and_then(|_| text.trim().parse().ok());
                return Err(OwnershipError::Taken { place: place.to_owned(), process, remedy: remedy.to_owned() });
            }
            // Some network file systems know no locks. That there is one program only is then for its operator to see to.
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, "{} cannot be locked: see to it that one program uses {place}", file.display());
                return Ok(Self(lock));
            }
        }
        let mut write = || {
            // It may be from before, and open to others.
            lock.set_permissions(Permissions::from_mode(0o600))?;
            lock.set_len(0)?;
            lock.rewind()?;
            writeln!(lock, "{}", std::process::id())
        };
        write().map_err(unusable)?;
        Ok(Self(lock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_owner_learns_whose_it_is_and_what_was_left_behind_blocks_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        // As after a `kill -9`.
        std::fs::write(folder.path().join("errand.lock"), "4294967294\n").expect("written");
        let first = Ownership::of_folder(folder.path()).expect("nobody's");
        let error = Ownership::of_folder(folder.path()).expect_err("taken");
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        assert!(error.to_string().contains("ERRAND_DATA"), "{error}");
        drop(first);
        assert!(Ownership::of_folder(folder.path()).is_ok());
    }

    #[test]
    fn what_is_shared_is_shared_with_its_kind_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("web.db");
        let take = |sharing| Ownership::of_database("web.database_url", &file, sharing);
        let shared = [take(Sharing::Shared).expect("nobody's"), take(Sharing::Shared).expect("shared")];
        let error = take(Sharing::Exclusive).expect_err("taken").to_string();
        assert!(error.contains("web.db") && error.contains("web.database_url"), "{error}");
        drop(shared);
        let _alone = take(Sharing::Exclusive).expect("nobody's");
        assert!(take(Sharing::Shared).is_err());
    }
}
