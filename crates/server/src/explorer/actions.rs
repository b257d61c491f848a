//! What the forms do. Each answers with a redirect, so that a reload does not do it again, or with
//! the page that the form stood on and a sentence.

use axum::extract::{OriginalUri, Path, State};
use axum::response::Response;
use chainloom_ledger::{InvokeOptions, Payload, Wait};
use chainloom_tutorial::json::Json;
use http::{StatusCode, Uri};
use serde::Deserialize;

use super::form::Form;
use super::frame::Notice;
use super::overview::{self, SendForm};
use super::page::{PageError, PageResult, see};
use super::peers;
use super::served::{Chain, Shown, chain};
use crate::access::Caller;
use crate::state::AppState;

/// `POST /explorer/{ledger}/send`
pub(super) async fn send(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    Form(form): Form<SendForm>,
) -> PageResult {
    let chain = chain(&state, &caller, &name)?;
    let shown = Shown::named(&state, &caller, &name)?;
    let args = [&form.sender, &form.recipient, &form.amount];
    let args = args.map(|text| Payload::from(text.trim())).to_vec();
    let call = shown.served.call(None, "transfer".to_owned(), args)?;
    let options = InvokeOptions {
        wait: Some(Wait::Ordered),
        ..InvokeOptions::default()
    };
    match shown.served.invoke(&caller, call, options).await {
        Ok(_) => Ok(see("/?notice=sent")),
        Err(error) => refused(&chain, &address, error.into(), form).await,
    }
}

/// `POST /explorer/{ledger}/mine`: answers when the block is there.
pub(super) async fn mine(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
) -> PageResult {
    let chain = chain(&state, &caller, &name)?;
    match chain.node.mine().await {
        Ok(_) => Ok(see("/?notice=mined")),
        Err(error) => refused(&chain, &address, error.into(), SendForm::default()).await,
    }
}

async fn refused(
    chain: &Chain,
    address: &Uri,
    error: PageError,
    form: SendForm,
) -> Result<Response, PageError> {
    let notice = Notice::bad(error.words());
    overview::render(chain, address, error.status(), Some(notice), form).await
}

/// A form with an address.
#[derive(Deserialize)]
pub(super) struct AddressForm {
    address: String,
}

/// `POST /explorer/{ledger}/peers/register`
pub(super) async fn register(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    Form(form): Form<AddressForm>,
) -> PageResult {
    let chain = chain(&state, &caller, &name)?;
    let given = form.address.trim().to_owned();
    match chain.node.register(&[Json::from(given.as_str())]).await {
        Ok(_) => Ok(see(&format!("/explorer/{name}/peers?notice=registered"))),
        Err(error) => {
            let notice = Notice::bad(error.to_string());
            peers::render(
                &chain,
                &address,
                StatusCode::BAD_REQUEST,
                Some(notice),
                given,
            )
            .await
        }
    }
}

/// `POST /explorer/{ledger}/peers/forget`
pub(super) async fn forget(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    Form(form): Form<AddressForm>,
) -> PageResult {
    let chain = chain(&state, &caller, &name)?;
    chain.node.unregister(&form.address).await?;
    Ok(see(&format!("/explorer/{name}/peers?notice=forgotten")))
}

/// `POST /explorer/{ledger}/peers/resolve`: answers when all peers were asked.
pub(super) async fn resolve(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
) -> PageResult {
    let chain = chain(&state, &caller, &name)?;
    match chain.node.resolve().await {
        Ok(resolution) => {
            let word = if resolution.replaced {
                "replaced"
            } else {
                "authoritative"
            };
            Ok(see(&format!("/explorer/{name}/peers?notice={word}")))
        }
        Err(error) => {
            let error = PageError::from(error);
            let notice = Notice::bad(error.words());
            peers::render(
                &chain,
                &address,
                error.status(),
                Some(notice),
                String::new(),
            )
            .await
        }
    }
}
