"""What may differ from the expected files, and why.

The files in `expected/` say what the program gave before its parts were moved and its
results became typed. They are not written anew for a change that is meant: it is
listed here with its reason, so that everything else is still compared.

- `ADDED`: keys, columns of a summary, files or lines that are new. `path` is a pattern
  for the places, as failures print them (`*` stands for anything, `/` included).
- `ALLOWED`: `Renewed` for values that may be anything, since tests of their own hold
  them, and `Reordered` for keys whose order plays no part.
- `CHANGED`: `Renamed` for a file of another name, `Replaced` for another value or for
  other words within texts, `Removed` for keys that are gone.

For instance::

    ADDED = (
        Added("measure*", "/files/*/ledger.json/json/students/*/evidence",
              "the ledger tells e-values"),
    )
    CHANGED = (
        Renamed("compare*", "per_query.tsv", "comparison.per_query.tsv",
                "measure and compare may write into one folder"),
        Replaced("bound-plain", "/stdout/*", "is vacuous", "says nothing",
                 "plainer words"),
    )

`python -m tests.golden` (`make golden`) writes the files anew and shows what changed;
the tables are to be emptied then. A test fails for an entry of `CHANGED` that changes
nothing.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import Any, Final


@dataclass(frozen=True)
class Added:
    """What the cases have beyond what is expected, at places like `path`."""

    cases: str
    path: str
    reason: str

    def applied(self, wanted: Any, found: Any) -> Any:
        return _with_added(copy.deepcopy(wanted), found, "", self.path)


@dataclass(frozen=True)
class Renamed:
    """A file that has another name, also where texts and tables name it."""

    cases: str
    was: str
    now: str
    reason: str

    def applied(self, wanted: Any, _: Any) -> Any:
        pattern = re.compile(rf"(?<![\w.-]){re.escape(self.was)}(?![\w-])")

        def named(_: str, value: Any) -> Any:
            return pattern.sub(self.now, value) if isinstance(value, str) else value

        return _mapped(wanted, "", named)


@dataclass(frozen=True)
class Replaced:
    """Another value at places like `path`; of texts, other words within them."""

    cases: str
    path: str
    was: Any
    now: Any
    reason: str

    def applied(self, wanted: Any, _: Any) -> Any:
        return _mapped(wanted, "", self._value)

    def _value(self, path: str, value: Any) -> Any:
        if not fnmatchcase(path, self.path):
            return value
        if isinstance(value, str) and isinstance(self.was, str):
            return value.replace(self.was, self.now)
        same = value == self.was and type(value) is type(self.was)
        return self.now if same else value


@dataclass(frozen=True)
class Removed:
    """Keys at places like `path` that are gone."""

    cases: str
    path: str
    reason: str

    def applied(self, wanted: Any, _: Any) -> Any:
        return self._without(wanted, "")

    def _without(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {
                key: self._without(part, f"{path}/{key}")
                for key, part in value.items()
                if not fnmatchcase(f"{path}/{key}", self.path)
            }
        if isinstance(value, list):
            return [self._without(part, f"{path}/{n}") for n, part in enumerate(value)]
        return value


@dataclass(frozen=True)
class Renewed:
    """What may be anything at places like `path`."""

    cases: str
    path: str
    reason: str

    def applied(self, wanted: Any, found: Any) -> Any:
        return _matched(wanted, found, "", self.path, lambda _, new: new)


@dataclass(frozen=True)
class Reordered:
    """Objects at places like `path`, whose keys may be in another order."""

    cases: str
    path: str
    reason: str

    def applied(self, wanted: Any, found: Any) -> Any:
        return _matched(wanted, found, "", self.path, _in_order)


def _in_order(wanted: Any, found: Any) -> Any:
    """The object that is wanted, its keys in the order of the one found."""
    first = {key: wanted[key] for key in found if key in wanted}
    return first | {key: part for key, part in wanted.items() if key not in first}


def _matched(
    wanted: Any, found: Any, path: str, pattern: str, change: Callable[[Any, Any], Any]
) -> Any:
    """The expectation with its parts at the places of the pattern changed."""
    if path and fnmatchcase(path, pattern):
        return change(wanted, found)
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {
            key: _matched(part, found[key], f"{path}/{key}", pattern, change)
            if key in found
            else part
            for key, part in wanted.items()
        }
    if isinstance(wanted, list) and isinstance(found, list):
        both = zip(wanted, found, strict=False)
        return [
            *(
                _matched(part, new, f"{path}/{n}", pattern, change)
                for n, (part, new) in enumerate(both)
            ),
            *wanted[len(found) :],
        ]
    return wanted


def _with_added(wanted: Any, found: Any, path: str, pattern: str) -> Any:
    """The expectation with what was found at the places of the pattern."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        merged = {
            key: _with_added(part, found[key], f"{path}/{key}", pattern)
            if key in found
            else part
            for key, part in wanted.items()
        }
        names = [*merged]
        before = 0
        for key, part in found.items():
            if key not in wanted and fnmatchcase(f"{path}/{key}", pattern):
                merged[key] = part
                names.insert(before, key)  # where it stands in what was found
            if key in names:
                before = names.index(key) + 1
        merged = {key: merged[key] for key in names}
        return merged
    if isinstance(wanted, list) and isinstance(found, list):
        return _with_added_items(wanted, found, path, pattern)
    return wanted


