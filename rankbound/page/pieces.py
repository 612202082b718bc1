"""A result of any kind as an account, and as an HTML fragment for notebooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rankbound.page.accounts import Account
from rankbound.page.asides import (
    augmentation_account,
    bound_account,
    certification_account,
    conversion_account,
    cut_account,
    power_account,
)
from rankbound.page.comparisons import comparison_account
from rankbound.page.inspections import inspection_account
from rankbound.page.ledgers import ledger_account
from rankbound.page.rendering import rendered_template, source
from rankbound.page.validations import validation_account
from rankbound.results import Result

# Kind of result: what makes its account, of the result and a name for its titles
MAKERS: Final[dict[str, Callable[..., Account]]] = {
    "ledger": ledger_account,
    "comparison": comparison_account,
    "validation": validation_account,
    "inspection": inspection_account,
    "power": power_account,
    "cut": cut_account,
    "conversion": conversion_account,
    "bound": bound_account,
    "augmentation": augmentation_account,
    "certify": certification_account,
}


def account_of(result: Result, *, name: str = "") -> Account:
    """What there is to say about a result.

    Parameters
    ----------
    result : Result
    name : str
        Its folder, for titles; may be empty.
    """
    return MAKERS[result.KIND](result, name=name)


def html_of(result: Result) -> str:
    """Verdicts, sentences and tables of a result, as on the page of a report."""
    from markupsafe import Markup

    # The package's own: quotes in a style sheet must not be escaped
    style = Markup(source("piece.css"))
    context = {"account": account_of(result), "style": style}
    return rendered_template("piece.html", context)
