//! Secret values that can be recognised wherever they come out, and the search for them.

/// What every secret value here holds: letters that no encoding changes but Base64.
const MARK: &str = "CANARY7QX";
/// The mark in Base64, at each of the three places where it can begin.
const MARK_IN_BASE64: [&str; 3] = ["Q0FOQVJZN1FY", "NBTkFSWTdRW", "DQU5BUlk3UV"];

/// A password of the service desk, another with each number. It has characters that every format spells in its own way.
pub fn password(number: usize) -> String {
    format!("{MARK} p&ss=\"w\u{f6}rd\"/\\+%$!x {number}")
}

/// The client secret of an access token.
pub fn client_secret(client: usize) -> String {
    format!("{MARK}{client:055}")
}

/// The first line of `text` that holds a secret.
pub fn found_in(text: &str) -> Option<&str> {
    text.lines().find(|line| MARK_IN_BASE64.iter().chain([&MARK]).any(|needle| line.contains(needle)))
}
