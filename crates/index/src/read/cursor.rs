use super::Order;
use super::find::{Place, beginning, behind};
use crate::IndexError;

/// A place between two transactions: behind the one that was looked at last.
///
/// It holds whatever is appended to the chain. After a replacement it is the same place in the new
/// chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor(pub(super) Place);

impl Cursor {
    pub(super) fn parse(text: &str) -> Result<Cursor, IndexError> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u64>().ok()).flatten()
        };
        text.split_once('.')
            .and_then(|(block, index)| {
                Some(Cursor((number(block)?, number(index)?.try_into().ok()?)))
            })
            .ok_or_else(|| IndexError::InvalidCursor(text.chars().take(80).collect()))
    }

    pub(super) fn text(self) -> String {
        format!("{}.{}", self.0.0, self.0.1)
    }

    /// Where a page begins; `None` behind the last place that there can be.
    pub(super) fn start(cursor: Option<Cursor>, order: Order) -> Option<Place> {
        match cursor {
            None => Some(beginning(order)),
            Some(Cursor(place)) => behind(place, order),
        }
    }
}
