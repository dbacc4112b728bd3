//! The command line: one subcommand per program.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use errand::platform::clock::Clock;
use errand::platform::config::{Mode, Settings};
use errand::platform::{serve, telemetry};
use errand::{api, dev, tenant, web};

/// A to-do list that customers sign up for, and the identity provider, web server and API behind it.
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
    /// Run web, API and tenant in one process, on SQLite, with generated secrets (the default)
    ///
    /// Listens on localhost: web 3000, API 3001, tenant 3002; change with `listen` of [web], [api], [tenant].
    /// Databases and secrets go to the data folder (.errand, or ERRAND_DATA); delete it to begin anew.
    #[command(after_help = CONFIGURATION)]
    Dev,
    /// Run the web server: sign-in, pages, server functions that call the API
    ///
    /// Needs [web], [web.identity] and [web.downstream_apis.todolist].
    #[command(after_help = CONFIGURATION)]
    Web,
    /// Run the protected ToDoList API
    ///
    /// Needs [api], [api.identity] and [api.permissions].
    #[command(after_help = CONFIGURATION)]
    Api,
    /// Run the embedded identity provider, a local stand-in for an Entra External ID tenant
    ///
    /// Needs [tenant] with its apps and user flows. For development and tests: refuses mode = "production".
    #[command(after_help = CONFIGURATION)]
    Tenant,
}

const CONFIGURATION: &str = "\
Configuration: errand.toml, then the environment: ERRAND_WEB__PUBLIC_URL is `public_url` of [web].
Logs: RUST_LOG (such as errand=debug), ERRAND_LOG_FORMAT=json.
Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 could not start, 2 wrong arguments.";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    telemetry::init();
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
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("errand: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
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
            let listener = serve::listen("web.listen", config.listen).await?;
            let web = web::Web::start(&config, settings.mode, clock).await?;
            started("web", &config.public_url, settings.mode);
            let maintain = web.identity.clone().maintain(shutdown.clone());
            tokio::join!(serve::serve(listener, web.router(), shutdown), maintain);
        }
        Program::Api => {
            let settings = settings()?;
            let config: api::config::Config = settings.section("api")?;
            let listener = serve::listen("api.listen", config.listen).await?;
            let address = format!("http://{}", listener.local_addr()?);
            let api = api::Api::start(config, settings.mode, clock).await?;
            started("API", &address, settings.mode);
            let watch = api.clone().watch(shutdown.clone());
            tokio::join!(serve::serve(listener, api::router(api), shutdown), watch);
        }
        Program::Tenant => {
            let settings = settings()?;
            let config: tenant::config::Config = settings.section("tenant")?;
            let (listen, public_url) = (config.listen, config.public_url.clone());
            // Before the port is taken: in production it must not even listen.
            let tenant = tenant::Tenant::start(config, settings.mode, clock).await?;
            let listener = serve::listen("tenant.listen", listen).await?;
            started("tenant", &public_url, settings.mode);
            serve::serve(listener, tenant::router(tenant), shutdown).await;
        }
    }
    Ok(())
}

fn announce(addresses: &dev::Addresses) {
    let dev::Addresses { web, api, tenant, mailbox } = addresses;
    println!("Errand is running. Open {web}");
    println!("  web     {web}");
    println!("  API     {api}");
    println!("  tenant  {tenant}");
    if *mailbox {
        println!("  mail    {tenant}/mailbox  (passcodes arrive here)");
    }
    println!("Ctrl-C stops it.");
}

fn started(program: &str, address: &str, mode: Mode) {
    println!("errand {program}: {address} ({mode:?})");
}
