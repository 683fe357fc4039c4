//! The report as one HTML file for people: no script, nothing loaded from elsewhere.

mod findings;
mod page;
mod plots;
mod table;

#[cfg(test)]
mod tests;

pub use page::html;
