//! Prometheus' text format 0.0.4: what a node exports, as numbers.

use crate::http::Endpoint;
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;

/// One line of an exposition: a counter, a gauge, or one of the series that a histogram or summary consists of.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The series' name; `…_bucket`, `…_sum` and `…_count` of a histogram are names of their own.
    pub name: String,
    /// Labels in the order of the line, escapes resolved.
    pub labels: Vec<(String, String)>,
    /// NaN and infinities are values too.
    pub value: f64,
    /// Milliseconds since 1970, where the line has them.
    pub timestamp_ms: Option<i64>,
}

impl Sample {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One exposition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics {
    /// All samples in their order.
    pub samples: Vec<Sample>,
}

impl Metrics {
    /// Reads an exposition.
    ///
    /// # Errors
    /// When a line is not of the format; the error names the line.
    pub fn parse(text: &str) -> Result<Self> {
        let mut samples = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                samples.push(sample(line).with_context(|| format!("line {} of the metrics, {line:?}", number + 1))?);
            }
        }
        Ok(Self { samples })
    }

    /// The sum over the series of this name that have all these labels, or none if there is no such series: a metric
    /// of LiveKit is absent until its first use, which differs from zero.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut values = self.series(name, labels).map(|sample| sample.value).peekable();
        values.peek()?;
        Some(values.sum())
    }

    /// The series of this name that have all these labels.
    pub fn series<'a>(&'a self, name: &'a str, labels: &'a [(&str, &str)]) -> impl Iterator<Item = &'a Sample> {
        let has_all = move |sample: &&Sample| labels.iter().all(|(label, value)| sample.label(label) == Some(value));
        self.samples.iter().filter(move |sample| sample.name == name).filter(has_all)
    }

    /// The names of all series.
    pub fn names(&self) -> BTreeSet<&str> {
        self.samples.iter().map(|sample| sample.name.as_str()).collect()
    }

    /// The mean of a histogram or summary over the series with these labels, or none without any observation.
    pub fn mean(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let count = self.sum(&format!("{name}_count"), labels).filter(|count| *count > 0.0)?;
        Some(self.sum(&format!("{name}_sum"), labels)? / count)
    }
}

impl Endpoint {
    /// Asks this address for `/metrics`. For its status alone, use [`Endpoint::get`].
    ///
    /// # Errors
    /// When no answer came, or one that is not 200 or not an exposition.
    pub async fn metrics(&self) -> Result<Metrics> {
        let answer = self.get("/metrics", None).await?;
        ensure!(answer.status == 200, "{}/metrics answered {}, expected 200", self.url(), answer.status);
        Metrics::parse(&answer.body).with_context(|| format!("reading {}/metrics", self.url()))
    }
}

fn sample(line: &str) -> Result<Sample> {
    let end = line.find(|c: char| c == '{' || c.is_ascii_whitespace()).context("a name without a value")?;
    let (name, rest) = line.split_at(end);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    ensure!(!name.is_empty() && name.chars().all(is_name), "{name:?} is no metric's name");
    let rest = rest.trim_start();
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let mut words = rest.split_ascii_whitespace();
    let value = number(words.next().context("no value")?)?;
    let timestamp_ms = words.next().map(str::parse).transpose().context("the timestamp is no integer")?;
    ensure!(words.next().is_none(), "something behind the timestamp");
    Ok(Sample { name: name.to_owned(), labels, value, timestamp_ms })
}

/// Labels and what stands behind their closing brace.
fn labels(mut rest: &str) -> Result<(Vec<(String, String)>, &str)> {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(rest) = rest.strip_prefix('}') {
            return Ok((found, rest));
        }
        let (name, value) = rest.split_once('=').context("a label without a value")?;
        let value = value.trim_start().strip_prefix('"').context("a label's value without quotes")?;
        let (value, behind) = quoted(value)?;
        found.push((name.trim().to_owned(), value));
        rest = behind;
    }
}

/// A quoted text with its escapes resolved, and what stands behind its closing quote.
fn quoted(text: &str) -> Result<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((index, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[index + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped @ ('\\' | '"'))) => value.push(escaped),
                other => bail!("an unknown escape in a label: {:?}", other.map(|(_, c)| c)),
            },
            c => value.push(c),
        }
    }
    bail!("a label's value without an end")
}

fn number(word: &str) -> Result<f64> {
    // Go writes +Inf, -Inf and NaN, which Rust reads in any case.
    word.parse().with_context(|| format!("{word:?} is no number"))
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    /// The example of Prometheus' documentation, "Exposition formats", text format example.
    const EXAMPLE: &str = r#"
# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="0.1"} 33444
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
"#;

    #[test]
    fn the_example_of_the_format_is_read() {
        let metrics = Metrics::parse(EXAMPLE).expect("an exposition");
        assert_eq!(metrics.samples.len(), 10);
        assert_eq!(metrics.sum("http_requests_total", &[]), Some(1030.0));
        assert_eq!(metrics.sum("http_requests_total", &[("method", "post"), ("code", "400")]), Some(3.0));
        assert_eq!(metrics.sum("metric_without_timestamp_and_labels", &[]), Some(12.47));
        assert_eq!(metrics.sum("http_request_duration_seconds_bucket", &[("le", "+Inf")]), Some(144_320.0));
        assert_eq!(metrics.mean("http_request_duration_seconds", &[]), Some(53423.0 / 144_320.0));
        let path = metrics.series("msdos_file_access_time_seconds", &[]).next().expect("a series");
        assert_eq!(path.label("path"), Some(r"C:\DIR\FILE.TXT"));
        assert_eq!(path.label("error"), Some("Cannot find file:\n\"FILE.TXT\""));
        let weird = metrics.series("something_weird", &[]).next().expect("a series");
        assert_eq!((weird.value, weird.timestamp_ms), (f64::INFINITY, Some(-3_982_045)));
    }

    #[test]
    fn absent_is_not_zero() {
        let metrics = Metrics::parse("a{x=\"1\"} 0\nb NaN\n").expect("an exposition");
        assert_eq!(metrics.sum("a", &[]), Some(0.0));
        assert_eq!(metrics.sum("a", &[("x", "2")]), None);
        assert_eq!(metrics.sum("absent", &[]), None);
        assert_eq!(metrics.mean("absent", &[]), None);
        assert!(metrics.sum("b", &[]).is_some_and(f64::is_nan));
        assert_eq!(metrics.names().into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn braces_and_commas_inside_a_label_do_not_end_it() {
        // The format allows a comma behind the last label.
        let metrics = Metrics::parse("a{x=\"}, y\",y=\"=\",} 7").expect("an exposition");
        assert_eq!(metrics.sum("a", &[("x", "}, y"), ("y", "=")]), Some(7.0));
    }

    #[test]
    fn what_is_not_the_format_is_an_error_that_names_the_line() {
        for bad in ["<html>", "a", "a{x=\"1\" 3", "a{x=1} 3", "a{x=\"\\t\"} 3", "a one", "a 1 soon", "a 1 2 3", "é 1"]
        {
            let error = Metrics::parse(&format!("ok 1\n{bad}\n")).expect_err(bad);
            assert!(error.to_string().starts_with("line 2 of the metrics"), "{error}");
        }
    }
}
