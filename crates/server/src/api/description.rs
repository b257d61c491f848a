use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use chainloom_index::{BlockSummary, ContractEventSummary, Order, TransactionSummary};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::problem::ProblemBody;
use crate::state::AppState;

/// Where the document is.
const DOCUMENT: &str = "/openapi.json";

/// What the document says besides the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Chainloom",
        description = "Blockchains for applications: blocks, transactions, calls and events of every ledger \
                       that this server serves, with the same verbs. Errors are application/problem+json."
    ),
    components(schemas(Order, ProblemBody, TransactionSummary, BlockSummary, ContractEventSummary)),
    modifiers(&BearerToken),
    // Either: a server that was started without --tokens asks for none.
    security((), ("token" = [])),
    tags(
        (name = "ledgers", description = "What is served, and how it is doing"),
        (name = "connections", description = "Users connected to channels of Fabric, each of which is a ledger"),
        (name = "blocks", description = "The walk through the chain, and new blocks as they come"),
        (name = "transactions", description = "One transaction, or those of an account"),
        (name = "calls", description = "Asking and calling contracts"),
        (name = "signing", description = "Calls of a channel of Fabric whose key is elsewhere: prepare, sign, endorse, sign, submit"),
        (name = "mining", description = "Making blocks, on a chain of the tutorial"),
        (name = "identities", description = "Who can act through this server on channels of Fabric"),
        (name = "peers", description = "Whom a chain of the tutorial talks to"),
    )
)]
pub(super) struct Description;

/// How a caller says who it is.
struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let words = "Where the server asks for tokens: one that `chainloom token create` made, for the ledger and for what is \
                     to be done (read, query, invoke, manage)";
        let http = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("chainloom_ and 64 hex digits")
            .description(Some(words));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(http.build()));
    }
}

/// The document and the page that shows it, with nothing from outside this server.
pub(super) fn router(document: utoipa::openapi::OpenApi) -> Router<AppState> {
    let text = document.to_json().expect("the description is plain JSON");
    let text = Bytes::from(text);
    let config = utoipa_swagger_ui::Config::new([DOCUMENT]).validator_url("none");
    let config = Arc::new(config);
    Router::new()
        .route(
            DOCUMENT,
            get(move || async move { ([(CONTENT_TYPE, "application/json")], text) }),
        )
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route(
            "/docs/",
            get({
                let config = Arc::clone(&config);
                move || async move { file("", config) }
            }),
        )
        .route(
            "/docs/{*file}",
            get(move |Path(path): Path<String>| async move { file(&path, config) }),
        )
}

fn file(path: &str, config: Arc<utoipa_swagger_ui::Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(path, config) {
        Ok(Some(file)) => {
            let mut headers = HeaderMap::new();
            if let Ok(content_type) = HeaderValue::from_str(&file.content_type) {
                headers.insert(CONTENT_TYPE, content_type);
            }
            if file.gzpipped {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            (headers, file.bytes.into_owned()).into_response()
        }
        Ok(None) | Err(_) => (StatusCode::NOT_FOUND, "no such file\n").into_response(),
    }
}
