"""What stops an author at the command line. Each says in two languages what to do next; none is ever sent over HTTP."""


class CannotAuthor(Exception):
    """`zh` and `en` are whole sentences; `about` names the file or clause."""

    zh = ""
    en = ""

    def __init__(self, about: str) -> None:
        super().__init__(f"{about}：{self.zh}\n{about}: {self.en}")


class WordingTooLarge(CannotAuthor):
    zh = "文件太大，请拆分成单个产品的条款后再试。"
    en = "The file is too large. Split it into the wording of one product and try again."


class FileMissing(CannotAuthor):
    zh = "没有找到这个文件或文件夹，请核对路径。"
    en = "No such file or folder. Please check the path."


class ClauseUnknown(CannotAuthor):
    zh = "产品里没有这一条，请核对条款编号。"
    en = "The product has no such clause. Please check its id."


class Unconfirmed(CannotAuthor):
    zh = "还有条款没有人工确认，请逐条核对后在 confirmed_by 填写确认人。"
    en = "Some clauses are not confirmed by a person. Check each and name who confirmed it in confirmed_by."


class AlreadyThere(CannotAuthor):
    zh = "目标文件夹已有产品，不会覆盖，请换一个空文件夹。"
    en = "The folder already holds a product and is not overwritten. Choose an empty one."
