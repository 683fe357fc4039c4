//! From text to threshold. Whatever is unknown is refused, with the nearest known word.

use super::event::{Event, Window};
use super::metrics::{Kind, Metric};
use super::quantity::{Dimension, Quantity, Unit};
use super::threshold::{Aggregate, Comparison, Tags, Threshold};
use crate::lint::nearest;
use std::str::FromStr;

/// Why a text is no threshold, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("threshold {text:?}: {problem}")]
pub struct ThresholdError {
    text: String,
    problem: String,
}

type Parsed<T> = Result<T, String>;

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        threshold(text).map_err(|problem| ThresholdError { text: text.to_owned(), problem })
    }
}

fn threshold(text: &str) -> Parsed<Threshold> {
    let (subject, rest) = text
        .split_once(':')
        .ok_or("no colon; write `metric{tag=value}: aggregate < bound`, as `join_ms: p(95) < 2s`")?;
    let (metric, tags) = subject_of(subject.trim())?;
    let mut clauses = rest.split(',').map(str::trim);
    let (aggregate, comparison, bound) = comparison_of(clauses.next().unwrap_or_default(), metric)?;
    let mut threshold = Threshold {
        metric,
        tags,
        aggregate,
        comparison,
        bound,
        warn: None,
        samples_min: None,
        between: None,
        vs_baseline: None,
    };
    for clause in clauses {
        add(&mut threshold, clause)?;
    }
    Ok(threshold)
}

fn subject_of(text: &str) -> Parsed<(&'static Metric, Tags)> {
    let (name, tags) = match text.split_once('{') {
        None => (text, None),
        Some((name, rest)) => (name.trim(), Some(rest.strip_suffix('}').ok_or("the tags do not end with `}`")?)),
    };
    let names = Metric::ALL.iter().map(|metric| metric.name);
    let metric = Metric::named(name).ok_or_else(|| unknown("metric", name, names))?;
    let mut given = Tags::new();
    for tag in tags.into_iter().flat_map(|tags| tags.split(',')) {
        let (tag, value) = tag.split_once('=').ok_or_else(|| format!("tag {:?} is not name=value", tag.trim()))?;
        let (tag, value) = (tag.trim(), value.trim());
        let values = metric.values_of(tag);
        if values.is_empty() {
            return Err(unknown(&format!("tag of {name}"), tag, metric.tag_names()));
        }
        if !values.contains(&value) {
            return Err(unknown(&format!("value of the tag {tag}"), value, values));
        }
        if given.insert(tag.to_owned(), value.to_owned()).is_some() {
            return Err(format!("the tag {tag} stands twice"));
        }
    }
    if metric.sources_with(&given).is_empty() {
        return Err(format!("nothing that is measured has all of {}", text.trim_start_matches(name).trim()));
    }
    Ok((metric, given))
}

fn comparison_of(text: &str, metric: &Metric) -> Parsed<(Aggregate, Comparison, Quantity)> {
    // Signs of two characters stand first, so `<=` is not taken for `<`.
    let found = Comparison::SIGNS.iter().find_map(|(sign, comparison)| Some((text.split_once(sign)?, *comparison)));
    let ((left, right), comparison) =
        found.ok_or_else(|| format!("{text:?} compares nothing; write `p(95) < 2s` with one of <, <=, >, >="))?;
    let aggregate = aggregate_of(left.trim())?;
    let dimension = dimension_of(aggregate, metric)?;
    Ok((aggregate, comparison, quantity(right.trim(), dimension)?))
}

fn aggregate_of(text: &str) -> Parsed<Aggregate> {
    if let Some(share) = text.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')')) {
        let share: f64 = share.trim().parse().map_err(|_| format!("{text:?}: write a number, as p(95)"))?;
        let sensible = share > 0.0 && share < 100.0;
        return sensible.then_some(Aggregate::Percentile(share)).ok_or_else(|| {
            format!("{text:?}: a percentile lies above 0 and below 100; `min` and `max` are what lies at its ends")
        });
    }
    if let Some(share) = text.strip_prefix('p').filter(|share| share.parse::<f64>().is_ok()) {
        return Err(format!("no aggregate is called {text:?}; did you mean \"p({share})\"?"));
    }
    const WORDS: &[(&str, Aggregate)] = &[
        ("avg", Aggregate::Avg),
        ("min", Aggregate::Min),
        ("max", Aggregate::Max),
        ("rate", Aggregate::Rate),
        ("count", Aggregate::Count),
    ];
    let known = WORDS.iter().find(|(word, _)| *word == text).map(|(_, aggregate)| *aggregate);
    known.ok_or_else(|| unknown("aggregate", text, WORDS.iter().map(|(word, _)| *word).chain(["p(95)"])))
}

/// What the aggregate of this metric is, or that it has none.
fn dimension_of(aggregate: Aggregate, metric: &Metric) -> Parsed<Dimension> {
    let (dimension, instead) = match aggregate {
        Aggregate::Count => (Some(Dimension::Count), ""),
        Aggregate::Rate => (metric.kind.of_rate(), "p(N), avg, min, max, count"),
        _ => (metric.kind.of_values(), "rate, count"),
    };
    dimension.ok_or_else(|| format!("{} has no {aggregate}; it has {instead}", metric.name))
}

