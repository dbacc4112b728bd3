//! `errand admin export`: all to-dos as JSON lines, page by page, so that it needs no more memory for a million of them.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::pages::Pages;
use super::{AdminError, Exit, table};
use crate::platform::random;

/// Writes all pages to `output`, or to standard output.
pub(super) async fn export(pages: &mut Pages<'_>, output: Option<&Path>) -> Result<Exit, AdminError> {
    let place = output.map_or_else(|| "standard output".to_owned(), |output| output.display().to_string());
    let failed = |error: io::Error| AdminError::Output { place: place.clone(), error };
    let mut file = output.map(NewFile::create).transpose().map_err(failed)?;
    let mut progress = Progress::new(output.is_some());
    let mut count: u64 = 0;
    while let Some(page) = pages.next().await? {
        let mut lines = String::new();
        for todo in &page {
            let line = serde_json::to_string(todo).map_err(|error| failed(error.into()))?;
            lines += &table::json(&line);
            lines.push('\n');
            count += 1;
        }
        if let Some(file) = &mut file {
            file.out.write_all(lines.as_bytes()).map_err(failed)?;
        } else {
            let mut out = io::stdout().lock();
            out.write_all(lines.as_bytes()).and_then(|()| out.flush()).map_err(failed)?;
        }
        progress.show(&format!("Exported {count} to-dos …"));
    }
    progress.clear();
    if let Some(file) = file {
        file.finish().map_err(failed)?;
        eprintln!("Exported {count} to-dos to {place}.");
    }
    Ok(Exit::Done)
}

/// A file that appears under its name when it is complete, readable for this user only: it holds what customers wrote.
struct NewFile {
    target: PathBuf,
    /// Where it is written meanwhile; `None` for what is no file, such as a pipe, which is written directly.
    temporary: Option<PathBuf>,
    out: BufWriter<File>,
}

impl NewFile {
    fn create(target: &Path) -> io::Result<Self> {
        let is_special = std::fs::metadata(target).is_ok_and(|metadata| !metadata.is_file());
        if is_special {
            let out = OpenOptions::new().write(true).open(target)?;
            return Ok(Self { target: target.to_owned(), temporary: None, out: BufWriter::new(out) });
        }
        let Some(name) = target.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no name of a file"));
        };
        let mut temporary = name.to_owned();
        temporary.push(format!(".{}.part", &random::token()[..8]));
        let temporary = target.with_file_name(temporary);
        let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        Ok(Self { target: target.to_owned(), temporary: Some(temporary), out: BufWriter::new(out) })
    }

    fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        if let Some(temporary) = &self.temporary {
            self.out.get_ref().sync_all()?;
            std::fs::rename(temporary, &self.target)?;
            self.temporary = None;
        }
        Ok(())
    }
}

/// What is not complete does not stay.
impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = std::fs::remove_file(temporary);
        }
    }
}

/// One line on standard error that keeps changing, where somebody is looking at it.
struct Progress {
    shown: bool,
    wanted: bool,
}

impl Progress {
    /// `quiet_output`: the to-dos themselves do not go to the same terminal.
    fn new(quiet_output: bool) -> Self {
        let wanted = io::stderr().is_terminal() && (quiet_output || !io::stdout().is_terminal());
        Self { shown: false, wanted }
    }

    fn show(&mut self, text: &str) {
        if self.wanted {
            self.shown = true;
            eprint!("\r\u{1b}[K{text}");
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\u{1b}[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
