use chainloom_ledger::Receipt;
use serde::Serialize;
use serde_json::value::RawValue;

/// What `invoke` answers.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ReceiptAnswer {
    #[serde(flatten)]
    receipt: Receipt,
    /// The result, where it is a JSON object or array of at most 1 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    result_json: Option<Box<RawValue>>,
}

impl From<Receipt> for ReceiptAnswer {
    fn from(receipt: Receipt) -> ReceiptAnswer {
        ReceiptAnswer {
            result_json: receipt.result.as_ref().and_then(|result| result.to_json()),
            receipt,
        }
    }
}

#[cfg(test)]
mod tests {
    use chainloom_ledger::ReceiptStatus;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_that_is_json_is_told_as_that_too() {
        let answer = |result: &str| {
            let answer = ReceiptAnswer::from(Receipt {
                transaction_id: "ab".to_owned(),
                status: ReceiptStatus::Committed,
                version: None,
                validation_code: None,
                result: Some(result.into()),
            });
            serde_json::to_value(answer).expect("it is plain JSON")
        };
        assert_eq!(
            answer("{\"a\": 1}"),
            json!({"transaction_id": "ab", "status": "committed", "result": "{\"a\": 1}", "result_json": {"a": 1}})
        );
        assert_eq!(answer("blue").get("result_json"), None);
    }
}
