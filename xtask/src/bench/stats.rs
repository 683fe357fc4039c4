//! Numbers out of rounds, and the order in which contestants take turns.

/// The middle one; of an even number the mean of the two in the middle. `NaN` of none.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len(), sorted.len() % 2) {
        (0, _) => f64::NAN,
        (_, 1) => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// From the smallest to the largest, as a share of the median.
pub(super) fn spread(values: &[f64]) -> f64 {
    let (least, most) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(*value), most.max(*value)));
    (most - least) / median(values)
}

/// Who is next in each round: forwards, backwards, forwards. Of two contestants that is A B, B A, A B: whatever drifts
/// meanwhile favours nobody.
pub(super) fn abba(contestants: usize, rounds: usize) -> Vec<Vec<usize>> {
    let forwards: Vec<usize> = (0..contestants).collect();
    let backwards: Vec<usize> = forwards.iter().rev().copied().collect();
    (0..rounds).map(|round| if round % 2 == 0 { forwards.clone() } else { backwards.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::{abba, median, spread};

    /// Values as Python's `statistics.median` gives them.
    #[test]
    fn the_middle_is_no_mean() {
        assert!((median(&[3.0, 1.0, 100.0]) - 3.0).abs() < 1e-12);
        assert!((median(&[4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-12);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn the_spread_is_a_share_of_the_median() {
        assert!((spread(&[9.0, 10.0, 12.0]) - 0.3).abs() < 1e-12);
        assert!(spread(&[7.0]).abs() < 1e-12);
    }

    #[test]
    fn every_second_round_goes_backwards() {
        assert_eq!(abba(2, 3), [[0, 1], [1, 0], [0, 1]]);
        assert_eq!(abba(3, 2), [[0, 1, 2], [2, 1, 0]]);
    }
}
