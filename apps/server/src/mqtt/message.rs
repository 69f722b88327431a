//! What a message holds: rows of its feed, a line of JSON each.

use gridweave_files::{Format, read_table_from};
use gridweave_signals::Feed;
use serde_json::{Map, Value};

/// Letters that are kept of a message that cannot be read.
const SHOWN: usize = 200;

/// The rows of a message: one JSON object, an array of them, one a line, or CSV with its header. Only the columns that the
/// feed declares are kept; what the topic's levels say (`named`) stands in where a row says nothing. What cannot be read becomes
/// a line that the feed will reject, with the topic.
pub(super) fn lines(feed: &Feed, topic: &str, named: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |value: Value| {
        out.extend_from_slice(value.to_string().as_bytes());
        out.push(b'\n');
    };
    let bad =
        |text: &str| Value::String(format!("{topic}: {}", text.chars().take(SHOWN).collect::<String>()));
    let row = |object: &Map<String, Value>| {
        let mut row = Map::new();
        for (name, column) in &feed.columns {
            let given = object.get(column).filter(|value| !matches!(value, Value::Null)).cloned();
            let of_topic =
                || named.iter().find(|(known, _)| known == name).map(|(_, text)| Value::from(*text));
            row.insert(column.clone(), given.or_else(of_topic).unwrap_or(Value::Null));
        }
        Value::Object(row)
    };
    let whole: Option<Vec<Value>> = match serde_json::from_slice(payload) {
        Ok(Value::Object(object)) => Some(vec![Value::Object(object)]),
        Ok(Value::Array(all)) => Some(all),
        _ => None,
    };
    if let Some(all) = whole {
        for value in all {
            put(match &value {
                Value::Object(object) => row(object),
                other => bad(&other.to_string()),
            });
        }
        return out;
    }
    let looks_like_json = payload.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|b| *b == b'{');
    let format = if looks_like_json { Format::Jsonl } else { Format::Csv };
    match read_table_from(payload.to_vec(), format) {
        // A text without a row below its first line is no table.
        Ok(table) if !table.rows.is_empty() => {
            for (_, cells) in &table.rows {
                let cells = cells.iter().map(|cell| match cell.is_empty() {
                    true => Value::Null,
                    false => Value::from(cell.as_str()),
                });
                put(row(&table.header.iter().cloned().zip(cells).collect()));
            }
            table.bad.iter().for_each(|line| put(bad(&format!("line {}: {}", line.line, line.why))));
        }
        _ => put(bad(&String::from_utf8_lossy(payload))),
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(payload: &str) -> Vec<Value> {
        let feed = Feed::from_toml(include_str!("../../../../catalogues/feeds/water-daily.toml")).unwrap();
        let bytes = lines(&feed, "water/W1/daily", &[("meter", "W1")], payload.as_bytes());
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_message_is_an_object_an_array_lines_or_csv_and_what_is_none_is_rejected_with_its_topic() {
        let one = serde_json::json!({ "meter": "W1", "time": "2026-01-01", "value": 0.3, "address": null });
        assert_eq!(
            of("{\"time\":\"2026-01-01\",\n \"value\":0.3, \"name\": \"not asked for\"}"),
            std::slice::from_ref(&one)
        );
        let two = of("[{\"time\":\"2026-01-01\",\"value\":0.3}, {\"meter\":\"W2\"}, 7]");
        assert_eq!((&two[0], &two[1]["meter"], &two[2]), (&one, &"W2".into(), &"water/W1/daily: 7".into()));
        let lines = of("{\"time\":\"2026-01-01\",\"value\":0.3}\n{\"ti\n{\"meter\":\"W2\"}\n");
        assert_eq!((lines[0]["value"].as_str(), lines[1]["meter"].as_str()), (Some("0.3"), Some("W2")));
        assert!(lines[2].as_str().unwrap().starts_with("water/W1/daily: line 2: "));
        let csv = of("time,value\n2026-01-01,0.3\n2026-01-02\n");
        assert_eq!(
            (csv[0]["meter"].as_str(), csv[0]["value"].as_str(), csv.len()),
            (Some("W1"), Some("0.3"), 2)
        );
        assert_eq!(of("0.3"), ["water/W1/daily: 0.3"]);
        assert_eq!(of("\u{0}"), ["water/W1/daily: \u{0}"]);
    }
}
