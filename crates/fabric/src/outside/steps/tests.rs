#![allow(clippy::unwrap_used)]
use bytes::Bytes;

use super::*;
use crate::identity::KeyKind;
use crate::identity::testing::credentials;

/// A call of so many bytes under this id.
fn proposed(id: &str, length: usize) -> Proposed {
    static ALICE: std::sync::LazyLock<Signatory> = std::sync::LazyLock::new(|| {
        let pem = credentials(KeyKind::P256).certificate().to_pem();
        Signatory::new(&pem, "Org1MSP", Timestamp::now()).unwrap()
    });
    Proposed {
        signatory: ALICE.clone(),
        call: ChannelCall::plain("probe", Vec::new(), Instant::now()),
        timeout: Duration::from_secs(1),
        proposal: Proposal {
            transaction_id: id.to_owned(),
            bytes: Bytes::from(vec![0; length]),
        },
        is_query: false,
    }
}

fn endorsed(lease: &Lease<'_>, length: usize) -> State {
    let State::Proposed(proposed) = &lease.state else {
        panic!("{:?}", lease.state);
    };
    let transaction = Transaction {
        unsigned: Unsigned {
            transaction_id: lease.transaction_id.clone(),
            payload: Bytes::from(vec![0; length]),
            result: Bytes::new(),
        },
        result: Payload::default(),
        endorsers: Vec::new(),
    };
    State::Endorsed(proposed.clone(), transaction.into())
}

fn bytes(steps: &Steps) -> usize {
    steps.0.lock().unwrap().bytes
}

fn unknown(id: &str) -> OutsideError {
    OutsideError::Unknown(id.to_owned())
}

#[test]
fn a_call_is_worked_on_by_one_request_at_a_time() {
    let (steps, now) = (Steps::default(), Instant::now());
    let expires = steps.insert(proposed("a", 10), now).unwrap();
    assert!(expires.time > Timestamp::now());
    let lease = steps.begin("a", now).unwrap();
    assert_eq!(steps.begin("a", now).unwrap_err(), OutsideError::Running);
    drop(lease);
    assert!(steps.begin("a", now).is_ok());
    assert_eq!(steps.begin("b", now).unwrap_err(), unknown("b"));
}

#[test]
fn what_nobody_signs_expires_but_not_while_it_is_worked_on() {
    let (steps, now) = (Steps::default(), Instant::now());
    steps.insert(proposed("a", 10), now).unwrap();
    steps.insert(proposed("b", 10), now).unwrap();
    let almost = now + EXPIRES_AFTER - Duration::from_secs(1);
    let over = now + EXPIRES_AFTER;
    let mut lease = steps.begin("a", almost).unwrap();
    assert_eq!(steps.begin("b", over).unwrap_err(), unknown("b"));
    // The next step has its own time.
    let next = endorsed(&lease, 20);
    let before = lease.expires.time;
    assert!(lease.advance(next, over).unwrap().time >= before);
    drop(lease);
    let later = almost + EXPIRES_AFTER;
    assert!(matches!(
        steps.begin("a", later).unwrap().state,
        State::Endorsed(..)
    ));
    let end = over + EXPIRES_AFTER;
    assert_eq!(steps.begin("a", end).unwrap_err(), unknown("a"));
    assert_eq!(bytes(&steps), 0);
}

#[test]
fn only_so_many_wait() {
    let (steps, now) = (Steps::default(), Instant::now());
    for number in 0..STEPS_MAX {
        steps
            .insert(proposed(&number.to_string(), 10), now)
            .unwrap();
    }
    let error = steps.insert(proposed("more", 10), now).unwrap_err();
    assert_eq!(error, OutsideError::Full);
    let over = now + EXPIRES_AFTER;
    assert!(steps.insert(proposed("more", 10), over).is_ok());
    assert_eq!(steps.0.lock().unwrap().by_id.len(), 1);
}

#[test]
fn only_so_many_bytes_wait() {
    let (steps, now) = (Steps::default(), Instant::now());
    let error = steps.insert(proposed("a", BYTES_MAX / 2), now).unwrap_err();
    assert!(matches!(error, OutsideError::TooLarge(size) if size > BYTES_MAX));
    let third = BYTES_MAX / 6;
    for id in ["a", "b"] {
        steps.insert(proposed(id, third), now).unwrap();
    }
    assert_eq!(
        steps.insert(proposed("c", third), now).unwrap_err(),
        OutsideError::Full
    );
    let mut lease = steps.begin("a", now).unwrap();
    let before = bytes(&steps);
    let next = endorsed(&lease, third);
    assert_eq!(lease.advance(next, now).unwrap_err(), OutsideError::Full);
    assert_eq!(bytes(&steps), before);
    let next = endorsed(&lease, 100);
    lease.advance(next, now).unwrap();
    assert_eq!(bytes(&steps), before + 200);
    drop(lease);

    // Of what is submitted hardly anything is kept.
    let lease = steps.begin("a", now).unwrap();
    lease.submitting();
    drop(lease);
    assert_eq!(bytes(&steps), before - 2 * third);
    assert!(matches!(
        steps.begin("a", now).unwrap().state,
        State::Submitted
    ));
}

#[test]
fn a_submission_that_is_broken_off_counts_and_one_that_is_refused_does_not() {
    let (steps, now) = (Steps::default(), Instant::now());
    steps.insert(proposed("a", 10), now).unwrap();
    let mut lease = steps.begin("a", now).unwrap();
    let next = endorsed(&lease, 10);
    lease.advance(next, now).unwrap();
    drop(lease);
    let before = bytes(&steps);
    let lease = steps.begin("a", now).unwrap();
    lease.submitting();
    lease.not_submitted();
    drop(lease);
    assert_eq!(bytes(&steps), before);
    let lease = steps.begin("a", now).unwrap();
    assert!(matches!(lease.state, State::Endorsed(..)));
    lease.submitting();
    drop(lease);
    let lease = steps.begin("a", now).unwrap();
    assert!(matches!(lease.state, State::Submitted));
}

#[test]
fn an_id_is_named_only_so_far() {
    let steps = Steps::default();
    let long = "f".repeat(1000);
    let error = steps.begin(&long, Instant::now()).unwrap_err();
    assert_eq!(error, unknown(&"f".repeat(80)));
}
