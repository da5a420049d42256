"""Why somebody may not decide for a child."""

from evidence.errors import Refused


class GuardianUnverified(
    Refused,
    code="GUARDIAN_UNVERIFIED",
    zh="请监护人先在自己的手机上完成本人身份核验，再为孩子作决定。",
    en="Please finish your own identity check on your own phone first, then decide for the child.",
):
    """Not verified in this case, or under 18."""