def _with_added_items(
    wanted: list[Any], found: list[Any], path: str, pattern: str
) -> list[Any]:
    """The same for a list; new lines of a text may stand between the others."""
    keys = [[json.dumps(part, sort_keys=True) for part in x] for x in (wanted, found)]
    merged: list[Any] = []
    for kind, low, high, start, end in SequenceMatcher(
        None, *keys, autojunk=False
    ).get_opcodes():
        old, new = wanted[low:high], found[start:end]
        merged += [
            _with_added(left, right, f"{path}/{start + k}", pattern)
            for k, (left, right) in enumerate(zip(old, new, strict=False))
        ]
        merged += old[len(new) :]
        if kind in ("insert", "replace"):
            merged += [
                found[k]
                for k in range(start + len(old), end)
                if fnmatchcase(f"{path}/{k}", pattern)
            ]
    return merged


def _mapped(value: Any, path: str, change: Any) -> Any:
    """The value with its leaves, and with the names of files, changed."""
    if isinstance(value, dict):
        names = {
            key: change(f"{path}/{key}", key) if path == "/files" else key
            for key in value
        }
        return {
            names[key]: _mapped(part, f"{path}/{names[key]}", change)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_mapped(part, f"{path}/{n}", change) for n, part in enumerate(value)]
    return change(path, value)


ONE_FOLDER = "measure and compare may write into one folder"
MEANINGS = "the help explains verdicts in the words that the file explains them in"
OUR_OWN_CORRELATION = "distance correlation is ours now, so statsmodels is not used"
PLAIN_CAPTIONS = "captions in plainer words"

