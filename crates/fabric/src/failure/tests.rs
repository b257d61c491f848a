use super::*;

fn status(code: Code, message: &str, details: &[&str]) -> Status {
    let details = details.iter().map(|message| prost_types::Any {
        type_url: "type.googleapis.com/gateway.ErrorDetail".to_owned(),
        value: gateway::ErrorDetail {
            address: "peer0:7051".to_owned(),
            msp_id: "Org1MSP".to_owned(),
            message: (*message).to_owned(),
        }
        .encode_to_vec(),
    });
    let full = google::rpc::Status {
        code: code.into(),
        message: message.to_owned(),
        details: details.collect(),
    };
    Status::with_details(code, message, full.encode_to_vec().into())
}

fn explained(step: Step, code: Code, message: &str, details: &[&str]) -> LedgerError {
    explain(step, "peer0:7051", "id", &status(code, message, details))
}

/// The texts are Fabric's own, as 2.5 and 3.1 send them.
#[test]
fn every_refusal_of_a_peer_has_its_meaning() {
    use Step::{Endorse, Evaluate, Submit};
    let cases = [
        (
            Evaluate,
            Code::Unknown,
            "evaluate call to endorser returned error: chaincode response 500, no such key",
            &[][..],
            "contract_refused",
        ),
        (
            Endorse,
            Code::Aborted,
            "failed to endorse transaction",
            &["chaincode response 500, no such key"][..],
            "contract_refused",
        ),
        (
            Endorse,
            Code::Aborted,
            "failed to collect enough transaction endorsements",
            &["ProposalResponsePayloads do not match"][..],
            "endorsements_differ",
        ),
        (
            Evaluate,
            Code::FailedPrecondition,
            "no peers available to evaluate chaincode x in channel y",
            &[][..],
            "endorsers_unavailable",
        ),
        (
            Endorse,
            Code::FailedPrecondition,
            "no peer combination can satisfy the endorsement policy",
            &[][..],
            "endorsers_unavailable",
        ),
        (
            Evaluate,
            Code::Unavailable,
            "failed to get config for channel [x]: no such channel",
            &[][..],
            "channel_not_found",
        ),
        (
            Evaluate,
            Code::FailedPrecondition,
            "error validating proposal: access denied: channel [x] creator org [Org1MSP]",
            &[][..],
            "access_denied",
        ),
        (
            Evaluate,
            Code::Unknown,
            "evaluate call to endorser returned error: Failed evaluating policy on signed data during check policy on channel [devnet] with policy [/Channel/Application/Writers]: [implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied]",
            &[][..],
            "access_denied",
        ),
        (
            Endorse,
            Code::Aborted,
            "failed to endorse",
            &["could not launch chaincode x: connection refused"][..],
            "contract_unavailable",
        ),
        (
            Endorse,
            Code::Aborted,
            "failed to endorse",
            &[
                "error in simulation: failed to execute transaction 1f: invalid invocation: chaincode 'x' has not been initialized for this version, must call as init first",
            ],
            "init_required",
        ),
        (
            Endorse,
            Code::Aborted,
            "failed to endorse",
            &[
                "error in simulation: failed to execute transaction 1f: invalid invocation: chaincode 'x' is already initialized but called as init",
            ],
            "already_initialized",
        ),
        (
            Evaluate,
            Code::Unknown,
            "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
            &[][..],
            "peer_busy",
        ),
        (
            Endorse,
            Code::Aborted,
            "failed to endorse transaction, see attached details for more info",
            &[
                "rpc error: code = Unknown desc = too many requests for /protos.Endorser, exceeding concurrency limit (2500)",
            ][..],
            "peer_busy",
        ),
        (
            Endorse,
            Code::Unavailable,
            "failed to find any endorsing peers for org(s): Org9MSP",
            &[][..],
            "endorsers_unavailable",
        ),
        (
            Endorse,
            Code::FailedPrecondition,
            "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data",
            &[][..],
            "endorsers_unavailable",
        ),
        (
            Evaluate,
            Code::Unavailable,
            "failed to evaluate transaction, see attached details for more info",
            &["connection error: dial tcp 127.0.0.1:7051: connect: connection refused"][..],
            "peer_unavailable",
        ),
        (
            Evaluate,
            Code::Unavailable,
            "tcp connect error",
            &[][..],
            "peer_unavailable",
        ),
        (
            Evaluate,
            Code::DeadlineExceeded,
            "timeout",
            &[][..],
            "peer_unavailable",
        ),
        (
            Evaluate,
            Code::ResourceExhausted,
            "grpc: received message larger than max",
            &[][..],
            "too_large",
        ),
        (
            Submit,
            Code::Aborted,
            "received unsuccessful response from orderer: status=BAD_REQUEST, info=message payload is 9 bytes and exceeds maximum \
             allowed 8 bytes",
            &[][..],
            "too_large",
        ),
        (
            Submit,
            Code::Unavailable,
            "no orderers could successfully process transaction",
            &[][..],
            "outcome_unknown",
        ),
        (
            Submit,
            Code::Unavailable,
            "no orderers could successfully process transaction",
            &["failed to create new connection: connection refused"][..],
            "outcome_unknown",
        ),
        (
            Submit,
            Code::Unavailable,
            "no orderers could successfully process transaction",
            &[
                "dial tcp 127.0.0.1:7050: connect: permission denied",
                "timeout",
            ][..],
            "outcome_unknown",
        ),
        (
            Submit,
            Code::Unavailable,
            "no orderers could successfully process transaction",
            &["access denied", "no peers available"][..],
            "outcome_unknown",
        ),
        (
            Submit,
            Code::Unknown,
            "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
            &[][..],
            "peer_busy",
        ),
        (
            Submit,
            Code::Aborted,
            "received unsuccessful response from orderer: status=BAD_REQUEST",
            &[][..],
            "refused",
        ),
        (
            Submit,
            Code::Aborted,
            "received unsuccessful response from orderer: status=FORBIDDEN, info=implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied",
            &[][..],
            "access_denied",
        ),
        (
            Submit,
            Code::Aborted,
            "received unsuccessful response from orderer: status=BAD_REQUEST, info=broadcast client identity expired",
            &[][..],
            "access_denied",
        ),
        (
            Submit,
            Code::Aborted,
            "received unsuccessful response from orderer: status=NOT_FOUND, info=channel does not exist",
            &[][..],
            "channel_not_found",
        ),
        (
            Submit,
            Code::Aborted,
            "what no gateway says today",
            &[][..],
            "outcome_unknown",
        ),
    ];
    for (step, code, message, details, expected) in cases {
        assert_eq!(
            explained(step, code, message, details).code(),
            expected,
            "{message}"
        );
    }
}

