"""How much of everything a run tries."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scale:
    """`make faults`. FAULTS_CYCLES changes the first number."""

    cycles: int = 200  # kills of the store on SQLite
    postgres: int = 30  # kills of the store, its PostgreSQL, or both
    service: int = 10  # kills of the whole service over HTTP
    occurrences: int = 4  # of each system call that are made to fail
    calls: tuple[str, ...] = ()  # these system calls only; else all that the write path makes
    stride: int = 1  # every how many-th port call of the story fails
    seed: int = 1

    def part(self, number: int, of: int) -> "Scale":
        """One of several processes that share the kills on SQLite."""
        share = self.cycles // of + (number < self.cycles % of)
        return replace(self, cycles=share, seed=self.seed * 100 + number)


TINY = Scale(cycles=6, postgres=0, service=0, occurrences=1, calls=("fdatasync",), stride=11)
