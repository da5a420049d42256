"""Checks a whole store as it lies there, without the service: every event, every tile, every file, step by step.

Reads only, and in a stream: what does not fit into memory goes through a scratch folder. docs/FSCK.md says for each
step what it looks at and what to do when it fails.
"""

from evidence.fsck.report import Report
from evidence.fsck.steps import Places, check

__all__ = ["Places", "Report", "check"]
