//! The tenants of the tests: what they are configured with.

use super::{API, CALLBACK, DAEMON, DIRECTORY, OTHER_API, OTHER_WEB, TENANT, WEB};
use crate::platform::config::Settings;
use crate::tenant::config;

/// A tenant whose customers meet its pages.
pub(in crate::tenant) const CONTOSO: &str = r#"
[tenant]
listen = "127.0.0.1:0"
public_url = "http://localhost:3002"
database_url = "sqlite:unused"
tenant_id = "11111111-1111-4111-8111-111111111111"
domain = "contoso.localhost"
display_name = "Contoso"

[[tenant.apps]]
name = "Errand"
client_id = "22222222-2222-4222-8222-222222222222"
redirect_uris = ["http://localhost:3000/callback"]
user_flow = "everybody"

[[tenant.apps]]
name = "Errand for members"
client_id = "33333333-3333-4333-8333-333333333333"
redirect_uris = ["http://localhost:3000/callback"]
user_flow = "members"

[[tenant.user_flows]]
name = "everybody"
sign_up = true
attributes = ["display_name", "country"]

[[tenant.user_flows]]
name = "members"
sign_up = false
"#;

/// A tenant that apps and APIs meet.
pub(in crate::tenant) fn configuration(database_url: &str) -> config::Config {
    let toml = format!(
        r#"
        [tenant]
        listen = "127.0.0.1:0"
        public_url = "http://localhost:3002"
        database_url = "{database_url}"
        tenant_id = "{TENANT}"
        domain = "errand.example"
        display_name = "Errand"
        [[tenant.apps]]
        name = "API"
        client_id = "{API}"
        redirect_uris = ["http://localhost:3001/auth/callback"]
        secrets = ["the API's"]
        user_flow = "open"
        app_roles = [
            {{ value = "ToDoList.Read.All", display_name = "Read all" }},
            {{ value = "ToDoList.ReadWrite.All", display_name = "Write all" }},
        ]
        optional_access_token_claims = ["idtyp"]
        permissions = [
            {{ resource = "{DIRECTORY}", scopes = ["User.Read"] }},
            {{ resource = "{OTHER_API}", scopes = ["Things.Read"], consent = "user" }},
        ]
        scopes = [
            {{ value = "ToDoList.Read", display_name = "Read" }},
            {{ value = "ToDoList.ReadWrite", display_name = "Write" }},
            {{ value = "ToDoList.Admin", display_name = "Granted to nobody" }},
        ]
        [[tenant.apps]]
        name = "Other API"
        client_id = "{OTHER_API}"
        application_id_uri = "https://other.example"
        scopes = [
            {{ value = "Things.Read", display_name = "Things" }},
            {{ value = "Things.Change", display_name = "Things" }},
        ]
        app_roles = [{{ value = "Things.Read.All", display_name = "All things" }}]
        [[tenant.apps]]
        name = "Web"
        client_id = "{WEB}"
        redirect_uris = ["{CALLBACK}"]
        post_logout_redirect_uris = ["http://localhost:3000/signed-out"]
        secrets = ["s3cret:with %+&", "second"]
        user_flow = "open"
        permissions = [
            {{ resource = "{API}", scopes = ["ToDoList.Read", "ToDoList.ReadWrite"] }},
            {{ resource = "{OTHER_API}", scopes = ["Things.Read"] }},
            {{ resource = "{OTHER_API}", scopes = ["Things.Change"], consent = "user" }},
            {{ resource = "{DIRECTORY}", scopes = ["User.Read", "User.ReadWrite"] }},
        ]
        [[tenant.apps]]
        name = "Daemon"
        client_id = "{DAEMON}"
        secrets = ["the daemon's"]
        permissions = [{{ resource = "{API}", roles = ["ToDoList.Read.All"] }}]
        [[tenant.apps]]
        name = "Other web"
        client_id = "{OTHER_WEB}"
        redirect_uris = ["{CALLBACK}"]
        secrets = ["other"]
        user_flow = "closed"
        [[tenant.user_flows]]
        name = "open"
        [[tenant.user_flows]]
        name = "closed"
        sign_up = false
        [[tenant.authentication_contexts]]
        id = "c1"
        "#,
    );
    Settings::from_toml(&toml).and_then(|settings| settings.section("tenant")).expect("a valid configuration")
}

/// RFC 9700's rotation instead of Entra's way.
pub(in crate::tenant) fn revoke_reused(config: &mut config::Config) {
    config.refresh_token_reuse = config::RefreshTokenReuse::Revoke;
}
