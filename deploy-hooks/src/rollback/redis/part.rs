//! How what lasts in Redis is kept, and what comes back.

use super::super::archive::{Opened, end_part};
use super::super::exchange::Exchange;
use super::super::part::{Kept, Part};
use super::super::site::Site;
use super::super::writer::Writer;
use super::exchange::Keys;
use super::keys::{All, all, present};
use super::server::{connect, is_alone, said};
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// As it stands in the manifest.
const NAME: &str = "redis";

/// Trunks, rules and ingress in LiveKit's Redis.
pub(in super::super) struct Durable<'a> {
    pub(in super::super) site: &'a Site,
}

/// What is in the archive.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    pub(super) keys: All,
}

impl Part for Durable<'_> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn estimate(&self) -> Result<u64, Failure> {
        Ok(self.read()?.values().map(|held| held.value.bytes()).sum())
    }

    fn keep(&self, archive: &mut Writer) -> Result<Kept, Failure> {
        let keys = self.read()?;
        let kept = Kept {
            entries: keys.values().map(|held| held.value.len()).sum(),
            plain_bytes: keys.values().map(|held| held.value.bytes()).sum(),
            passed_over: vec![],
            ..Kept::default()
        };
        end_part(archive, NAME, BTreeMap::new(), &About { keys })
            .map_err(|error| Failure::unknown(format!("cannot write the archive: {error}")))?;
        Ok(kept)
    }

    fn exchange(&self, opened: &Opened<'_>, point: &str) -> Result<Exchange, Failure> {
        let kept = read(opened).map_err(Failure::refused)?;
        let keys = Keys::new(point, kept.keys().cloned().collect());
        self.site.wait(async {
            let mut connection = connect(self.site).await?;
            is_alone(&mut connection).await?;
            let there = present(&mut connection).await.map_err(|error| said(&error))?;
            keys.can_come(&mut connection, &kept, &there.into_keys().collect::<Vec<_>>()).await
        })?;
        Ok(Exchange::Redis(keys))
    }
}

impl Durable<'_> {
    fn read(&self) -> Result<All, Failure> {
        self.site.wait(async {
            let mut connection = connect(self.site).await?;
            all(&mut connection).await.map_err(|error| said(&error))
        })
    }
}

/// What was kept.
///
/// # Errors
/// What is wrong with the archive.
pub(super) fn read(opened: &Opened<'_>) -> Result<All, String> {
    let about: About = opened.part(NAME, |_, _| Ok(()))?;
    Ok(about.keys)
}

/// What is in an archive, a line each: names of keys, and how much they hold.
///
/// # Errors
/// What is wrong with it.
pub(in super::super) fn held(opened: &Opened<'_>) -> Result<Vec<String>, String> {
    Ok(read(opened)?.iter().map(|(key, held)| format!("{key}  {} entries", held.value.len())).collect())
}
