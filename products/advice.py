"""What each rule of the lint is about and what an author does when it speaks, in Chinese and English."""

from evidence.events import Frozen


class Advice(Frozen, frozen=True, kw_only=True):
    """`zh`, `en`: what is wrong in a few words; `fix_zh`, `fix_en`: what to change in the definition."""

    zh: str
    en: str
    fix_zh: str
    fix_en: str


def _advice(zh: str, en: str, fix_zh: str, fix_en: str) -> Advice:
    return Advice(zh=zh, en=en, fix_zh=fix_zh, fix_en=fix_en)


ADVICE: dict[str, Advice] = {
    "L00": _advice(
        "格式错误",
        "breaks the format",
        "按提示改正这一行；字段名、引号和编号以 docs/PRODUCTS.md 为准。",
        "Correct this line as told; docs/PRODUCTS.md lists fields, quotes and ids.",
    ),
    "L01": _advice(
        "条款原文没有全部归入条目",
        "wording that belongs to no clause, or to two",
        "给这一段原文建一个条目，或者把它列入 source.skip（只限页眉、目录和章名）。",
        "Make a clause of this span, or list it in source.skip (page furniture and chapter headings only).",
    ),
    "L02": _advice(
        "条目与目录不一致",
        "the clause tree disagrees with the wording's own contents",
        "对照目录改正条目的编号、顺序和上下级；目录本身有误的，请重新备案。",
        "Correct number, order and parent after the contents page; a wrong contents page is a new filing.",
    ),
    "L03": _advice(
        "编号跳号、重号或乱序",
        "numbers missing, repeated or out of order",
        "对照备案原件核对是否漏了一条；原件就是这样的，请先更正备案文本。",
        "Compare with the filed original for a lost item; if it is like that there, correct the filing first.",
    ),
    "L04": _advice(
        "引用的条款不存在或对不上",
        "a cross-reference leads nowhere, or to something else",
        "把引用改到正确的条款；条款插入或删除后要逐个核对引用。",
        "Point the reference at the right clause; check each one after a clause was inserted or removed.",
    ),
    "L05": _advice(
        "减轻公司责任的内容没有标出",
        "words that lessen liability outside the flagged clauses",
        "给这一条加 limits_provider: true（随之要 must_read 和 explain），或由专人写明理由豁免。",
        "Set limits_provider: true (with must_read and explain), or let a named person waive it with a reason.",
    ),
    "L06": _advice(
        "免责内容没有讲清楚",
        "a limiting clause that is not explained, or items that are not all there",
        "这一条或它的上级要有 must_read、limits_provider、plain 和 explain 三项；每一项免责都要是它的下级。",
        "It or its parent needs must_read, limits_provider, plain and explain; each item stands below its clause.",
    ),
    "L07": _advice(
        "免责项目适用的保障没有分开",
        "the wording splits exclusions by benefit, the items do not",
        "在每一项的 applies_to 里写明它不赔的是哪几项保障。",
        "Say in applies_to of each item which benefits it takes away.",
    ),
    "L08": _advice(
        "文字里直接写了数字",
        "a number typed into a text",
        "把数字写成 params 里的一项，文字里用 {名称}。",
        "Make the number a param and write {name} in the text.",
    ),
    "L09": _advice(
        "数字与条款不一致",
        "a param that is not what its quote says",
        "对照原文改正 value、unit 或 quote；原文前后不一致的，请先更正备案文本。",
        "Correct value, unit or quote after the wording; if the wording disagrees with itself, correct the filing.",
    ),
    "L10": _advice(
        "宣传材料与条款不一致",
        "a handout says otherwise than the wording",
        "以条款为准改正材料，重新计算它的 sha256。",
        "Correct the handout after the wording and pin its new hash.",
    ),
    "L11": _advice(
        "公式有误",
        "a formula that cannot be right",
        "按提示改公式：名称、单位、循环、除数为零和取整都要写清楚。",
        "Correct the formula: names, units, cycles, a divisor that can be zero, rounding stated.",
    ),
    "L12": _advice(
        "例子不够或算不出",
        "examples that do not reproduce, or too few",
        "从备案的利益演示里补上例子：每个年龄段、每种交费期、前十年每年一行。",
        "Add rows from the filed illustration: each decade of age, each pay period, each of the first ten years.",
    ),
    "L13": _advice(
        "表格不完整",
        "a table with wrong, missing or extra cells",
        "用生成脚本重做表格并更新 sha256；年龄范围要与条款一致。",
        "Make the table again from its script and pin it; its ages are those of the wording.",
    ),
    "L14": _advice(
        "表格走势异常",
        "a table of an odd shape",
        "核对这一格；确实如此的，由专人写明理由豁免。",
        "Check that cell; if it is right, let a named person waive it with a reason.",
    ),
    "L15": _advice(
        "术语没有解释",
        "a term the reader is not told",
        "在文字里写成 [术语](词条)，并在 glossary 里用白话解释，不能循环解释。",
        "Write [term](entry) in the text and explain it in the glossary, without circles.",
    ),
    "L16": _advice(
        "同一个意思用了两个词",
        "one idea under two words",
        "全文统一用一个词，或者在 glossary 里列为 aliases。",
        "Use one word throughout, or list the other under aliases in the glossary.",
    ),
    "L17": _advice(
        "句子太长",
        "too long to be read easily",
        "拆成几句短话；一句不超过六十个字，一句话摘要不超过二十六个字。",
        "Break it into short sentences: at most 60 Han characters, a one-liner at most 26.",
    ),
    "L18": _advice(
        "白话多说或少说了",
        "plain text that adds to the clause or takes away from it",
        "对照原文改写：可以、必须、不、除外要一一对应；不得承诺收益或赔付。",
        "Rewrite after the wording: may, must, not and except each have their counterpart; promise nothing.",
    ),
    "L19": _advice(
        "缺少必须告知的内容",
        "a notice that this kind of product must carry",
        "补上这一类条目或提示；清单见 products/lint/notices.toml。",
        "Add the clause or disclosure; the list is products/lint/notices.toml.",
    ),
    "L20": _advice(
        "超出法律规定的界限",
        "outside what the law allows",
        "条款要改到法定范围内；依据和日期见 products/lint/law.toml。",
        "Bring the wording within the law; sources and dates are in products/lint/law.toml.",
    ),
    "L21": _advice(
        "等待期没有讲清楚",
        "a waiting period that is not told whole",
        "白话里要有“等待期”三个字、意外怎么办、退什么，并且必须阅读。",
        "The plain text names the waiting period, says what accident does and what is returned, and must be read.",
    ),
    "L22": _advice(
        "题目答不出或没有区分度",
        "a question without a right and a wrong answer",
        "改题目或错误选项，让任何客户的数字下都有对有错，而且考的是必读条款。",
        "Change question or wrong answers so that any customer's numbers give both; ask about a must-read clause.",
    ),
    "L23": _advice(
        "办理步骤不完整",
        "a journey that leaves something out",
        "补上步骤、提示或签名，使必读在核身和签名之前完成。",
        "Add the step, disclosure or signature, so that all must-read comes before identity and signing.",
    ),
    "L24": _advice(
        "语言版本不一致",
        "languages that differ",
        "各语言的句子、数字和术语链接要一一对应。",
        "Each language has the same sentences, values and terms.",
    ),
    "L25": _advice(
        "文字有损坏",
        "damaged text",
        "对照备案原件改正；原件如此的，由专人写明理由豁免。",
        "Correct it after the filed original; if it is like that there, let a named person waive it.",
    ),
}
