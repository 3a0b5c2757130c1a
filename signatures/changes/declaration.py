"""The form of a declaration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a call does instead where a keyword has no effect.

    Args:
        upstream: The distribution's name.
        symbols: Canonical paths of the functions that swallow the keyword.
        parameter: The keyword.
        instead: The parameter that took its place there.
        releases: A specifier of the releases in which it holds.
        says: What happens, as the end of a sentence.
        because: The upstream fact, with its place.
    """

    upstream: str
    symbols: tuple[str, ...]
    parameter: str
    instead: str
    releases: str
    says: str
    because: str

    def applies(self, upstream: str, symbol: str, parameter: str, version: str) -> bool:
        """Whether it tells about this keyword of this function in this release."""
        from packaging.specifiers import SpecifierSet

        named = upstream == self.upstream and symbol in self.symbols and parameter == self.parameter
        return named and SpecifierSet(self.releases).contains(version)
