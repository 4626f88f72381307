//! Text from outside made fit to be shown: no line break, no control character, nothing that a terminal or a reader's eye
//! would obey.

/// Whether this character is not seen where it stands: it controls, breaks the line, or turns the direction of text.
#[must_use]
pub fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with blanks in the place of what is not seen.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars().map(|character| if is_unseen(character) { ' ' } else { character }).collect()
}

/// The text with what is not seen written out, such as `\n`, so that two values that differ look different.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unseen(character) { out.extend(character.escape_default()) } else { out.push(character) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_a_blank_or_written_out() {
        let text = "a\r\nb\u{1b}[31m\u{202e}ü\0";
        assert_eq!(one_line(text), "a  b [31m ü ");
        assert_eq!(escaped(text), "a\\r\\nb\\u{1b}[31m\\u{202e}ü\\u{0}");
    }
}