#[test]
fn a_contracts_own_words_are_kept_as_they_were() {
    let error = explained(
        Step::Endorse,
        Code::Aborted,
        "failed",
        &["chaincode response 500, a, b: c"],
    );
    let LedgerError::Refused {
        detail, endorsers, ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(detail, "a, b: c");
    assert_eq!(endorsers[0].address, "peer0:7051");
}

/// The texts are Fabric's own, as 2.5 and 3.1 send them.
#[test]
fn the_peers_own_contracts_speak_for_the_peer() {
    let refused = |words: &str| LedgerError::Refused {
        code: "contract_refused",
        detail: words.to_owned(),
        transaction_id: None,
        endorsers: Vec::new(),
    };
    let acl = "Failed to authorize invocation due to failed ACL check: Failed evaluating policy on signed data during check \
               policy on channel [devnet] with policy [/Channel/Application/Writers]: [implicit policy evaluation failed]";
    let access = "access denied for [GetBlockByTxID][devnet]: [failed evaluating policy]";
    for (contract, words) in [("_lifecycle", acl), ("qscc", access), ("cscc", access)] {
        let error = of_contract(contract, refused(words));
        assert_eq!(error.code(), "access_denied");
        let told = error.to_string();
        assert!(told.contains(words) && told.contains(contract), "{told}");
        // Anybody's contract may say the same.
        assert_eq!(of_contract("probe", refused(words)), refused(words));
    }
    let other = || refused("namespace basic is not defined");
    assert_eq!(of_contract("_lifecycle", other()), other());
}

/// Whatever it says, a contract's answer is its own, and no other peer is asked.
#[test]
fn a_contract_cannot_pass_for_a_peer() {
    for words in [
        "access denied: channel [x] creator org [Org1MSP]",
        "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
        "no peers available to evaluate chaincode x in channel y",
        "ProposalResponsePayloads do not match",
        "could not launch chaincode x: connection refused",
        "failed to get config for channel",
        "Failed to authorize invocation due to failed ACL check",
        "chaincode response 500, again",
    ] {
        let said = format!("chaincode response 500, {words}");
        let message = format!("evaluate call to endorser returned error: {said}");
        let details = [said.as_str()];
        for (step, code, message, details) in [
            (Step::Evaluate, Code::Unknown, &message, &details[..]),
            (Step::Evaluate, Code::Unknown, &message, &[][..]),
            (
                Step::Endorse,
                Code::Aborted,
                &"failed".to_owned(),
                &details[..],
            ),
        ] {
            let error = explained(step, code, message, details);
            assert_eq!(error.code(), "contract_refused", "{words}");
            assert_eq!(error.to_string(), words);
        }
    }
}

#[test]
fn a_stream_of_blocks_is_refused_for_the_same_reasons() {
    let status = |message| Status::new(Code::Unknown, message);
    let error = explain_deliver(
        "peer0:7051",
        &status("too many requests for /protos.Deliver, exceeding concurrency limit (2500)"),
    );
    assert_eq!(error.code(), "peer_busy");
    let error = explain_deliver("peer0:7051", &status("away"));
    assert_eq!(error.code(), "peer_unavailable");
    assert!(error.to_string().contains("peer0:7051"), "{error}");
}

#[test]
fn a_connection_that_broke_is_no_refusal() {
    let broken = || {
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        Status::from_error(Box::new(reset))
    };
    assert!(is_transport(&broken()));
    for (step, code) in [
        (Step::Evaluate, "peer_unavailable"),
        (Step::Endorse, "peer_unavailable"),
        (Step::Submit, "outcome_unknown"),
    ] {
        let error = explain(step, "peer0:7051", "id", &broken());
        assert_eq!(error.code(), code);
        assert!(
            error.to_string().contains("peer0:7051 did not answer"),
            "{error}"
        );
    }
}

#[test]
fn another_peer_is_asked_only_where_this_one_cannot_be_reached() {
    assert!(is_transport(&status(
        Code::Unavailable,
        "tcp connect error",
        &[]
    )));
    assert!(is_transport(&status(
        Code::Unknown,
        "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
        &[]
    )));
    assert!(!is_transport(&status(
        Code::Unavailable,
        "failed to find any endorsing peers for org(s): Org9MSP",
        &[]
    )));
    assert!(!is_transport(&status(
        Code::Unavailable,
        "no orderers could successfully process transaction",
        &[]
    )));
    assert!(!is_transport(&status(
        Code::Unavailable,
        "failed to get config for channel",
        &[]
    )));
    assert!(!is_transport(&status(
        Code::Aborted,
        "chaincode response 500, no",
        &[]
    )));
}

#[test]
fn a_query_that_failed_is_not_told_that_nothing_was_submitted() {
    for error in [
        unavailable("peer0 is away", Vec::new()),
        LedgerError::TooManyRequests {
            code: "queue_full",
            detail: "10 calls wait; nothing was submitted, try again in 2 s".to_owned(),
            retry_after_s: 2,
        },
    ] {
        let before = error.to_string();
        assert!(before.contains("; nothing was submitted"), "{before}");
        let after = of_query(error).to_string();
        assert_eq!(after, before.replace("; nothing was submitted", ""));
    }
}

/// The gateway says nothing of an orderer that broke off before another one refused.
#[test]
fn only_what_is_wrong_for_every_orderer_is_refused_at_the_first_sending() {
    let cases = [
        (
            "status=FORBIDDEN, info=permission denied",
            "outcome_unknown",
        ),
        (
            "status=NOT_FOUND, info=channel does not exist",
            "outcome_unknown",
        ),
        (
            "status=BAD_REQUEST, info=broadcast client identity expired",
            "outcome_unknown",
        ),
        (
            "status=BAD_REQUEST, info=message payload is 9 bytes and exceeds maximum allowed 8 bytes",
            "too_large",
        ),
        ("status=REQUEST_ENTITY_TOO_LARGE, info=", "refused"),
    ];
    for (answer, expected) in cases {
        let message = format!("received unsuccessful response from orderer: {answer}");
        let error = explained(Step::Submit, Code::Aborted, &message, &[]);
        let error = of_first_sending("id", error);
        assert_eq!(error.code(), expected, "{answer}");
        assert!(error.to_string().contains(&message), "{error}");
    }
}
