use axum::extract::Request;
use axum::response::Response;
use chainloom_tutorial::Node;
use chainloom_tutorial::json::{self, Json};
use http::StatusCode;

use super::{json_body, pages};
use crate::state::AppState;

/// `POST /nodes/register`: all of the addresses, or none.
pub(super) async fn answer(state: &AppState, node: &Node, request: Request) -> Response {
    let values = match json_body::read(state, request).await {
        Ok(values) => values,
        Err(refusal) => return refusal,
    };
    let addresses = match addresses(&values) {
        Ok(addresses) => addresses,
        Err(sentence) => return pages::text(StatusCode::BAD_REQUEST, sentence),
    };
    match node.register(addresses).await {
        Ok(total_nodes) => {
            let nodes = total_nodes.iter().map(|node| Json::from(node.as_str()));
            let answer = Json::object([
                ("message", Json::from("New nodes have been added")),
                ("total_nodes", Json::Array(nodes.collect())),
            ]);
            pages::json(StatusCode::CREATED, pages::line(json::compact(&answer)))
        }
        Err(error) => pages::refusal(error),
    }
}

/// The addresses, or the sentence that answers their absence.
fn addresses(values: &Json) -> Result<&[Json], &'static str> {
    if values.as_object().is_none() {
        return Err("Error: the body must be a JSON object with the field nodes");
    }
    match values.get("nodes") {
        None | Some(Json::Null) => Err("Error: Please supply a valid list of nodes"),
        Some(Json::Array(nodes)) => Ok(nodes),
        Some(_) => {
            Err("Error: nodes must be a list of addresses, such as [\"http://127.0.0.1:5001\"]")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> Result<usize, &'static str> {
        let values = json::parse(text.as_bytes(), &json::Limits::default()).expect("is JSON");
        addresses(&values).map(<[Json]>::len)
    }

    #[test]
    fn takes_a_list() {
        assert_eq!(verdict(r#"{"nodes":[]}"#), Ok(0));
        assert_eq!(verdict(r#"{"nodes":["a",5]}"#), Ok(2));
    }

    #[test]
    fn says_what_it_wants() {
        for text in [r#"{"nodes":null}"#, "{}"] {
            assert_eq!(
                verdict(text),
                Err("Error: Please supply a valid list of nodes")
            );
        }
        for text in [
            r#"{"nodes":"127.0.0.1:5001"}"#,
            r#"{"nodes":{}}"#,
            r#"{"nodes":5}"#,
        ] {
            assert!(verdict(text).is_err_and(|sentence| sentence.contains("must be a list")));
        }
        for text in ["null", "[]", "5"] {
            assert!(verdict(text).is_err_and(|sentence| sentence.contains("JSON object")));
        }
    }
}
