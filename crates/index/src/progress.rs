use std::time::Instant;

use serde::Serialize;

use crate::Indexed;

/// How far reading what a ledger had before has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Progress {
    /// Number of the block that it began with.
    pub from: u64,
    /// How many blocks have been read since.
    pub done_blocks: u64,
    /// How many blocks there were to read.
    pub total_blocks: u64,
    /// Blocks a second since it began.
    pub blocks_per_s: u64,
    /// Seconds that the rest takes at that rate; absent while no rate is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_s: Option<u64>,
}

/// Reading that began at some time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CatchUp {
    pub(crate) from: u64,
    /// The last block then.
    pub(crate) to: u64,
    pub(crate) began: Instant,
}

impl CatchUp {
    pub(crate) fn progress(&self, indexed: Indexed, now: Instant) -> Progress {
        let total_blocks = (self.to + 1).saturating_sub(self.from);
        let done_blocks = match indexed.blocks {
            0 => 0,
            _ => (indexed.height + 1)
                .saturating_sub(self.from)
                .min(total_blocks),
        };
        let elapsed_ms = now.saturating_duration_since(self.began).as_millis();
        let done = u128::from(done_blocks);
        let rest = u128::from(total_blocks - done_blocks);
        let short = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
        Progress {
            from: self.from,
            done_blocks,
            total_blocks,
            blocks_per_s: short((done * 1_000).checked_div(elapsed_ms).unwrap_or(0)),
            remaining_s: (rest * elapsed_ms)
                .checked_div(done)
                .map(|rest_ms| short(rest_ms.div_ceil(1_000))),
        }
    }
}

impl std::fmt::Display for Progress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} of {} blocks are indexed, {} a second",
            self.done_blocks, self.total_blocks, self.blocks_per_s
        )?;
        match self.remaining_s {
            Some(seconds) if self.done_blocks < self.total_blocks => {
                write!(formatter, ", about {seconds} s left")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn progress(height: u64, blocks: u64, elapsed_ms: u64) -> Progress {
        let began = Instant::now();
        let catch_up = CatchUp {
            from: 100,
            to: 1_099,
            began,
        };
        let indexed = Indexed {
            generation: 0,
            height,
            blocks,
        };
        catch_up.progress(indexed, began + Duration::from_millis(elapsed_ms))
    }

    #[test]
    fn rate_and_time_left_are_those_of_what_was_done() {
        let half = progress(599, 600, 2_000);
        assert_eq!((half.done_blocks, half.total_blocks), (500, 1_000));
        assert_eq!((half.blocks_per_s, half.remaining_s), (250, Some(2)));
        assert_eq!(
            half.to_string(),
            "500 of 1000 blocks are indexed, 250 a second, about 2 s left"
        );
        let none = progress(99, 100, 2_000);
        assert_eq!(
            (none.done_blocks, none.blocks_per_s, none.remaining_s),
            (0, 0, None)
        );
        assert_eq!(progress(0, 0, 0).done_blocks, 0);
        let all = progress(5_000, 5_001, 0);
        assert_eq!((all.done_blocks, all.remaining_s), (1_000, Some(0)));
        assert!(all.to_string().ends_with("0 a second"));
    }
}
