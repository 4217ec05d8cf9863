"""Doubt is typed: one warning class per way an answer may be less sure than it looks. ``strict()`` turns them into errors.

Every doubt is also written where it belongs (a scene's ``doubt``, a search's completeness), since warnings pass by.
"""

from __future__ import annotations

import warnings


class Doubt(UserWarning):
    """Root of every doubt; ``subject`` names the scene, file or search, ``reason`` says what is doubtful."""

    def __init__(self, subject: str, reason: str) -> None:
        """Keep both; the message is one sentence."""
        self.subject, self.reason = subject, reason
        super().__init__(f"{subject}: {reason}")


class CalibrationDoubtful(Doubt):
    """Metadata and pixels disagree about offset or scale, or nothing says what the numbers mean."""


class SceneUnusable(Doubt):
    """A scene is kept and shown, and not used: quarantined, unreadable, without a place or a time."""


class NotAligned(Doubt):
    """A scene could not be aligned to the reference; images finer than 10 m are then not measured.

    ``why``: what was in the way. ``unseen``: that too little can be seen, of a small site or under cloud.
    """

    def __init__(self, subject: str, why: str, *, unseen: bool = False) -> None:
        """See ``Doubt``."""
        self.why, self.unseen = why, unseen
        super().__init__(subject, f"not aligned ({why}); kept and marked")


class AreaDoubtful(Doubt):
    """The area of the site does not hold what lies on it."""


def tell(doubt: Doubt) -> None:
    """Warn of ``doubt``, from the caller's caller."""
    warnings.warn(doubt, stacklevel=3)


def strict() -> None:
    """From here on every doubt is an error: for scripts that must not go on unsure."""
    warnings.simplefilter("error", Doubt)
