use super::hash::hex;
use crate::json::{Fields, Json};
use std::time::Duration;

/// The texts of a block's fields in its compact form. A foreign block may lack any of them, or hold anything there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlockFields<'a> {
    /// The block's own claim of its position.
    pub index: Option<&'a [u8]>,
    /// The hash of the block before.
    pub previous_hash: Option<&'a [u8]>,
    /// The proof of work.
    pub proof: Option<&'a [u8]>,
    /// The block's own claim of its time.
    pub timestamp: Option<&'a [u8]>,
    /// The transactions; [`Elements`](crate::json::Elements) walks them.
    pub transactions: Option<&'a [u8]>,
}

impl<'a> BlockFields<'a> {
    /// The fields of a block in its compact form.
    #[must_use]
    pub fn of(compact: &'a [u8]) -> Self {
        let mut fields = Self::default();
        for (key, value) in Fields::of(compact) {
            let field = match key {
                br#""index""# => &mut fields.index,
                br#""previous_hash""# => &mut fields.previous_hash,
                br#""proof""# => &mut fields.proof,
                br#""timestamp""# => &mut fields.timestamp,
                br#""transactions""# => &mut fields.transactions,
                _ => continue,
            };
            *field = Some(value);
        }
        fields
    }
}

/// A block to be appended to a chain of `index - 1` blocks.
#[must_use]
pub fn new_block(
    index: u64,
    timestamp: f64,
    transactions: Vec<Json>,
    proof: u64,
    previous_hash: &[u8; 32],
) -> Json {
    let previous_hash = Json::from(hex(previous_hash));
    block(index, timestamp, transactions, proof, previous_hash)
}

/// A block of these fields.
pub(super) fn block(
    index: u64,
    timestamp: f64,
    transactions: Vec<Json>,
    proof: u64,
    previous_hash: Json,
) -> Json {
    Json::object([
        ("index", index.into()),
        ("previous_hash", previous_hash),
        ("proof", proof.into()),
        ("timestamp", timestamp.into()),
        ("transactions", transactions.into()),
    ])
}

/// A transaction. The tutorial keeps these three fields of what is posted, whatever they hold.
#[must_use]
pub fn transaction(sender: Json, recipient: Json, amount: Json) -> Json {
    Json::object([
        ("amount", amount),
        ("recipient", recipient),
        ("sender", sender),
    ])
}

/// What a miner gives itself: the last transaction of the block it mined.
#[must_use]
pub fn reward(recipient: &str) -> Json {
    transaction("0".into(), recipient.into(), 1_i64.into())
}

/// A time since 1970 as Python's `time.time()` has it: a float of seconds.
#[must_use]
pub fn python_time(since_1970: Duration) -> f64 {
    // Python divides the count of nanoseconds as floats, except for whole seconds, where this is the same.
    since_1970.as_nanos() as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::compact;

    #[test]
    fn a_new_block_has_the_tutorials_fields() {
        let transactions = vec![
            transaction("ann".into(), "bob".into(), 5.0.into()),
            reward("me"),
        ];
        let block = compact(&new_block(2, 1.5, transactions, 35293, &[0xab; 32]));
        let expected = format!(
            r#"{{"index":2,"previous_hash":"{}","proof":35293,"timestamp":1.5,"transactions":[{{"amount":5.0,"recipient":"bob","sender":"ann"}},{{"amount":1,"recipient":"me","sender":"0"}}]}}"#,
            "ab".repeat(32)
        );
        assert_eq!(block, expected);
    }

    #[test]
    fn fields_are_found_and_may_be_missing() {
        let block = br#"{"index":[1],"other":{"proof":1},"proof":"x","transactions":[]}"#;
        let fields = BlockFields::of(block);
        assert_eq!(fields.index, Some(&b"[1]"[..]));
        assert_eq!(fields.proof, Some(&b"\"x\""[..]));
        assert_eq!(fields.transactions, Some(&b"[]"[..]));
        assert_eq!(fields.previous_hash, None);
        assert_eq!(fields.timestamp, None);
        assert_eq!(BlockFields::of(b"[1,2]"), BlockFields::default());
    }

    #[test]
    fn time_is_a_float_of_seconds() {
        assert_eq!(
            python_time(Duration::new(1_506_280_650, 770_839_000)),
            1506280650.770839
        );
        assert_eq!(python_time(Duration::from_secs(5)), 5.0);
    }
}
