use axum::extract::{OriginalUri, Path, State};
use chainloom_ledger::{
    Call, CallOptions, InvokeOptions, Ledger, LedgerError, Payload, QueryAnswer, Wait,
};
use http::{StatusCode, Uri};
use serde::Deserialize;

use super::super::form::Form;
use super::super::format::encode;
use super::super::frame::Notice;
use super::super::page::{PageError, PageResult, see};
use super::super::served::Shown;
use super::overview::render;
use super::shown_bytes::ShownBytes;
use crate::access::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// What the form to call a contract holds, kept on the page that it leads to.
#[derive(Default, Deserialize)]
pub(in super::super) struct CallForm {
    /// Empty for the ledger's own default.
    pub(super) contract: String,
    pub(super) function: String,
    /// An argument a line.
    pub(super) args: String,
}

/// `POST /explorer/{ledger}/query`: the result on the overview.
pub(in super::super) async fn query(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    Form(form): Form<CallForm>,
) -> PageResult {
    let shown = channel(&state, &caller, &name)?;
    match ask(&shown, &form).await {
        Ok(result) => render(&shown, &address, StatusCode::OK, None, form, Some(result)).await,
        Err(error) => failed(&shown, &address, form, &error).await,
    }
}

/// `POST /explorer/{ledger}/invoke`: leads to the page of the transaction.
pub(in super::super) async fn invoke(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    Form(form): Form<CallForm>,
) -> PageResult {
    let shown = channel(&state, &caller, &name)?;
    match submit(&shown, &caller, &form).await {
        Ok(id) => {
            let base = shown.place.base();
            Ok(see(&format!("{base}/transactions/{}", encode(&id))))
        }
        Err(error) => failed(&shown, &address, form, &error).await,
    }
}

fn channel(state: &AppState, caller: &Caller, name: &str) -> Result<Shown, PageError> {
    let shown = Shown::named(state, caller, name)?;
    if shown.place.is_tutorial {
        let detail =
            format!("The ledger `{name}` is no channel of Fabric, which this form is for.");
        return Err(Problem::not_found("no_such_page", detail).into());
    }
    Ok(shown)
}

/// The page with the form as it was filled in, and a sentence.
async fn failed(shown: &Shown, address: &Uri, form: CallForm, error: &PageError) -> PageResult {
    let notice = Notice::bad(error.words());
    render(shown, address, error.status(), Some(notice), form, None).await
}

async fn ask(shown: &Shown, form: &CallForm) -> Result<ShownBytes, PageError> {
    match shown
        .ledger()
        .query(form.call(shown)?, CallOptions::default())
        .await?
    {
        QueryAnswer::Result(result) => Ok(ShownBytes::of(&result)),
        QueryAnswer::Balance(_) => Err(LedgerError::Storage {
            detail: "a channel of Fabric answered with an account's balance".to_owned(),
        }
        .into()),
    }
}

/// Answers the transaction's id.
async fn submit(shown: &Shown, caller: &Caller, form: &CallForm) -> Result<String, PageError> {
    let call = form.call(shown)?;
    let options = InvokeOptions {
        wait: Some(Wait::Committed),
        ..InvokeOptions::default()
    };
    let receipt = shown.served.invoke(caller, call, options).await?;
    Ok(receipt.transaction_id)
}

impl CallForm {
    fn call(&self, shown: &Shown) -> Result<Call, Problem> {
        let contract = Some(self.contract.trim().to_owned()).filter(|name| !name.is_empty());
        let args = self.args.lines().map(Payload::from).collect();
        let function = self.function.trim().to_owned();
        shown.served.call(contract, function, args)
    }
}
