"""The tutorial's own search loop, timed: prints how many proofs a second it tries.

Nothing is found on purpose: what is measured is the loop.
"""

import hashlib
import sys
import time


def valid_proof_article(last_proof, proof):
    guess = f"{last_proof}{proof}".encode()
    return hashlib.sha256(guess).hexdigest()[:4] == "0000"


def valid_proof_repository(last_proof, proof, last_hash):
    guess = f"{last_proof}{proof}{last_hash}".encode()
    return hashlib.sha256(guess).hexdigest()[:4] == "0000"


def main():
    rules, tries = sys.argv[1], int(sys.argv[2])
    last_hash = hashlib.sha256(b"a block").hexdigest()
    start = time.perf_counter()
    found = 0
    if rules == "article":
        for proof in range(tries):
            if valid_proof_article(35293, proof):
                found += 1
    else:
        for proof in range(tries):
            if valid_proof_repository(35293, proof, last_hash):
                found += 1
    print(tries / (time.perf_counter() - start), found)


if __name__ == "__main__":
    main()
