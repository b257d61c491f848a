"""Parses and validates a chain as the tutorial does, without its prints: prints the seconds that took."""

import hashlib
import json
import sys
import time


def block_hash(block):
    return hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()


def valid_proof(last_proof, proof):
    return hashlib.sha256(f"{last_proof}{proof}".encode()).hexdigest()[:4] == "0000"


def valid_chain(chain):
    last_block = chain[0]
    for block in chain[1:]:
        if block["previous_hash"] != block_hash(last_block):
            return False
        if not valid_proof(last_block["proof"], block["proof"]):
            return False
        last_block = block
    return True


def main():
    with open(sys.argv[1], "rb") as file:
        body = file.read()
    start = time.perf_counter()
    valid = valid_chain(json.loads(body)["chain"])
    print(time.perf_counter() - start)
    assert valid


if __name__ == "__main__":
    main()
