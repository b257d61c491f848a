use axum::extract::Request;
use axum::response::Response;
use chainloom_tutorial::Node;
use chainloom_tutorial::json::Json;
use http::StatusCode;

use super::{json_body, pages};
use crate::state::AppState;

/// The fields that a transaction must have; others are dropped.
const FIELDS: [&str; 3] = ["sender", "recipient", "amount"];

/// `POST /transactions/new`.
pub(super) async fn answer(state: &AppState, node: &Node, request: Request) -> Response {
    let values = match json_body::read(state, request).await {
        Ok(values) => values,
        Err(refusal) => return refusal,
    };
    let [sender, recipient, amount] = match fields(&values) {
        Ok(fields) => fields,
        Err(sentence) => return pages::text(StatusCode::BAD_REQUEST, sentence),
    };
    match node.post_transaction(sender, recipient, amount).await {
        Ok(index) => pages::json(
            StatusCode::CREATED,
            format!("{{\"message\":\"Transaction will be added to Block {index}\"}}\n")
                .into_bytes(),
        ),
        Err(error) => pages::refusal(error),
    }
}

/// The three fields, or the sentence that answers their absence.
///
/// The tutorial asks `key in values`, which Python answers for lists and strings too, and then
/// fails on them with status 500; ours says what it wants.
fn fields(values: &Json) -> Result<[Json; 3], &'static str> {
    const MISSING: &str = "Missing values";
    const NO_OBJECT: &str = "Error: the body must be a JSON object with the fields sender, \
                             recipient and amount";
    let has_all = match values {
        Json::Object(_) => FIELDS.iter().all(|key| values.get(key).is_some()),
        Json::Array(elements) => FIELDS.iter().all(|key| {
            elements
                .iter()
                .any(|element| element.as_str() == Some(*key))
        }),
        Json::String(text) => text
            .as_str()
            .is_some_and(|text| FIELDS.iter().all(|key| text.contains(key))),
        _ => return Err(NO_OBJECT),
    };
    if !has_all {
        return Err(MISSING);
    }
    let field = |key: &str| values.get(key).cloned().ok_or(NO_OBJECT);
    Ok([field("sender")?, field("recipient")?, field("amount")?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainloom_tutorial::json;

    fn verdict(text: &str) -> Result<[Json; 3], &'static str> {
        let values = json::parse(text.as_bytes(), &json::Limits::default()).expect("is JSON");
        fields(&values)
    }

    #[test]
    fn takes_any_values_under_the_three_names() {
        let taken = verdict(r#"{"amount":null,"sender":5,"recipient":{},"more":1}"#);
        assert!(matches!(
            taken,
            Ok([Json::Integer(_), Json::Object(_), Json::Null])
        ));
    }

    #[test]
    fn answers_missing_values_where_flask_does() {
        for text in [
            r#"{"sender":1,"recipient":2}"#,
            "{}",
            "[]",
            "\"\"",
            r#"["sender"]"#,
        ] {
            assert_eq!(verdict(text).err(), Some("Missing values"), "{text}");
        }
    }

    #[test]
    fn says_what_it_wants_where_flask_fails() {
        for text in [
            "null",
            "5",
            "true",
            r#"["sender","recipient","amount"]"#,
            "\"sender recipient amount\"",
        ] {
            let sentence = verdict(text).expect_err(text);
            assert!(sentence.contains("must be a JSON object"), "{text}");
        }
    }
}
