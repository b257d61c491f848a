//! How many connections the server may hold: each takes one of the descriptors that the system grants the process.

use rustix::process::{Resource, getrlimit, setrlimit};

/// More are never taken: each costs memory, too.
const CONNECTIONS_MAX: u64 = 12_000;

/// Asks the system for all the descriptors that it grants, and answers how many connections these are for. A quarter is left for files and
/// for the connections to peers.
pub(super) fn connections() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it is refused, what there was is enough for fewer.
    let _ = setrlimit(Resource::Nofile, limit);
    let granted = getrlimit(Resource::Nofile).current;
    usize::try_from(share(granted)).unwrap_or(usize::MAX)
}

/// `None` is no limit.
fn share(granted: Option<u64>) -> u64 {
    let share = granted.map_or(CONNECTIONS_MAX, |granted| granted / 4 * 3);
    share.clamp(1, CONNECTIONS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        assert_eq!(share(Some(1024)), 768);
        assert_eq!(share(Some(20_000)), CONNECTIONS_MAX);
        assert_eq!(share(None), CONNECTIONS_MAX);
        assert_eq!(share(Some(0)), 1);
        assert!(connections() >= 1);
    }
}
