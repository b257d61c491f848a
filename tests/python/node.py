"""A small node of the tutorial on Flask: what a friend who followed the tutorial would run.

It keeps the tutorial's ways, the weak ones too: it believes the length that a peer claims, it waits for a peer
without a limit, and one peer that does not answer makes the whole of /nodes/resolve fail.

On start it prints `listening on 127.0.0.1:PORT`.
"""

import argparse
import json
import logging
import time
import uuid
from urllib.parse import urlparse

import requests
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

from rules import RULES, block_hash


class Blockchain:
    """The chain, what waits for the next block, and the peers."""

    def __init__(self, rules, chain=None):
        self.rules = rules
        self.pending = []
        self.nodes = set()
        self.chain = chain or []
        if not self.chain:
            self.append(proof=100, previous_hash=rules.genesis_previous_hash)

    def append(self, proof, previous_hash):
        block = {
            "index": len(self.chain) + 1,
            "timestamp": time.time(),
            "transactions": self.pending,
            "proof": proof,
            "previous_hash": previous_hash,
        }
        self.pending = []
        self.chain.append(block)
        return block

    def add_transaction(self, sender, recipient, amount):
        self.pending.append({"sender": sender, "recipient": recipient, "amount": amount})
        return self.chain[-1]["index"] + 1

    def register(self, address):
        parsed = urlparse(address)
        if self.rules.name == "article":
            # An address without a scheme has no network location: the article loses it.
            self.nodes.add(parsed.netloc)
        elif parsed.netloc or parsed.path:
            self.nodes.add(parsed.netloc or parsed.path)
        else:
            raise ValueError("Invalid URL")

    def resolve(self):
        best, best_length = None, len(self.chain)
        for node in self.nodes:
            answer = requests.get(f"http://{node}/chain")
            if answer.status_code != 200:
                continue
            claimed, chain = answer.json()["length"], answer.json()["chain"]
            if claimed > best_length and self.rules.is_valid_chain(chain):
                best, best_length = chain, claimed
        if best:
            self.chain = best
        return best is not None


def make_app(blockchain, node_id):
    app = Flask("tutorial")

    @app.route("/mine", methods=["GET"])
    def mine():
        last_block = blockchain.chain[-1]
        proof = blockchain.rules.find_proof(last_block)
        blockchain.add_transaction(sender="0", recipient=node_id, amount=1)
        block = blockchain.append(proof, block_hash(last_block))
        answer = {key: block[key] for key in ("index", "transactions", "proof", "previous_hash")}
        return jsonify({"message": "New Block Forged", **answer}), 200

    @app.route("/transactions/new", methods=["POST"])
    def new_transaction():
        values = request.get_json()
        if not all(key in values for key in ("sender", "recipient", "amount")):
            return "Missing values", 400
        index = blockchain.add_transaction(values["sender"], values["recipient"], values["amount"])
        return jsonify({"message": f"Transaction will be added to Block {index}"}), 201

    @app.route("/chain", methods=["GET"])
    def chain():
        return jsonify({"chain": blockchain.chain, "length": len(blockchain.chain)}), 200

    @app.route("/nodes/register", methods=["POST"])
    def register():
        nodes = request.get_json().get("nodes")
        if nodes is None:
            return "Error: Please supply a valid list of nodes", 400
        for node in nodes:
            blockchain.register(node)
        return jsonify({"message": "New nodes have been added", "total_nodes": list(blockchain.nodes)}), 201

    @app.route("/nodes/resolve", methods=["GET"])
    def resolve():
        if blockchain.resolve():
            return jsonify({"message": "Our chain was replaced", "new_chain": blockchain.chain}), 200
        return jsonify({"message": "Our chain is authoritative", "chain": blockchain.chain}), 200

    return app


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", choices=sorted(RULES), default="article")
    parser.add_argument("--difficulty", type=int, default=4)
    parser.add_argument("--port", type=int, default=5000, help="0 takes a free one")
    parser.add_argument("--chain", help="a JSON file with the list of blocks to begin with")
    arguments = parser.parse_args()

    chain = None
    if arguments.chain:
        with open(arguments.chain, encoding="utf-8") as file:
            chain = json.load(file)
    blockchain = Blockchain(RULES[arguments.rules](arguments.difficulty), chain)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", arguments.port, make_app(blockchain, uuid.uuid4().hex), threaded=True)
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
