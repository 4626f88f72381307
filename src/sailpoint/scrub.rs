//! Takes the secret values of a call out of the server's words, and makes the words fit to be shown.
//!
//! A server may echo what it was sent, as it was sent or encoded. What a [`Scrubber`] was not told it cannot find: it
//! knows the values of one call and nothing of values that look secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use crate::text::one_line;

/// What stands in place of a secret.
pub(super) const MARK: &str = "(sensitive)";
/// The most bytes of the server's words that are kept: 1 KiB.
pub(super) const MOST_BYTES: usize = 1024;
/// Shorter secrets are replaced only where they stand alone: taken out everywhere, an "a" would leave no readable word,
/// and the holes would tell what it was.
const SHORT: usize = 4;
/// The most bytes of the server's words that are searched. What would be left of a secret at their end goes with them.
const MOST_SEARCHED: usize = 16 * 1024;
/// What anybody would guess first is no secret: without these, no message about a flag could be read.
const NO_SECRETS: [&str; 3] = ["true", "false", "null"];

/// Knows the secret values of one call.
#[derive(Clone, Default)]
pub(super) struct Scrubber {
    /// Every spelling of every secret, control characters already replaced.
    needles: Vec<SecretString>,
}

impl Scrubber {
    /// One that knows these secrets, plain and encoded.
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let mut needles: Vec<String> =
            secrets.into_iter().flat_map(|secret| spellings(secret.expose_secret())).collect();
        needles.sort_unstable();
        needles.dedup();
        Self { needles: needles.into_iter().map(SecretString::from).collect() }
    }

    /// The text without secrets and control characters, at most [`MOST_BYTES`] long.
    pub(super) fn clean(&self, text: &str) -> String {
        let whole = one_line(text);
        let text = &whole[..whole.floor_char_boundary(MOST_SEARCHED)];
        let mut found: Vec<(usize, usize)> =
            self.needles.iter().flat_map(|needle| places(text, needle.expose_secret())).collect();
        if text.len() < whole.len() {
            found.extend(self.last_that_may_be_cut(text));
        }
        found.sort_unstable();
        let mut cleaned = String::with_capacity(text.len().min(MOST_BYTES));
        let mut at = 0;
        for (start, end) in found {
            // Secrets that overlap or touch leave one mark: the text between two marks is never part of a secret.
            if start > at || cleaned.is_empty() {
                cleaned.push_str(&text[at.min(start)..start]);
                cleaned.push_str(MARK);
            }
            at = at.max(end);
        }
        cleaned.push_str(&text[at..]);
        cut(cleaned.trim())
    }

    /// Where a secret that the end of the text cuts in two would begin, and that end.
    fn last_that_may_be_cut(&self, text: &str) -> Option<(usize, usize)> {
        let longest = self.needles.iter().map(|needle| needle.expose_secret().len()).max()?;
        let start = text.floor_char_boundary(text.len().saturating_sub(longest));
        (start < text.len()).then_some((start, text.len()))
    }
}

/// Every spelling in which a server may echo the secret: as it is, or without the blanks and line breaks around it.
fn spellings(secret: &str) -> Vec<String> {
    let trimmed = secret.trim();
    let mut all = exact_spellings(secret);
    if trimmed != secret {
        all.extend(exact_spellings(trimmed));
    }
    all
}

