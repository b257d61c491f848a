use axum::extract::{OriginalUri, Path, State};
use chainloom_ledger::{
    CallOptions, InvokeOptions, Ledger, LedgerError, Payload, QueryAnswer, Wait,
};
use http::StatusCode;
use serde::Deserialize;

use super::super::form::Form;
use super::super::format::encode;
use super::super::frame::Notice;
use super::super::page::{PageError, PageResult, see};
use super::super::served::Shown;
use super::overview::render;
use super::shown_bytes::ShownBytes;
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
    /// Which button was used.
    #[serde(rename = "do")]
    verb: Verb,
}

/// The buttons of the form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verb {
    #[default]
    Query,
    Invoke,
}

/// `POST /explorer/{ledger}/call`: a query's result on the overview, or the page of the transaction.
pub(in super::super) async fn call(
    State(state): State<AppState>,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    Form(form): Form<CallForm>,
) -> PageResult {
    let shown = Shown::named(&state, &name)?;
    if shown.place.is_tutorial {
        let detail =
            format!("The ledger `{name}` is no channel of Fabric, which this form is for.");
        return Err(Problem::not_found("no_such_page", detail).into());
    }
    let error = match carry_out(&shown, &form).await {
        Ok(Done::Queried(result)) => {
            return render(&shown, &address, StatusCode::OK, None, form, Some(result)).await;
        }
        Ok(Done::Invoked(id)) => {
            return Ok(see(&format!(
                "{}/transactions/{}",
                shown.place.base(),
                encode(&id)
            )));
        }
        Err(error) => error,
    };
    let notice = Notice::bad(error.words());
    render(&shown, &address, error.status(), Some(notice), form, None).await
}

/// What came of a call.
enum Done {
    /// The result.
    Queried(ShownBytes),
    /// The transaction's id.
    Invoked(String),
}

async fn carry_out(shown: &Shown, form: &CallForm) -> Result<Done, PageError> {
    let contract = Some(form.contract.trim().to_owned()).filter(|name| !name.is_empty());
    let args = form.args.lines().map(Payload::from).collect();
    let call = shown
        .served
        .call(contract, form.function.trim().to_owned(), args)?;
    match form.verb {
        Verb::Query => match shown.ledger().query(call, CallOptions::default()).await? {
            QueryAnswer::Result(result) => Ok(Done::Queried(ShownBytes::of(&result))),
            QueryAnswer::Balance(_) => Err(LedgerError::Storage {
                detail: "a channel of Fabric answered with an account's balance".to_owned(),
            }
            .into()),
        },
        Verb::Invoke => {
            let options = InvokeOptions {
                wait: Some(Wait::Committed),
                ..InvokeOptions::default()
            };
            let receipt = shown.ledger().invoke(call, options).await?;
            Ok(Done::Invoked(receipt.transaction_id))
        }
    }
}
