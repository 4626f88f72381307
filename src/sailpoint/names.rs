//! Looking up sources and clusters by name.
//!
//! Fetches candidates; which of them has exactly the name asked for is the caller's to see, as SailPoint compares most
//! strings without regard to case.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::budget::Slot;
use super::client::{Answer, Client};
use super::error::{Error, ErrorKind};
use super::lenient;
use super::operations::LARGEST_LIST;
use super::outbound::{Outbound, Verb};
use super::versions::Collection;
use super::wire::Named;

/// Entries of a page, the most that SailPoint gives (`standard-collection-parameters.md`).
const PAGE: usize = 250;
/// The most pages that are followed.
const MOST_PAGES: usize = 40;
/// The most bytes of a filter, so that the URL stays within what gateways take.
const LONGEST_FILTER: usize = 2000;

impl Client {
    /// The sources with one of these names, regardless of case. One call for all names, more if they are many or have
    /// more than one page of matches; each further call waits for a slot of the same class.
    ///
    /// # Errors
    /// As a call failed: none of what was found is then returned.
    pub async fn sources_by_name(&self, slot: Slot, names: &[&str]) -> Result<Answer<Vec<Named>>, Error> {
        let class = slot.class();
        let mut filters = filters(names).into_iter();
        let mut answer = self.pages(slot, Collection::Sources, "/sources", filters.next().as_deref()).await?;
        for filter in filters {
            let slot = self.prepare(class).await?;
            let more = self.pages(slot, Collection::Sources, "/sources", Some(&filter)).await?;
            answer.value.extend(more.value);
        }
        Ok(answer)
    }

    /// All clusters: a tenant has few, and not every version of the API filters them by name.
    ///
    /// # Errors
    /// As a call failed.
    pub async fn clusters(&self, slot: Slot) -> Result<Answer<Vec<Named>>, Error> {
        self.pages(slot, Collection::ManagedClusters, "/managed-clusters", None).await
    }

    /// Every page of a collection. The answer's times and headers are those of the first.
    async fn pages(
        &self,
        slot: Slot,
        collection: Collection,
        route: &'static str,
        filter: Option<&str>,
    ) -> Result<Answer<Vec<Named>>, Error> {
        let class = slot.class();
        let mut answer = self.page(slot, collection, route, filter, 0).await?;
        let mut full = answer.value.len() >= PAGE;
        for page in 1..MOST_PAGES {
            if !full {
                return Ok(answer);
            }
            let slot = self.prepare(class).await?;
            let more = self.page(slot, collection, route, filter, page * PAGE).await?;
            full = more.value.len() >= PAGE;
            answer.value.extend(more.value);
        }
        let words = format!("more than {} entries: names cannot be looked up here, give ids", MOST_PAGES * PAGE);
        Err(Error::new(ErrorKind::TooLarge, words).of_call("GET", &self.api().collection(collection)))
    }

    async fn page(
        &self,
        slot: Slot,
        collection: Collection,
        route: &'static str,
        filter: Option<&str>,
        offset: usize,
    ) -> Result<Answer<Vec<Named>>, Error> {
        let filter = filter.map(|filter| format!("&filters={}", utf8_percent_encode(filter, NON_ALPHANUMERIC)));
        let query = format!("limit={PAGE}&offset={offset}{}", filter.unwrap_or_default());
        let outbound = Outbound {
            method: Verb::Get,
            path: self.api().collection(collection),
            query: Some(query),
            route,
            experimental: false,
            body: None,
            largest: LARGEST_LIST,
            secrets: &[],
            send_before: None,
        };
        self.value(slot, outbound, read).await
    }
}

/// `name in ("a","b")`, in as many filters as their length asks for. No names: a filter that nothing matches is not
/// needed, as callers ask for at least one.
fn filters(names: &[&str]) -> Vec<String> {
    let mut filters: Vec<String> = Vec::new();
    for name in names {
        let quoted = quoted(name);
        match filters.last_mut().filter(|filter| filter.len() + quoted.len() < LONGEST_FILTER) {
            Some(filter) => {
                filter.push(',');
                filter.push_str(&quoted);
            }
            None => filters.push(format!("name in ({quoted}")),
        }
    }
    filters.into_iter().map(|filter| filter + ")").collect()
}

/// A string of SailPoint's filter language: `\\` and `"` are escaped.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// An entry without id or name is of no use to a look-up.
fn read(value: Value) -> Result<Vec<Named>, String> {
    let Value::Array(entries) = value else {
        return Err(format!("{} where a list was expected", lenient::type_name(&value)));
    };
    let read = |(index, entry): (usize, &Value)| {
        let reference = lenient::reference(entry);
        let named = reference.and_then(|reference| Some(Named { id: reference.id?, name: reference.name? }));
        named.ok_or_else(|| format!("entry {index} of the list has no id or name"))
    };
    entries.iter().enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_joined() {
        assert_eq!(filters(&["Active Directory"]), [r#"name in ("Active Directory")"#]);
        assert_eq!(filters(&[r#"a"b\c"#, "d,e"]), [r#"name in ("a\"b\\c","d,e")"#]);
        assert!(filters(&[]).is_empty());
    }

    #[test]
    fn many_names_make_several_filters() {
        let names: Vec<String> = (0..200).map(|number| format!("source number {number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let filters = filters(&names);
        assert!(filters.len() > 1 && filters.iter().all(|filter| filter.len() <= LONGEST_FILTER + 1));
        let all = filters.concat();
        assert!(names.iter().all(|name| all.contains(&format!("\"{name}\""))));
    }
}
