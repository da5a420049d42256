"""What can go wrong between a product and its reader. Every sentence says what to do next."""

from evidence.errors import Absent, Corrupt, Forbidden, Refused, Unprocessable
from products.findings import Finding

# --- the product itself ----------------------------------------------------------------------------------------------


class DefinitionInvalid(
    Unprocessable,
    code="DEFINITION_INVALID",
    zh="产品定义有错误，请按行号逐条修改后重新发布。",
    en="The product definition has errors. Correct each listed line and publish again.",
):
    """`findings` lists every problem with its line; `facts['findings']` the same as text."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(map(str, findings)), findings=tuple(map(str, findings)))
        self.findings = findings


class ProductUnknown(
    Absent, code="PRODUCT_UNKNOWN", zh="没有找到这个产品，请核对产品编号。", en="No such product. Please check its id."
):
    pass


class ProductNotOnSale(
    Refused,
    code="PRODUCT_NOT_ON_SALE",
    zh="这个产品现在不能办理，请选择其他在售产品。",
    en="This product is not on sale now. Please choose one that is.",
):
    pass


class ProductMismatch(
    Corrupt,
    code="PRODUCT_MISMATCH",
    zh="产品内容与办理时不一致，已停止办理，请联系客服。",
    en="The product differs from the one this case was opened with. Work has stopped; please contact us.",
):
    """The stored definition no longer hashes to what the case pinned."""


class RenderMismatch(
    Corrupt,
    code="RENDER_MISMATCH",
    zh="这一页无法按原样重现，已停止使用，请联系客服。",
    en="This page cannot be rebuilt as it was shown. Please contact us.",
):
    pass


class HandoutUnavailable(
    Absent,
    code="HANDOUT_UNAVAILABLE",
    zh="这个产品没有这种说明文件，请查看条款原文。",
    en="There is no such document for this product. Please see its terms.",
):
    pass


class HandoutTooLong(
    Unprocessable,
    code="HANDOUT_TOO_LONG",
    zh="说明文件超过了规定的页数，不能提供。请缩短条款的一句话说明后重新发布。",
    en="The document is longer than the rules allow. Shorten the one-line texts of the clauses and publish again.",
):
    """PRD-15. `facts`: `pages` it takes, `most` it may."""


# --- the quote -------------------------------------------------------------------------------------------------------


class FormulaFailed(
    Unprocessable,
    code="FORMULA_FAILED",
    zh="按这些选择算不出价格，请换一种选择再试。",
    en="These choices give no price. Please try other ones.",
):
    """A formula met a missing table cell, a zero divisor, a wrong unit or its own limits."""


class InputInvalid(
    Unprocessable,
    code="INPUT_INVALID",
    zh="有一项填写不在可选范围内，请检查标出的那一项。",
    en="One answer is outside what is possible. Please check the marked field.",
):
    """`facts['field']` names it."""


class QuoteOutside(
    Unprocessable,
    code="QUOTE_OUTSIDE",
    zh="这个组合不能投保，请按提示调整。",
    en="This combination cannot be chosen. Please adjust it as told.",
):
    """A `checks` rule said no. `facts`: `field` = its id, `reason_zh`, `reason_en` = its own sentence."""


class NotLicensed(
    Forbidden,
    code="NOT_LICENSED",
    zh="这里没有登记保险或金融销售许可，不能报价和推荐。请通过有许可的机构办理。",
    en="No licence to sell is on record here, so nothing is quoted or recommended. Please go to a licensed company.",
):
    """PRD-16: production without the licence of an insurer, bank or intermediary sells nothing."""


class AlreadySigned(
    Refused,
    code="ALREADY_SIGNED",
    zh="您已经签了名，内容不能再改。要改请联系客服重新办理。",
    en="You have already signed, so this cannot change. Contact us to start again.",
):
    pass


# --- reading ---------------------------------------------------------------------------------------------------------


class ClauseUnknown(
    Unprocessable,
    code="CLAUSE_UNKNOWN",
    zh="没有这一条内容，请返回目录重新打开。",
    en="There is no such clause. Go back to the list and open it again.",
):
    pass


class OwnPage(
    Unprocessable,
    code="OWN_PAGE",
    zh="这一条很重要，需要单独一页阅读。",
    en="This clause is important and is read on a page of its own.",
):
    """PRD-03: what lessens the provider's liability is never shown together with other clauses."""


class ScreenUnknown(
    Absent, code="SCREEN_UNKNOWN", zh="没有找到这一页，请重新打开。", en="No such page. Please open it again."
):
    pass


class ScreenStale(
    Refused,
    code="SCREEN_STALE",
    zh="内容已经更新，请重新打开这一条再阅读。",
    en="This page has changed. Please open the clause again.",
):
    pass


class NotComparable(
    Unprocessable,
    code="NOT_COMPARABLE",
    zh="只能同时对比两到三款同一类的产品，请重新选择。",
    en="Two or three different products of one kind can be compared. Please choose again.",
):
    pass


class NothingChanged(
    Refused,
    code="NOTHING_CHANGED",
    zh="您看的就是现在销售的版本，没有变化。",
    en="You are looking at the version on sale now. Nothing changed.",
):
    pass


class QuestionUnknown(
    Unprocessable,
    code="QUESTION_UNKNOWN",
    zh="没有这道题，请刷新后重试。",
    en="There is no such question. Refresh and try again.",
):
    pass


class PickUnknown(
    Unprocessable,
    code="PICK_UNKNOWN",
    zh="请从给出的选项里选一个。",
    en="Please pick one of the options shown.",
):
    pass


