//! What has to be done so that what is there is what was kept.

use super::held::{Kind, compared, mapped};
use serde_json::Value;
use std::collections::BTreeMap;

/// Of one kind.
#[derive(Default)]
pub(super) struct Difference {
    /// Ids of those that are too much.
    pub(super) surplus: Vec<String>,
    /// The id of each that is not as it was kept, and how it was kept.
    pub(super) changed: Vec<(String, Value)>,
    /// Those that are not there, as they were kept.
    pub(super) missing: Vec<Value>,
    /// The id under which it was kept, and that under which it is there.
    pub(super) ids: BTreeMap<String, String>,
}

impl Difference {
    /// Holds them against each other. The same id is the same trunk; else one that is the same in everything else, which a
    /// restore that was cut short has made, or somebody by hand.
    pub(super) fn between(kind: Kind, kept: &[Value], there: &[Value], trunks: &BTreeMap<String, String>) -> Self {
        let none = BTreeMap::new();
        let (mut left, mut found) = (there.iter().collect::<Vec<_>>(), Self::default());
        let mut unmatched = Vec::new();
        for one in kept {
            match left.iter().position(|there| kind.id_of(there) == kind.id_of(one)) {
                Some(at) => found.matched(kind, one, left.swap_remove(at), trunks),
                None => unmatched.push(one),
            }
        }
        for one in unmatched {
            let wanted = compared(kind, one, trunks);
            match left.iter().position(|there| compared(kind, there, &none) == wanted) {
                Some(at) => found.matched(kind, one, left.swap_remove(at), trunks),
                None => found.missing.push(mapped(kind, one, trunks)),
            }
        }
        found.surplus = left.into_iter().map(|one| kind.id_of(one).to_owned()).collect();
        found
    }

    fn matched(&mut self, kind: Kind, kept: &Value, there: &Value, trunks: &BTreeMap<String, String>) {
        let id = kind.id_of(there).to_owned();
        self.ids.insert(kind.id_of(kept).to_owned(), id.clone());
        if compared(kind, kept, trunks) != compared(kind, there, &BTreeMap::new()) {
            self.changed.push((id, mapped(kind, kept, trunks)));
        }
    }

    /// Nothing has to be done.
    pub(super) fn is_none(&self) -> bool {
        self.surplus.is_empty() && self.changed.is_empty() && self.missing.is_empty()
    }

    /// For people: names and ids only.
    pub(super) fn said(&self, kind: Kind) -> String {
        let name = kind.name();
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            let ids: Vec<&str> = self.missing.iter().map(|one| kind.id_of(one)).collect();
            parts.push(format!("{name} {} missing", ids.join(", ")));
        }
        if !self.changed.is_empty() {
            let ids: Vec<&str> = self.changed.iter().map(|(id, _)| id.as_str()).collect();
            parts.push(format!("{name} {} not as it was kept", ids.join(", ")));
        }
        if !self.surplus.is_empty() {
            parts.push(format!("{name} {} too much", self.surplus.join(", ")));
        }
        parts.join("; ")
    }
}
