//! The command line: one subcommand per program.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use errand::daemon::{admin, doctor, worker};
use errand::platform::clock::Clock;
use errand::platform::config::{Mode, Settings};
use errand::platform::ownership::Sharing;
use errand::platform::{database, outbound, process, serve, telemetry};
use errand::{api, dev, tenant, web};
use tokio_util::sync::CancellationToken;

/// Rendering a page allocates thousands of small strings, on several threads at once: with this allocator a web server
/// answers a third more of them than with glibc's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A to-do list that customers sign up for, and the programs behind it: identity provider, web server, API, worker.
///
/// Without a subcommand it runs `dev`: everything at once, nothing to configure.
#[derive(Parser)]
#[command(version, after_help = CONFIGURATION)]
struct Arguments {
    /// The configuration file; `errand.toml` in this folder, if there is one, when not given
    #[arg(long, env = "ERRAND_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    program: Option<Program>,
}

#[derive(Subcommand)]
#[expect(clippy::doc_markdown, reason = "these words are the help text, where backticks would be noise")]
enum Program {
    /// Run web, API, tenant and worker in one process, on SQLite, with generated secrets (the default)
    ///
    /// Listens on localhost: web 3000, API 3001, tenant 3002; change with `listen` of [web], [api], [tenant].
    /// Databases and secrets go to the data folder (.errand, or ERRAND_DATA); delete it to begin anew.
    /// What is registered at the tenant follows from what is configured, such as another public_url. Apps and user flows of
    /// your own ([[tenant.apps]], [[tenant.user_flows]]) are added to those of Errand; one with the client_id or name of
    /// Errand's changes that one, key by key.
    /// While it runs, `errand admin` and `errand worker --now` work in the same folder without configuration.
    #[command(after_help = CONFIGURATION)]
    Dev,
    /// Run the web server: sign-in, pages, server functions that call the API
    ///
    /// Needs [web], [web.identity] and [web.downstream_apis.todolist]. Does not start when site_root lacks a file that
    /// hash.txt beside the program names: then they are of two builds.
    #[command(after_help = CONFIGURATION)]
    Web,
    /// Run the protected ToDoList API
    ///
    /// Needs [api], [api.identity] and [api.permissions]; where the registration offers other names than Microsoft's sample,
    /// api.scopes and api.app_roles list them.
    #[command(after_help = CONFIGURATION)]
    Api,
    /// Run the embedded identity provider, a local stand-in for an Entra External ID tenant
    ///
    /// Needs [tenant] with its apps and user flows. For development and tests: refuses mode = "production".
    #[command(after_help = CONFIGURATION)]
    Tenant,
    /// Run the background worker: each morning, a mail with what is open to each customer who asked for it; reminders
    ///
    /// Needs [worker.mail], and [web]: it works on the web server's database with the customers' cached tokens. With
    /// [worker.reminders], an app that may read everyone's to-dos, it mails reminders. Any number of workers may run.
    #[command(after_help = WORKER)]
    Worker(WorkerArguments),
    /// Look after everyone's to-dos from the command line: list, add, complete, remove, export
    ///
    /// Runs as an app of its own, without a user: client credentials and application permissions.
    #[command(after_help = admin::arguments::HELP)]
    Admin(admin::arguments::Arguments),
    /// Hold the configuration against the provider and the API: what is right, what is wrong, what to do
    ///
    /// Reads [web], [api], [worker], [tenant] and [admin], as far as they are there, as the programs themselves do. Changes
    /// nothing, and signs nobody in.
    #[command(after_help = DOCTOR)]
    Doctor(DoctorArguments),
}

