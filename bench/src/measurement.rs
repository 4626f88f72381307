//! What a measurement is: the one shape behind the table, the charts and the exit code.

use std::fmt;

/// A figure with its unit.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Value {
    /// So many of something, counted exactly.
    Count(u64),
    /// So many times something that was measured in the same run.
    Times(f64),
    /// So much of a hundred.
    Percent(f64),
    /// Memory.
    Mebibytes(f64),
    /// It cannot be measured on this machine.
    Unmeasured,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{}", grouped(*count)),
            Self::Times(times) => write!(f, "{times:.2} ×"),
            Self::Percent(percent) => write!(f, "{percent:.2} %"),
            Self::Mebibytes(mebibytes) => write!(f, "{mebibytes:.1} MiB"),
            Self::Unmeasured => f.write_str("needs /proc (Linux)"),
        }
    }
}

/// What a figure shall be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Neither more nor less.
    Exactly(Value),
    /// No more.
    AtMost(Value),
    /// No less.
    AtLeast(Value),
}

impl Target {
    /// Whether `value` is as it shall be; `None` where that cannot be said.
    pub fn is_met(self, value: Value) -> Option<bool> {
        match (self, value) {
            (_, Value::Unmeasured) => None,
            (Self::Exactly(target), _) => Some(value == target),
            (Self::AtMost(target), _) => Some(value <= target),
            (Self::AtLeast(target), _) => Some(value >= target),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(value) => write!(f, "{value}"),
            Self::AtMost(value) => write!(f, "≤ {value}"),
            Self::AtLeast(value) => write!(f, "≥ {value}"),
        }
    }
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// What was measured.
    pub what: String,
    /// What it shall be.
    pub target: Target,
    /// What it is.
    pub value: Value,
    /// From which figures it was made, if it is not one by itself.
    pub how: String,
}

impl Measurement {
    /// This figure, with nothing to explain.
    pub fn new(what: impl Into<String>, target: Target, value: Value) -> Self {
        Self { what: what.into(), target, value, how: String::new() }
    }

    /// The same, made from these figures.
    pub fn explained(self, how: impl Into<String>) -> Self {
        Self { how: how.into(), ..self }
    }

    /// Whether the target is met; `None` where that cannot be said on this machine.
    pub fn is_met(&self) -> Option<bool> {
        self.target.is_met(self.value)
    }

    /// `met`, `missed`, or a dash.
    pub fn verdict(&self) -> &'static str {
        match self.is_met() {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "–",
        }
    }
}

/// What a group of measurements found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Rows of the table.
    pub measurements: Vec<Measurement>,
    /// Lines of the charts.
    pub series: Vec<Series>,
}

/// The charts that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// Resident memory over the number of integrations.
    Memory,
    /// Requests to the tenant in one resync over the number of integrations.
    Requests,
    /// Resident memory and requests over the number of tenants.
    Tenants,
    /// Time to Ready by percentile.
    TimeToReady,
}

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct Series {
    /// The chart that it belongs to.
    pub chart: Chart,
    /// Its name in the legend.
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// A line of these points.
    pub fn new(chart: Chart, name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { chart, name: name.into(), points }
    }
}

/// With commas between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = tail.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let all: Vec<String> = Some(head.to_owned()).filter(|head| !head.is_empty()).into_iter().chain(groups).collect();
    all.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_met_at_their_bounds() {
        let two = Value::Count(2);
        assert_eq!(Target::Exactly(two).is_met(Value::Count(3)), Some(false));
        assert_eq!(Target::AtMost(two).is_met(two), Some(true));
        assert_eq!(Target::AtLeast(two).is_met(Value::Count(1)), Some(false));
        assert_eq!(Target::AtMost(two).is_met(Value::Unmeasured), None);
    }

    #[test]
    fn large_numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (10_000, "10,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
