//! What the page "Why does it not take our chain?" advises for each way in which asking a peer
//! can end.

/// What to try next, for somebody who wonders why this peer does not take our chain.
pub(super) fn advice(code: Option<&str>) -> &'static str {
    let Some(code) = code else {
        return "Compare chains first: then this page knows what it has.";
    };
    match code {
        "adopted" => {
            "Its chain was the longer one and is now ours too, so it has no reason to take ours. \
             Mine a block here, then ask it to resolve."
        }
        "not_longer" | "shorter_than_best" => {
            "We can reach it and its chain is valid under our rules, but no longer than the best. If ours is \
             longer it takes it as soon as it knows us and somebody calls its /nodes/resolve: steps 1 to 3."
        }
        "chain_changed" => {
            "Its chain is valid and longer than ours was, but ours was replaced while it came in. Compare chains again."
        }
        "other_rules" => {
            "It follows the other rules, so each chain is invalid to the other side. Run both under the same rules: step 5."
        }
        "invalid_block" => {
            "Its chain breaks our rules, so it may well judge ours by others: steps 5 and 6."
        }
        "own_address" => {
            "That is this very node. Forget it, and register the other node's address."
        }
        "address_fenced" => {
            "Addresses of this kind are never asked. Register the node under an address of its own, \
             such as 127.0.0.1 or one of its network."
        }
        "redirect" => {
            "It sends callers elsewhere, and that is not followed. Forget it, and register the address to which it leads."
        }
        "name_not_found" | "lookup_timeout" => {
            "Its name has no address that we could find. Check the spelling, or register its IP address."
        }
        "connection_refused" | "unreachable" | "connect_timeout" | "answer_timeout" => {
            "We could not reach it, so check first that it runs and answers at this address: steps 1 to 3."
        }
        "idle_timeout" | "chain_timeout" | "cut_off" | "truncated" => {
            "Its chain began to come and broke off. Compare chains again; if that helps nothing, its network or \
             the node itself is too slow for a chain of that length."
        }
        "chain_too_large" | "block_too_large" | "member_too_large" | "too_deep" => {
            "Its chain is larger or more deeply nested than we read, so we cannot compare it with ours. It can take \
             ours all the same: steps 1 to 3. What is read is a matter of our settings for peers."
        }
        "bad_answer" | "unexpected_status" | "unexpected_encoding" | "not_json" | "not_a_chain" => {
            "Something answers there, but not as a node of the tutorial does: look at its /chain in a browser, and \
             check the address and port."
        }
        _ => {
            "The sentence beside it says what happened: see to that first, then compare chains again."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::advice;
    use std::collections::BTreeSet;

    /// Every code, in groups, with words that the advice of the group has and no other.
    const GROUPS: [(&[&str], &str); 13] = [
        (&["adopted"], "Mine a block here"),
        (
            &["not_longer", "shorter_than_best"],
            "no longer than the best",
        ),
        (&["chain_changed"], "was replaced while it came in"),
        (&["other_rules"], "the other rules"),
        (&["invalid_block"], "breaks our rules"),
        (&["own_address"], "this very node"),
        (&["address_fenced"], "never asked"),
        (&["redirect"], "not followed"),
        (&["name_not_found", "lookup_timeout"], "its IP address"),
        (
            &[
                "connection_refused",
                "unreachable",
                "connect_timeout",
                "answer_timeout",
            ],
            "could not reach it",
        ),
        (
            &["idle_timeout", "chain_timeout", "cut_off", "truncated"],
            "broke off",
        ),
        (
            &[
                "chain_too_large",
                "block_too_large",
                "member_too_large",
                "too_deep",
            ],
            "larger or more deeply nested",
        ),
        (
            &[
                "bad_answer",
                "unexpected_status",
                "unexpected_encoding",
                "not_json",
                "not_a_chain",
            ],
            "Something answers there",
        ),
    ];

    #[test]
    fn every_code_has_the_advice_of_its_group() {
        for (codes, words) in GROUPS {
            for (others, _) in GROUPS {
                for code in others {
                    let is_member = codes.contains(code);
                    assert_eq!(
                        advice(Some(code)).contains(words),
                        is_member,
                        "{code}: {words}"
                    );
                }
            }
        }
        assert!(advice(None).contains("Compare chains first"));
        assert!(advice(Some("a_code_of_tomorrow")).contains("The sentence beside it"));
    }

    /// The codes are words in the code that gives them; a new one must find its group here.
    #[test]
    fn no_code_is_left_out() {
        let sources = concat!(
            include_str!("../../../tutorial/src/peers/report.rs"),
            include_str!("../../../tutorial/src/peers/fetch_error.rs")
        );
        let given: BTreeSet<&str> = sources
            .lines()
            .filter_map(|line| line.trim().split_once("=> \"")?.1.strip_suffix("\","))
            .collect();
        let known: BTreeSet<&str> = GROUPS
            .iter()
            .flat_map(|(codes, _)| *codes)
            .copied()
            .collect();
        assert_eq!(given, known);
    }
}
