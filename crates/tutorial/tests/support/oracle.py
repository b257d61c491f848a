"""Says what Python makes of JSON documents: one document a line in base64, one answer a line.

An answer is `refused`, or four fields: the canonical text, the text that Flask's jsonify writes, the hash of the
canonical text, and what `str()` prints (`-` if that cannot be encoded, or is not asked of arrays and objects).
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


for line in sys.stdin:
    print(answer(base64.b64decode(line)), flush=True)
