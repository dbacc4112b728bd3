//! The API against a client that knows nothing but its description, and makes requests of it that nobody thought of: the
//! Python program `schemathesis`, which `make test` installs.

use std::path::Path;
use std::process::{Command, Stdio};

use errand::platform::clock::Clock;

use crate::api_tokens::tokens;
use crate::programs::note;
use crate::test_errand::TestErrand;

/// For how long it looks, in seconds.
const TIME: &str = "60";

/// What it does not look for: that each request which fits the description is done, and that what is there stays, and what
/// is gone is gone. A change that is forgotten is more than a description can say; and with undoing, to-dos come and
/// go.
const NOT_CHECKED: &str = "positive_data_acceptance,ensure_resource_availability,use_after_free";

/// Which answers say no to a request that does not fit the description.
const REFUSALS: &str = "[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 410, 412, 413, 415]
";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes a minute, and the whole machine: scripts/test.sh runs it by itself"]
async fn a_client_made_of_the_description_finds_no_error_of_ours_and_nothing_undescribed() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/schemathesis/bin/schemathesis");
    if !program.is_file() {
        note("the API was not tried by schemathesis: it is not in target/schemathesis; `make test` installs it");
        return;
    }
    let limits = "[api.rate_limits]\nper_customer = { requests = 1000000, seconds = 60 }\n";
    let errand = TestErrand::start_with(limits, Clock::system()).await;
    let mut browser = errand.sign_up("ada@example.com").await;
    // What the customer is asked for at their first change of the profile, they allow.
    browser.open("/account").await;
    browser.submit("#profile form", &[("display_name", "Ada")]).await;
    browser.submit("form:not(.quiet)", &[]).await;
    let api = errand.secrets().api_client_id;
    let scope = format!("api://{api}/ToDoList.ReadWrite api://{api}/Profile.ReadWrite");
    let answer = tokens(&errand, &mut browser, &scope).await;
    let token = answer["access_token"].as_str().unwrap();
    let api = &errand.addresses.api;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("schemathesis.toml"), REFUSALS).unwrap();
    // Its examples are kept nowhere, and nothing is reported to anybody.
    let mut command = Command::new(program);
    command
        .args([
            "run",
            &format!("{api}/api/openapi.json"),
            "--url",
            api,
            "--header",
            &format!("Authorization: Bearer {token}"),
        ])
        // A stream has no end.
        .args(["--exclude-operation-id", "streamChanges"])
        .args(["--seed", "20261128", "--max-time", TIME, "--workers", "1", "--no-color"])
        .args(["--checks", "all", "--exclude-checks", NOT_CHECKED, "--request-timeout", "20", "--continue-on-failure"])
        .current_dir(folder.path())
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("Authentication failed"), "it may call everything: {said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
