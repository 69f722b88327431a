//! What a request for features asks for, as the standard writes it.

use super::{Item, LIMIT_DEFAULT, LIMIT_MAX};
use crate::http::problem::HttpRefusal;
use gridweave_atlas::Bounds;
use gridweave_core::Zone;
use serde_json::Value;
use std::collections::BTreeMap;

/// The parameters of a request; those that are not known are refused, as the standard asks.
pub(super) fn parameters(
    query: Option<&str>,
    allowed: &[&str],
) -> Result<BTreeMap<String, String>, HttpRefusal> {
    let mut found = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.unwrap_or("").as_bytes()) {
        if !allowed.contains(&name.as_ref()) && name != "f" {
            return Err(HttpRefusal::BadParameter(format!("{name}; {}", allowed.join(", "))));
        }
        found.insert(name.into_owned(), value.into_owned());
    }
    match found.get("f").map(String::as_str) {
        None | Some("json" | "geojson") => Ok(found),
        Some(other) => Err(HttpRefusal::BadParameter(format!("f={other}; f=json"))),
    }
}

/// What a request for features asks for.
pub(super) struct Asked {
    bbox: Option<Bounds>,
    /// From and until, both included.
    span: Option<(i64, i64)>,
    pub(super) limit: usize,
    pub(super) offset: usize,
    /// Properties and the values they must have.
    values: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn read(found: &BTreeMap<String, String>, queryables: &[&str]) -> Result<Self, HttpRefusal> {
        let wrong = |name: &str| {
            let value = found.get(name).cloned().unwrap_or_default();
            HttpRefusal::BadParameter(format!("{name}={value}"))
        };
        let number = |name: &str, default: usize| match found.get(name) {
            None => Ok(default),
            Some(text) => text.parse::<usize>().map_err(|_| wrong(name)),
        };
        let limit = number("limit", LIMIT_DEFAULT)?;
        if limit == 0 {
            return Err(wrong("limit"));
        }
        Ok(Self {
            bbox: found.get("bbox").map(|text| bbox(text).ok_or_else(|| wrong("bbox"))).transpose()?,
            span: found
                .get("datetime")
                .map(|text| span(text).ok_or_else(|| wrong("datetime")))
                .transpose()?,
            limit: limit.min(LIMIT_MAX),
            offset: number("offset", 0)?,
            values: found
                .iter()
                .filter(|(name, _)| queryables.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        })
    }

    pub(super) fn fits(&self, item: &Item) -> bool {
        let is = |value: Option<&Value>, wanted: &str| match value {
            Some(Value::String(text)) => text == wanted,
            Some(other) => *other == wanted,
            None => false,
        };
        // What has no time is there at any time.
        self.span.zip(item.at).is_none_or(|((from, until), at)| (from..=until).contains(&at.0))
            && self.values.iter().all(|(name, wanted)| is(item.properties.get(name), wanted))
            && self.bbox.as_ref().is_none_or(|bbox| item.geometry.meets(bbox))
    }
}

fn bbox(text: &str) -> Option<Bounds> {
    let numbers: Vec<f64> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let (west, south, east, north) = match numbers.as_slice() {
        [west, south, east, north] | [west, south, _, east, north, _] => (*west, *south, *east, *north),
        _ => return None,
    };
    let bounds = Bounds { min: [west, south], max: [east, north] };
    (numbers.iter().all(|v| v.is_finite()) && west <= east && south <= north).then_some(bounds)
}

/// An instant, or `from/until` with `..` or nothing for an open end.
fn span(text: &str) -> Option<(i64, i64)> {
    let zone = Zone::named("UTC")?;
    let at = |text: &str| zone.parse(text).map(|time| time.0);
    match text.split_once('/') {
        None => at(text).map(|time| (time, time)),
        Some((from, until)) => {
            let open = |text: &str| text.is_empty() || text == "..";
            let from = if open(from) { i64::MIN } else { at(from)? };
            let until = if open(until) { i64::MAX } else { at(until)? };
            (from <= until).then_some((from, until))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_and_spans_are_read_as_the_standard_writes_them() {
        assert_eq!(bbox("1,2,3,4").map(|b| (b.min, b.max)), Some(([1.0, 2.0], [3.0, 4.0])));
        assert_eq!(bbox("1,2,0,3,4,9").map(|b| b.max), Some([3.0, 4.0]));
        for wrong in ["1,2,3", "1,2,3,x", "3,2,1,4", "1,2,3,NaN", ""] {
            assert!(bbox(wrong).is_none(), "{wrong}");
        }
        assert_eq!(span("1970-01-02T00:00:00Z"), Some((86_400_000, 86_400_000)));
        assert_eq!(span("../1970-01-02T00:00:00Z"), Some((i64::MIN, 86_400_000)));
        assert_eq!(span("1970-01-02T00:00:00Z/"), Some((86_400_000, i64::MAX)));
        for wrong in ["soon", "2026-01-02/2026-01-01", "/soon"] {
            assert!(span(wrong).is_none(), "{wrong}");
        }
    }
}