PLAINER_THEORY = "statements, symbols and the appendix are in plainer words"
# fmt: off
PLAINER = "the same in plainer words"
PARAMETERS = (
    "texts of results speak of parameters, and screen and page of options"
)
# What comparisons, cuts and validations say: texts that changed, in any place
COMPARED = (
    ("each temperature is a family of its own, whose verdicts hold together; "
     "the family of `rows` is the one that was asked",
     "each temperature is a family of its own, whose verdicts hold together; "
     "the comparisons that were asked for are those in rows"),
    ("no probabilities in the groups of both samplings; a ratio of drawn "
     "frequencies, let alone of scores, is no kappa",
     "the groups of one of the samplings have no probabilities; a ratio of "
     "drawn frequencies or of scores is not kappa"),
    ("ranks within the group, at one scale for all samplings: the mean size "
     "of the reference's margins is kept. What differs here differs by order, "
     "not by the sizes of scores; over all pairs of groups of one size "
     "without ties nothing can differ",
     "ranks within the group, scaled for all samplings so that the mean size "
     "of the reference's margins is kept. Any difference comes from the order "
     "of the scores, not from their sizes; over all pairs of groups of one "
     "size without ties there can be none"),
    ("in spaces: the largest over groups, while mean and root_mean_square are "
     "over queries, whose groups are averaged first; of every query,",
     "in spaces: the largest value of any group, while mean and "
     "root_mean_square are over queries, whose groups are averaged first; for "
     "every query,"),
    ("the smallest margin at which the whole interval would lie within it, "
     "and the verdict be equivalent or negligible",
     "the smallest margin that would contain the whole interval, so that the "
     "verdict would be equivalent or negligible"),
    ("shares of all pairs at most so far apart, each query with the same "
     "weight;",
     "share of all pairs at most as far apart as each distance, where every "
     "query has the same weight;"),
    ("queries at which both ends of the interval would lie within the margin "
     "of the mean, were the differences spread as here;",
     "number of queries at which both ends of the interval would lie within "
     "the margin of the mean, if the differences varied as here;"),
    ("all intervals of the family hold at once with probability at least 1 - "
     "delta, and with them all verdicts",
     "all intervals of the family, and so all verdicts, hold at once with "
     "probability at least 1 - delta"),
    ("mean over groups, where a query with more groups weighs more",
     "mean over groups, so that a query with more groups weighs more"),
    ("mean over the queries of both samplings of the paired difference, "
     "sampling minus reference;",
     "mean paired difference, sampling minus reference, over the queries that "
     "both have;"),
    ("whether the teacher is right: entropy is its own uncertainty, which "
     "equals its error rate only if it is calibrated",
     "whether the teacher is right: the entropy is the teacher's own "
     "uncertainty, which matches its errors only if it is calibrated"),
    ("the family is everything that was asked for, and nothing was left out "
     "of it after looking",
     "the family holds every comparison that was asked for, and none was "
     "removed after looking at the results"),
    ("(theorem-1h): it is no reason to prefer one of these samplings. There a "
     "sampling acts through the student's divergence,",
     "(theorem-1h), so it is no reason to prefer one of these samplings. A "
     "sampling changes that bound through the student's divergence,"),
    ("a diameter: the supremum over a sample is below the essential supremum, "
     "and intrinsic dimensions of so few documents only compare samplings",
     "the true diameter: the supremum over a sample is below the essential "
     "supremum, and intrinsic dimensions of so few documents only serve to "
     "compare samplings"),
    ("grows with it; measure the risk on groups of the law that counts "
     "(measure --target-groups) instead of paying it.",
     "grows with it; to avoid the term, measure the risk on groups of the "
     "target law (measure --target-groups)."),
    ("both pair sets order alike:",
     "the pair sets order alike:"),
    ("the entropy of the pairs that are trained on it has to be measured",
     "the entropy of the pairs used in training it must be measured"),
    ("The mean over all pairs is ruled by the",
     "The mean over all pairs is dominated by the"),
    ("compare divergences, or risks under one target law (theorem-5a), not "
     "losses.",
     "compare divergences, or risks under one target law (theorem-5a), but "
     "not losses."),
    ("A difference that was not found is not equivalence.",
     "Finding no difference does not show equivalence."),
    ("intervals hold the value",
     "intervals contain the value"),
    ("intervals hold 0; largest",
     "intervals contain 0; largest"),
    ("the entropy differs between no two samplings: every interval holds 0",
     "no two samplings differ in entropy: every interval contains 0"),
    ("Student's t, where the range of a quantity is not known: the mean "
     "difference is nearly normal; this holds for large samples only",
     "Student's t, for a quantity of unknown range: the mean difference is "
     "approximately normal, which holds for large samples only"),
    ("and the interval of the difference joins their ends.",
     "and the interval of the difference is made of their ends."),
    ("and of whatever varies with it: such a difference says nothing about a "
     "training method. No correction for several quantities. The cut points "
     "were read off the same queries.",
     "and of whatever varies with it, so such a difference says nothing about "
     "a training method. There is no correction for several quantities. The "
     "cut points come from the same queries."),
    ("the target weighs the pairs of a group equally; leave out the "
     "probabilities,",
     "--target must have no probabilities, since it weighs the pairs of a "
     "group equally; remove them,"),
    ("got 1; a comparison has two sides",
     "got 1; give the reference and a sampling to compare with it"),
    ("--reference 'soft' is no sampling; there are random, hard, near",
     "--reference must name a sampling (random, hard, near), got 'soft'"),
    ("--quantity is one of",
     "--quantity must be among"),
)
VALIDATED = (
    ("samples, where these cover less than the level: 93 to 94 % at 95 % with",
     "samples, where these intervals cover less than their level: 93 to 94 % "
     "instead of 95 % with"),
    ("and the group size, by ranks; those that do not vary are left out. "
     "partial_p: signs of the products of the residuals drawn at random,",
     "and the group size, all as ranks; those that do not vary are left out. "
     "partial_p: test by random signs of the products of the residuals,"),
    ("level 1 - delta, queries drawn with replacement; each is valid by itself",
     "level 1 - delta, with queries drawn with replacement; each interval is "
     "valid by itself"),
    ("the same ranks as the diameter, so it costs no further test (same_as)",
     "it has the ranks of the diameter, so it needs no further test (same_as)"),
    ("scores compared as float64, ties by docno descending",
     "scores are compared as float64, and ties are ordered by docno, "
     "descending"),
    ("intervals over configurations, taken for independent",
     "intervals over configurations assume that they are independent"),
    ("at most the certificate of the other, refuted those",
     "at most the certificate of the other half, refuted those"),
    ("mean of the data sets' coefficients, weighted by queries; resampled and "
     "permuted within each",
     "mean of the coefficients of the data sets, weighted by queries; "
     "resampled and permuted within each data set"),
    ("--dataset-sampling soft: not in sets/one; it holds hard, random",
     "--dataset-sampling must be in sets/one (hard, random), got 'soft'"),
    ("--measures beauty: ir-measures does not know it (",
     "--measures beauty is unknown to ir-measures ("),
)
CERTIFIED = (
    ("nowhere: does not hold per_query.tsv and ledger.json of `rankbound "
     "measure`",
     "nowhere: must hold the per_query.tsv and ledger.json that `rankbound "
     "measure` writes; one of them is missing"),
    ("did you mean theorem-1h or theorem-1g or theorem-1f? `rankbound "
     "certify` without --statement checks and names everything",
     "leave out --statement to check everything and see all keys; did you "
     "mean theorem-1h or theorem-1g or theorem-1f?"),
)
# In files; the next are those that differ on a screen or page, in words of options
NAMED = (
    ("there is no agreed margin for this quantity: give --margin",
     "this quantity has no default margin; give `margins`"),
    ("no margin: give --margin;",
     "no margin: give `margins`;"),
    ("not run; --controls runs them",
     "not run; set `controls` to run them"),
    ("(--target fixes one of your own)",
     "(`target` sets a law of your own)"),
    ("no judgements were given (--qrels)",
     "no judgements were given; give `qrels`"),
    ("no vectors were given (--embeddings)",
     "no vectors were given; give `embeddings`"),
    ("there are no vectors (--embeddings)",
     "there are no vectors; give `embeddings`"),
    ("Fix it by likelihood on judged pairs (--temperature fit)",
     "Fit it by likelihood on judged pairs (`temperature='fit'`)"),
    ("if judged documents were added to them it is too high: give the ranking "
     "it retrieved as --ranking teacher=FILE",
     "if judged documents were added to them, it is too high: give the "
     "ranking that it retrieved, named 'teacher', in `rankings`"),
    ("give --temperature and --student-temperature numbers",
     "give `temperature` and `StudentSource.temperature` numbers"),
)
SHOWN = (
    ("(--target fixes one of your own)",
     "(--target sets a law of your own)"),
    ("Fix it by likelihood on judged pairs",
     "Fit it by likelihood on judged pairs"),
    ("if judged documents were added to them it is too high: give the ranking "
     "it retrieved as --ranking teacher=FILE",
     "if judged documents were added to them, it is too high: give the "
     "ranking that it retrieved, named 'teacher', in --ranking"),
)
# fmt: on

