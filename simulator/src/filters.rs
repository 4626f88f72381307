//! The filter language of the look-ups, as far as a look-up by name or id needs it: `eq`, `in`, joined by `or`.
//!
//! `name eq "a" or name eq "b"`, `name in ("a","b")`. Texts are matched in any case \[D: "mostly"\], with `\` and `"` escaped.

use crate::Named;
use crate::errors::ApiError;

/// Terms of which one must hold.
#[derive(Debug)]
pub(crate) struct Filter(Vec<Term>);

#[derive(Debug)]
struct Term {
    field: Field,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Id,
    Name,
}

impl Filter {
    /// A filter that is not understood is a 400 \[D\].
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut rest = Rest(text);
        rest.filter().ok_or_else(|| ApiError::bad_request(format!("The filter is not valid: {text}")))
    }

    pub(crate) fn matches(&self, named: &Named) -> bool {
        self.0.iter().any(|term| {
            let actual = match term.field {
                Field::Id => &named.id,
                Field::Name => &named.name,
            };
            term.values.iter().any(|value| value.to_lowercase() == actual.to_lowercase())
        })
    }
}

/// What is yet to be read of a filter.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn filter(&mut self) -> Option<Filter> {
        let mut terms = vec![self.term()?];
        while !self.0.trim().is_empty() {
            self.word("or")?;
            terms.push(self.term()?);
        }
        Some(Filter(terms))
    }

    fn term(&mut self) -> Option<Term> {
        let field = if self.word("name").is_some() {
            Field::Name
        } else {
            self.word("id")?;
            Field::Id
        };
        if self.word("eq").is_some() {
            return Some(Term { field, values: vec![self.quoted()?] });
        }
        self.word("in")?;
        self.sign('(')?;
        let mut values = vec![self.quoted()?];
        while self.sign(',').is_some() {
            values.push(self.quoted()?);
        }
        self.sign(')')?;
        Some(Term { field, values })
    }

    /// Operators are in lower case \[D\].
    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.0.trim_start().strip_prefix(word)?;
        if rest.starts_with(|next: char| next.is_alphanumeric()) {
            return None;
        }
        self.0 = rest;
        Some(())
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(sign)?;
        Some(())
    }

    fn quoted(&mut self) -> Option<String> {
        self.sign('"')?;
        let mut value = String::new();
        let mut characters = self.0.chars();
        loop {
            match characters.next()? {
                '"' => break,
                '\\' => value.push(characters.next()?),
                other => value.push(other),
            }
        }
        self.0 = characters.as_str();
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(filter: &str) -> Option<bool> {
        let named = Named { id: "1".to_owned(), name: r#"A "b" \ c"#.to_owned(), more: serde_json::Map::new() };
        Filter::parse(filter).ok().map(|filter| filter.matches(&named))
    }

    #[test]
    fn filters_are_read_as_documented() {
        for good in [r#"name eq "a \"b\" \\ c""#, r#"name eq "x" or id eq "1""#, r#" id in ( "2" , "1" ) "#] {
            assert_eq!(found(good), Some(true), "{good}");
        }
        assert_eq!(found(r#"name eq "a""#), Some(false));
        for bad in
            ["", "name", "name eq a", r#"name EQ "a""#, r#"name co "a""#, r#"name eq "a" and id eq "1""#, "name in ()"]
        {
            assert_eq!(found(bad), None, "{bad}");
        }
    }
}
