use chainloom_ledger::Account;
use chainloom_tutorial::json;

use super::parameters::invalid;
use crate::problem::Problem;

/// The account that this JSON names, keyed as the chain keys it.
pub(crate) fn account_from_json(text: &str) -> Result<Account, Problem> {
    let value = json::parse(text.as_bytes(), &json::Limits::default())
        .map_err(|error| invalid("account_json", text, &format!("a JSON value ({error})")))?;
    Ok(Account::from_canonical(
        json::canonical(&value),
        json::public_value(&value),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_keyed_by_its_canonical_json() {
        let key = |text| {
            account_from_json(text)
                .map(|account| account.key().to_owned())
                .ok()
        };
        assert_eq!(key("5").as_deref(), Some("5"));
        assert_eq!(key("5.0").as_deref(), Some("5.0"));
        assert_eq!(key("\"bob\"").as_deref(), Some(Account::named("bob").key()));
        assert_eq!(
            key("{\"b\":1,\"a\":[]}").as_deref(),
            Some("{\"a\": [], \"b\": 1}")
        );
        assert_eq!(key("bob"), None);
    }
}
