"""The language in which explorers, checks, questions and verdicts speak.

English stands in the code. Other languages are gettext catalogues beside this file, in
`locale/LANGUAGE/LC_MESSAGES/lstm_inside.po`; `python tools/words.py` gathers what the code says
into them and compiles them. What a catalogue lacks is said in English.
"""

import gettext
import os
from collections.abc import Mapping
from importlib.resources import files

LANGUAGES = ("en", "zh")
_spoken: dict = {"code": "en", "catalogue": gettext.NullTranslations()}
_listeners: list = []


def language(code):
    """Say everything that is made from now on in this language: "en" or "zh".

    What stands on the page already stays as it is. The environment variable
    LSTM_INSIDE_LANGUAGE sets the start.
    Raises ValueError for any other code, TypeError for what is no string.
    """
    _check("language", code)
    catalogue = gettext.NullTranslations()
    if code != "en":  # through the loader, so that a zipped package speaks, too
        compiled = files(__package__) / "locale" / code / "LC_MESSAGES" / "lstm_inside.mo"
        with compiled.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)
    _spoken.update(code=code, catalogue=catalogue)
    for listener in _listeners:
        listener(code)


def _check(name, code):
    if not isinstance(code, str):
        raise TypeError(f"{name}: expected one of {LANGUAGES}, got {type(code).__name__}")
    if code not in LANGUAGES:
        raise ValueError(f"{name}: expected one of {LANGUAGES}, got {code!r}")


def spoken() -> str:
    """The code of the language that is spoken now."""
    return _spoken["code"]


def when_changed(listener):
    """Call listener(code) now and whenever the language changes."""
    _listeners.append(listener)
    listener(spoken())


def say(text, /, **values) -> str:
    """A sentence of the code in the language spoken; values fill its {named} places.

    text must be written out where it is called (or stand in a `Sentences`), so that it is found and
    can be rendered; a sentence is one text, never put together from pieces.
    """
    rendered = _spoken["catalogue"].gettext(text) if text else text
    return rendered.format(**values) if values else rendered


class Sentences(Mapping):
    """Sentences by key; looking one up says it in the language spoken at that moment."""

    def __init__(self, sentences: dict[str, str]):
        self._sentences = sentences

    def __getitem__(self, key):
        return say(self._sentences[key])

    def __iter__(self):
        return iter(self._sentences)

    def __len__(self):
        return len(self._sentences)


_at_the_start = os.environ.get("LSTM_INSIDE_LANGUAGE") or "en"
_check("LSTM_INSIDE_LANGUAGE", _at_the_start)
language(_at_the_start)
