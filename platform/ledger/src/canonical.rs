//! Canonical JSON: keys in byte order, no spaces, so that the same value always hashes the same
//! (after RFC 8785, with the number format of serde_json).

use serde_json::Value;

/// The one text of a JSON value.
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            out.push('{');
            for (i, key) in keys.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                write(&map[key], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn key_order_does_not_matter() {
        let text = canonical_json(&json!({ "b": [1, null, "x\n"], "a": { "d": true, "c": 0.5 } }));
        assert_eq!(text, r#"{"a":{"c":0.5,"d":true},"b":[1,null,"x\n"]}"#);
    }

    proptest! {
        #[test]
        fn reading_it_back_gives_the_same_value(keys in prop::collection::btree_map(".*", any::<i64>(), 0..8)) {
            let value = json!(keys);
            let back: Value = serde_json::from_str(&canonical_json(&value)).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(back, value);
        }
    }
}
