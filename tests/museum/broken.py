"""Bundles that must fail, by the step that finds them first. Unless it says otherwise a forger made everything fit
again that nobody signed: time line, guide, list of files, archive.
"""

import base64
import json
from collections.abc import Callable

from evidence import seal
from evidence.verify.container import read, write
from evidence.verify.keys import WITNESSES
from evidence.verify.strict import sha256
from tests.museum import forging
from tests.museum.exhibits import Exhibit, Made, Stage, quorum
from tests.museum.worlds import OUTSIDERS, Room
from tests.proof import attacks
from tests.proof.attacks import Attack, Events, by_the_operator, forged_by_the_operator, respelled, with_stranger
from tests.proof.story import Told
from tests.proof.tampering import Files, lines, rebuilt, rechained

Make = Callable[[Stage], Made]


def _firm(attack: Attack, *, account_too: bool = True, of: str = "firm") -> Make:
    """By a stranger, or by whoever holds the database."""

    def make(stage: Stage) -> Made:
        told = stage[of]
        root, files = read(told.bundle)
        return Made(rebuilt(root, attack(told, dict(files)), account_too=account_too), told.keys)

    return make


def _archive(change: Callable[[bytes], bytes]) -> Make:
    return lambda stage: Made(change(stage["firm"].bundle), stage["firm"].keys)


def _with(path: str) -> Make:
    def make(stage: Stage) -> Made:
        root, files = read(stage["firm"].bundle)
        return Made(with_stranger(root, files, path), stage["firm"].keys)

    return make


def _spelled(old: bytes, new: bytes) -> Make:
    def make(stage: Stage) -> Made:
        root, files = read(stage["firm"].bundle)
        return Made(respelled(root, files, old, new), stage["firm"].keys)

    return make


def _operator(name: str) -> Make:
    return lambda stage: Made(forged_by_the_operator(stage["firm"], name), stage["firm"].keys)


def _anew(change: Callable[[Told, Files, Events, Events], None], of: str = "firm") -> Make:
    """By the operator, who seals and logs whatever he likes. `change` edits files and the events of two segments."""

    def make(stage: Stage) -> Made:
        told = stage[of]
        root, files = read(told.bundle)
        first, second = lines(files, 1), lines(files, 2)
        change(told, files, first, second)
        return Made(by_the_operator(told, root, files, second, first), told.keys)

    return make


def _from(other: str, path: str, to: str = "firm") -> Make:
    """This file comes from another bundle."""

    def make(stage: Stage) -> Made:
        root, files = read(stage[to].bundle)
        return Made(rebuilt(root, files | {path: read(stage[other].bundle)[1][path]}), stage[to].keys)

    return make


def _as_it_was(stage: Stage) -> Made:
    """A changed page under the old list of files."""
    root, files = read(stage["firm"].bundle)
    changed = files | {"data/timeline.html": files["data/timeline.html"].replace("同意".encode(), "反对".encode())}
    return Made(write(root, changed), stage["firm"].keys)


def _another_name(stage: Stage) -> Made:
    root, files = read(stage["firm"].bundle)
    return Made(rebuilt(root[:-1] + ("a" if root[-1] != "a" else "b"), files), stage["firm"].keys)


def _another_photograph(stage: Stage) -> Made:
    """Attack 27: the photographs of two cases changed places, each under the other's name."""
    root, files = read(stage["firm"].bundle)
    theirs = read(stage["other case"].bundle)[1]
    return Made(rebuilt(root, files | {attacks.photo(files): theirs[attacks.photo(theirs)]}), stage["firm"].keys)


def _retired_key(told: Told, files: Files) -> Files:
    """Whoever found the old key seals with it what was sealed after the rotation."""
    world = told.world
    assert isinstance(world, Room)
    path, events = "data/seals/0004.dsse.json", [lines(files, number) for number in range(1, 6)]
    forged = seal.sign(base64.b64decode(json.loads(files[path])["payload"]), world.retired[0])
    events[-1][-1]["body"]["seal_sha256"] = sha256(forged)
    found = rechained(files, events) | {path: forged}
    return found | attacks.logged(told, found, "data/chain/0005.jsonl")


