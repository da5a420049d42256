"""Terms of keys, suites, the auditor's own policy, and time: what fails, fails at its step, and the rest passes."""

import subprocess
import sys
from pathlib import Path

import pytest

from evidence.errors import NotVerified
from evidence.verify import TrustedKeys, read_policy, verify_bundle
from evidence.verify.keys import LOG, SEAL
from tests.proof.story import Told
from tests.verifier.terms import Case, cases, copies, our_lines, policy_of, timed

ROOT = Path(__file__).parents[2]


def keys_of(case: Case) -> TrustedKeys:
    return TrustedKeys.of(case.keys) if case.policy is None else read_policy(case.policy, case.keys)


def judged(case: Case) -> tuple[int | None, bool]:
    """(the step that failed first, whether the expected code is there)."""
    report = verify_bundle(case.bundle, keys_of(case))
    codes = {reason.code for reason in report.reasons}
    return report.first_bad and report.first_bad[0], case.says is None or case.says in codes


def test_what_keys_and_suites_may_not_do_fails_at_its_step_and_what_they_may_passes(told: Told) -> None:  # attack 29
    wrong = {case.name: found for case in cases(told) if (found := judged(case)) != (case.step, True)}
    assert wrong == {}


def test_a_quorum_makes_the_last_step_pass_and_nothing_less_does(told: Told) -> None:
    for case in cases(told):
        if case.policy is None or case.step is not None:
            continue
        state = verify_bundle(case.bundle, keys_of(case)).step("witness").state
        assert state == ("indeterminate" if case.says == "NO_WITNESS" else "passed"), case.name


def test_time_is_judged_by_the_authority_s_certificate_policy_and_the_terms_of_keys(told: Told) -> None:  # trap 10
    for case in timed(told):
        report = verify_bundle(case.bundle, keys_of(case))
        assert judged(case) == (case.step, True), (case.name, report.plain()["steps"])
        if case.step is None:
            assert report.step("time").state == ("passed" if case.says is None else "indeterminate"), case.name


def test_every_name_is_used_once(told: Told) -> None:
    names = [case.name for case in (*cases(told), *timed(told))]
    assert len(set(names)) == len(names) > 40


@pytest.mark.parametrize(
    "line",
    [
        "# jianzheng",
        "# jianzheng's own log",
        "#jianzheng-log",
        "# a comment",
    ],
)
def test_a_comment_is_a_comment(told: Told, line: str) -> None:
    assert read_policy(policy_of(told, "both", line)).logs


@pytest.mark.parametrize(
    "line",
    [
        "# jianzheng seals MCow",
        "# jianzheng seal",
        "# jianzheng seal MCow",
        "# jianzheng seal MCow extra",
        "# jianzheng document-ca AAAA",
        "# jianzheng tsa-policy 1.02.3",
        "# jianzheng tsa-policy one",
        "#\tjianzheng tsa-independent AAAA",
    ],
)
def test_a_line_of_ours_that_is_none_is_named(told: Told, line: str) -> None:
    with pytest.raises(NotVerified, match=r"policy line 8"):
        read_policy(policy_of(told, "both", line))


def test_a_key_twice_in_a_policy_is_refused(told: Told) -> None:
    seal = our_lines(told)[0]
    with pytest.raises(NotVerified, match="twice"):
        read_policy(policy_of(told, "both", seal, seal))


def test_the_policy_takes_the_place_of_key_files_of_its_kind_and_leaves_the_others(told: Told) -> None:
    keys = read_policy(policy_of(told, "both"), copies(told))
    assert len(keys.logs) == 1
    assert len(keys.seals) == 3
    assert [key.name for key in keys.witnesses] == ["witness.test/x", "witness.test/y", "witness.test/z"]
    assert set(keys.files) > {LOG, SEAL}


def test_the_command_line_takes_a_policy(told: Told, tmp_path: Path) -> None:
    by_name = {case.name: case for case in cases(told)}
    path = tmp_path / "mine.policy"
    command = [sys.executable, "-m", "evidence.verify", str(tmp_path / "case.zip"), "--policy", str(path)]
    for name, code, said in (
        ("the quorum saw it", 2, "witness.test/x, witness.test/y"),
        ("one of two saw it", 1, "which is no quorum"),
    ):
        case = by_name[name]
        assert case.policy is not None
        (tmp_path / "case.zip").write_bytes(case.bundle)
        path.write_bytes(case.policy)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr
    path.write_bytes(b"quorum both\n")
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "policy line 1" in refused.stderr
