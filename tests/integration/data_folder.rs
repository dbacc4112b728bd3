//! The data folder and the databases: who may read them, whose they are, and what is said when they are broken.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;

use crate::command_line::{FREE_PORTS, errand, refused, run, start_dev, text};
use crate::programs::Programs;
use crate::test_browser::{Browser, http};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn open_to_all(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_in_the_data_folder_is_for_other_users_of_the_machine_even_if_the_folder_was_there_before() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    open_to_all(&data, 0o755);
    for round in 0..2 {
        let (program, [web, _, tenant], _) = start_dev(errand(folder.path(), &[]));
        Browser::new(&web, &tenant).sign_up(&format!("ada{round}@example.com"), "Ada Lovelace").await;
        let files = files(&data);
        for name in ["web.db", "web.db-wal", "web.db-shm", "api.db", "tenant.db", "secrets.toml", "dev.toml"] {
            assert!(files.iter().any(|file| file.ends_with(name)), "{name} is not there: {files:?}");
        }
        for file in &files {
            assert_eq!(mode(file), 0o600, "{}", file.display());
        }
        program.terminate();
        let output = program.wait();
        let log = text(&output.stderr);
        assert!(log.contains("others on this machine") && log.contains("chmod 700"), "{log}");
        // As an earlier version left them.
        for file in &files {
            if file.exists() {
                open_to_all(file, 0o644);
            }
        }
    }
}

#[test]
fn a_data_folder_that_is_made_is_for_this_user_only() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    let (_program, ..) = start_dev(errand(folder.path(), &[]));
    assert_eq!(mode(&folder.path().join("data")), 0o700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_errand_on_the_same_folder_is_refused_with_the_process_id_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    let (program, [web, ..], _) = start_dev(errand(folder.path(), &[]));
    let output = run(errand(folder.path(), &["dev"]));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains(&format!("process {}", program.id())) && said.contains("ERRAND_DATA"), "{said}");

    // The same for a single program on a database of the first.
    let single = "mode = \"development\"\n[tenant]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://localhost:1\"\n\
         database_url = \"sqlite:data/tenant.db\"\ntenant_id = \"11111111-1111-4111-8111-111111111111\"\n\
         domain = \"errand.localhost\"\ndisplay_name = \"Errand\"\n";
    std::fs::write(folder.path().join("single.toml"), single).unwrap();
    let output = run(errand(folder.path(), &["--config", "single.toml", "tenant"]));
    let said = text(&output.stderr);
    assert!(said.contains(&format!("process {}", program.id())) && said.contains("tenant.db"), "{said}");

    // What joins the first one is welcome.
    for arguments in [&["worker", "--now"][..], &["admin", "list"], &["doctor"]] {
        let output = run(errand(folder.path(), arguments));
        assert!(!text(&output.stderr).contains("in use"), "{arguments:?}: {}", text(&output.stderr));
    }
    let output = run(errand(folder.path(), &["worker", "--now"]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(http().get(format!("{web}/health")).send().await.unwrap().status(), StatusCode::OK);

    // What a killed one leaves behind blocks nobody.
    program.kill();
    assert!(folder.path().join("data/errand.lock").is_file());
    let (_program, ..) = start_dev(errand(folder.path(), &[]));
}

#[test]
fn a_broken_database_is_named_at_start_with_what_is_wrong_and_what_to_do() {
    let programs = Programs::new();
    programs.write_configuration();
    let configuration = std::fs::read_to_string(programs.folder.path().join("errand.toml")).unwrap();
    for program in ["api", "tenant", "web"] {
        let file = programs.folder.path().join(format!("{program}.db"));
        std::fs::write(&file, "SQLite format 3\0 and then something else. ".repeat(200)).unwrap();
        let said = refused(programs.folder.path(), &[program], &configuration);
        assert!(said.contains(&format!("{program}.db")), "{program}: {said}");
        assert!(said.contains("damaged") || said.contains("no SQLite database"), "{program}: {said}");
        assert!(!said.contains("timed out"), "{program}: {said}");
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        let said = refused(programs.folder.path(), &[program], &configuration);
        assert!(said.contains(&format!("{program}.db")) && said.contains("cannot be opened"), "{program}: {said}");
        std::fs::remove_dir(&file).unwrap();
    }
    let read_only = configuration.replace("/api.db\"", "/api.db?mode=ro\"");
    drop(programs.start("api"));
    let said = refused(programs.folder.path(), &["api"], &read_only);
    assert!(said.contains("api.db") && said.contains("read-only"), "{said}");
}
