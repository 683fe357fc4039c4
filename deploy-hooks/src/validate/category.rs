//! What a migration is validated for, and how deep.

use clap::ValueEnum;
use serde::Deserialize;

/// A part of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Category {
    /// Configuration files, and what the running server makes of them.
    Configuration,
    /// Nodes, balancer, certificates, joins.
    Services,
    /// The API, webhooks, agents.
    Api,
    /// Keys, tokens, grants, and what strangers may not do.
    Auth,
    /// Trunks, rules, calls.
    Sip,
    /// Redis and the application's database.
    Database,
    /// Metrics and health.
    Monitoring,
    /// Load and its thresholds.
    Performance,
}

/// How deep it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Level {
    /// Files only: nothing is asked of any deployment.
    Config,
    /// Files, and whether it answers: the smoke set.
    Health,
    /// Everything that neither loads the deployment nor ends parts of it.
    Integration,
    /// Everything that its target allows.
    E2e,
}

/// A check of greenlight-verify, as it lists them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) suite: String,
    pub(super) tags: Vec<String>,
}

impl Category {
    /// Its name on the command line.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Services => "services",
            Self::Api => "api",
            Self::Auth => "auth",
            Self::Sip => "sip",
            Self::Database => "database",
            Self::Monitoring => "monitoring",
            Self::Performance => "performance",
        }
    }

    /// The one that a check belongs to. None is left out: what no other has is a service.
    pub(super) fn of(check: &Listed) -> Self {
        let name = check.id.split('.').nth(1).unwrap_or_default();
        match check.suite.as_str() {
            "configuration" => Self::Configuration,
            "api" | "webhooks" | "agents" => Self::Api,
            "auth" | "security" => Self::Auth,
            "sip" => Self::Sip,
            "monitoring" => Self::Monitoring,
            "performance" => Self::Performance,
            "infrastructure"
                if name.starts_with("redis") || name.starts_with("database") || name.starts_with("drill_redis") =>
            {
                Self::Database
            }
            _ => Self::Services,
        }
    }
}

impl Level {
    /// Whether a check is looked at.
    pub(super) fn takes(self, check: &Listed) -> bool {
        let is = |tag: &str| check.tags.iter().any(|known| known == tag);
        match self {
            Self::Config => false,
            Self::Health => is("smoke"),
            Self::Integration => !is("load") && !is("drill"),
            Self::E2e => true,
        }
    }
}

/// The category of a result, as it stands in a report.
pub(crate) fn word_of(result: &greenlight_reports::CheckResult) -> &'static str {
    if result.id.starts_with("files.") {
        let is = |category: &Category| result.tags.iter().any(|tag| tag == category.word());
        return Category::value_variants()
            .iter()
            .find(|category| is(category))
            .map_or("configuration", |one| one.word());
    }
    let suite = result.id.split('.').next().unwrap_or_default().to_owned();
    Category::of(&Listed { id: result.id.clone(), suite, tags: result.tags.clone() }).word()
}

#[cfg(test)]
mod tests {
    use super::{Category, Level, Listed};

    fn check(id: &str, tags: &[&str]) -> Listed {
        let suite = id.split('.').next().expect("a suite").to_owned();
        Listed { id: id.to_owned(), suite, tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
    }

    #[test]
    fn every_check_has_one_category_and_its_levels() {
        let database = check("infrastructure.database_size", &[]);
        let drill = check("infrastructure.drill_redis_frozen", &["drill"]);
        let smoke = check("signal.join_on_each_node", &["smoke"]);
        assert_eq!(
            [&database, &drill, &smoke].map(Category::of),
            [Category::Database, Category::Database, Category::Services]
        );
        assert_eq!(Category::of(&check("webhooks.delivered", &[])), Category::Api);
        let taken = |level: Level| [&database, &drill, &smoke].map(|check| level.takes(check));
        assert_eq!(taken(Level::Config), [false, false, false]);
        assert_eq!(taken(Level::Health), [false, false, true]);
        assert_eq!(taken(Level::Integration), [true, false, true]);
        assert_eq!(taken(Level::E2e), [true, true, true]);
    }
}
