"""The tutorial's rules as a Python node applies them: hashing, proofs, validity.

`article` and `repository` differ in what a proof commits to and in what the genesis block says.
"""

import hashlib
import json


def block_hash(block):
    """SHA-256 of a block's canonical JSON: Python's own, with sorted keys."""
    return hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()


class Article:
    """A proof commits to the proof before it and to nothing else."""

    name = "article"
    genesis_previous_hash = 1

    def __init__(self, difficulty=4):
        self.prefix = "0" * difficulty

    def is_valid_proof(self, last_block, last_hash, proof):
        digest = hashlib.sha256(f"{last_block['proof']}{proof}".encode()).hexdigest()
        return digest.startswith(self.prefix)

    def find_proof(self, last_block):
        """The smallest proof from 0 up."""
        last_hash = block_hash(last_block)
        proof = 0
        while not self.is_valid_proof(last_block, last_hash, proof):
            proof += 1
        return proof

    def is_valid_chain(self, chain):
        """Each block but the first names the hash of the one before and has a valid proof. Nothing else is checked."""
        for last_block, block in zip(chain, chain[1:]):
            last_hash = block_hash(last_block)
            if block["previous_hash"] != last_hash:
                return False
            if not self.is_valid_proof(last_block, last_hash, block["proof"]):
                return False
        return True


class Repository(Article):
    """A proof commits to the hash of the block before it too."""

    name = "repository"
    genesis_previous_hash = "1"

    def is_valid_proof(self, last_block, last_hash, proof):
        digest = hashlib.sha256(f"{last_block['proof']}{proof}{last_hash}".encode()).hexdigest()
        return digest.startswith(self.prefix)


RULES = {rules.name: rules for rules in (Article, Repository)}