class HelpNeeded(
    Refused,
    code="HELP_NEEDED",
    zh="这道题已经答错三次。请按“人工帮助”，工作人员会给您讲清楚，您的资料都还在。",
    en="This question was missed too often. Press “Help”: a person will explain it. Nothing you did is lost.",
):
    """The question stays shut until a person has helped; `facts['question']` names it."""


class QuestionStopped(
    Refused,
    code="QUESTION_STOPPED",
    zh="这道题没有答对，这次不能继续办理。您可以联系客服了解产品，之后再重新办理。",
    en="This question was not answered right, so this cannot go on. Talk to us, and start again later.",
):
    """The product says so, or a person did; `facts['question']` names it."""


class NothingToHelp(
    Refused,
    code="NOTHING_TO_HELP",
    zh="这一项现在不需要人工处理，请刷新后查看。",
    en="Nothing here waits for a person. Please refresh.",
):
    pass


class TermUnknown(
    Unprocessable,
    code="TERM_UNKNOWN",
    zh="没有这个词语的解释，请返回条款重新点开。",
    en="There is no such term. Go back to the clause and open it again.",
):
    pass


class HoldLonger(
    Unprocessable,
    code="HOLD_LONGER",
    zh="请按住按钮不放，等进度走满再松手。",
    en="Please keep the button pressed until the bar is full.",
):
    pass


class PageNotOpen(
    Refused,
    code="PAGE_NOT_OPEN",
    zh="请先打开这一页看到文字，再确认。",
    en="Please open the page with this text first, then confirm.",
):
    """PRD-08: nothing is agreed to before it is shown."""


class DisclosureUnknown(
    Unprocessable,
    code="DISCLOSURE_UNKNOWN",
    zh="没有这条提示，请刷新后重试。",
    en="There is no such notice. Refresh and try again.",
):
    pass


class TextChanged(
    Refused,
    code="TEXT_CHANGED",
    zh="您确认的文字与现在的不一致，请重新阅读后再确认。",
    en="The text you confirmed is not the present one. Please read it again and confirm.",
):
    pass


class TranscriptDiffers(
    Unprocessable,
    code="TRANSCRIPT_DIFFERS",
    zh="抄写的文字和原文不一样，请对照原文检查后再提交。",
    en="What you copied differs from the text. Please compare and try again.",
):
    pass


# --- does it fit -----------------------------------------------------------------------------------------------------


class QuestionnaireUnknown(
    Unprocessable,
    code="QUESTIONNAIRE_UNKNOWN",
    zh="这个产品不需要填写这份问卷，请刷新后继续。",
    en="This product does not ask for this questionnaire. Please refresh and go on.",
):
    pass


class SlotTaken(
    Refused,
    code="RISK_SLOT_TAKEN",
    zh="风险测评正在记录，请稍后再试。",
    en="The questionnaire is being recorded. Please try again in a moment.",
):
    """Another questionnaire of the same person holds this place; the next one is tried."""


class RiskTooOften(
    Refused,
    code="RISK_TOO_OFTEN",
    zh="风险测评一天最多两次，十二个月最多八次。请过后再来，或请工作人员帮助。",
    en="The risk questionnaire can be filled in twice a day and eight times in twelve months. Come back later.",
):
    """PRD-11, over all cases of the same person."""


class RiskTooHigh(
    Refused,
    code="RISK_TOO_HIGH",
    zh="这个产品的风险高于您的测评结果，不能购买。请看看风险更低的产品。",
    en="This product is riskier than your result allows. Please look at one with less risk.",
):
    pass


class NothingToConfirm(
    Refused,
    code="NOTHING_TO_CONFIRM",
    zh="这里没有需要您确认的内容，请刷新后继续。",
    en="There is nothing to confirm here. Please refresh and go on.",
):
    pass


class HealthOutdated(
    Refused,
    code="HEALTH_OUTDATED",
    zh="健康问题已经更新，请重新打开再回答。",
    en="The health questions have changed. Please open them again.",
):
    pass


class HealthDeclined(
    Refused,
    code="HEALTH_DECLINED",
    zh="按您之前的回答，这个产品不能承保，答案不能再改。如有误填，请联系客服。",
    en="By your earlier answers this product cannot cover you, and they cannot be changed. Call us if one was a slip.",
):
    """Answers are not tried out until they fit (PRD-13)."""


class StillThinking(
    Refused,
    code="STILL_THINKING",
    zh="为了您的利益，请再考虑一段时间，到时间后再继续。资料都还在。",
    en="For your own good, please take some more time to think. Everything is kept until then.",
):
    """PRD-12; `facts['until']` says from when on it goes on."""


# --- opening a case --------------------------------------------------------------------------------------------------


class SyntheticRefused(
    Forbidden,
    code="SYNTHETIC_REFUSED",
    zh="正式环境不能使用演示资料，请用真实资料办理。",
    en="Made-up input is not possible in production. Use real input.",
):
    pass


class CertificateInvalid(
    Forbidden,
    code="CERTIFICATE_INVALID",
    zh="您的执业证已过期或未登记，请先更新执业证再办理。",
    en="Your practising certificate is missing or expired. Renew it first.",
):
    pass


class GradeTooLow(
    Forbidden,
    code="GRADE_TOO_LOW",
    zh="您的执业等级不能销售这个产品，请转给有资格的同事。",
    en="Your grade does not cover this product. Hand the customer to a qualified colleague.",
):
    pass


class PhoneOfStaff(
    Refused,
    code="PHONE_OF_STAFF",
    zh="这是工作人员的手机号，请填写客户本人的手机号。",
    en="This phone belongs to a member of staff. Enter the customer's own phone.",
):
    pass


class ExternalIdTaken(
    Refused,
    code="EXTERNAL_ID_TAKEN",
    zh="这个外部编号已经办理过，请查找原来的业务。",
    en="This external id already has a case. Look that one up.",
):
    pass
