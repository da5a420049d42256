"""The deletion certificate: an in-toto statement about the event that erased, signed with the seal key (DSSE).

    openssl pkeyutl -verify -pubin -inkey seal.pub.pem -rawin -in pae -sigfile sig

checks it as it checks a seal; the event's hash is in the case's chain, whose seals and log proofs did not change.
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import decode, seal
from evidence.case import Case
from evidence.case.keeping import Erasure
from evidence.erasure.errors import ErasureUnfinished
from evidence.erasure.rules import erasure_of
from evidence.retention import Table
from evidence.vault import Vault

PREDICATE = "urn:jianzheng:erasure:1"


async def issue(case: Case, seq: int, vault: Vault, key: Ed25519PrivateKey, table: Table) -> bytes:
    """The envelope for the erasure sealed as event `seq`, the same bytes every time.

    NotFound when the event erased nothing; ErasureUnfinished before the key is really gone.
    """
    erasure = erasure_of(case, seq)
    if erasure.whole and not await vault.is_destroyed(case.id, erasure.retention, seq):
        raise ErasureUnfinished("key not destroyed yet")
    return seal.sign(statement(case.id, erasure, table), key)


def statement(case: str, erasure: Erasure, table: Table) -> bytes:
    """The canonical in-toto statement."""
    return decode.encode(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "predicate": {
                "at": erasure.at,
                "basis": erasure.basis,
                "case": case,
                "event": erasure.seq,
                "fields": erasure.count,
                "key_destroyed": erasure.whole,
                "retention": erasure.retention,
                "text": _text(case, erasure, table),
                "v": 1,
            },
            "predicateType": PREDICATE,
            "subject": [{"digest": {"sha256": erasure.hash}, "name": f"{case}/{erasure.seq}"}],
        }
    )


def _text(case: str, erasure: Erasure, table: Table) -> dict[str, str]:
    basis = table.basis(erasure.basis)
    law = basis.law if basis else {"zh-CN": erasure.basis, "en": erasure.basis}
    holds = next(item.holds for item in table.classes if item.name == erasure.retention)
    key_zh = "，并销毁了加密密钥，备份中的密文也无法再打开" if erasure.whole else ""
    key_en = ", and the key was destroyed, so that no backup can be opened either" if erasure.whole else ""
    many_zh, many_en = f"共{erasure.count}项", f"{erasure.count} items"
    if not (erasure.count or erasure.whole):  # what stands in no event of the case
        many_zh, many_en = "即案件之外单独存放的人脸特征", "the descriptions of faces kept beside it"
    return {
        "zh-CN": (
            f"删除证明：案件{case}中的下列信息已于{erasure.at}（世界协调时）删除，{many_zh}{key_zh}。"
            f"类别：{holds['zh-CN']}。依据：{law['zh-CN']}。删除前已完成的办理仍然有效；证据链上的记录不变，但已无法还原内容。"
        ),
        "en": (
            f"Certificate of deletion: in case {case}, {many_en} were deleted at {erasure.at}{key_en}. "
            f"Class: {holds['en']}. Basis: {law['en']}. What was done before stays valid; "
            "the record in the chain is unchanged, and its content cannot be restored."
        ),
    }
