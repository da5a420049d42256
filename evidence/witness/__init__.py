"""Witnesses: parties outside the operator who see every tree head and sign only a log that never rewrites its past.

`protocol` (pure) is C2SP tlog-witness, `policy` (pure) C2SP tlog-policy; `book` and `server` are the small service a
second organisation runs with `python -m evidence.witness` (docs/WITNESS.md). Standard library and `cryptography` only.
"""
