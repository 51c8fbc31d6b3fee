"""Exercise checkers: each takes the reader's function and says what is right or off.

A checker never raises: whatever the function does, the answer is a `Verdict` to read.
One module a notebook; `base` holds what they share.
"""

from .base import Question, Verdict, ask

__all__ = ["Question", "Verdict", "ask"]
