use chainloom_ledger::Account;
use serde::Serialize;

use super::state_of;
use crate::tables::BALANCES;
use crate::{Index, IndexError};

/// What an account holds, as far as the chain is indexed.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Balance {
    /// The account, as it was asked for.
    pub account: serde_json::Value,
    /// The exact sum of what it received less what it paid: plain decimal digits, no exponent, at
    /// most [`BALANCE_TEXT_BYTES_MAX`](crate::BALANCE_TEXT_BYTES_MAX) bytes.
    pub balance: String,
    /// In how many transactions it stands, also those that moved nothing.
    pub transaction_count: u64,
    /// Number of the last block that counts; 0 while there is none.
    pub indexed_height: u64,
}

impl Index {
    /// The balance of an account; `0` of one that no transaction names.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] and [`IndexError::Storage`], as every read.
    pub async fn balance(&self, account: &Account) -> Result<Balance, IndexError> {
        let digest = account.digest().0;
        let account = account.value().clone();
        self.read(move |snapshot| {
            let balances = snapshot.open_table(BALANCES)?;
            let (balance, transaction_count) = match balances.get(&digest)? {
                None => ("0".to_owned(), 0),
                Some(row) => {
                    let (balance, transactions, _) = row.value();
                    (balance.to_owned(), transactions)
                }
            };
            Ok(Balance {
                account,
                balance,
                transaction_count,
                indexed_height: state_of(snapshot)?.height().unwrap_or(0),
            })
        })
        .await
    }
}