fn quantity(text: &str, dimension: Dimension) -> Parsed<Quantity> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, sign) = (&text[..end], text[end..].trim());
    let parsed: Option<f64> = number.parse().ok().filter(|number: &f64| number.is_finite());
    let number = parsed.ok_or_else(|| format!("{text:?} is no number with its unit"))?;
    if dimension == Dimension::Count {
        let whole = sign.is_empty() && number.fract() == 0.0;
        return whole
            .then_some(Quantity { number, unit: Unit::Count })
            .ok_or_else(|| format!("{text:?}: a count is a whole number without a unit"));
    }
    if sign.is_empty() {
        return Err(format!("{text:?} has no unit; write one of {}", dimension.signs()));
    }
    let known = Unit::SIGNS.iter().find(|(known, _)| *known == sign).map(|(_, unit)| *unit);
    let unit = known.ok_or_else(|| unknown("unit", sign, Unit::SIGNS.iter().map(|(sign, _)| *sign)))?;
    if unit.dimension() != dimension {
        return Err(format!("{text:?}: the unit must be one of {}", dimension.signs()));
    }
    Ok(Quantity { number, unit })
}

fn add(threshold: &mut Threshold, clause: &str) -> Parsed<()> {
    let (word, rest) = clause.split_once(' ').unwrap_or((clause, ""));
    let twice = || format!("`{word}` stands twice");
    match word {
        "warn" if threshold.warn.is_some() => Err(twice()),
        "warn" => {
            let warn = quantity(rest.trim(), threshold.bound.unit.dimension())?;
            // Beyond the bound it would never be heard.
            if !threshold.comparison.holds(warn.in_base(), threshold.bound.in_base()) {
                return Err(format!("warn {warn} lies beyond the bound {}", threshold.bound));
            }
            threshold.warn = Some(warn);
            Ok(())
        }
        "samples" if threshold.samples_min.is_some() => Err(twice()),
        "samples" => {
            let number = rest.trim().strip_prefix(">=").map(str::trim).and_then(|number| number.parse().ok());
            let samples = number.filter(|samples: &usize| *samples > 0);
            threshold.samples_min = Some(samples.ok_or("write `samples >= 50`, above 0")?);
            Ok(())
        }
        "between" if threshold.between.is_some() => Err(twice()),
        "between" => {
            threshold.between = Some(window(rest.trim(), threshold)?);
            Ok(())
        }
        "vs" if threshold.vs_baseline.is_some() => Err(twice()),
        "vs" => {
            threshold.vs_baseline = Some(change(rest.trim(), threshold)?);
            Ok(())
        }
        _ => Err(unknown("clause", word, ["warn", "samples", "between", "vs baseline"])),
    }
}

/// `ramped..end`: both happen in the same load, one after the other.
fn window(text: &str, threshold: &Threshold) -> Parsed<Window> {
    let (from, to) = text.split_once("..").ok_or_else(|| format!("{text:?}: write `between ramped..end`"))?;
    let event = |name: &str| {
        let names = Event::ALL.iter().map(|event| event.name());
        Event::named(name.trim()).ok_or_else(|| unknown("event", name.trim(), names))
    };
    let window = Window { from: event(from)?, to: event(to)? };
    if window.from >= window.to {
        return Err(format!("between {window}: {} does not come after {}", window.to.name(), window.from.name()));
    }
    let sources = threshold.metric.sources_with(&threshold.tags);
    if sources.iter().all(|source| source.events.is_empty()) {
        return Err(format!("{} is measured over the whole of a load, and has no `between`", threshold.metric.name));
    }
    match sources.iter().any(|source| source.events.contains(&window.from) && source.events.contains(&window.to)) {
        true => Ok(window),
        false => Err(format!("between {window}: what is measured there goes through no such thing")),
    }
}

/// `baseline +10%`: by how much the aggregate may be worse than it was.
fn change(text: &str, threshold: &Threshold) -> Parsed<f64> {
    let Threshold { metric, aggregate, comparison, .. } = threshold;
    let compared = match aggregate {
        Aggregate::Percentile(_) | Aggregate::Avg => true,
        Aggregate::Rate => metric.kind == Kind::Events,
        Aggregate::Min | Aggregate::Max | Aggregate::Count => false,
    };
    // One sample decides what they are, or the timetable does: nobody can say how sure such a difference is.
    if !compared || metric.sources.iter().all(|source| source.events.is_empty()) {
        return Err(format!("{} {aggregate} can't be held against a baseline; p(N), avg and shares can", metric.name));
    }
    let number = text.strip_prefix("baseline").map(str::trim).and_then(|rest| rest.strip_suffix('%'));
    let signed = number.map(str::trim).filter(|number| number.starts_with(['+', '-']));
    let percent = signed.and_then(|number| number.parse::<f64>().ok()).filter(|percent| percent.is_finite());
    let percent = percent.ok_or("write `vs baseline +10%`, with its sign")?;
    let (sensible, instead) = match comparison.is_upper() {
        true => (percent > 0.0, "less is better here: write how much more is borne, as +10%"),
        false => (percent < 0.0 && percent > -100.0, "more is better here: write how much less is borne, as -10%"),
    };
    sensible.then_some(percent).ok_or_else(|| format!("vs baseline {percent:+}%: {instead}"))
}

fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None if known.is_empty() => "there is none".to_owned(),
        None => format!("there are {}", known.join(", ")),
    };
    format!("no {what} is called {name:?}; {hint}")
}
