"""Says what Python makes of JSON documents: one document a line in base64, one answer a line.

An answer is `refused`, or four fields: the canonical text, the text that Flask's jsonify writes, the hash of the
canonical text, and what `str()` prints (`-` if that cannot be encoded, or is not asked of arrays and objects).
With the argument `article` or `repository` the documents are bodies of `GET /chain`, and the answer is `valid` or
`refused` by those rules.
"""

import base64
import hashlib
import json
import sys


def answer(document):
    try:
        value = json.loads(document)
        canonical = json.dumps(value, sort_keys=True)
    except (ValueError, RecursionError):
        return "refused"
    compact = json.dumps(value, sort_keys=True, separators=(",", ":"))
    try:
        printed = None if isinstance(value, (list, dict)) else str(value).encode()
    except UnicodeEncodeError:
        printed = None
    fields = [
        base64.b64encode(canonical.encode()).decode(),
        base64.b64encode(compact.encode()).decode(),
        hashlib.sha256(canonical.encode()).hexdigest(),
        "-" if printed is None else "=" + base64.b64encode(printed).decode(),
    ]
    return " ".join(fields)


def block_hash(block):
    return hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()


def is_valid_chain(chain, rules):
    last_block = chain[0]
    for block in chain[1:]:
        last_hash = block_hash(last_block)
        if block["previous_hash"] != last_hash:
            return False
        guess = f"{last_block['proof']}{block['proof']}"
        if rules == "repository":
            guess += last_hash
        if hashlib.sha256(guess.encode()).hexdigest()[:4] != "0000":
            return False
        last_block = block
    return True


def judge(body, rules):
    try:
        valid = is_valid_chain(json.loads(body)["chain"], rules)
    except (ValueError, RecursionError, LookupError, TypeError):
        valid = False
    return "valid" if valid else "refused"


for line in sys.stdin:
    document = base64.b64decode(line)
    print(judge(document, sys.argv[1]) if sys.argv[1:] else answer(document), flush=True)
