"""The phone of e-Zhifa: FieldOffice is the phone, FieldCase a case in hand."""

from .ezhifa_bindings import *  # noqa: F401,F403
from .ezhifa_bindings import PhoneError


def _said(error):
    """What the officer reads: reason, article and next step, Chinese then English."""
    why = error.why
    zh = "，".join(part for part in (why.zh, why.article, why.next_zh) if part)
    return f"{zh} / " + "; ".join(part for part in (why.en, why.next_en) if part)


PhoneError.__str__ = _said