ADDED: tuple[Added, ...] = (
    Added(
        "compare*",
        "/files/*/comparison.json/json/rows/#columns/margin_missing_because/#values",
        PARAMETERS,
    ),
    Added(
        "bound-*",
        "/stdout/json/*schema",
        "a bound names its schema, as all results do",
    ),
    Added("explain-list", "/stdout/*", "Theorems 8 to 11, about few queries"),
    Added("explain-glossary", "/stdout/*", "symbols of Theorems 8 to 11"),
    Added("report-*", "/files/*.html/read/*", "symbols of Theorems 8 to 11"),
    Added("explain-*", "/stdout/*", "whose statement it is, beside its status"),
)
ALLOWED: tuple[Renewed | Reordered, ...] = (
    Renewed(
        "compare*",
        "/files/*/comparison.json/json/rows/#columns/margin_missing_because/*",
        PARAMETERS,
    ),
    Renewed(
        "compare*",
        "/files/*/comparison.json/json/sentences/#columns/value/#sha256",
        PLAINER,
        "explain-theorem",
        "/stdout/[34]",
        "betting says that kl beats it on coins; tests of explain hold the words",
    ),
    Renewed(
        "*validate*",
        "/files/*/tables.*",
        "superscripts mark significant differences, and captions say so",
    ),
    Reordered(
        "*validate*",
        "/files/*/validation.json/json/configurations/*",
        "orders that could not be tested have their keys where all others have them",
    ),
    Reordered(
        "report-*",
        "/files/*.html/data/0/explorer/settings/0",
        "the example of the explorer has the keys of all settings, in their order",
    ),
)
# Words of the theory and of its appendix
THEORY: tuple[Replaced, ...] = (
    Replaced(
        "appendix-files",
        "/files/*/appendix.tex/text/#headings/*",
        "What the machine tried",
        "Machine checks",
        PLAINER_THEORY,
    ),
    Replaced(
        "explain-glossary",
        "/stdout/*",
        "what a bound multiplies the score range",
        "factor of the score range over the root of",
        PLAINER_THEORY,
    ),
    Replaced(
        "explain-glossary",
        "/stdout/*",
        " over the root of n with",
        " n in a bound",
        PLAINER_THEORY,
    ),
    Replaced(
        "report-*",
        "/files/*",
        "what a bound multiplies the score range over the root of n with",
        "factor of the score range over the root of n in a bound",
        PLAINER_THEORY,
    ),
)
# Texts in results speak of parameters; the screen shows their options as before
PARAMETERS = tuple(
    Replaced(
        cases,
        path,
        was,
        now,
        "Python users read the files of results, too; the screen shows options",
    )
    for cases, path, was, now in (
        ("*inspect*", "*/remedy", "--unjudged says", "`unjudged` says"),
        (
            "*inspect*",
            "*/remedy",
            "--unjudged irrelevant",
            "`unjudged='irrelevant'`",
        ),
        (
            "inspect-odd",
            "*/notes/*",
            "--student-temperature fit",
            "`StudentSource.temperature='fit'`",
        ),
        ("inspect-*", "*/remedy", "see --format if", "give `format` if"),
        (
            "inspect-*",
            "*/remedy",
            "mend the file as the message says, or name its format with --format",
            "repair the file as the message says, or give its `format`",
        ),
        ("power-*", "*/n_betting_reason", "--range", "`half_range`"),
        (
            "real-*-measure",
            "*missing_because",
            "--unjudged irrelevant",
            "`unjudged='irrelevant'`",
        ),
    )
)
# What inspect says of files, in plainer words
PLAINER = tuple(
    Replaced("*inspect*", "*", was, now, "plainer words")
    for was, now in (
        (
            "groups one file at a time; also there: ",
            "measure reads one file of groups; also given: ",
        ),
        ("have no score of the teacher", "have no teacher score"),
        ("ake them for duplicates:", "reat them as duplicates:"),
        ("See --format if that", "Give --format if that"),
        (
            "Mend the file as the message says, or name its format with --format",
            "Repair the file as the message says, or give its --format",
        ),
    )
)
PLAINER: Final = "the message speaks of what is needed, in Python and on a command line"
# Words of the help, as they were and as they are
HELP: tuple[tuple[str, str], ...] = (
    ("which then count no more", "which are then left out"),
    (
        "of all students, or of one; inferred",
        "kind of the scores of all students, or of one; inferred",
    ),
    (
        "of all students, or of one; fit brings",
        "temperature of all students, or of one; fit brings",
    ),
    ("of the distances (default", "metric of the distances (default"),
    (
        "of the bootstrap intervals; 0 leaves them out",
        "resamples of the bootstrap; 0 leaves its intervals out",
    ),
    (
        "of the tests, at least; more are drawn where the family is large",
        "permutations of each test, at least; a large family takes more",
    ),
    (
        "as ir-measures parses them; scores",
        "measures as ir-measures parses them; scores",
    ),
    ("also tell what", "also show what"),
    ("only correlations are told", "only correlations are reported"),
    (
        "so that the betting interval's need can be told",
        "which the betting interval needs to know",
    ),
    ("lose what OUT cannot carry", "accept the loss of what OUT cannot carry"),
    ("of the figures (default", "format of the figures (default"),
    (
        "of the draw of calibration queries (default",
        "seed of the draw of calibration queries (default",
    ),
    (
        "of calibration queries, bootstrap and controls",
        "seed of calibration queries, bootstrap and controls",
    ),
    ("of everything that is drawn", "seed of everything that is drawn"),
    ("of the bootstrap (default", "resamples of the bootstrap (default"),
)
SHOWN: tuple[Replaced, ...] = (
    Replaced(
        "*",
        "/stderr/*",
        "is a file; --out needs a folder",
        "is a file, and results need a folder",
        PLAINER,
    ),
    Replaced(
        "*-empty",
        "/stderr/*",
        "give the --out folder of rankbound measure, compare or validate, or where "
        "the --json of inspect or power lies",
        "give a folder with results of measure, compare or validate, or with the JSON "
        "files of inspect or power",
        PLAINER,
    ),
    *(
        Replaced(
            "report-*",
            "/files/*.html/*",
            f"give --{was} to",
            f"give `{was}` to",
            PLAINER,
        )
        for was in ("embeddings", "qrels")
    ),
    *(
        Replaced(
            "options", "/*/options/*/help", was, now, "a sentence says what it is of"
        )
        for was, now in HELP
    ),
)
CHANGED: tuple[Renamed | Replaced | Removed, ...] = (
    *PARAMETERS,
    *PLAINER,
    *(Replaced("*", "*", was, now, PLAINER) for was, now in COMPARED),
    *(Replaced("*", "*", was, now, PLAINER) for was, now in VALIDATED),
    *(Replaced("certify-*", "*", was, now, PLAINER) for was, now in CERTIFIED),
    *(Replaced("*", "/files/*.json/*", was, now, PARAMETERS) for was, now in NAMED),
    *(Replaced("*", "/stdout/*", was, now, PARAMETERS) for was, now in SHOWN),
    Replaced(
        "real-vaswani-compare",
        "/stdout/*",
        "there are no vectors (--embeddings)",
        "there are no vectors; give --embeddings",
        PARAMETERS,
    ),
    *(
        Replaced("*", "/files/*.html/read/*", was, now, PARAMETERS)
        for was, now in SHOWN
    ),
)
# Messages of readers
OF_READERS: tuple[Replaced, ...] = (
    Replaced(
        "convert-groups-no-scores",
        "/stderr/*",
        "holds groups, and a file of",
        "holds groups, but a file of",
        "the two parts of the sentence contrast",
    ),
    Replaced(
        "measure-no-ids",
        "/stderr/*",
        "title, text), and embeddings are expected",
        "title, text), but embeddings are expected",
        "the two parts of the sentence contrast",
    ),
)

