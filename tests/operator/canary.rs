//! Secrets that can be recognised wherever they come out, and the search for them.

/// What every secret value here holds: letters that no encoding changes but Base64.
const MARK: &str = "CANARY7QX";
/// The mark in Base64, at each of the three places where it can begin.
const MARK_IN_BASE64: [&str; 3] = ["Q0FOQVJZN1FY", "NBTkFSWTdRW", "DQU5BUlk3UV"];

/// The password of the service desk. It has characters that every format spells in its own way.
pub const PASSWORD: &str = "CANARY7QX p&ss=\"w\u{f6}rd\"/\\+%$!x";
/// The password after a rotation.
pub const NEW_PASSWORD: &str = "CANARY7QX-rotated";
/// The client secret of the access token: 64 characters, as SailPoint's are.
pub const CLIENT_SECRET: &str = "CANARY7QX0123456789abcdef0123456789abcdef0123456789abcdef0123456";
/// The client secret after a rotation.
pub const NEW_CLIENT_SECRET: &str = "CANARY7QXfedcba9876543210fedcba9876543210fedcba9876543210fedcba9";

/// Fails the test if a secret is in `text`, which comes from `place`.
pub fn assert_no_secret_in(place: &str, text: &str) {
    for needle in MARK_IN_BASE64.into_iter().chain([MARK]) {
        if let Some(line) = text.lines().find(|line| line.contains(needle)) {
            panic!("a secret is in {place}: {line}");
        }
    }
}
