//! The command line of `errand admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use uuid::Uuid;

use crate::todo::Day;

/// `errand admin …`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Print JSON instead of a table: what the API says, unabridged
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List to-dos, oldest first where nothing else is said
    #[command(after_help = LIST)]
    List(List),
    /// Add a to-do to somebody's list
    #[command(after_help = ADD)]
    Add {
        /// Whose: the owner's key, as `list` shows it
        #[arg(long, value_name = "OWNER")]
        owner: String,
        /// What is to be done; several words are joined by blanks
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Mark to-dos as done. Those that are done already stay so
    Complete {
        /// Which: ids, as `list` shows them
        #[arg(required = true, value_name = "ID")]
        ids: Vec<Uuid>,
    },
    /// Remove to-dos. Those that are gone already are what was wanted
    Remove {
        /// Which: ids, as `list` shows them
        #[arg(required = true, value_name = "ID")]
        ids: Vec<Uuid>,
    },
    /// Write all to-dos as JSON lines: one to-do a line, oldest first
    #[command(after_help = EXPORT)]
    Export {
        /// The file to write, whole or not at all, for this user only; standard output when not given or -
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Only this owner's
        #[arg(long, value_name = "OWNER")]
        owner: Option<String>,
    },
}

/// `errand admin list`.
#[derive(Args, Debug)]
pub struct List {
    /// Only this owner's
    #[arg(long, value_name = "OWNER")]
    pub owner: Option<String>,
    /// Only those that are done
    #[arg(long, conflicts_with = "open")]
    pub done: bool,
    /// Only those that are open
    #[arg(long)]
    pub open: bool,
    /// Only those with a star
    #[arg(long)]
    pub starred: bool,
    /// Only those that are due before that day, such as 2026-12-01, the longest overdue first; of one owner's
    #[arg(long, value_name = "DAY", requires = "owner", value_parser = Day::parse)]
    pub due_before: Option<Day>,
    /// How many at most; 0 for all
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub limit: usize,
}

/// Shown below the help of `errand admin`.
pub const HELP: &str = "\
Examples:
  errand admin list --open --limit 20
  errand admin add --owner KEY \"water the plants\"
  errand admin complete 01890a5d-ac96-774b-bcce-b302099a8057
  errand admin export --output todos.jsonl

In a folder where `errand dev` runs, there is nothing to configure. Elsewhere it needs [admin.identity] and
[admin.downstream_apis.todolist]: a registration of its own with the application permissions ToDoList.Read.All (list,
export) and ToDoList.ReadWrite.All (everything), which an administrator has consented to.

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 some of the to-dos do not exist (the others were changed),
130 stopped by Ctrl-C.";

const LIST: &str = "\
Examples:
  errand admin list                     everyone's, the first 100
  errand admin list --owner KEY --open  what one owner has still to do
  errand admin list --owner KEY --open --due-before 2026-12-01
                                        what is to be done by then, the longest overdue first
  errand admin list --limit 0 --json    all, as a JSON array";

const ADD: &str = "\
Example:
  errand admin add --owner KEY \"water the plants\"";

const EXPORT: &str = "\
Examples:
  errand admin export --output todos.jsonl
  errand admin export | jq -r 'select(.done | not) | .description'";
