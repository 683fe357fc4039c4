//! What is another in every run (the run's names, the key's id, ids of the server) and what is too long to be kept.

use super::token::KEY_MARK;
use greenlight_harness::clients::Key;
use serde_json::Value;
use std::collections::BTreeMap;

/// The run's id in the recording.
const RUN: &str = "glt-RUN-";
/// So many equal characters in a row, and they are counted instead of kept.
const ALIKE: usize = 40;

/// What one check of one run calls things.
pub(super) struct Names<'a> {
    pub(super) key: &'a Key,
    /// `glt-<run>-`.
    run: String,
    /// Ids that the server gave, in the order in which they were heard first.
    ids: BTreeMap<usize, String>,
}

impl<'a> Names<'a> {
    pub(super) fn new(key: &'a Key, run_id: &str) -> Self {
        Self { key, run: format!("glt-{run_id}-"), ids: BTreeMap::new() }
    }

    /// A text as the recording has it.
    pub(super) fn hidden_text(&self, text: &str) -> String {
        let mut text = text.replace(&self.run, RUN).replace(&self.key.id, KEY_MARK);
        for (number, id) in &self.ids {
            text = text.replace(id.as_str(), &format!("<id {number}>"));
        }
        shortened(&text)
    }

    /// A text as it is sent.
    pub(super) fn shown_text(&self, text: &str) -> String {
        let mut text = lengthened(text).replace(RUN, &self.run).replace(KEY_MARK, &self.key.id);
        for (number, id) in &self.ids {
            text = text.replace(&format!("<id {number}>"), id);
        }
        text
    }

    /// The same for every text in a value.
    pub(super) fn hidden(&self, value: &Value) -> Value {
        mapped(value, &|text| self.hidden_text(text))
    }

    /// The same for every text in a value.
    pub(super) fn shown(&self, value: &Value) -> Value {
        mapped(value, &|text| self.shown_text(text))
    }

    /// Notes the ids in an answer that were not heard before, and says where they stand.
    pub(super) fn hear(&mut self, answer: &Value) -> BTreeMap<String, usize> {
        let mut found = Vec::new();
        ids_in(answer, String::new(), &mut found);
        let mut new = BTreeMap::new();
        for (place, id) in found {
            if !self.ids.values().any(|known| *known == id) {
                let number = self.ids.len();
                self.ids.insert(number, id);
                new.insert(place, number);
            }
        }
        new
    }

    /// The same for an answer to what is said again: the ids have the numbers that they have in the recording.
    pub(super) fn hear_as(&mut self, answer: &Value, ids: &BTreeMap<String, usize>) {
        for (place, number) in ids {
            if let Some(id) = answer.pointer(place).and_then(Value::as_str) {
                self.ids.insert(*number, id.to_owned());
            }
        }
    }
}

/// Every key of a value: `rooms[].sid`. Elements of a list are not told apart.
pub(super) fn keys_of(value: &Value) -> Vec<String> {
    let mut keys = std::collections::BTreeSet::new();
    collect(value, "", &mut keys);
    keys.into_iter().collect()
}

fn collect(value: &Value, path: &str, keys: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                keys.insert(path.clone());
                collect(value, &path, keys);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, &format!("{path}[]"), keys)),
        _ => {}
    }
}

/// `RM_…`, `PA_…`: capitals, an underscore, and at least eight letters and digits.
fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(kind, rest)| {
        (2..=4).contains(&kind.len())
            && kind.chars().all(|c| c.is_ascii_uppercase())
            && rest.len() >= 8
            && rest.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

fn ids_in(value: &Value, place: String, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if is_id(text) => found.push((place, text.clone())),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| ids_in(value, format!("{place}/{key}"), found)),
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, value)| ids_in(value, format!("{place}/{index}"), found));
        }
        _ => {}
    }
}

fn mapped(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => change(text).into(),
        Value::Array(elements) => elements.iter().map(|element| mapped(element, change)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (change(key), mapped(value, change)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// `<300 of a>` in place of 300 times that letter.
fn shortened(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let count = rest.chars().take_while(|c| *c == first).count();
        let (run, after) = rest.split_at(count * first.len_utf8());
        match count >= ALIKE {
            true => out.push_str(&format!("<{count} of {first}>")),
            false => out.push_str(run),
        }
        rest = after;
    }
    out
}

fn lengthened(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('<').enumerate() {
        let repeated = part.split_once('>').and_then(|(inside, after)| {
            let (count, letter) = inside.split_once(" of ")?;
            Some(letter.repeat(count.parse().ok()?) + after)
        });
        match repeated {
            Some(whole) if index > 0 => out.push_str(&whole),
            _ if index > 0 => {
                out.push('<');
                out.push_str(part);
            }
            _ => out.push_str(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Names, is_id, keys_of};
    use greenlight_harness::clients::{Key, Secret, json};

    #[test]
    fn what_is_hidden_is_shown_again_under_other_names() {
        let recorded = Key { id: "APIrecorded".into(), secret: Secret::new("x") };
        let again = Key { id: "APIagain".into(), secret: Secret::new("y") };
        let mut names = Names::new(&recorded, "k3f9a");
        assert_eq!(names.hear(&json!({"room": {"sid": "RM_CQYSlvSPJmxm"}})), [("/room/sid".to_owned(), 0)].into());
        let long = "x".repeat(257);
        let hidden = names.hidden_text(&format!("APIrecorded glt-k3f9a-a.b-room RM_CQYSlvSPJmxm {long} <b>"));
        assert_eq!(hidden, "<key> glt-RUN-a.b-room <id 0> <257 of x> <b>");
        let mut shown = Names::new(&again, "again");
        shown.hear_as(&json!({"room": {"sid": "RM_other1other1"}}), &[("/room/sid".to_owned(), 0)].into());
        assert_eq!(shown.shown_text(&hidden), format!("APIagain glt-again-a.b-room RM_other1other1 {long} <b>"));
    }

    /// Ids as livekit-server 1.13.5 gave them, and words of its own that look alike.
    #[test]
    fn ids_are_told_from_words() {
        assert!(is_id("RM_CQYSlvSPJmxm") && is_id("ND_nydN7PaFkd5C"));
        assert!(!is_id("JRP_ON_FAILURE") && !is_id("AD_x") && !is_id("glt-RUN-room"));
    }

    #[test]
    fn keys_of_elements_are_not_told_apart() {
        let rooms = json!({"rooms": [{"sid": 1, "name": 2}, {"sid": 3, "metadata": {"a": 4}}]});
        assert_eq!(keys_of(&rooms), ["rooms", "rooms[].metadata", "rooms[].metadata.a", "rooms[].name", "rooms[].sid"]);
    }
}
