"""The tables as the adapters use them. Their history is in `evidence/migrations`; a test holds the two together.

Keys of the vault stand in a database of their own (`KEYS`), whose backups expire sooner than anything they open.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

LOG = MetaData()
KEYS = MetaData()

# On SQLite only `INTEGER PRIMARY KEY` is the row id itself; `BIGINT` would cost a second tree.
_Position = BigInteger().with_variant(Integer, "sqlite")

events = Table(
    "events",
    LOG,
    Column("position", _Position, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("line", LargeBinary, nullable=False),
    UniqueConstraint("stream", "seq", name="events_stream_seq"),
)
"""The lines, and nothing that could disagree with them: a hash is computed, never stored beside what it is of."""

heads = Table(
    "heads",
    LOG,
    Column("stream", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)
"""Where each stream ends. A tail cut off `events` alone shows at the next read."""

claims = Table(
    "claims",
    LOG,
    Column("digest", Text, primary_key=True),  # first: looked up by it alone
    Column("kind", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("expires_ms", BigInteger),
    Column("stream", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Index("claims_expires", "expires_ms"),
)

checkpoints = Table(
    "checkpoints",
    LOG,
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
)
"""The last signed tree head, and the last cosigned one: what whoever publishes compares and swaps."""

disclosures = Table(
    "disclosures",
    LOG,
    Column("stream", Text, primary_key=True),
    Column("commitment", Text, primary_key=True),
    Column("retention", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

secrets = Table(
    "secrets",
    LOG,
    Column("key", Text, primary_key=True),
    Column("mac", LargeBinary, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

followers = Table(
    "followers",
    LOG,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("term", BigInteger, nullable=False),
)

leases = Table(
    "leases",
    LOG,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("term", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)

alarms = Table(
    "alarms",
    LOG,
    Column("name", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("stops", Integer, nullable=False),
    Column("raised_ms", BigInteger, nullable=False),
)
"""What every process must hear of; stands until a person takes it away."""

wrapped_keys = Table(
    "wrapped_keys",
    KEYS,
    Column("stream", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("tenant", Text, nullable=False, server_default="operator"),
    Column("version", Integer, nullable=False, server_default="0"),  # of the tenant key it is wrapped under
    Column("suite", Text, nullable=False, server_default="international"),
    Index("wrapped_keys_tenant_version", "tenant", "version"),
)

tenant_keys = Table(
    "tenant_keys",
    KEYS,
    Column("tenant", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("suite", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),  # empty once retired
    Column("retired_ms", BigInteger),
    Column("newest", Integer, nullable=False),  # 1 or 0; what new data keys are wrapped under
)

streams = Table(
    "streams",
    KEYS,
    Column("stream", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
)

destroyed_keys = Table(
    "destroyed_keys",
    KEYS,
    Column("stream", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("because", Integer, nullable=False),  # seq of the event that said so, 0 for none
)