def _too_few_witnesses(stage: Stage) -> Made:
    told = stage["one witness"]
    keys = {name: data for name, data in told.keys.items() if name != WITNESSES}
    return Made(told.bundle, keys, quorum("w1 w2", "all", *OUTSIDERS))


def _erased_and_open(stage: Stage) -> Made:
    """Deleted, says the chain; and here it is, from an older bundle."""
    told = stage["erased"]
    root, files = read(told.bundle)
    older = read(stage["firm"].bundle)[1]
    return Made(rebuilt(root, files | {path: older[path] for path in ("data/openings/values.txt",)}), told.keys)


def _over(_: Told, __: Files, first: Events, ___: Events) -> None:
    attacks.found_in(first, "case.session_opened/1")["expires"] = "2026-11-21T04:00:25.000Z"


BROKEN = (
    # 1 container
    Exhibit(
        "byte-after-the-archive",
        "压缩包末尾多一个字节。",
        "A byte after the archive.",
        _archive(lambda data: data + b"\0"),
        first_bad=(1, ""),
    ),
    Exhibit(
        "half-an-archive",
        "只有半个压缩包。",
        "Half of the archive.",
        _archive(lambda data: data[: len(data) // 2]),
        first_bad=(1, ""),
    ),
    Exhibit(
        "flipped-bit",
        "一个比特变了，其余原样。",
        "One flipped bit, everything else as it was.",
        _archive(forging.flip_a_bit),
        first_bad=(1, "case-*/data/documents/doc_1.pdf"),
    ),
    Exhibit(
        "zipped-by-others",
        "内容相同，由别的程序重新压缩：同一内容有了第二种写法。",
        "The same files zipped by another program: a second spelling of the same thing.",
        _archive(forging.zip_as_others_do),
        first_bad=(1, "case-*/AUDIT.md"),
    ),
    Exhibit(
        "one-name-twice",
        "两个条目同名：不同程序会读到不同内容。",
        "Two entries of one name: two readers would see two things.",
        _archive(forging.one_name_twice),
        first_bad=(1, "case-*/data/seals/0001.dsse.json"),
    ),
    Exhibit(
        "name-that-climbs-out",
        "条目名带“..”：解压时会落到文件夹之外。",
        "A name with `..`: unpacked, it would land outside the folder.",
        _archive(forging.climb_out),
        first_bad=(1, "case-*/../me.sh"),
    ),
    # 2 bag
    Exhibit(
        "old-list-of-files",
        "时间线改了，文件清单没有重做。",
        "The timeline was changed under the old list of files.",
        _as_it_was,
        first_bad=(2, "data/timeline.html"),
    ),
    Exhibit(
        "file-that-nothing-binds",
        "多一个没有任何证据约束的文件。",
        "A file that nothing binds.",
        _with("data/note.txt"),
        first_bad=(2, "data/note.txt"),
    ),
    Exhibit(
        "empty-file",
        "一个空文件。",
        "An empty file.",
        _firm(forging.empty_a_file),
        first_bad=(2, "data/context/texts/*"),
    ),
    Exhibit(
        "no-seals",
        "封存全部拿掉。",
        "All seals are gone.",
        _firm(forging.leave_the_seals_out),
        first_bad=(2, "data/seals/0001.dsse.json"),
    ),
    Exhibit(
        "forgers-own-key-inside",
        "用自己的密钥重新封存，并把自己的公钥放进包里。",
        "Sealed anew with the forger's key, and his public key put inside.",
        _firm(attacks.seal_and_publish_another_key),
        first_bad=(2, "keys/seal.pub.pem"),
    ),
    # 3 chain
    Exhibit(
        "another-case",
        "整个包换了案件编号。",
        "The whole bundle under another case's name.",
        _another_name,
        first_bad=(3, "event 1"),
    ),
    Exhibit(
        "line-with-a-space",
        "一行事件里多一个空格：值没变，写法变了。",
        "A space in a line: the same values, another spelling.",
        _spelled(b'"seq":5', b'"seq": 5'),
        first_bad=(3, "event 5"),
    ),
    Exhibit(
        "number-as-float",
        "序号写成 5.0。",
        "A number written as 5.0.",
        _spelled(b'"seq":5', b'"seq":5.0'),
        first_bad=(3, "event 5"),
    ),
    Exhibit(
        "key-twice",
        "同一个键写两次。",
        "A key twice in one object.",
        _spelled(b'"cmd":"",', b'"cmd":"","cmd":"",'),
        first_bad=(3, "event 5"),
    ),
    Exhibit(
        "version-true",
        "版本写成 true：有的语言里它等于 1。",
        "A version of `true`, which equals 1 in some languages.",
        _spelled(b'"v":1', b'"v":true'),
        first_bad=(3, "event 5"),
    ),
    Exhibit(
        "day-in-no-calendar",
        "二月三十日。",
        "The thirtieth of February.",
        _spelled(b"2026-11-21T04", b"2026-02-30T04"),
        first_bad=(3, "event 5"),
    ),
    Exhibit(
        "nested-nine-thousand-deep",
        "一行套了九千层括号。",
        "A line nested nine thousand deep.",
        _firm(forging.nest_deeply),
        first_bad=(3, "event 34"),
    ),
    Exhibit(
        "last-line-feed-cut",
        "最后一个换行被截掉。",
        "The last line feed is cut off.",
        _firm(forging.cut_the_last_line_feed),
        first_bad=(3, "case_* after event 31"),
    ),
    Exhibit(
        "two-lines-swapped",
        "两行对调，没有重新编号。",
        "Two lines changed places, not numbered anew.",
        _firm(attacks.swap_two_lines),
        first_bad=(3, "event 8"),
    ),
    Exhibit(
        "segment-lost",
        "中间一段链不见了。",
        "A chain file in the middle is gone.",
        _firm(forging.lose_a_segment),
        first_bad=(3, ""),
    ),
    Exhibit(
        "time-runs-back",
        "时间倒流六年，链已重新编好。",
        "Time runs back six years; chained anew.",
        _firm(forging.time_runs_back),
        first_bad=(3, "event 4"),
    ),
    Exhibit(
        "opened-twice",
        "同一案开了两次，链已重新编好。",
        "The case opens twice; chained anew.",
        _firm(forging.open_twice),
        first_bad=(3, "event 1"),
    ),
    Exhibit(
        "unknown-event",
        "一个不存在的事件类型，链已重新编好。",
        "A type of event that does not exist; chained anew.",
        _firm(forging.unknown_event),
        first_bad=(3, "event 5"),
    ),
    Exhibit(
        "milestone-in-a-segment",
        "里程碑落在一段中间，链已重新编好。",
        "A milestone in the middle of a segment; chained anew.",
        _firm(forging.seal_in_the_middle),
        first_bad=(3, "event 24"),
    ),
    # 4 log
    Exhibit(
        "last-event-cut",
        "最后一个事件被截掉：单靠哈希链看不出来。",
        "The last event is cut: a bare hash chain does not notice.",
        _firm(attacks.cut_last_event),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "signature-cut-away",
        "退回到签署之前，像没签过一样。",
        "Back to before the signature, as if the customer had never signed.",
        _firm(attacks.cut_the_signature_away),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "two-events-swapped",
        "两个事件对调，链已重新编好。",
        "Two events changed places; chained anew.",
        _firm(attacks.swap_two_events),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "event-inserted",
        "插入一个事件，链已重新编好。",
        "An event was inserted; chained anew.",
        _firm(attacks.insert_an_event),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "event-deleted",
        "删去一个事件，链已重新编好。",
        "An event was deleted; chained anew.",
        _firm(attacks.delete_an_event),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "past-rewritten",
        "持有数据库的人改写阅读时长，链已重新编好。",
        "Whoever holds the database changed how long was read; chained anew.",
        _firm(attacks.rebuild_the_chain_from_the_middle),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "tail-rechained",
        "最后一个封存之后的一行被改：只有日志约束它。",
        "A line after the last seal was changed: only the log binds it.",
        _firm(attacks.rechain_the_tail_alone),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "log-of-his-own",
        "伪造者另造一本日志，用自己的密钥签名。",
        "A log of the forger's own, signed with his own key.",
        _firm(attacks.write_another_log),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "proof-too-long",
        "证明路径多一个哈希。",
        "A proof with one hash too many.",
        _firm(attacks.lengthen_the_proof),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "old-proof-new-chain",
        "旧的日志证明配新的链。",
        "An old proof with a newer chain.",
        _from("firm", "data/head.tlog-proof", to="firm later"),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    Exhibit(
        "proof-of-no-stream",
        "一份不属于任何事件流的证明。",
        "A proof of no stream.",
        _with("data/context/product_x.tlog-proof"),
        first_bad=(4, "data/context/product_x.tlog-proof"),
    ),
    Exhibit(
        "two-heads",
        "案件与密钥流的证明出自两个检查点。",
        "Case and keys are proven under two checkpoints.",
        _firm(forging.show_two_heads),
        first_bad=(4, "data/context/key_operator.tlog-proof"),
    ),
    Exhibit(
        "forged-witness",
        "冒充见证方的签名。",
        "A signature in a witness's name, by another key.",
        _firm(forging.forge_a_witness),
        first_bad=(4, "data/head.tlog-proof"),
    ),
    # 5 seals
    Exhibit(
        "sealed-by-a-stranger",
        "用别人的密钥封存。",
        "Sealed with another key.",
        _firm(attacks.seal_with_another_key),
        first_bad=(5, "data/seals/0001.dsse.json"),
    ),
    Exhibit(
        "sealed-with-a-retired-key",
        "更换之后仍用旧密钥封存，并重新入日志。",
        "Sealed with the old key after it was retired, and logged anew.",
        _firm(_retired_key, of="rotated"),
        first_bad=(5, "data/seals/0004.dsse.json"),
    ),
    Exhibit(
        "seal-spelled-otherwise",
        "封存签名有效，写法多了空格。",
        "A valid seal in another spelling.",
        _firm(attacks.spell_a_seal_differently),
        first_bad=(5, "data/seals/0001.dsse.json"),
    ),
    Exhibit(
        "sealed-twice-over",
        "同一签名写两遍。",
        "One signature, twice.",
        _firm(attacks.sign_a_seal_twice),
        first_bad=(5, "data/seals/0001.dsse.json"),
    ),
    Exhibit(
        "seal-of-another-case",
        "换上另一案的封存。",
        "The seal of another case.",
        _from("other case", "data/seals/0001.dsse.json"),
        first_bad=(5, "data/seals/0001.dsse.json"),
    ),
    Exhibit(
        "old-seal-on-new-segment",
        "把第一段的封存用在第二段上。",
        "The first segment's seal on the second.",
        _firm(lambda _, files: files | {"data/seals/0002.dsse.json": files["data/seals/0001.dsse.json"]}),
        first_bad=(5, "data/seals/0002.dsse.json"),
    ),
    # 6 time
    Exhibit(
        "stamps-exchanged",
        "两个时间戳对调。",
        "Two time stamps changed places.",
        _firm(attacks.exchange_two_stamps),
        first_bad=(6, "data/seals/0001.tsr"),
        core=(0, ""),
    ),
    Exhibit(
        "stamped-before-it-happened",
        "可信机构盖的戳，时间却早于它所证明的签署。",
        "By the right authority over the right bytes, an hour before what it covers.",
        _firm(forging.stamp_before_it_happened),
        first_bad=(6, "data/seals/0002.tsr"),
        core=(0, ""),
    ),
    Exhibit(
        "stamped-by-an-unknown",
        "审计人不认识的机构盖的时间戳。",
        "Stamped by an authority that the auditor does not know.",
        _firm(forging.stamp_by_an_unknown),
        first_bad=(6, "data/seals/0002.tsr"),
        core=(0, ""),
    ),
    Exhibit(
        "stamp-over-another-checkpoint",
        "检查点的时间戳换成了别的。",
        "The checkpoint's stamp is over something else.",
        _firm(forging.stamp_another_checkpoint),
        first_bad=(6, "data/checkpoint.tsr"),
        core=(0, ""),
    ),
    Exhibit(
        "stamp-of-nothing",
        "一个不对应任何文件的时间戳。",
        "A time stamp of nothing.",
        _with("data/seals/0009.tsr"),
        first_bad=(6, "data/seals/0009.tsr"),
    ),
    # 7 disclosures
    Exhibit(
        "value-changed",
        "披露的电话号码被换掉。",
        "Another phone number in the disclosure.",
        _firm(attacks.change_a_disclosure),
        first_bad=(7, "data/openings/values.txt line 1"),
    ),
    Exhibit(
        "value-missing",
        "一项披露不见了，也没有声明。",
        "A disclosed value is gone, and nothing says so.",
        _firm(attacks.remove_a_disclosure),
        first_bad=(7, "event 2"),
    ),
    Exhibit(
        "values-in-another-order",
        "披露的次序变了。",
        "Disclosures in another order.",
        _firm(forging.open_in_another_order),
        first_bad=(7, "data/openings/values.txt line 2"),
    ),
    Exhibit(
        "erased-yet-open",
        "链上说已删除，包里却还在。",
        "Erased, says the chain; and here it still is.",
        _erased_and_open,
        first_bad=(7, "event 2"),
    ),
    # 8 files
    Exhibit(
        "photograph-replaced",
        "证件照片被改一个字节。",
        "A changed photograph.",
        _firm(attacks.replace_a_photo),
        first_bad=(8, "data/media/*.jpg"),
    ),
    Exhibit(
        "photographs-of-two-cases",
        "两案的照片互换。",
        "The photographs of two cases changed places.",
        _another_photograph,
        first_bad=(8, "data/media/*.jpg"),
    ),
    Exhibit(
        "two-files-exchanged",
        "同一案的两个文件互换。",
        "Two files of one case changed places.",
        _firm(attacks.exchange_two_files_of_one_case),
        first_bad=(8, "data/media/*.json"),
    ),
    Exhibit(
        "another-product",
        "产品定义换了版本。",
        "Another version of the product.",
        _firm(attacks.replace_the_product),
        first_bad=(8, "data/product/definition.json"),
    ),
    Exhibit(
        "another-wording",
        "条款原文多一句。",
        "A sentence more in the filed wording.",
        _firm(attacks.replace_the_wording),
        first_bad=(8, "data/product/source.txt"),
    ),
    Exhibit(
        "text-that-nobody-showed",
        "一份没有出示过的告知文本。",
        "A notice that nobody was shown.",
        _with(f"data/context/texts/{sha256(b'x')}"),
        first_bad=(8, "data/context/texts/*"),
    ),
    # 9 documents
    Exhibit(
        "paper-with-a-line-feed",
        "签署的文书末尾多一个换行。",
        "A line feed after the signed paper.",
        _firm(attacks.replace_the_pdf),
        first_bad=(9, "data/documents/doc_1.signed.pdf"),
    ),
    Exhibit(
        "paper-unsigned",
        "签署的文书换成未签署的。",
        "The unsigned paper in place of the signed one.",
        _firm(attacks.replace_the_signed_pdf_by_the_unsigned),
        first_bad=(9, "data/documents/doc_1.signed.pdf"),
    ),
    Exhibit(
        "page-changed",
        "出示过的页面图像被改。",
        "A changed image of a page as shown.",
        _firm(attacks.replace_a_page),
        first_bad=(9, "data/pages/doc_1-01.png"),
    ),
    Exhibit(
        "operator-appends-to-the-paper",
        "运营方在签好的文书后追加内容，并重新封存、重新入日志。",
        "The operator appended to the signed paper, sealed and logged anew.",
        _anew(forging.append_to_the_paper),
        first_bad=(9, "data/documents/doc_1.signed.pdf"),
        core=(0, ""),
    ),
    Exhibit(
        "operator-updates-the-page",
        "运营方用增量更新换掉页面内容，签名本身仍“有效”。",
        "The operator replaced the page by an incremental update; the signature itself stays `valid`.",
        _anew(forging.replace_the_page_content),
        first_bad=(9, "data/documents/doc_1.signed.pdf"),
        core=(0, ""),
    ),
    Exhibit(
        "operator-removes-the-signature",
        "运营方拿掉文书里的电子签名，重新封存。",
        "The operator took the signature off the paper, sealed anew.",
        _anew(forging.take_the_signature_off),
        first_bad=(9, "data/documents/doc_1.signed.pdf"),
        core=(0, ""),
    ),
    Exhibit(
        "operator-signs-another-paper",
        "签署的文书不以出示的文书开头。",
        "What was signed does not begin with what was shown.",
        _anew(forging.show_another_paper),
        first_bad=(9, "data/documents/doc_1.signed.pdf"),
    ),
    Exhibit(
        "operator-brings-another-authority",
        "运营方用审计人不认识的机构签署文书。",
        "Signed under an authority that the auditor does not know.",
        _anew(forging.sign_under_another_authority),
        first_bad=(9, "data/documents/doc_1.signed.pdf"),
        core=(0, ""),
    ),
    Exhibit(
        "operator-signs-another-act",
        "文书签名里写的地点与链上的不同。",
        "The PDF signature names another place than the act did.",
        _anew(forging.sign_another_act),
        first_bad=(9, "data/documents/doc_1.signed.pdf"),
        core=(0, ""),
    ),
    # 10 acts
    Exhibit(
        "operator-acts-for-the-customer",
        "运营方另造一把密钥替客户签署。",
        "The operator signs for the customer with a key of his own.",
        _anew(forging.act_with_his_own_key),
        first_bad=(10, "event 30"),
    ),
    Exhibit(
        "agent-acts-for-the-customer",
        "业务员在客户的会话里签署。",
        "The agent signs in the customer's session.",
        _anew(forging.act_for_the_customer),
        first_bad=(10, "event 30"),
    ),
    Exhibit(
        "capture-nobody-signed",
        "活体采集没有客户设备的签名。",
        "A face capture that the customer's device did not sign.",
        _operator("a capture nobody signed"),
        first_bad=(10, "event 21"),
    ),
    Exhibit(
        "capture-for-another-challenge",
        "活体采集回答的是另一次随机口令。",
        "A face capture for another challenge.",
        _operator("another nonce asked for"),
        first_bad=(10, "event 21"),
    ),
    Exhibit(
        "session-over",
        "签署时会话已过期。",
        "The session was over when it was signed.",
        _anew(_over),
        first_bad=(10, "event 30"),
    ),
    # 11 policy
    Exhibit(
        "disclosure-skipped",
        "没有确认必须的告知就签署。",
        "Signed without a disclosure that the policy demands.",
        _anew(forging.skip_a_disclosure),
        first_bad=(11, "event 30"),
    ),
    Exhibit(
        "not-read-to-its-end",
        "文书没有看到末尾就签署。",
        "Signed before the paper was shown to its end.",
        _anew(forging.not_read_to_its_end),
        first_bad=(11, "event 30"),
    ),
    Exhibit(
        "identity-check-too-old",
        "身份核验距签署太久。",
        "The identity check was too long ago.",
        _anew(forging.wait_too_long),
        first_bad=(11, "event 30"),
    ),
    Exhibit(
        "identity-earned-by-reading",
        "“身份已核验”由一次阅读确认换来。",
        "Identity was earned by acknowledging a disclosure.",
        _anew(forging.earn_identity_by_reading),
        first_bad=(11, "event 13"),
    ),
    Exhibit(
        "play-input-in-production",
        "生产环境用了合成输入。",
        "Synthetic input in production.",
        _anew(forging.play_in_production, of="production"),
        first_bad=(11, "event 1"),
    ),
    Exhibit(
        "test-certificate-in-production",
        "生产环境用了测试证书。",
        "A test certificate in production.",
        _anew(forging.use_a_test_certificate, of="production"),
        first_bad=(11, "event 30"),
    ),
    # 12 account
    Exhibit(
        "another-story",
        "时间线把“同意”改成“不同意”。",
        "The timeline says `did not agree` where the chain says agreed.",
        _firm(attacks.tell_another_story, account_too=False),
        first_bad=(12, "data/timeline.html"),
    ),
    Exhibit(
        "guide-that-checks-nothing",
        "核验说明里的命令被换成只回显。",
        "The commands of the guide only echo.",
        _firm(forging.write_a_guide_that_checks_nothing, account_too=False),
        first_bad=(12, "AUDIT.md"),
    ),
    Exhibit(
        "declared-closed-yet-open",
        "声明未公开的内容其实公开着。",
        "Declared closed, and open.",
        _firm(forging.declare_closed_what_is_open),
        first_bad=(12, "data/openings/withheld.txt"),
    ),
    # 13 witness
    Exhibit(
        "too-few-witnesses",
        "审计人的规则要两个见证方都签名，只有一个签了。",
        "The auditor's policy asks for both witnesses, and one signed.",
        _too_few_witnesses,
        first_bad=(13, "data/head.tlog-proof"),
    ),
)
"""By the step that finds them."""
