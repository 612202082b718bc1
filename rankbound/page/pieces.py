"""Results as HTML fragments, for notebooks: the same tables as those of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rankbound.bounds.errors import DomainError
from rankbound.commands.compare.result import Comparison
from rankbound.commands.measure.result import Ledger
from rankbound.page.accounts import Account, account_of
from rankbound.page.asides import cut_account, power_account
from rankbound.page.comparisons import comparison_account
from rankbound.page.inspections import inspection_account
from rankbound.page.ledgers import ledger_account
from rankbound.page.rendering import rendered_template, source


def ledger_html(ledger: Ledger) -> str:
    """The ledger of a measurement: verdicts, parts, models, notes."""
    return _rendered(ledger_account(ledger))


def comparison_html(comparison: Comparison) -> str:
    """A comparison of samplings: verdicts, sentences, differences."""
    return _rendered(comparison_account(comparison))


def validation_html(account: Mapping[str, Any]) -> str:
    """A validation: what goes with effectiveness, and whether certificates held.

    Parameters
    ----------
    account : mapping
        What ``validation.json`` holds.
    """
    return _piece(account)


def power_html(found: Mapping[str, Any]) -> str:
    """What n queries can show, or how many queries a margin needs.

    Parameters
    ----------
    found : mapping
        What `rankbound.commands.power.run.powers` returns.
    """
    return _rendered(power_account(found))


def cut_html(manifest: Mapping[str, Any]) -> str:
    """A cut of training groups: what each band keeps, and what changes with it.

    Parameters
    ----------
    manifest : mapping
        What ``manifest.json`` holds.
    """
    return _rendered(cut_account(manifest))


def inspection_html(content: Mapping[str, Any]) -> str:
    """An inspection of files: verdicts, files and findings.

    Parameters
    ----------
    content : mapping
        What ``rankbound inspect --json`` writes.
    """
    return _rendered(inspection_account(content))


def _piece(content: Mapping[str, Any]) -> str:
    account = account_of(content)
    if account is None:
        raise DomainError(
            "a ledger or validation has a piece of HTML, got the schema "
            f"{content.get('schema')!r}"
        )
    return _rendered(account)


def _rendered(account: Account) -> str:
    from markupsafe import Markup

    # The package's own: quotes in a style sheet must not be escaped
    style = Markup(source("piece.css"))
    context = {"account": account, "style": style}
    return rendered_template("piece.html", context)
