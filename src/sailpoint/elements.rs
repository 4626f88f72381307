//! Takes a JSON list apart while it arrives, so that of thousands of entries one at a time is held as text.
//!
//! Finds where entries end and nothing more: what an entry is, and whether it is JSON at all, is for whoever reads it. A list
//! that comes apart into entries that are all JSON is JSON itself.

/// Where bytes of an answer go as they come.
pub(super) trait Intake: Send {
    /// Takes the next ones.
    fn take(&mut self, bytes: &[u8]);
}

impl Intake for Vec<u8> {
    fn take(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// A list, entry by entry.
#[derive(Debug, Default)]
pub(super) struct Elements {
    place: Place,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// What came so far of the entry that comes now; of what is no list, all.
    current: Vec<u8>,
    count: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    Within,
    After,
    /// Something came behind the end.
    Behind,
    /// It is no list.
    Other,
}

/// What it was, when all came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    List,
    /// A list without its end, and what there is of its last entry.
    Unfinished(Vec<u8>),
    /// A list with something behind its end.
    Behind,
    /// No list, but this.
    Other(Vec<u8>),
}

impl Elements {
    /// Takes the next bytes; each entry that ends in them is given to `each`, with its index.
    pub(super) fn take(&mut self, bytes: &[u8], mut each: impl FnMut(usize, &[u8])) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match self.place {
                Place::Before => self.begin(rest),
                Place::Within => self.entry(rest, &mut each),
                Place::After | Place::Behind => {
                    if !rest.iter().copied().all(is_blank) {
                        self.place = Place::Behind;
                    }
                    &[]
                }
                Place::Other => {
                    self.current.extend_from_slice(rest);
                    &[]
                }
            };
        }
    }

    /// How many entries ended so far.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// All came.
    pub(super) fn end(self) -> End {
        match self.place {
            Place::After => End::List,
            Place::Behind => End::Behind,
            Place::Within => End::Unfinished(self.current),
            Place::Before | Place::Other => End::Other(self.current),
        }
    }

    fn begin<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Some(first) = bytes.iter().position(|byte| !is_blank(*byte)) else { return &[] };
        if bytes[first] == b'[' {
            self.place = Place::Within;
            return &bytes[first + 1..];
        }
        self.place = Place::Other;
        &bytes[first..]
    }

    /// Takes what belongs to the entry that comes now, and leaves the rest.
    fn entry<'a>(&mut self, bytes: &'a [u8], each: &mut impl FnMut(usize, &[u8])) -> &'a [u8] {
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' if self.depth > 0 => self.depth -= 1,
                b',' | b']' if self.depth == 0 => {
                    self.current.extend_from_slice(&bytes[..index]);
                    self.close(*byte == b']', each);
                    return &bytes[index + 1..];
                }
                _ => {}
            }
        }
        self.current.extend_from_slice(bytes);
        &[]
    }

    fn close(&mut self, is_last: bool, each: &mut impl FnMut(usize, &[u8])) {
        let is_empty_list = is_last && self.count == 0 && self.current.iter().copied().all(is_blank);
        if !is_empty_list {
            each(self.count, &self.current);
            self.count += 1;
        }
        self.current.clear();
        if is_last {
            self.place = Place::After;
        }
    }
}

/// What JSON allows between values.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// The entries of a text that comes in pieces of this length, and what it was.
    fn taken(text: &str, length: usize) -> (Vec<String>, End) {
        let (mut entries, mut elements) = (Vec::new(), Elements::default());
        for piece in text.as_bytes().chunks(length) {
            elements.take(piece, |index, entry| {
                assert_eq!(index, entries.len());
                entries.push(String::from_utf8_lossy(entry).trim().to_owned());
            });
        }
        assert_eq!(elements.count(), entries.len());
        (entries, elements.end())
    }

    #[test]
    fn a_list_comes_apart_wherever_its_pieces_end() {
        for (text, entries) in [
            ("[]", &[][..]),
            (" [ \n] ", &[]),
            ("[1]", &["1"]),
            (
                r#" [{"a": [1, {"b": "],}[{"}]}, "x\\", "\"]", null ] "#,
                &[r#"{"a": [1, {"b": "],}[{"}]}"#, r#""x\\""#, r#""\"]""#, "null"],
            ),
            ("[1,]", &["1", ""]),
            ("[,]", &["", ""]),
            ("[1}, 2]", &["1}", "2"]),
        ] {
            for length in 1..=text.len() {
                let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
                assert_eq!(taken(text, length), (entries, End::List), "{text} in pieces of {length}");
            }
        }
    }

    #[test]
    fn what_is_no_list_comes_whole() {
        for (text, other) in [
            ("", ""),
            ("  ", ""),
            (" {\"name\": \"[\"}", "{\"name\": \"[\"}"),
            ("<html>[]</html>", "<html>[]</html>"),
            ("\u{c}[]", "\u{c}[]"),
        ] {
            assert_eq!(taken(text, 2), (vec![], End::Other(other.into())), "{text}");
        }
    }

    #[test]
    fn what_has_no_end_or_more_than_one_is_no_list() {
        for (text, end) in [
            ("[1, 2", End::Unfinished(b" 2".into())),
            ("[\"]", End::Unfinished(b"\"]".into())),
            ("[[1]", End::Unfinished(b"[1]".into())),
            ("[1] [2]", End::Behind),
            ("[1] ]", End::Behind),
        ] {
            assert_eq!(taken(text, 3).1, end, "{text}");
        }
    }

    proptest! {
        #[test]
        fn entries_are_those_that_were_written(
            values in prop::collection::vec(any::<String>(), 0..8),
            length in 1_usize..9,
        ) {
            let values: Vec<Value> = values.into_iter().map(|text| json!({"text": text, "more": [text]})).collect();
            let (entries, end) = taken(&json!(values).to_string(), length);
            let read: Vec<Value> = entries.iter().map(|entry| serde_json::from_str(entry).unwrap()).collect();
            prop_assert_eq!((read, end), (values, End::List));
        }
    }
}
