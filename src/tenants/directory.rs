//! Which ids the names of sources and clusters stand for in one org.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use crate::model::Kind;
use crate::sailpoint::Named;

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing that is new enough; it is asked for.
    Asked,
    /// The ids of this exact name: none, one or several.
    Found(Vec<String>),
}

/// The names of one org that were asked for.
#[derive(Debug, Default)]
pub(super) struct Directory {
    known: BTreeMap<(Kind, String), Known>,
    asked: BTreeSet<(Kind, String)>,
}

#[derive(Debug)]
struct Known {
    ids: Vec<String>,
    as_of: Instant,
}

impl Directory {
    /// The ids of `name`, if they were looked up after `since`; else the name is noted as asked for.
    pub(super) fn look(&mut self, kind: Kind, name: &str, since: Instant) -> Lookup {
        if let Some(ids) = self.peek(kind, name, since) {
            return Lookup::Found(ids);
        }
        self.asked.insert((kind, name.to_owned()));
        Lookup::Asked
    }

    /// The ids of `name`, if they were looked up after `since`; nothing is asked for.
    pub(super) fn peek(&self, kind: Kind, name: &str, since: Instant) -> Option<Vec<String>> {
        let known = self.known.get(&(kind, name.to_owned())).filter(|known| known.as_of >= since)?;
        Some(known.ids.clone())
    }

    /// The names of this kind that are asked for.
    pub(super) fn asked(&self, kind: Kind) -> Vec<String> {
        self.asked.iter().filter(|(asked, _)| *asked == kind).map(|(_, name)| name.clone()).collect()
    }

    /// Takes over an answer, of a call that started at `started`, for all of `names`.
    pub(super) fn answer(&mut self, kind: Kind, names: &[String], found: &[Named], started: Instant) {
        for name in names {
            let mut ids: Vec<String> = found.iter().filter(|one| one.name == *name).map(|one| one.id.clone()).collect();
            ids.sort();
            ids.dedup();
            let key = (kind, name.clone());
            self.asked.remove(&key);
            self.known.insert(key, Known { ids, as_of: started });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_asked_for_once_and_matches_exactly() {
        let (mut directory, start) = (Directory::default(), Instant::now());
        assert_eq!(directory.look(Kind::Source, "AD", start), Lookup::Asked);
        assert_eq!(directory.asked(Kind::Source), ["AD"]);
        assert!(directory.asked(Kind::Cluster).is_empty());
        let found = [Named { id: "1".into(), name: "AD".into() }, Named { id: "2".into(), name: "ad".into() }];
        directory.answer(Kind::Source, &["AD".to_owned()], &found, start);
        assert_eq!(directory.look(Kind::Source, "AD", start), Lookup::Found(vec!["1".into()]));
        assert!(directory.asked(Kind::Source).is_empty());
        let later = start + std::time::Duration::from_secs(1);
        assert_eq!(directory.look(Kind::Source, "AD", later), Lookup::Asked);
    }
}
