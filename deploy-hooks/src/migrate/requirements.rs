//! Which requirement is met by which steps of a plan, which checks, and which components of a point.

/// One requirement.
pub(super) struct Requirement {
    /// As the first report numbers it.
    pub(super) number: &'static str,
    /// What it is about.
    pub(super) title: &'static str,
    /// Its checks: a category of `greenlight validate`.
    pub(super) category: &'static str,
    /// What of it a point brings back.
    pub(super) components: &'static [&'static str],
}

/// All of them.
pub(super) const REQUIREMENTS: [Requirement; 3] = [
    Requirement { number: "1.1", title: "JWT authentication", category: "auth", components: &["files", "env"] },
    Requirement {
        number: "2.1",
        title: "API configuration",
        category: "api",
        components: &["files", "env", "services"],
    },
    Requirement { number: "3.1", title: "SIP configuration", category: "sip", components: &["files", "redis", "sip"] },
];
