"""Writes a valid chain as JSON on standard output, for tests that need one of a certain length or with certain blocks.

`--odd` fills it with what makes nodes disagree when it is got wrong: names outside ASCII, floats at the edges of
their layout, integers of hundreds of digits, proofs that are strings, fields that no rule names, and an index that
counts backwards.
"""

import argparse
import json
import sys

from rules import RULES, block_hash

ODD_NAMES = ["Ünïcödé", "链织", "😀 smile", "\ud800 lone", "tab\tquote\"slash/back\\", "\x7f\x00", ""]
ODD_AMOUNTS = [0.1, 1e16, 1e-05, 1e-7, 5.0, -0.0, 123456789012345680.0, 5e-324, 1.7976931348623157e308, 10**300, -(10**40),
               2**53 + 1, True, None, "5", [1, {"b": 1, "a": 2}]]


def transactions(index, odd):
    if not odd:
        return [{"sender": "0", "recipient": "miner", "amount": 1}]
    return [
        {
            "sender": ODD_NAMES[index % len(ODD_NAMES)],
            "recipient": ODD_NAMES[(index + 1) % len(ODD_NAMES)],
            "amount": ODD_AMOUNTS[(3 * index + number) % len(ODD_AMOUNTS)],
            "memo": {"é": index, "a": [1.5, None]},
        }
        for number in range(3)
    ]


def make_chain(rules, length, odd, start):
    chain = [
        {
            "index": 1,
            "timestamp": start,
            "transactions": [],
            "proof": 100,
            "previous_hash": rules.genesis_previous_hash,
        }
    ]
    # Under the article's rule a proof depends on the proof before alone, so that they repeat.
    found = {}
    while len(chain) < length:
        last = chain[-1]
        proof = found.get(str(last["proof"]))
        if proof is None:
            proof = rules.find_proof(last)
            if rules.name == "article":
                found[str(last["proof"])] = proof
        index = len(chain) + 1
        chain.append(
            {
                "index": -index if odd else index,
                "timestamp": start + index * 1.1,
                "transactions": transactions(index, odd),
                "proof": str(proof) if odd and index % 2 else proof,
                "previous_hash": block_hash(last),
            }
        )
    return chain


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", choices=sorted(RULES), default="article")
    parser.add_argument("--difficulty", type=int, default=4)
    parser.add_argument("--length", type=int, required=True, help="blocks, the first one counted")
    parser.add_argument("--odd", action="store_true")
    parser.add_argument("--start", type=float, default=1506280650.770839, help="the first block's time")
    arguments = parser.parse_args()
    rules = RULES[arguments.rules](arguments.difficulty)
    json.dump(make_chain(rules, arguments.length, arguments.odd, arguments.start), sys.stdout)


if __name__ == "__main__":
    main()
