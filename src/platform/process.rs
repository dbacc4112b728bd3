//! What a program arranges with the operating system before it does anything else.

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

/// Makes files that the program or a library creates readable by this user only, and lets the program open as many
/// files and connections as it is allowed to. To be called first, while there is one thread.
///
/// Returns the limit of open files before and now.
pub fn prepare() -> (usize, usize) {
    umask(Mode::RWXG | Mode::RWXO);
    let before = getrlimit(Resource::Nofile);
    // The soft limit of most systems is 1024, for the sake of programs that use select(2). This one does not.
    let raised = Rlimit { current: before.maximum, maximum: before.maximum };
    if before.current != before.maximum {
        // Where it is refused, the old one holds.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    (count(before), descriptors())
}

/// How many files and connections this program may have open at once.
pub fn descriptors() -> usize {
    count(getrlimit(Resource::Nofile))
}

fn count(limit: Rlimit) -> usize {
    limit.current.map_or(usize::MAX, |current| usize::try_from(current).unwrap_or(usize::MAX))
}