fn exact_spellings(secret: &str) -> Vec<String> {
    if secret.trim().is_empty() || NO_SECRETS.contains(&secret.trim().to_ascii_lowercase().as_str()) {
        return Vec::new();
    }
    let quoted = serde_json::Value::from(secret).to_string();
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut all = vec![
        one_line(secret),
        quoted[1..quoted.len() - 1].to_owned(),
        ascii_json(secret),
        lower_hex(&form),
        lower_hex(&percent),
        percent,
        form,
        STANDARD.encode(secret),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    all.extend([0, 1, 2].into_iter().flat_map(|offset| inside_base64(secret, offset)));
    if secret.len() < SHORT {
        all.truncate(3);
    }
    all
}

/// The part of a longer base64 text (`user:secret`) that depends on the secret alone, when it begins `offset` bytes after
/// a multiple of three.
fn inside_base64(secret: &str, offset: usize) -> Vec<String> {
    let bytes = [&[0; 2][..offset], secret.as_bytes()].concat();
    let first = [0, 2, 3][offset];
    [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]
        .into_iter()
        .filter_map(|text| {
            let last = if bytes.len().is_multiple_of(3) { text.len() } else { text.len() - 1 };
            text.get(first..last).filter(|part| part.len() >= 8).map(str::to_owned)
        })
        .collect()
}

/// The same percent-encoding with `%2f` for `%2F`.
fn lower_hex(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut text, part| {
        let (hex, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        text.extend(["%", &hex.to_ascii_lowercase(), rest]);
        text
    })
}

/// As JSON writers do that escape everything but ASCII, and `/`, `<`, `>`, `&`, `'` as well.
fn ascii_json(text: &str) -> String {
    let mut out = String::new();
    let mut units = [0; 2];
    for character in text.chars() {
        match character {
            '"' | '\\' | '/' => out.extend(['\\', character]),
            ' '..='~' if !"<>&'".contains(character) => out.push(character),
            _ => {
                out.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    out
}

/// Where the needle is, overlapping places too; a short one only where it stands alone.
fn places(text: &str, needle: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(needle) {
        let (start, end) = (from + at, from + at + needle.len());
        if needle.len() >= SHORT || stands_alone(text, start, end) {
            found.push((start, end));
        }
        from = start + text[start..].chars().next().map_or(1, char::len_utf8);
    }
    found
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joins = |character: char| character.is_alphanumeric();
    !text[..start].ends_with(joins) && !text[end..].starts_with(joins)
}

fn cut(text: &str) -> String {
    if text.len() <= MOST_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MOST_BYTES - '…'.len_utf8());
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(secret: &str, text: &str) -> String {
        Scrubber::new([&SecretString::from(secret)]).clean(text)
    }

    #[test]
    fn every_spelling_is_found() {
        let secret = "pa\"ss/wörd\n&<1>";
        for spelling in spellings(secret) {
            let text = format!("bad value [{spelling}] given");
            assert_eq!(clean(secret, &text), "bad value [(sensitive)] given", "{spelling}");
        }
    }

    #[test]
    fn a_secret_within_basic_credentials_is_found() {
        for user in ["a", "ab", "abc"] {
            let basic = STANDARD.encode(format!("{user}:correct horse battery"));
            let cleaned = clean("correct horse battery", &format!("Basic {basic} refused"));
            assert!(cleaned.contains(MARK) && cleaned.len() < 40, "{cleaned}");
        }
    }

    #[test]
    fn short_secrets_go_only_where_they_stand_alone() {
        assert_eq!(
            clean("ab", "ab is bad, so is 'ab', not cabbage"),
            "(sensitive) is bad, so is '(sensitive)', not cabbage"
        );
        assert_eq!(clean("", "as it was"), "as it was");
    }

    #[test]
    fn what_everybody_knows_is_no_secret() {
        for known in ["true", "False", "null", " ", "\n", "true\n"] {
            let words = "enabled must be true or false, not null";
            assert_eq!(clean(known, words), words, "{known:?}");
        }
    }

    #[test]
    fn a_secret_is_found_without_the_line_break_that_an_editor_left() {
        assert_eq!(clean("hunter2hunter2\n", "no: hunter2hunter2"), "no: (sensitive)");
        assert_eq!(clean(" hunter2hunter2\r\n", "no: \"hunter2hunter2\""), "no: \"(sensitive)\"");
    }

    #[test]
    fn much_text_is_cut_before_it_is_searched_and_shows_no_part_of_a_secret() {
        let secret = "hunter2".repeat(1000);
        for text in
            [format!("{}{secret}", secret.repeat(2)), format!("{} {secret}", "a".repeat(16_380)), "a".repeat(1 << 20)]
        {
            let cleaned = clean(&secret, &text);
            assert!(cleaned.len() <= MOST_BYTES && !cleaned.contains("hunter"), "{cleaned}");
        }
    }

    #[test]
    fn words_are_one_line_and_short() {
        assert_eq!(clean("none", "a\r\nb\u{1b}[31mc\u{202e}"), "a  b [31mc");
        let long = clean("none", &"ü".repeat(2000));
        assert!(long.len() <= MOST_BYTES && long.ends_with("ü…"), "{}", long.len());
    }

    #[test]
    fn a_secret_across_the_cut_leaves_no_part() {
        let text = format!("{}hunter2hunter2", "x".repeat(MOST_BYTES - 20));
        assert!(!clean("hunter2hunter2", &text).contains("hunter"));
    }

    proptest! {
        /// The alphabet has none of the mark's letters, so what is found was the server's.
        #[test]
        fn no_secret_is_left(
            secrets in prop::collection::vec("[A-Z0-9/+%\" \t]{4,12}", 1..4),
            parts in prop::collection::vec("[A-Z0-9/+%\" \t]{0,6}", 0..6),
        ) {
            let known: Vec<SecretString> = secrets.iter().cloned().map(SecretString::from).collect();
            let mut text = String::new();
            for (index, part) in parts.iter().enumerate() {
                text.push_str(part);
                text.push_str(&secrets[index % secrets.len()]);
            }
            let cleaned = Scrubber::new(&known).clean(&text);
            // Blanks alone are no secret.
            for secret in secrets.iter().filter(|secret| !secret.trim().is_empty()) {
                prop_assert!(!cleaned.contains(secret.as_str()), "{cleaned:?} has {secret:?}");
                prop_assert!(!cleaned.contains(&one_line(secret)), "{cleaned:?} has {secret:?}");
            }
        }
    }
}
