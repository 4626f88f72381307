//! Our two definitions in the test's API.

use std::sync::LazyLock;

use super::control_plane::kubectl;

/// Where the definitions are kept, as `make generate` writes them.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/crds");

static INSTALLED: LazyLock<()> = LazyLock::new(|| {
    kubectl(&["apply", "--server-side", "--warnings-as-errors", "-f", FOLDER]).unwrap();
    kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", FOLDER]).unwrap();
});

/// Installs the definitions, once per test binary, and waits until the API serves them.
pub fn install() {
    LazyLock::force(&INSTALLED);
}
