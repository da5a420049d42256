"""What was found out about a person goes with who the person is; faces and names are kept apart (KYC-13, KYC-17)."""

from dataclasses import replace

from evidence.erasure import flow
from evidence.vault import Vault
from tests.erasure.conftest import Finished
from tests.erasure.test_erasure import end_contract
from tests.evidence.fakes import MemoryKeys

HITS = "screen_beside"


async def test_hits_of_screening_go_with_the_identity_and_with_nothing_else(finished: Finished) -> None:  # EVD-09
    finished.ports = replace(finished.ports, beside=lambda _: (HITS,))
    vault = finished.ports.vault
    await vault.place(HITS, "demo")
    hidden = await vault.hide(HITS, "identity", {"0": {"listed_as": "邬测识", "entry": "made-up-1"}})
    assert await vault.reveal(HITS, hidden.values())
    await finished.erase("biometric")
    assert await vault.reveal(HITS, hidden.values())
    await end_contract(finished)
    case = await finished.erase("identity")
    assert await vault.reveal(HITS, hidden.values()) == {}
    assert await vault.keyring.existing(HITS, "identity") is None
    # Cut short by a crash, it is completed; done once, it is done.
    await vault.hide(HITS, "identity", {"0": {"listed_as": "邬测识"}})
    assert not await flow.finish(case, finished.ports)
    assert await flow.finish(case, finished.ports)
    assert await vault.held(HITS, "identity") == frozenset()


async def test_a_dump_without_the_keys_opens_neither_face_nor_name(finished: Finished) -> None:  # KYC-13
    vault, world = finished.ports.vault, finished.told.world
    names = await vault.held(finished.stream, "identity")
    assert await vault.reveal(finished.stream, names)
    without = Vault(world.objects, MemoryKeys(), vault._values, b"another master key of 32 bytes!!", world.random)
    assert await without.reveal(finished.stream, names) == {}
    for said in (await vault.reveal(finished.stream, names)).values():
        plain = str(said.value).encode()
        assert not any(plain in blob for blob in world.objects.blobs.values() if len(plain) > 5)


async def test_names_and_faces_stand_under_keys_of_their_own(finished: Finished) -> None:  # KYC-13
    vault = finished.ports.vault
    names = await vault.keyring.existing(finished.stream, "identity")
    faces = await vault.keyring.existing(finished.stream, "biometric")
    assert names is not None
    assert faces is not None
    assert names.secret != faces.secret
