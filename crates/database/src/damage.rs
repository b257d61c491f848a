//! What tells damage from a disk that fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Whether redb's error says that the file's content is wrong, rather than that it could not be reached.
#[must_use]
pub fn is_damage(error: &redb::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error {
        redb::Error::Corrupted(_)
        | redb::Error::TableTypeMismatch { .. }
        | redb::Error::TableIsMultimap(_)
        | redb::Error::TableIsNotMultimap(_)
        | redb::Error::TypeDefinitionChanged { .. }
        | redb::Error::TableDoesNotExist(_)
        | redb::Error::UpgradeRequired(_)
        | redb::Error::LockPoisoned(_)
        | redb::Error::RepairAborted => true,
        redb::Error::Io(error) => {
            matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
        }
        _ => false,
    }
}

/// Runs `work` on a database.
///
/// redb asserts what it takes for granted. Damage does not reach it; should something else make it panic, that is no reason for the thread to
/// end that serves others.
///
/// # Errors
/// What it panicked with, in words.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("unknown");
        format!("working with it failed with \"{text}\"")
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn damage_is_told_from_failure() {
        for damage in [
            redb::Error::Corrupted("page 7".into()),
            redb::Error::TableDoesNotExist("blocks".into()),
            redb::Error::Io(Error::from(ErrorKind::UnexpectedEof)),
            redb::Error::Io(crate::layout::damaged("page 7".into())),
        ] {
            assert!(is_damage(&damage), "{damage}");
        }
        for failure in [
            redb::Error::PreviousIo,
            redb::Error::DatabaseClosed,
            redb::Error::Io(Error::from(ErrorKind::StorageFull)),
        ] {
            assert!(!is_damage(&failure), "{failure}");
        }
    }

    #[test]
    fn panics_are_quoted() {
        assert_eq!(caught(|| 5), Ok(5));
        let number = 7;
        let told = caught(|| assert!(number == 8, "page {number}"));
        assert!(told.is_err_and(|text| text.contains("page 7")));
        let told = caught(|| std::panic::panic_any(number));
        assert!(told.is_err_and(|text: String| text.contains("unknown")));
    }
}
