#![allow(clippy::unwrap_used)]

use super::{ChainError, ChainLimits, ChainReader};
use crate::json::{Json, JsonProblem, Limits, canonical, compact, parse};
use crate::rules::{RuleError, Rules, block_hash, hex, new_block};
use crate::testing::{ChainMaker, body, chain};

/// What came of a body: the hash and the compact form of each block.
type Outcome = Result<Vec<([u8; 32], String)>, ChainError>;

/// Reads a body in pieces of this many bytes.
fn read_with(mut reader: ChainReader, body: &[u8], piece: usize) -> Outcome {
    let mut blocks = Vec::new();
    let mut take = |batches: Vec<super::VerifiedBatch>| {
        for batch in batches {
            assert_eq!(batch.first_number(), blocks.len() as u64 + 1);
            assert_eq!(batch.len(), batch.blocks().len());
            assert_eq!(
                batch.bytes(),
                batch
                    .blocks()
                    .map(|block| block.compact.len())
                    .sum::<usize>()
            );
            for block in batch.blocks() {
                assert_eq!(block.number, blocks.len() as u64 + 1);
                blocks.push((
                    block.hash,
                    String::from_utf8(block.compact.to_vec()).unwrap(),
                ));
            }
        }
    };
    for piece in body.chunks(piece) {
        let pushed = reader.push(piece);
        if let Err(error) = &pushed {
            assert_eq!(reader.push(b" ").unwrap_err(), *error, "an error stays");
            assert_eq!(reader.finish().unwrap_err(), *error, "an error stays");
        }
        take(pushed?);
    }
    take(reader.finish()?);
    assert_eq!(reader.blocks(), blocks.len() as u64);
    assert_eq!(reader.tip().unwrap().hash, blocks.last().unwrap().0);
    Ok(blocks)
}

fn reader(rules: Rules) -> ChainReader {
    ChainReader::with_threads(rules, 4, ChainLimits::default(), 3)
}

fn read(rules: Rules, body: &[u8]) -> Outcome {
    read_with(reader(rules), body, body.len().max(1))
}

fn expected(chain: &[Json]) -> Outcome {
    Ok(chain
        .iter()
        .map(|block| (block_hash(block), compact(block)))
        .collect())
}

/// A body of blocks given as text.
fn of_texts(blocks: &[String]) -> Vec<u8> {
    format!("{{\"chain\":[{}]}}", blocks.join(",")).into_bytes()
}

#[test]
fn a_chain_comes_out_as_it_went_in_however_it_is_cut() {
    for (rules, length) in [(Rules::Article, 50), (Rules::Repository, 6)] {
        let chain = chain(rules, 4, length);
        let body = body(&chain);
        for piece in [1, 2, 7, 100, 1000, body.len()] {
            assert_eq!(
                read_with(reader(rules), &body, piece),
                expected(&chain),
                "{piece}"
            );
        }
    }
}

#[test]
fn a_long_chain_is_verified_on_several_threads_with_the_same_result() {
    let chain = chain(Rules::Article, 4, 12_000);
    let body = body(&chain);
    assert!(body.len() > 2 << 20);
    let expected = expected(&chain);
    for (threads, piece) in [(1, 1 << 16), (2, 1 << 16), (7, 999_999), (16, usize::MAX)] {
        let reader = ChainReader::with_threads(Rules::Article, 4, ChainLimits::default(), threads);
        assert_eq!(
            read_with(reader, &body, piece),
            expected,
            "{threads} threads"
        );
    }
}

#[test]
fn a_flaw_is_found_at_its_block_wherever_sections_begin() {
    let good = chain(Rules::Article, 4, 9000);
    let body_length = body(&good).len();
    for place in [1, 2, 63, 64, 65, 4400, 4500, 8998] {
        let mut chain = good.clone();
        chain[place] = Json::object([("index", Json::from(1_i64))]);
        let flawed = body(&chain);
        let mut errors = Vec::new();
        for threads in [1, 2, 5, 16] {
            let reader =
                ChainReader::with_threads(Rules::Article, 4, ChainLimits::default(), threads);
            errors.push(read_with(reader, &flawed, body_length).unwrap_err());
        }
        let rule = RuleError::PreviousHashMissing;
        let expected = ChainError::BlockRefused {
            number: place as u64 + 1,
            rule,
        };
        assert!(errors.iter().all(|error| *error == expected), "{errors:?}");
    }
}

