use super::{Json, Object, Text, canonical};
use serde_json::{Map, Number, Value};

/// The largest integer up to which every reader of JSON tells neighbours apart: 2^53.
const EXACT_INTEGER_MAX: u64 = 1 << 53;

/// The member that holds a value's canonical text where the value itself would not survive.
const WRAPPER_KEY: &str = "python";

/// The same value as JSON that every reader accepts and none changes.
///
/// `NaN`, `Infinity`, integers beyond 2^53, texts with lone surrogates and objects with such keys appear as
/// `{"python": "<canonical text>"}`. So does an object whose only key is `python`, so that nothing is ambiguous.
#[must_use]
pub fn public_value(value: &Json) -> Value {
    faithful(value).unwrap_or_else(|| wrapped(value))
}

/// The value itself, if every reader keeps it.
fn faithful(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Integer(integer) => {
            let number = integer.as_i64()?;
            if number.unsigned_abs() > EXACT_INTEGER_MAX {
                return None;
            }
            number.into()
        }
        Json::Float(number) => Value::Number(Number::from_f64(*number)?),
        Json::String(text) => Value::String(text.as_str()?.to_owned()),
        Json::Array(elements) => Value::Array(elements.iter().map(public_value).collect()),
        Json::Object(object) => Value::Object(members(object)?),
    })
}

fn members(object: &Object) -> Option<Map<String, Value>> {
    if object.len() == 1 && object.get(WRAPPER_KEY).is_some() {
        return None;
    }
    // All keys first, so that members are not converted in vain.
    let keys: Option<Vec<&str>> = object.iter().map(|(key, _)| Text::as_str(key)).collect();
    let values = object.iter().map(|(_, member)| public_value(member));
    Some(keys?.into_iter().map(str::to_owned).zip(values).collect())
}

fn wrapped(value: &Json) -> Value {
    let mut members = Map::new();
    members.insert(WRAPPER_KEY.to_owned(), Value::String(canonical(value)));
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, parse};

    #[test]
    fn what_other_readers_lose_is_wrapped_and_all_else_is_not() {
        let cases = [
            ("null", "null"),
            ("[true,false]", "[true,false]"),
            ("9007199254740992", "9007199254740992"),
            ("-9007199254740992", "-9007199254740992"),
            ("9007199254740993", r#"{"python":"9007199254740993"}"#),
            ("-9007199254740993", r#"{"python":"-9007199254740993"}"#),
            (
                "123456789012345678901",
                r#"{"python":"123456789012345678901"}"#,
            ),
            ("5.0", "5.0"),
            ("-0.0", "-0.0"),
            ("NaN", r#"{"python":"NaN"}"#),
            ("[-1e400]", r#"[{"python":"-Infinity"}]"#),
            (r#""链""#, r#""链""#),
            (r#""\ud800""#, r#"{"python":"\"\\ud800\""}"#),
            (
                r#"{"\ud800":[1,2]}"#,
                r#"{"python":"{\"\\ud800\": [1, 2]}"}"#,
            ),
            (
                r#"{"a":{"\ud800":1},"b":NaN}"#,
                r#"{"a":{"python":"{\"\\ud800\": 1}"},"b":{"python":"NaN"}}"#,
            ),
            (
                r#"{"python":"NaN"}"#,
                r#"{"python":"{\"python\": \"NaN\"}"}"#,
            ),
            (r#"{"python":1,"rust":2}"#, r#"{"python":1,"rust":2}"#),
        ];
        for (document, expected) in cases {
            let value = parse(document.as_bytes(), &Limits::default()).unwrap();
            let shown = serde_json::to_string(&public_value(&value)).unwrap();
            assert_eq!(shown, expected, "{document}");
        }
    }
}
