//! The death of a process while steps wait for it.

use std::sync::{Mutex, PoisonError};

use crate::error::StepError;

/// What has gone wrong beside the steps under way: they end with it rather than with their own time limit.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Mutex<Option<StepError>>);

impl Trouble {
    /// Tells of it; the first is what counts.
    pub(crate) fn tell(&self, error: StepError) {
        let mut trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get_or_insert(error);
    }

    /// # Errors
    /// What was told.
    pub(crate) fn check(&self) -> Result<(), StepError> {
        let trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone().map_or(Ok(()), Err)
    }
}
