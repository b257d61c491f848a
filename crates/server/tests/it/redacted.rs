use serde_json::Value;

/// An answer with what differs from run to run replaced: times, hashes, ids, sizes.
pub(crate) fn redacted(value: &Value) -> String {
    let mut value = value.clone();
    redact(&mut value);
    serde_json::to_string_pretty(&value).unwrap()
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let word = match key.as_str() {
                    "time" | "timestamp" | "started_at" | "asked_at" => Some("<time>"),
                    "size_bytes" => Some("<bytes>"),
                    "duration_ms" => Some("<milliseconds>"),
                    _ => None,
                };
                match word {
                    Some(word) if !member.is_null() => *member = word.into(),
                    _ => redact(member),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(redact),
        Value::String(text) => {
            let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
            match text.len() {
                // Of the first proofs under `article` the digests are always the same.
                64 if hex && !text.starts_with("0000") => *text = "<hash>".to_owned(),
                32 if hex => *text = "<id>".to_owned(),
                _ => {}
            }
        }
        _ => {}
    }
}