#[derive(clap::Args)]
struct DoctorArguments {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct WorkerArguments {
    /// Send what is due now, and end: for cron and the like
    #[arg(long)]
    once: bool,
    /// Send everybody who wants a digest one at once, whatever the time, and end (development only)
    #[arg(long, conflicts_with = "once")]
    now: bool,
}

const CONFIGURATION: &str = "\
Configuration: errand.toml, then the environment: ERRAND_WEB__PUBLIC_URL is `public_url` of [web], ERRAND_MODE is `mode`.
Variables that begin with ERRAND_ and are no settings stop the program.
A proxy to other machines: `proxy` of [outbound]; HTTPS_PROXY and the like are not looked at.
Logs: RUST_LOG (such as errand=debug), ERRAND_LOG_FORMAT=json.
Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 could not start, 2 wrong arguments.";

const WORKER: &str = "\
Examples:
  errand worker          looks twice a minute, until it is stopped
  errand worker --once   sends what is due and ends: from cron, every few minutes in the morning
  errand worker --now    where `errand dev` runs: look at your digest in the mailbox

Configuration: errand.toml, then the environment: ERRAND_WORKER__MAIL__SMTP_URL is `smtp_url` of [worker.mail].
Logs: RUST_LOG (such as errand=debug), ERRAND_LOG_FORMAT=json.
Exit codes: 0 stopped, or all that was due was looked at; 1 could not start, or not look at all that is due;
            2 wrong arguments.";

/// Exit code of `errand admin` when some of the to-dos do not exist.
const MISSING: u8 = 3;
/// What shells use for programs that were stopped by Ctrl-C.
const STOPPED: u8 = 130;

const DOCTOR: &str = "\
Examples:
  errand doctor                       what errand.toml says, or what `errand dev` left in the data folder, with what
                                      errand.toml and the environment change about it
  errand doctor --config prod.toml    before a deployment
  errand doctor --json | jq '.sections[].checks[] | select(.verdict == \"wrong\")'

Colours: only on a terminal, and not with NO_COLOR.
Exit codes: 0 nothing is wrong (what cannot be known from here does not count), 1 something is wrong,
            2 wrong arguments, or a configuration that cannot be read, 130 stopped by Ctrl-C or SIGTERM.";

fn main() -> ExitCode {
    let (files_before, files) = process::prepare();
    let arguments = Arguments::parse();
    match arguments.program {
        Some(Program::Admin(_) | Program::Doctor(_)) => telemetry::init_for_command(),
        _ => telemetry::init(),
    }
    if files > files_before {
        tracing::info!("may open {files} files and connections ({files_before} before the limit was raised)");
    }
    // At least four workers: rendering blocks a thread while it waits for others (leptos #4647).
    let workers = std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4));
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("errand: the operating system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("errand: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let shutdown = serve::shutdown_signal();
    let clock = Clock::system();
    let config = arguments.config.as_deref();
    let settings = || Settings::load(config, "");
    match arguments.program.unwrap_or(Program::Dev) {
        Program::Dev => {
            let dev = dev::Dev::start(config, clock).await?;
            announce(&dev.addresses);
            dev.serve(shutdown).await;
        }
        Program::Web => {
            let settings = settings()?;
            let config: web::config::Config = settings.section("web")?;
            let limits = config.connections.check("web.connections")?;
            let listener = serve::listen("web.listen", config.listen).await?;
            // Any number of web servers may share it.
            let _owned = database::own("web.database_url", &config.database_url, Sharing::Shared)?;
            let started_web = web::Web::start(&config, settings.mode, &outbound::client_from(&settings)?, clock).await;
            let web = started_web.map_err(|error| in_mode(&settings, error))?;
            started("web", &config.public_url, settings.mode);
            let maintain = web.identity().clone().maintain(shutdown.clone());
            tokio::join!(serve::serve_within(listener, web.router(), limits, shutdown), maintain);
            web.identity().tokens().finish().await;
        }
        Program::Api => {
            let settings = settings()?;
            let config: api::config::Config = settings.section("api")?;
            let limits = config.connections.check("api.connections")?;
            let listener = serve::listen("api.listen", config.listen).await?;
            let address = format!("http://{}", listener.local_addr()?);
            let _owned = database::own("api.database_url", &config.database_url, Sharing::Exclusive)?;
            let started_api = api::Api::start(config, settings.mode, &outbound::client_from(&settings)?, clock).await;
            let api = started_api.map_err(|error| in_mode(&settings, error))?;
            started("API", &address, settings.mode);
            let watch = api.clone().watch(shutdown.clone());
            tokio::join!(serve::serve_within(listener, api::router(api), limits, shutdown), watch);
        }
        Program::Tenant => {
            let settings = settings()?;
            let config: tenant::config::Config = settings.section("tenant")?;
            let (listen, public_url) = (config.listen, config.public_url.clone());
            let limits = config.connections.check("tenant.connections")?;
            let owned = (settings.mode != Mode::Production)
                .then(|| database::own("tenant.database_url", &config.database_url, Sharing::Exclusive));
            let _owned = owned.transpose()?;
            // Before the port is taken: in production it must not even listen.
            let started_tenant =
                tenant::Tenant::start(config, settings.mode, &outbound::client_from(&settings)?, clock).await;
            let tenant = started_tenant.map_err(|error| in_mode(&settings, error))?;
            let listener = serve::listen("tenant.listen", listen).await?;
            started("tenant", &public_url, settings.mode);
            serve::serve_within(listener, tenant::router(tenant), limits, shutdown).await;
        }
        Program::Worker(arguments) => run_worker(config, &arguments, clock, shutdown).await?,
        Program::Admin(arguments) => {
            let settings = Settings::load_or_join_dev(config, &["admin"])?;
            let exit = admin::run(&settings, arguments, clock, &shutdown).await;
            return Ok(match exit.map_err(|error| in_mode(&settings, error))? {
                admin::Exit::Done => ExitCode::SUCCESS,
                admin::Exit::Missing => ExitCode::from(MISSING),
                admin::Exit::Stopped => ExitCode::from(STOPPED),
            });
        }
        Program::Doctor(arguments) => {
            return Ok(tokio::select! {
                code = run_doctor(config, &arguments, &clock) => code,
                () = shutdown.cancelled() => ExitCode::from(STOPPED),
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An error as it is; where it is because of production, and nobody said that this is production, with a word about that.
fn in_mode(settings: &Settings, error: impl std::error::Error + 'static) -> Box<dyn std::error::Error> {
    let text = error.to_string();
    let because = ["https", "production", "in the clear", "without encryption", "for development"];
    if settings.mode_is_set || !because.iter().any(|word| text.contains(word)) {
        return error.into();
    }
    format!("{text}\n  `mode` is not set, which means production; on a developer's machine set mode = \"development\"")
        .into()
}

async fn run_worker(
    config: Option<&Path>,
    arguments: &WorkerArguments,
    clock: Clock,
    shutdown: CancellationToken,
) -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load_or_join_dev(config, &["web"])?;
    if arguments.now && settings.mode == Mode::Production {
        return Err("--now is for development: it sends mail at any time, and again. Use --once".into());
    }
    let (config, web) = (settings.section("worker")?, settings.section("web")?);
    let worker = worker::Worker::start(&config, &web, settings.mode, &outbound::client_from(&settings)?, clock).await;
    let worker = worker.map_err(|error| in_mode(&settings, error))?;
    if arguments.once || arguments.now {
        let report = if arguments.now { worker.now(&shutdown).await } else { worker.once(&shutdown).await };
        worker.finish().await;
        let report = report?;
        println!("errand worker: {report}");
        if report.broken_off {
            return Err("not all digests that are due were looked at: the log says what does not answer".into());
        }
    } else {
        println!("errand worker: looking for digests that are due ({:?})", settings.mode);
        worker.run(shutdown).await;
    }
    Ok(())
}

async fn run_doctor(config: Option<&Path>, arguments: &DoctorArguments, clock: &Clock) -> ExitCode {
    let examined = async {
        let settings = Settings::load_or_join_dev(config, &["web", "api", "admin"])?;
        doctor::examine(&settings, clock).await
    };
    let report = match examined.await {
        Ok(report) => report,
        Err(error) => {
            eprintln!("errand doctor: {error}");
            return ExitCode::from(2);
        }
    };
    let printed = if arguments.json {
        format!("{:#}\n", doctor::json(&report))
    } else {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let coloured = std::io::stdout().is_terminal() && variable("NO_COLOR").is_none();
        doctor::text(&report, coloured, variable("COLUMNS").and_then(|columns| columns.parse().ok()))
    };
    // Whoever reads it may have seen enough, as `head` has.
    let _ = std::io::stdout().write_all(printed.as_bytes());
    if report.count(doctor::Verdict::Wrong) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn announce(addresses: &dev::Addresses) {
    let dev::Addresses { web, api, tenant, mailbox } = addresses;
    println!("Errand is running. Open {web}");
    println!("  web     {web}");
    println!("  API     {api}");
    println!("  tenant  {tenant}");
    if *mailbox {
        println!("  mail    {tenant}/mailbox  (passcodes and digests arrive here)");
    }
    // As it was called, so that the line can be copied.
    let program = std::env::args_os().next().unwrap_or_else(|| "errand".into());
    println!("  admin   in another terminal, in this folder: {} admin list", program.display());
    println!("Ctrl-C stops it.");
}

fn started(program: &str, address: &str, mode: Mode) {
    println!("errand {program}: {address} ({mode:?})");
}
