//! `errand admin` as operators and scripts meet it: a program of its own, a token of its own, the API over HTTP.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::command_line::{FREE_PORTS, Running, errand, run, start_dev, text};
use crate::test_errand::{Secrets, closed_port};

/// `errand dev` in a folder of its own, where `errand admin` needs no configuration.
struct Dev {
    folder: tempfile::TempDir,
    program: Running,
    addresses: [String; 3],
}

impl Dev {
    fn start() -> Self {
        Self::start_with("")
    }

    fn start_with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("errand.toml"), format!("{FREE_PORTS}{more}")).unwrap();
        let (program, addresses, _) = start_dev(errand(folder.path(), &["dev"]));
        Self { folder, program, addresses }
    }

    fn admin(&self, arguments: &[&str]) -> Output {
        run(admin(self.folder.path(), arguments))
    }

    /// The standard output of a call that works.
    fn works(&self, arguments: &[&str]) -> String {
        let output = self.admin(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.works(arguments)).unwrap()
    }

    /// Adds a to-do: its id.
    fn add(&self, owner: &str, description: &str) -> String {
        let todo = self.json(&["--json", "add", "--owner", owner, description]);
        todo["id"].as_str().unwrap().to_owned()
    }
}

fn admin(folder: &Path, arguments: &[&str]) -> Command {
    errand(folder, &[&["admin"], arguments].concat())
}