CHANGED: tuple[Renamed | Replaced | Removed, ...] = (
    *OF_READERS,
    Replaced(
        "power-from-both",
        "/stderr/*",
        "both tell the spread",
        "both state the spread",
        "plainer words",
    ),
    Removed("*validate*", "/files/*/versions/statsmodels", OUR_OWN_CORRELATION),
    Replaced(
        "report-all",
        "/files/*.html/*",
        "statsmodels <version>, ",
        "",
        OUR_OWN_CORRELATION,
    ),
    Replaced(
        "explain-*",
        "/stdout/*",
        "computed by bounds.",
        "computed by rankbound.bounds.",
        "a statement names the function as it is imported now",
    ),
    Replaced(
        "report-*",
        "/files/*.html/read/*",
        "87 symbols",
        "90 symbols",
        "symbols of Theorems 8 to 11",
    ),
    Replaced(
        "explain-list",
        "/stdout/*",
        "upper     reconstructed  Uniform bound by the pseudo-dimension",
        "upper     proved         Uniform bound by the pseudo-dimension "
        "(reconstructed)",
        "the paper's form is proved, and reconstructed only as a reading of the paper",
    ),
    Renamed("compare*", "per_query.tsv", "comparison.per_query.tsv", ONE_FOLDER),
    Renamed("real-*-compare", "per_query.tsv", "comparison.per_query.tsv", ONE_FOLDER),
    Replaced(
        "report-all",
        "/files/*/read/*",
        "of every query, per_query.tsv",
        "of every query, comparison.per_query.tsv",
        ONE_FOLDER,
    ),
    Replaced(
        "options",
        "/compare/epilog/*",
        "DIR/per_query.tsv",
        "DIR/comparison.per_query.tsv",
        ONE_FOLDER,
    ),
    Replaced(
        "report-all",
        "/files/out/report-all.html/read/*",
        " per_query.tsv has the mean over its groups",
        " comparison.per_query.tsv has the mean over its groups",
        ONE_FOLDER,
    ),
    Replaced(
        "measure-delta",
        "/stderr/*",
        "`delta` must lie",
        "--delta must lie",
        "the command line speaks of its options, also where a parameter is at fault",
    ),
    Replaced(
        "certify-nowhere",
        "/stderr/*",
        " ([Errno 2] No such file or directory: 'nowhere/ledger.json')",
        "",
        "the message says already what is missing",
    ),
    Replaced(
        "figures-unknown",
        "/stderr/*",
        "ledger.json:1: expected",
        "ledger.json: expected",
        "the decoder tells of the schema, which is in no line of its own",
    ),
    Replaced(
        "report-damaged",
        "/stderr/*",
        "ledger.json: lacks 'students'; run the command that wrote it again with",
        "damaged/ledger.json: lacks 'unit'; run the command again with",
        "the decoder tells of what is missing, and names the whole path",
    ),
    Replaced(
        "options",
        "/compare/epilog/*",
        "0 is outside the interval, and some of it lies beyond",
        "0 outside the interval, some of it beyond",
        MEANINGS,
    ),
    Replaced(
        "options",
        "/compare/epilog/*",
        "0 is outside, the whole interval lies within",
        "0 outside, all of it within",
        MEANINGS,
    ),
    Replaced(
        "options",
        "/compare/epilog/*",
        "0 is inside, the whole interval lies within the margin",
        "0 inside, all of it within",
        MEANINGS,
    ),
    Replaced(
        "options",
        "/compare/epilog/*",
        "0 is inside, some of the interval lies beyond the margin",
        "0 inside, some of it beyond",
        MEANINGS,
    ),
    Replaced(
        "options",
        "/validate/epilog/*",
        "the corrected p-value is at most --delta",
        "the corrected p is at most delta",
        MEANINGS,
    ),
    Replaced(
        "options",
        "/validate/epilog/*",
        "lies inside the band (-R, R)",
        "lies inside (-R, R)",
        MEANINGS,
    ),
    *THEORY,
    # Captions of figures are the first paragraphs of the functions that draw them
    Replaced(
        "report-*",
        "/files/*.html/*",
        "of queries, were all distributed as these.",
        "of queries, if further ones are like these.",
        PLAIN_CAPTIONS,
    ),
    Replaced(
        "report-all",
        "/files/*.html/*",
        "Observed share of preferences against the teacher's, with intervals and "
        "pairs.",
        "How often judgements agree with the teacher, against its preference.",
        PLAIN_CAPTIONS,
    ),
    Replaced(
        "report-all",
        "/files/*.html/*",
        "The smallest correlation that a number of queries can show; marks at yours.",
        "The smallest correlation that a number of queries can show.",
        PLAIN_CAPTIONS,
    ),
    *SHOWN,
)
