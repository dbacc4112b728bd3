//! Logs: human-readable on a terminal, JSON lines when `ERRAND_LOG_FORMAT=json`.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Starts logging to standard error. `RUST_LOG` chooses what; by default `info` of Errand and warnings of the rest.
/// A second call does nothing, so tests may call it freely.
pub fn init() {
    start("warn,errand=info");
}

/// As [`init`] for commands, which log nothing by default: what they have to say is their output.
pub fn init_for_command() {
    start("off");
}

fn start(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_span_events(FmtSpan::NONE).with_writer(std::io::stderr);
    let json = std::env::var("ERRAND_LOG_FORMAT").is_ok_and(|format| format == "json");
    // An error means that a subscriber is there already.
    let _ = if json { builder.json().try_init() } else { builder.with_target(false).try_init() };
}