#[test]
fn everyones_to_dos_are_listed_added_completed_removed_and_exported_without_configuration() {
    let dev = Dev::start();
    let milk = dev.add("ada", "buy milk");
    let added = dev.works(&["add", "--owner", "bob", "water", "the", "plants"]);
    assert!(added.starts_with("Added ") && added.ends_with(": water the plants\n"), "{added}");

    let table = dev.works(&["list"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("ID") && lines[1].starts_with(&milk), "{table}");
    assert!(lines[1].ends_with("ada    buy milk") && lines[2].ends_with("bob    water the plants"), "{table}");
    assert_eq!(dev.works(&["list", "--owner", "ada"]).lines().count(), 2);

    let completed = dev.works(&["complete", &milk]);
    assert_eq!(completed, format!("Done: {milk} buy milk\n"));
    assert_eq!(dev.works(&["complete", &milk]), completed, "once more changes nothing");
    let descriptions = |arguments: &[&str]| -> Vec<String> {
        let todos = dev.json(&[&["list", "--json"], arguments].concat());
        todos.as_array().unwrap().iter().map(|todo| todo["description"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(descriptions(&["--done"]), ["buy milk"]);
    assert_eq!(descriptions(&["--open"]), ["water the plants"]);
    assert_eq!(descriptions(&["--limit", "1"]), ["buy milk"]);
    assert_eq!(descriptions(&["--starred"]), [""; 0]);
    assert_eq!(descriptions(&["--owner", "ada", "--due-before", "2099-01-01"]), [""; 0]);
    let wrong = dev.admin(&["list", "--owner", "ada", "--due-before", "tomorrow"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("Write it like 2026-12-01"), "{}", text(&wrong.stderr));
    let cut = dev.admin(&["list", "--limit", "1"]);
    assert!(text(&cut.stderr).contains("the first 1"), "{}", text(&cut.stderr));

    let exported = dev.works(&["export"]);
    let todos: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((todos.len(), todos[0]["owner"].as_str(), todos[0]["done"].as_bool()), (2, Some("ada"), Some(true)));
    let file = dev.folder.path().join("todos.jsonl");
    assert_eq!(dev.works(&["export", "--output", "todos.jsonl"]), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), exported);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(dev.works(&["export", "--owner", "bob"]).lines().count(), 1);
    let left: Vec<_> = std::fs::read_dir(dev.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().contains(".part")), "{left:?}");

    assert_eq!(dev.works(&["remove", &milk]), format!("Removed {milk}\n"));
    assert_eq!(dev.works(&["remove", &milk]), format!("Gone already: {milk}\n"));
    assert_eq!(dev.works(&["list", "--owner", "ada"]), "");

    // What joins `errand dev` is for this user only.
    let left = dev.folder.path().join("data/dev.toml");
    assert_eq!(std::fs::metadata(left).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn some_that_do_not_exist_are_named_and_the_others_changed() {
    let dev = Dev::start();
    let id = dev.add("ada", "buy milk");
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let output = dev.admin(&["complete", nobody, &id]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), format!("Done: {id} buy milk\n"));
    assert_eq!(text(&output.stderr), format!("There is no to-do {nobody}.\n"));

    // Whoever reads the first line only, as `head -1` does, does not keep the second to-do from being removed.
    let second = dev.add("ada", "and bread");
    let mut child = admin(dev.folder.path(), &["remove", &id, &second]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert_eq!(dev.json(&["list", "--json"]), serde_json::json!([]));

    // Somewhere else, 404 says nothing about to-dos.
    let wrong = dev.addresses[2].clone();
    let mut command = admin(dev.folder.path(), &["remove", &id]);
    command.env("ERRAND_ADMIN__DOWNSTREAM_APIS__TODOLIST__BASE_URL", wrong);
    let output = run(command);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
}

#[test]
fn an_export_follows_the_apis_pages() {
    let dev = Dev::start();
    // A page has a thousand at most: two owners fill three pages.
    let file = dev.folder.path().join("data/api.db");
    let ids = fill(&file, 2100);
    let exported = dev.works(&["export"]);
    let read: Vec<String> = exported
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(read, ids);
    assert_eq!(dev.json(&["list", "--limit", "0", "--json"]).as_array().unwrap().len(), 2100);
    assert_eq!(dev.json(&["list", "--limit", "1500", "--json"]).as_array().unwrap().len(), 1500);

    // Whoever reads as far as they want to, as `head` does, causes no panic.
    let mut command = admin(dev.folder.path(), &["export"]);
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(first.contains(&ids[0]), "{first}");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

/// To-dos straight into the API's database: their ids, in order.
fn fill(file: &Path, count: u32) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        sqlx::any::install_default_drivers();
        let db = sqlx::AnyPool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
        let mut transaction = db.begin().await.unwrap();
        let mut ids = Vec::new();
        for number in 0..count {
            let id = uuid::Uuid::from_u128((7 << 76) + (1 << 127) + u128::from(number)).to_string();
            sqlx::query(
                "INSERT INTO todos (id, owner, description, done, created_at, updated_at) VALUES ($1, $2, 'x', 0, 0, 0)",
            )
            .bind(&id)
            .bind(format!("owner {}", number % 3))
            .execute(&mut *transaction)
            .await
            .unwrap();
            ids.push(id);
        }
        transaction.commit().await.unwrap();
        ids
    })
}

#[test]
fn a_permission_that_is_missing_is_named() {
    // The registration of the admin app, without the permission to change.
    let dev = Dev::start();
    let data = dev.folder.path().join("data");
    let left = std::fs::read_to_string(data.join("dev.toml")).unwrap();
    let mut settings: toml::Table = toml::from_str(&left).unwrap();
    let apps = settings["tenant"]["apps"].as_array_mut().unwrap();
    let of_admin = apps.iter_mut().find(|app| app["name"].as_str() == Some("Errand admin")).unwrap();
    of_admin["permissions"][0]["roles"] = toml::Value::from(vec!["ToDoList.Read.All"]);
    let apps = toml::to_string(&toml::Table::from_iter([(
        "tenant".to_owned(),
        toml::Value::Table(toml::Table::from_iter([("apps".to_owned(), settings["tenant"]["apps"].clone())])),
    )]))
    .unwrap();
    let folder = dev.folder.path().to_owned();
    drop(dev.program);
    std::fs::write(folder.join("errand.toml"), format!("{FREE_PORTS}{apps}")).unwrap();
    let (_program, ..) = start_dev(errand(&folder, &["dev"]));

    let output = run(admin(&folder, &["list"]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = run(admin(&folder, &["add", "--owner", "ada", "buy milk"]));
    let message = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{message}");
    assert!(message.contains("ToDoList.ReadWrite.All") && message.contains("consent"), "{message}");
}

#[test]
fn a_wrong_secret_is_explained_and_never_shown() {
    let dev = Dev::start();
    let secrets = Secrets::read(&dev.folder.path().join("data"));
    let mut command = admin(dev.folder.path(), &["list"]);
    command.env("ERRAND_ADMIN__IDENTITY__CLIENT_CREDENTIALS", "[{secret=\"wrong-secret\"}]");
    let output = run(command);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("AADSTS7000215") && message.contains("Remedy"), "{message}");
    assert!(!message.contains("wrong-secret") && !message.contains(&secrets.encryption_key), "{message}");
}

#[test]
fn what_is_wrong_is_said_with_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    // No configuration, and `errand dev` never ran here.
    let output = run(admin(folder.path(), &["list"]));
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("`admin` is missing") && message.contains("errand dev"), "{message}");

    // `errand dev` ran once, and does not run any more.
    let data = folder.path().join(".errand");
    std::fs::create_dir(&data).unwrap();
    let nobody = format!("http://localhost:{}", closed_port());
    let left = format!(
        "mode = \"development\"\n[admin.identity]\nauthority = \"{nobody}/x/v2.0\"\nclient_id = \"x\"\n\
         client_credentials = [{{ secret = \"x\" }}]\n[admin.downstream_apis.todolist]\nbase_url = \"{nobody}\"\n\
         scopes = [\"api://x/.default\"]\nrequest_app_token = true\n"
    );
    std::fs::write(data.join("dev.toml"), left).unwrap();
    let output = run(admin(folder.path(), &["list"]));
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("`errand dev` does not seem to run"), "{message}");

    for arguments in [
        &["complete", "no-uuid"][..],
        &["list", "--done", "--open"],
        &["add", "--owner", "ada"],
        &["add", "text"],
        &["remove"],
        &[],
    ] {
        let output = run(admin(folder.path(), arguments));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
    }
    let output = run(admin(folder.path(), &["add", "--owner", "ada", "  "]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("Write what is to be done"), "{}", text(&output.stderr));
}
