"""Results as HTML fragments, for notebooks: the same tables as those of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rankbound.bounds.errors import DomainError
from rankbound.commands.convert.result import Conversion
from rankbound.commands.cut.result import Cut
from rankbound.commands.inspect.result import Inspection
from rankbound.commands.measure.result import Ledger
from rankbound.commands.validate.result import Validation
from rankbound.page.accounts import Account, account_of
from rankbound.page.asides import conversion_account, cut_account, power_account
from rankbound.page.inspections import inspection_account
from rankbound.page.ledgers import ledger_account
from rankbound.page.rendering import rendered_template, source
from rankbound.page.validations import validation_account


def ledger_html(ledger: Ledger) -> str:
    """The ledger of a measurement: verdicts, parts, models, notes."""
    return _rendered(ledger_account(ledger))


def comparison_html(account: Mapping[str, Any]) -> str:
    """A comparison of samplings: verdicts, sentences, differences.

    Parameters
    ----------
    account : mapping
        What ``comparison.json`` holds.
    """
    return _piece(account)


def validation_html(validation: Validation) -> str:
    """A validation: what goes with effectiveness, and whether certificates held."""
    return _rendered(validation_account(validation))


def power_html(found: Mapping[str, Any]) -> str:
    """What n queries can show, or how many queries a margin needs.

    Parameters
    ----------
    found : mapping
        What `rankbound.commands.power.run.powers` returns.
    """
    return _rendered(power_account(found))


def cut_html(cut: Cut) -> str:
    """A cut of training groups: what each band keeps, and what changes with it."""
    return _rendered(cut_account(cut))


def conversion_html(done: Conversion) -> str:
    """A conversion: what was written, kept and lost."""
    return _rendered(conversion_account(done))


def inspection_html(found: Inspection) -> str:
    """An inspection of files: verdicts, files and findings."""
    return _rendered(inspection_account(found))


def _piece(content: Mapping[str, Any]) -> str:
    account = account_of(content)
    if account is None:
        raise DomainError(
            "a ledger, comparison or validation has a piece of HTML, got the schema "
            f"{content.get('schema')!r}"
        )
    return _rendered(account)


def _rendered(account: Account) -> str:
    from markupsafe import Markup

    # The package's own: quotes in a style sheet must not be escaped
    style = Markup(source("piece.css"))
    context = {"account": account, "style": style}
    return rendered_template("piece.html", context)
