"""Results as HTML fragments, for notebooks: the same tables as those of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bounds.errors import DomainError
from rankbound.reporting.accounts import account_of
from rankbound.reporting.rendering import rendered_template, source


def ledger_html(account: Mapping[str, Any]) -> str:
    """The ledger of a measurement: verdicts, parts, models, notes.

    Parameters
    ----------
    account : mapping
        What `rankbound.measuring.ledger.ledger` returns, or ``ledger.json`` holds.
    """
    return _piece(account)


def comparison_html(account: Mapping[str, Any]) -> str:
    """A comparison of samplings: verdicts, sentences, differences.

    Parameters
    ----------
    account : mapping
        What ``comparison.json`` holds.
    """
    return _piece(account)


def validation_html(account: Mapping[str, Any]) -> str:
    """A validation: what goes with effectiveness, and whether certificates held.

    Parameters
    ----------
    account : mapping
        What ``validation.json`` holds.
    """
    return _piece(account)


def _piece(content: Mapping[str, Any]) -> str:
    account = account_of(content)
    if account is None:
        raise DomainError(
            "a ledger, comparison or validation has a piece of HTML, got the schema "
            f"{content.get('schema')!r}"
        )
    context = {"account": account, "style": source("piece.css")}
    return rendered_template("piece.html", context)
