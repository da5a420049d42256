"""The table of independent checks (EVIDENCE-FORMAT section 3): who is asked what, what he refuses, what he cannot see.

docs/TRAPS.md tells the same to a reader; a test compares the two.
"""

from dataclasses import dataclass

from tests.outside import forgeries as forged
from tests.outside import tools
from tests.outside.forgeries import Forgery
from tests.proof import attacks


@dataclass(frozen=True)
class Row:
    """`refuses`: after each of these the tool says no. `blind`: it still says yes, and another row does not."""

    claim: str
    tool: str
    programs: tuple[str, ...]
    ask: tools.Tool
    refuses: tuple[Forgery, ...]
    blind: tuple[Forgery, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.claim}: {self.tool}"


def named(*changes: forged.Attack) -> tuple[Forgery, ...]:
    return tuple(Forgery(change.__name__, change) for change in changes)


def as_it_is(*changes: forged.Attack) -> tuple[Forgery, ...]:
    """With the old manifests: where the manifest itself is the claim."""
    return tuple(Forgery(f"{change.__name__}, old manifests", change, fitted=False) for change in changes)


SHELL = ("bash", "jq", "sha256sum", "xxd", "basenc", "openssl")
NOTE = named(forged.grow_the_checkpoint, forged.another_root, forged.flip_the_logs_signature, attacks.write_another_log)
RECORD = named(
    forged.flip_a_hash_of_the_proof,
    forged.shorten_the_proof,
    attacks.lengthen_the_proof,
    forged.another_place_in_the_log,
    attacks.cut_last_event,
    attacks.rechain_the_tail_alone,
    attacks.rebuild_the_chain_from_the_middle,
)
SEALS = named(
    forged.change_what_a_seal_says,
    forged.flip_a_seals_signature,
    attacks.seal_with_another_key,
    attacks.seal_and_publish_another_key,
)
STAMPS = named(
    attacks.exchange_two_stamps,
    forged.flip_a_stamp,
    forged.stamped_by_a_stranger,
    forged.change_what_a_seal_says,
)

ROWS = (
    Row(
        "bundle complete",
        "sha256sum",
        SHELL,
        tools.section(1),
        as_it_is(forged.flip_a_photograph, forged.leave_a_file_out, forged.junk_after_the_end),
        (*as_it_is(forged.slip_a_file_in), *named(forged.junk_after_the_end)),
    ),
    Row(
        "bundle complete",
        "bagit",
        ("bash",),
        tools.bagit,
        as_it_is(forged.flip_a_photograph, forged.leave_a_file_out, forged.junk_after_the_end, forged.slip_a_file_in),
        named(forged.junk_after_the_end),
    ),
    Row(
        "chain links, order, canonical form",
        "jq, sha256sum",
        SHELL,
        tools.section(2),
        named(
            forged.change_an_event,
            forged.spell_an_event_differently,
            attacks.swap_two_lines,
        ),
        # Trap 12: whoever writes all lines after it anew, or none, has a chain that holds.
        named(
            attacks.cut_last_event,
            attacks.rechain_the_tail_alone,
            attacks.rebuild_the_chain_from_the_middle,
            attacks.delete_an_event,
        ),
    ),
    Row("seal signature", "OpenSSL", SHELL, tools.section(3, 2), SEALS),
    Row("seal signature", "securesystemslib", (), tools.securesystemslib, SEALS),
    Row(
        "seal subjects",
        "jq, sha256sum",
        SHELL,
        tools.subjects,
        named(
            forged.junk_after_the_end,
            forged.page_replaced_by_an_update,
            attacks.replace_the_signed_pdf_by_the_unsigned,
            attacks.replace_a_page,
            attacks.rebuild_the_chain_from_the_middle,
            attacks.delete_an_event,
        ),
    ),
    Row("checkpoint", "OpenSSL", SHELL, tools.section(4), NOTE),
    Row(
        "checkpoint",
        "Go x/mod/sumdb/note",
        (*SHELL, "go"),
        tools.note_open,
        NOTE,
    ),
    Row("inclusion", "bash, sha256sum, xxd", SHELL, tools.inclusion, RECORD),
    Row(
        "inclusion",
        "Go x/mod/sumdb/tlog",
        (*SHELL, "go"),
        tools.check_record,
        RECORD,
    ),
    Row(
        "root from all entries",
        "pymerkle",
        ("bash",),
        tools.pymerkle,
        named(forged.another_root, forged.change_a_served_entry, forged.exchange_two_served_entries),
    ),
    Row(
        "witness cosignature",
        "OpenSSL",
        SHELL,
        tools.section(4),
        named(
            forged.flip_a_cosignature,
            forged.cosigned_at_another_time,
            forged.cosigned_by_a_stranger,
            forged.cut_the_witnesses_away,
        ),
    ),
    Row("time", "OpenSSL", SHELL, tools.section(6, 4), STAMPS),
    Row("time", "rfc3161-client", (), tools.rfc3161_client, STAMPS),
    Row(
        "signed paper",
        "pyHanko",
        ("bash",),
        tools.pyhanko,
        named(
            forged.flip_a_signed_byte,
            attacks.replace_the_signed_pdf_by_the_unsigned,
            forged.page_replaced_by_an_update,
            forged.signed_by_a_stranger,
        ),
        named(forged.junk_after_the_end),
    ),
    Row(
        "signed paper",
        "pdfsig",
        ("bash", "pdfsig", "certutil"),
        tools.pdfsig,
        named(forged.flip_a_signed_byte, attacks.replace_the_signed_pdf_by_the_unsigned, forged.signed_by_a_stranger),
        named(forged.page_replaced_by_an_update, forged.junk_after_the_end),
    ),
    Row(
        "signed paper",
        "OpenSSL cms",
        SHELL,
        tools.openssl_cms,
        named(forged.flip_a_signed_byte, attacks.replace_the_signed_pdf_by_the_unsigned, forged.signed_by_a_stranger),
        named(forged.page_replaced_by_an_update, forged.junk_after_the_end),
    ),
    Row(
        "the customer's act",
        "OpenSSL",
        SHELL,
        tools.section(10, 2),
        named(forged.act_says_otherwise, forged.act_of_another_key, forged.act_with_another_nonce),
    ),
    Row(
        "one personal value",
        "coreutils, OpenSSL",
        SHELL,
        tools.one_value,
        named(attacks.change_a_disclosure, forged.another_salt),
    ),
    Row("photographs and strokes", "coreutils", SHELL, tools.section(8), named(forged.flip_a_photograph)),
)