#[test]
fn blocks_that_look_like_the_beginning_of_blocks_within_do_no_harm() {
    let mut maker = ChainMaker::new(Rules::Article, 4);
    // Transactions that begin as a block does, in strings too, so that every guess is wrong.
    let decoy = Json::object([
        ("index", Json::from(1_i64)),
        ("text", r#"{"index":1},{"index""#.into()),
    ]);
    let chain: Vec<_> = (0..800)
        .map(|_| maker.next(vec![decoy.clone(); 40]))
        .collect();
    let body = body(&chain);
    assert!(body.len() > 1 << 20);
    for threads in [1, 2, 7] {
        let reader = ChainReader::with_threads(Rules::Article, 4, ChainLimits::default(), threads);
        assert_eq!(read_with(reader, &body, body.len()), expected(&chain));
    }
}

#[test]
fn a_block_longer_than_the_window_is_read() {
    let mut maker = ChainMaker::new(Rules::Article, 4);
    let long = Json::from("x".repeat(5 << 20));
    let blocks = [vec![], vec![], vec![long], vec![]];
    let chain: Vec<_> = blocks
        .into_iter()
        .map(|transactions| maker.next(transactions))
        .collect();
    assert_eq!(
        read_with(reader(Rules::Article), &body(&chain), 100_000),
        expected(&chain)
    );
}

#[test]
fn the_body_may_be_written_in_any_way() {
    let chain = chain(Rules::Article, 4, 3);
    let blocks: Vec<_> = chain.iter().map(canonical).collect();
    let blocks = blocks.join(" ,\n");
    let bodies = [
        format!("{{\"chain\":[{blocks}]}}"),
        format!("\u{feff} {{ \"chain\" : [ {blocks} ] , \"length\" : 1000000000 }} \n"),
        format!(
            "{{\"length\":\"many\",\"\\u0063hain\":[{blocks}],\"more\":[{{\"chain\":[]}},NaN]}}\t"
        ),
        format!(
            "{{\"a\":1e5,\"b\":true,\"c\":\"\\\"\",\"chain\":\r\n[{blocks}],\"length\":null,\"length\":-1}}"
        ),
    ];
    for body in &bodies {
        for piece in [1, 3, body.len()] {
            assert_eq!(
                read_with(reader(Rules::Article), body.as_bytes(), piece),
                expected(&chain)
            );
        }
    }
}

#[test]
fn foreign_blocks_keep_all_they_hold() {
    // Keys out of order and twice, floats and strings in other spellings, a string as proof.
    let genesis =
        r#"{ "proof" :"100","timestamp":15E1,"note":"\u00E9\/é","a":[-0,1e400],"a":[NaN] }"#;
    let first = parse(genesis.as_bytes(), &Limits::default()).unwrap();
    let second = new_block(9, 1e16, vec![Json::from(5.0)], 35293, &block_hash(&first));
    let blocks = [genesis.to_owned(), canonical(&second)];
    assert_eq!(
        read(Rules::Article, &of_texts(&blocks)),
        expected(&[first, second])
    );
}

#[test]
fn the_first_block_needs_a_proof_and_nothing_else() {
    assert!(read(Rules::Article, br#"{"chain":[{"proof":null}]}"#).is_ok());
    let refused = |rule| Err(ChainError::BlockRefused { number: 1, rule });
    assert_eq!(
        read(Rules::Article, br#"{"chain":[{}]}"#),
        refused(RuleError::ProofMissing)
    );
    let found = "a number";
    assert_eq!(
        read(Rules::Article, br#"{"chain":[5]}"#),
        refused(RuleError::NotAnObject { found })
    );
    assert!(matches!(
        read(Rules::Article, br#"{"chain":[{"proof":[1]}]}"#),
        Err(ChainError::BlockRefused {
            number: 1,
            rule: RuleError::ProofUnusable { .. }
        })
    ));
}

#[test]
fn a_block_that_breaks_a_rule_is_named_with_its_number() {
    let chain = chain(Rules::Article, 4, 5);
    let tampered = |place: usize, key: &str, value: Json| {
        let members = chain[place].as_object().unwrap().iter();
        let members = members.map(|(known, old)| {
            let value = if *known == key {
                value.clone()
            } else {
                old.clone()
            };
            (known.clone(), value)
        });
        let mut chain = chain.clone();
        chain[place] = Json::object(members);
        read(Rules::Article, &body(&chain)).unwrap_err()
    };
    // A changed block has another hash, so that the next one does not follow.
    assert!(matches!(
        tampered(1, "timestamp", 0.5.into()),
        ChainError::BlockRefused {
            number: 3,
            rule: RuleError::PreviousHashDiffers { .. }
        }
    ));
    assert!(matches!(
        tampered(4, "proof", 1_i64.into()),
        ChainError::BlockRefused {
            number: 5,
            rule: RuleError::ProofInvalid { .. }
        }
    ));
    assert!(matches!(
        tampered(4, "proof", vec![].into()),
        ChainError::BlockRefused {
            number: 5,
            rule: RuleError::ProofUnusable { .. }
        }
    ));
    let error = tampered(4, "previous_hash", "1".into());
    let expected = hex(&block_hash(&chain[3]));
    assert_eq!(
        error.to_string(),
        format!(
            "block 5: its `previous_hash` is \"1\", but the block before it has the hash {expected}"
        )
    );
}

#[test]
fn a_chain_of_the_other_rules_is_told_so() {
    for ours in Rules::ALL {
        let peer = ours.other();
        let other = body(&chain(peer, 4, 4));
        let error = read(ours, &other).unwrap_err();
        assert_eq!(
            error,
            ChainError::OtherRules {
                number: 2,
                peer,
                ours
            }
        );
        let sentence = format!("peer follows `{peer}`, ours is `{ours}`");
        assert!(error.to_string().starts_with(&sentence), "{error}");
    }
}

#[test]
fn one_proof_of_the_other_rules_in_a_chain_of_ours_is_just_wrong() {
    let mut chain = chain(Rules::Article, 4, 3);
    let hash = block_hash(&chain[2]);
    let tip = crate::rules::Tip::of(&chain[2]).unwrap();
    let puzzle = Rules::Repository.puzzle(&tip, 4).unwrap();
    let proof = (0..).find(|&number| puzzle.is_solution(number)).unwrap();
    chain.push(new_block(4, 0.5, Vec::new(), proof, &hash));
    assert!(matches!(
        read(Rules::Article, &body(&chain)),
        Err(ChainError::BlockRefused {
            number: 4,
            rule: RuleError::ProofInvalid { .. }
        })
    ));
}

#[test]
fn bodies_that_hold_no_chain_are_refused() {
    let cases: [(&str, ChainError); 8] = [
        ("{}", ChainError::ChainMissing),
        (r#"{"length":5}"#, ChainError::ChainMissing),
        ("[]", ChainError::NotAnObject),
        ("null", ChainError::NotAnObject),
        (r#"{"chain":{}}"#, ChainError::ChainNotAnArray),
        (r#"{"chain":5}"#, ChainError::ChainNotAnArray),
        (r#"{"chain":[ ]}"#, ChainError::Empty),
        (
            r#"{"chain":[{"proof":1}],"chain":[{"proof":1}]}"#,
            ChainError::ChainTwice,
        ),
    ];
    for (body, error) in cases {
        assert_eq!(read(Rules::Article, body.as_bytes()), Err(error), "{body}");
    }
}

#[test]
fn bodies_that_are_no_json_are_refused_at_the_place() {
    let cases = [
        ("x", 0, JsonProblem::ValueExpected),
        ("{]", 1, JsonProblem::KeyExpected),
        (r#"{"chain" ["#, 9, JsonProblem::ColonExpected),
        (r#"{"a":1 "b":2}"#, 7, JsonProblem::CommaExpected),
        (r#"{"a":1,}"#, 7, JsonProblem::KeyExpected),
        (r#"{"a":01}"#, 6, JsonProblem::CommaExpected),
        (r#"{"a":"\x"}"#, 6, JsonProblem::UnknownEscape),
        (
            r#"{"chain":[{"proof":1},]}"#,
            22,
            JsonProblem::ValueExpected,
        ),
        (
            r#"{"chain":[{"proof":1} {"proof":1}]}"#,
            22,
            JsonProblem::CommaExpected,
        ),
        (r#"{"chain":[{"proof":1,}]}"#, 21, JsonProblem::KeyExpected),
        (r#"{"chain":[{"proof":1}]}}"#, 23, JsonProblem::TrailingData),
        (
            r#"{"chain":[{"proof":1}]} {}"#,
            24,
            JsonProblem::TrailingData,
        ),
    ];
    for (body, offset, problem) in cases {
        for piece in [1, body.len()] {
            let outcome = read_with(reader(Rules::Article), body.as_bytes(), piece);
            assert_eq!(outcome, Err(ChainError::Json { offset, problem }), "{body}");
        }
    }
}

#[test]
fn a_body_that_ends_early_is_refused_wherever_it_ends() {
    let body = body(&chain(Rules::Article, 4, 3));
    let end = body.iter().rposition(|&byte| byte == b'}').unwrap();
    for length in 0..=end {
        let error = ChainError::Truncated {
            length: length as u64,
        };
        assert_eq!(read(Rules::Article, &body[..length]), Err(error));
    }
    assert!(read(Rules::Article, &body[..=end]).is_ok());
}

#[test]
fn limits_hold() {
    let chain = chain(Rules::Article, 4, 30);
    let body = body(&chain);
    let limited = |bytes_total, block| {
        let limits = ChainLimits { bytes_total, block };
        let reader = ChainReader::with_threads(Rules::Article, 4, limits, 2);
        read_with(reader, &body, 100)
    };
    let block = Limits::default();
    let total = body.len() as u64;
    assert!(limited(total, block).is_ok());
    assert_eq!(
        limited(total - 1, block),
        Err(ChainError::TooLong { limit: total - 1 })
    );

    let longest = chain
        .iter()
        .map(|block| canonical(block).len())
        .max()
        .unwrap();
    assert!(
        limited(
            total,
            Limits {
                bytes: longest,
                ..block
            }
        )
        .is_ok()
    );
    let limit = longest - 1;
    assert_eq!(
        limited(
            total,
            Limits {
                bytes: limit,
                ..block
            }
        ),
        Err(ChainError::BlockTooLong { number: 11, limit })
    );
    // A block, its transactions and one of these: three levels, in the body's two.
    assert!(limited(total, Limits { depth: 5, ..block }).is_ok());
    assert!(matches!(
        limited(total, Limits { depth: 4, ..block }),
        Err(ChainError::Json {
            problem: JsonProblem::TooDeep { limit: 2 },
            ..
        })
    ));
    assert!(matches!(
        limited(total, Limits { values: 9, ..block }),
        Err(ChainError::Json {
            problem: JsonProblem::TooManyValues { limit: 9 },
            ..
        })
    ));
}

#[test]
fn what_grows_when_it_is_rewritten_is_measured_as_it_is_kept() {
    let body = |note: &str| format!(r#"{{"chain":[{{"note":{note},"proof":100}}],"length":1}}"#);
    let read = |body: &str, bytes_total, bytes| {
        let block = Limits {
            bytes,
            ..Limits::default()
        };
        let limits = ChainLimits { bytes_total, block };
        let reader = ChainReader::with_threads(Rules::Article, 4, limits, 2);
        read_with(reader, body.as_bytes(), 1000)
    };
    let too_long = |limit| Err(ChainError::BlockTooLong { number: 1, limit });
    // Two bytes that are kept as six, four that are kept as 18, and an element that is hashed with a space before it.
    let letters = body(&format!("\"{}\"", "é".repeat(10_000)));
    let floats = body(&format!("[1{}]", ",1e15".repeat(10_000)));
    let elements = body(&format!("[1{}]", ",1".repeat(10_000)));
    for (body, limit) in [(&letters, 60_000), (&floats, 190_000), (&elements, 30_000)] {
        assert!(body.len() < limit);
        assert_eq!(read(body, 1 << 20, limit), too_long(limit));
        assert!(read(body, 1 << 20, limit + 10_100).is_ok());
    }
    let limit = 60_000;
    assert_eq!(
        read(&letters, limit, 1 << 20),
        Err(ChainError::TooLong { limit })
    );
    assert!(read(&letters, limit + 100, 1 << 20).is_ok());
}

#[test]
fn endless_blocks_and_members_are_cut_off() {
    let bytes = 100_000;
    let limits = ChainLimits {
        block: Limits {
            bytes,
            ..Limits::default()
        },
        ..ChainLimits::default()
    };
    let endless = |start: &str| {
        let mut reader = ChainReader::new(Rules::Article, 4, limits);
        reader.push(start.as_bytes()).unwrap();
        (0..100)
            .map(|_| reader.push(&[b'x'; 50_000]))
            .find_map(Result::err)
    };
    let block = ChainError::BlockTooLong {
        number: 1,
        limit: bytes,
    };
    assert_eq!(endless(r#"{"chain":[{"a":""#), Some(block));
    let member = ChainError::MemberTooLong {
        offset: 5,
        limit: bytes,
    };
    assert_eq!(
        endless(r#"{"a":""#),
        Some(ChainError::MemberTooLong {
            offset: 4,
            limit: bytes
        })
    );
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes));
    let mut reader = ChainReader::new(Rules::Article, 4, limits);
    reader.push(long.as_bytes()).unwrap();
    assert_eq!(reader.finish().unwrap_err(), member);
}
