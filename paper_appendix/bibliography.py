"""The references, with the details that could not be verified.

A detail that was not found in a second source is either left out or named in `doubt`,
which the document prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NEAR: Final = 90  # characters before a year within which its author is named


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of the bibliography.

    Attributes
    ----------
    key : str
        For citations: first author and year.
    authors, title, source : str
        As printed, in LaTeX; `source` ends with the year.
    doubt : str
        What could not be verified; empty if all that is printed was verified.
    """

    key: str
    authors: str
    title: str
    source: str
    doubt: str = ""

    @property
    def year(self) -> str:
        """The year of publication, from the end of the key."""
        return self.key[-4:]

    @property
    def surname(self) -> str:
        """The surname of the first author."""
        return self.authors.split(",")[0]


_ALL: Final = (
    Reference(
        "agarwal2005",
        "Agarwal, S., Graepel, T., Herbrich, R., Har-Peled, S. and Roth, D.",
        "Generalization bounds for the area under the ROC curve",
        "Journal of Machine Learning Research 6, 393--425, 2005",
    ),
    Reference(
        "banerjee2005",
        "Banerjee, A., Merugu, S., Dhillon, I. S. and Ghosh, J.",
        "Clustering with Bregman divergences",
        "Journal of Machine Learning Research 6, 1705--1749, 2005",
    ),
    Reference(
        "bartlett2002",
        "Bartlett, P. L. and Mendelson, S.",
        "Rademacher and Gaussian complexities: risk bounds and structural results",
        "Journal of Machine Learning Research 3, 463--482, 2002",
    ),
    Reference(
        "bartlett2019",
        "Bartlett, P. L., Harvey, N., Liaw, C. and Mehrabian, A.",
        "Nearly-tight VC-dimension and pseudodimension bounds for piecewise linear "
        "neural networks",
        "Journal of Machine Learning Research 20(63), 1--17, 2019",
    ),
    Reference(
        "chen2009",
        "Chen, W., Liu, T.-Y., Lan, Y., Ma, Z. and Li, H.",
        "Ranking measures and loss functions in learning to rank",
        "Advances in Neural Information Processing Systems, 315--323, 2009",
    ),
    Reference(
        "chernoff1952",
        "Chernoff, H.",
        "A measure of asymptotic efficiency for tests of a hypothesis based on the "
        "sum of observations",
        "Annals of Mathematical Statistics 23(4), 493--507, 1952",
    ),
    Reference(
        "clemencon2008",
        "Clémençon, S., Lugosi, G. and Vayatis, N.",
        "Ranking and empirical minimization of U-statistics",
        "The Annals of Statistics 36(2), 844--874, 2008",
    ),
    Reference(
        "clopper1934",
        "Clopper, C. J. and Pearson, E. S.",
        "The use of confidence or fiducial limits illustrated in the case of the "
        "binomial",
        "Biometrika 26, 404--413, 1934",
    ),
    Reference(
        "cohen2000",
        "Cohen, H., Rodriguez Villegas, F. and Zagier, D.",
        "Convergence acceleration of alternating series",
        "Experimental Mathematics 9, 3--12, 2000",
    ),
    Reference(
        "fano1961",
        "Fano, R. M.",
        "Transmission of information: a statistical theory of communications",
        "M.I.T. Press, 1961",
    ),
    Reference(
        "gao2021",
        "Gao, L., Dai, Z. and Callan, J.",
        "Rethink training of BERT rerankers in multi-stage retrieval pipeline",
        "Advances in Information Retrieval (ECIR), LNCS 12657, 2021",
    ),
    Reference(
        "gneiting2007",
        "Gneiting, T. and Raftery, A. E.",
        "Strictly proper scoring rules, prediction, and estimation",
        "doi 10.1198/016214506000001437, 2007",
    ),
    Reference(
        "hoeffding1963",
        "Hoeffding, W.",
        "Probability inequalities for sums of bounded random variables",
        "Journal of the American Statistical Association 58(301), 13--30, 1963",
        "the numbers of its sections",
    ),
    Reference(
        "hofstatter2020",
        "Hofstätter, S., Althammer, S., Schröder, M., Sertkan, M. and Hanbury, A.",
        "Improving efficient neural ranking models with cross-architecture knowledge "
        "distillation",
        "arXiv:2010.02666, 2020",
    ),
    Reference(
        "hsu2021",
        "Hsu, D., Ji, Z., Telgarsky, M. and Wang, L.",
        "Generalization bounds via distillation",
        "International Conference on Learning Representations, 2021",
    ),
    Reference(
        "katona1968",
        "Katona, G. O. H.",
        "A theorem of finite sets",
        "In Theory of Graphs, Akadémiai Kiadó and Academic Press, 1968",
    ),
    Reference(
        "koltchinskii2002",
        "Koltchinskii, V. and Panchenko, D.",
        "Empirical margin distributions and bounding the generalization error of "
        "combined classifiers",
        "The Annals of Statistics 30(1), 1--50, 2002",
    ),
    Reference(
        "kruskal1963",
        "Kruskal, J. B.",
        "The number of simplices in a complex",
        "In Mathematical Optimization Techniques, University of California Press, 1963",
    ),
    Reference(
        "ledoux1991",
        "Ledoux, M. and Talagrand, M.",
        "Probability in Banach spaces: isoperimetry and processes",
        "Springer, 1991",
        "the year",
    ),
    Reference(
        "lin1991",
        "Lin, J.",
        "Divergence measures based on the Shannon entropy",
        "IEEE Transactions on Information Theory, 1991",
        "author, journal and year; the title and the content were",
    ),
    Reference(
        "maurer2004",
        "Maurer, A.",
        "A note on the PAC Bayesian theorem",
        "arXiv:cs/0411099, 2004",
        "the number of its theorem",
    ),
    Reference(
        "maurer2009",
        "Maurer, A. and Pontil, M.",
        "Empirical Bernstein bounds and sample variance penalization",
        "arXiv:0907.3740, 2009",
        "the number of its theorem",
    ),
    Reference(
        "mcallester1999",
        "McAllester, D. A.",
        "PAC-Bayesian model averaging",
        "Conference on Computational Learning Theory, 1999",
    ),
    Reference(
        "mcdiarmid1989",
        "McDiarmid, C.",
        "On the method of bounded differences",
        "In Surveys in Combinatorics, 1989",
    ),
    Reference(
        "meir2003",
        "Meir, R. and Zhang, T.",
        "Generalization error bounds for Bayesian mixture algorithms",
        "Journal of Machine Learning Research 4, 839--860, 2003",
    ),
    Reference(
        "menon2021",
        "Menon, A. K., Rawat, A. S., Reddi, S. J., Kim, S. and Kumar, S.",
        "A statistical perspective on distillation",
        "International Conference on Machine Learning, PMLR 139, 7632--7642, 2021",
    ),
    Reference(
        "mohri2018",
        "Mohri, M., Rostamizadeh, A. and Talwalkar, A.",
        "Foundations of machine learning, second edition",
        "MIT Press, 2018",
        "the text of its bound with a pseudo-dimension",
    ),
    Reference(
        "pinsker1964",
        "Pinsker, M. S.",
        "Information and information stability of random variables and processes",
        "English translation, 1964",
        "the constant there, which is said to be worse than the one used here",
    ),
    Reference(
        "rockafellar2000",
        "Rockafellar, R. T. and Uryasev, S.",
        "Optimization of conditional value-at-risk",
        "Journal of Risk 2(3), 21--41, 2000",
    ),
    Reference(
        "seeger2002",
        "Seeger, M.",
        "PAC-Bayesian generalisation error bounds for Gaussian process classification",
        "Journal of Machine Learning Research, 2002",
    ),
    Reference(
        "usunier2005",
        "Usunier, N., Amini, M.-R. and Gallinari, P.",
        "Generalization error bounds for classifiers trained with interdependent data",
        "Advances in Neural Information Processing Systems, 1369--1376, 2005",
    ),
    Reference(
        "vallender1974",
        "Vallender, S. S.",
        "Calculation of the Wasserstein distance between probability distributions "
        "on the line",
        "Theory of Probability and its Applications, 1974",
        "title, journal and year; the formula was",
    ),
    Reference(
        "ville1939",
        "Ville, J.",
        "Étude critique de la notion de collectif",
        "Thesis, Paris, 1939",
        "the title; author, kind and year were",
    ),
    Reference(
        "waudby-smith2024",
        "Waudby-Smith, I. and Ramdas, A.",
        "Estimating means of bounded random variables by betting",
        "arXiv:2010.09686; read to the Royal Statistical Society in 2023; 2024",
        "the year of the printed version",
    ),
    Reference(
        "wilks1941",
        "Wilks, S. S.",
        "Determination of sample sizes for setting tolerance limits",
        "Annals of Mathematical Statistics, 1941",
        "title and journal; author, subject and year were",
    ),
)

REFERENCES: Final = {entry.key: entry for entry in _ALL}


def cited(before: str, year: str) -> str | None:
    """Return the key of the reference whose year and first author a text names.

    None if there is no reference of that year whose first author is named shortly
    before it.

    Examples
    --------
    >>> cited("Meir and Zhang (2003), Theorem 7", "2003")
    'meir2003'
    >>> cited("Meir and Zhang (2004)", "2004") is None
    True
    """
    for entry in _ALL:
        if entry.year != year:
            continue
        for place in _places(before, year):
            if entry.surname in before[max(0, place - NEAR) : place]:
                return entry.key
    return None


def _places(text: str, word: str) -> list[int]:
    return [i for i in range(len(text)) if text.startswith(word, i)]


def printed() -> str:
    """Return the list of references as a LaTeX environment."""
    lines = [r"\begin{thebibliography}{99}"]
    for entry in _ALL:
        lines.append(f"\\bibitem{{{entry.key}}} {entry.authors}")
        doubt = f" \\emph{{Not verified: {entry.doubt}.}}" if entry.doubt else ""
        lines.append(f"{entry.title}. {entry.source}.{doubt}")
    return "\n".join([*lines, r"\end{thebibliography}"])
