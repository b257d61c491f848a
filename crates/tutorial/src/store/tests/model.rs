//! Random histories, compared with a plain model of the rule for replaced chains.

use super::super::TicketPlace;
use super::*;
use chainloom_ledger::Version;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
enum Step {
    Post {
        kind: u64,
        with_ticket: bool,
    },
    Mine,
    Replace {
        removed: usize,
        added: Vec<Vec<u64>>,
    },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = prop::collection::vec(0..4_u64, 0..4);
    prop_oneof![
        5 => (0..4_u64, any::<bool>())
            .prop_map(|(kind, with_ticket)| Step::Post { kind, with_ticket }),
        3 => Just(Step::Mine),
        2 => (0..5_usize, prop::collection::vec(kinds, 0..6))
            .prop_map(|(removed, added)| Step::Replace { removed, added }),
        1 => Just(Step::Reopen),
    ]
}

/// What was accepted here: its sequence and ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Own {
    sequence: u64,
    ticket: Option<[u8; 16]>,
}

/// A transaction in a block: its kind, unless it is a reward; and whether it is ours.
#[derive(Debug, Clone)]
struct Entry {
    kind: Option<u64>,
    own: Option<Own>,
}

#[derive(Debug, Default)]
struct Model {
    /// Kind and ticket of what waits, by its sequence.
    pending: BTreeMap<u64, (u64, Option<[u8; 16]>)>,
    /// Which of that stood in a block once.
    returned: BTreeSet<u64>,
    blocks: Vec<Vec<Entry>>,
    accepted: u64,
    generation: u64,
}

impl Model {
    fn post(&mut self, kind: u64, ticket: Option<[u8; 16]>) {
        self.pending.insert(self.accepted, (kind, ticket));
        self.accepted += 1;
    }

    fn mine(&mut self) {
        let taken = std::mem::take(&mut self.pending);
        self.returned.clear();
        let mut block: Vec<_> = taken
            .into_iter()
            .map(|(sequence, (kind, ticket))| Entry {
                kind: Some(kind),
                own: Some(Own { sequence, ticket }),
            })
            .collect();
        block.push(Entry {
            kind: None,
            own: None,
        });
        self.blocks.push(block);
    }

    fn replace(&mut self, shared: usize, added: &[Vec<u64>]) {
        let removed = self.blocks.split_off(shared);
        let mut displaced: Vec<(Own, u64)> = removed
            .into_iter()
            .flatten()
            .filter_map(|entry| Some((entry.own?, entry.kind?)))
            .collect();
        for sequence in std::mem::take(&mut self.returned) {
            let (kind, ticket) = self.pending.remove(&sequence).unwrap();
            displaced.push((Own { sequence, ticket }, kind));
        }
        displaced.sort_unstable();
        for kinds in added {
            let mut block = Vec::new();
            for kind in kinds {
                let equal = displaced
                    .iter()
                    .position(|(_, displaced)| displaced == kind);
                block.push(Entry {
                    kind: Some(*kind),
                    own: equal.map(|equal| displaced.remove(equal).0),
                });
            }
            self.blocks.push(block);
        }
        for (own, kind) in displaced {
            self.pending.insert(own.sequence, (kind, own.ticket));
            self.returned.insert(own.sequence);
        }
        self.generation += 1;
    }

    /// Where every ticket is.
    fn tickets(&self) -> BTreeMap<[u8; 16], TicketPlace> {
        let pending = self.pending.iter().filter_map(|(sequence, (_, ticket))| {
            ticket.map(|ticket| (ticket, TicketPlace::Pending(*sequence)))
        });
        let mined = (1..).zip(&self.blocks).flat_map(|(block, entries)| {
            (0..).zip(entries).filter_map(move |(index, entry)| {
                let ticket = entry.own?.ticket?;
                Some((ticket, TicketPlace::Mined(Version { block, index })))
            })
        });
        pending.chain(mined).collect()
    }
}

fn assert_same(store: &Store, model: &Model, tickets: u64) {
    let snapshot = store.snapshot().unwrap();
    let head = snapshot.head();
    assert_eq!(head.generation, model.generation);
    assert_eq!(head.length, model.blocks.len() as u64);
    assert_eq!(head.pending_count, model.pending.len() as u64);
    let waiting: Vec<_> = snapshot
        .waiting(None, usize::MAX, usize::MAX)
        .unwrap()
        .into_iter()
        .map(|waiting| (waiting.sequence, waiting.compact, waiting.ticket))
        .collect();
    let expected: Vec<_> = model
        .pending
        .iter()
        .map(|(sequence, (kind, ticket))| {
            (*sequence, compact(&transfer(*kind)).into_bytes(), *ticket)
        })
        .collect();
    assert_eq!(waiting, expected);
    let bytes: usize = expected.iter().map(|(_, compact, _)| compact.len()).sum();
    assert_eq!(snapshot.state.pending_bytes, bytes as u64);
    let places = model.tickets();
    for number in 0..tickets {
        let ticket = ticket(number);
        assert_eq!(
            snapshot.ticket(&ticket).unwrap(),
            places.get(&ticket).copied(),
            "ticket {number}"
        );
    }
    let mined: Vec<_> = snapshot
        .tickets_between(
            Version { block: 0, index: 0 },
            Version {
                block: u64::MAX,
                index: 0,
            },
        )
        .unwrap();
    let mut expected: Vec<_> = places
        .iter()
        .filter_map(|(ticket, place)| match place {
            TicketPlace::Mined(version) => Some((*version, *ticket)),
            TicketPlace::Pending(_) => None,
        })
        .collect();
    expected.sort_unstable();
    assert_eq!(mined, expected);
}

fn ticket(number: u64) -> [u8; 16] {
    u128::from(number + 1).to_be_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_accepted_is_lost_or_doubled(steps in prop::collection::vec(step(), 1..25)) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut store = open(folder.path());
        let mut model = Model {
            blocks: vec![Vec::new()],
            ..Model::default()
        };
        let mut tickets = 0;
        for (salt, step) in (1..).zip(steps) {
            match step {
                Step::Post { kind, with_ticket } => {
                    let ticket = with_ticket.then(|| ticket(tickets));
                    tickets += u64::from(with_ticket);
                    runtime.block_on(post(&store, kind, ticket));
                    model.post(kind, ticket);
                }
                Step::Mine => {
                    runtime.block_on(mine(&store));
                    model.mine();
                }
                Step::Replace { removed, added } => {
                    let ours = chain(&store);
                    let shared = ours.len().saturating_sub(removed);
                    let fork = foreign(&ours, shared, salt, &added);
                    let adoption = runtime.block_on(adopt(&store, &fork));
                    if fork.len() > ours.len() {
                        let adopted = matches!(adoption, Adoption::Adopted { .. });
                        prop_assert!(adopted);
                        prop_assert_eq!(chain(&store), fork);
                        model.replace(shared, &added);
                    } else {
                        prop_assert_eq!(adoption, Adoption::NotLonger);
                    }
                }
                Step::Reopen => {
                    drop(store);
                    store = open(folder.path());
                }
            }
            assert_same(&store, &model, tickets);
        }
    }
}
