"""Reduce the rows of a mixed model to the cross-products its likelihood needs.

An evaluation of the likelihood then costs what the levels cost, not the rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Codes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
# An array, or one of scipy's sparse ones, whose module is loaded where one is made.
Matrix: TypeAlias = Any

# All terms but the largest share one dense matrix: 0.5 GB for 8,000 levels.
MAXIMUM_OTHER_EFFECTS = 8000
# Below this many cells a dense matrix is quicker than a sparse one.
SMALL = 250_000
# A column counts as predicted by the others when less than this share of it is left.
DEPENDENT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomTerm:
    """One grouping of the rows whose effects are random.

    - `name`: what groups the rows, such as ``staff``.
    - `levels`: the groups, in the order of their codes.
    - `codes`, shape (n_rows,): the group of every row.
    - `columns`: what varies between groups: ``intercept``, then the slopes.
    - `values`, shape (n_rows, n_columns): the numbers of those columns, row by row;
      ones for the intercept.
    """

    name: str
    levels: tuple[Any, ...]
    codes: Codes
    columns: tuple[str, ...]
    values: Array

    @classmethod
    def of(
        cls, name: str, groups: pd.Series, slopes: pd.DataFrame | None = None
    ) -> RandomTerm:
        """Read a random intercept, and random slopes where `slopes` names them.

        - `name`: what groups the rows.
        - `groups`, shape (n_rows,): the group of every row, none missing.
        - `slopes`, shape (n_rows, n_slopes): columns whose effect differs from group to
          group.
        """
        codes, levels = groups.factorize(sort=True)
        columns, values = ["intercept"], np.ones((len(codes), 1))
        if slopes is not None:
            columns += [str(column) for column in slopes.columns]
            values = np.column_stack([values, slopes.to_numpy(dtype=float)])
        return cls(
            name=name,
            levels=tuple(levels),
            codes=np.asarray(codes, dtype=np.int64),
            columns=tuple(columns),
            values=values,
        )

    @property
    def size(self) -> int:
        """How many random effects the term has."""
        return len(self.levels) * len(self.columns)

    def matrix(self) -> Matrix:
        """The term's design, shape (n_rows, size), effects of one group together."""
        width = len(self.columns)
        places = self.codes[:, None] * width + np.arange(width)
        starts = np.arange(len(self.codes) + 1) * width
        return sparse.csr_array(
            (self.values.ravel(), places.ravel(), starts),
            shape=(len(self.codes), self.size),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedDesign:
    """The cross-products of a mixed model, its largest term first.

    The fixed columns are made orthonormal and the response is what they leave of it:
    neither changes the likelihood, both keep its digits.

    `terms`: the first has the most effects and is eliminated group by group.
    `names`: the fixed columns.
    `n`: rows.
    `triangle`, shape (n_fixed, n_fixed): turns the orthonormal columns back into those
      given.
    `start`, shape (n_fixed,): ordinary least squares of the response on the orthonormal
      columns.
    `first`, shape (n_groups, width, width): cross-products of the first term within
      each group.
    `between`: those of each of its columns with the effects of the other terms.
    `others`, shape (n_other, n_other): those of the other terms among themselves.
    `first_sides`, shape (n_groups, width, n_fixed + 1): those of the first term with
      the fixed columns and the response.
    `other_sides`, shape (n_other, n_fixed + 1): those of the other terms with the same.
    `sides`, shape (n_fixed + 1, n_fixed + 1): those of the fixed columns and the
      response.
    """

    terms: tuple[RandomTerm, ...]
    names: tuple[str, ...]
    n: int
    triangle: Array
    start: Array
    first: Array
    between: tuple[Matrix, ...]
    others: Array
    first_sides: Array
    other_sides: Array
    sides: Array

    @property
    def n_parameters(self) -> int:
        """How many numbers the relative covariance factors have together."""
        return sum(len(t.columns) * (len(t.columns) + 1) // 2 for t in self.terms)

    def factors(self, theta: Array) -> list[Array]:
        """Unpack the lower triangles, one relative covariance factor a term."""
        found: list[Array] = []
        place = 0
        for term in self.terms:
            width = len(term.columns)
            rows, columns = np.tril_indices(width)
            factor = np.zeros((width, width))
            factor[rows, columns] = theta[place : place + len(rows)]
            place += len(rows)
            found.append(factor)
        return found

    @property
    def log_scale(self) -> float:
        """Log determinant of X'X, which orthonormal columns leave out."""
        return 2 * float(np.log(np.abs(np.diag(self.triangle))).sum())


def mixed_design(
    response: Array, fixed: pd.DataFrame, terms: Sequence[RandomTerm]
) -> MixedDesign | str:
    """Form the cross-products, or say in words why there is no such model."""
    values = fixed.to_numpy(dtype=float)
    if fault := _fault(response, values, terms):
        return fault
    basis, triangle = np.linalg.qr(values)
    if np.any(np.abs(np.diag(triangle)) < DEPENDENT * np.linalg.norm(values, axis=0)):
        return "linearly dependent fixed columns: some are predicted by the others"
    start = basis.T @ response
    left = response - basis @ start
    if left @ left <= DEPENDENT**2 * (response @ response):
        return "the fixed columns predict every answer: nothing varies"
    sides = np.column_stack([basis, left])
    first, *rest = sorted(terms, key=lambda term: -term.size)
    return MixedDesign(
        terms=(first, *rest),
        names=tuple(str(name) for name in fixed.columns),
        n=len(response),
        triangle=triangle,
        start=start,
        sides=sides.T @ sides,
        **_cross_products(first, rest, sides),
    )


def _fault(response: Array, fixed: Array, terms: Sequence[RandomTerm]) -> str:
    n, columns = fixed.shape
    if not terms:
        return "no random term"
    numbers = [response, fixed, *(term.values for term in terms)]
    if not all(np.isfinite(number).all() for number in numbers):
        return "missing or infinite values: leave those rows out first"
    if any((term.codes < 0).any() for term in terms):
        return "rows without a group: leave them out first"
    if n <= columns + 1:
        return f"{n} rows; more than {columns + 1} needed"
    return _too_few_or_many(n, terms)


def _too_few_or_many(n: int, terms: Sequence[RandomTerm]) -> str:
    for term in terms:
        if len(term.levels) < 2:
            return f"{len(term.levels)} level of {term.name}; at least 2 needed"
        if len(term.levels) >= n:
            return f"{term.name} has as many levels as there are rows"
        if term.size > n:
            return f"{term.name} has {term.size} effects for {n} rows"
    others = sum(term.size for term in terms) - max(term.size for term in terms)
    if others > MAXIMUM_OTHER_EFFECTS:
        return (
            f"{others} effects other than the largest term's; at most "
            f"{MAXIMUM_OTHER_EFFECTS} "
            "fit in memory"
        )
    return ""


def _cross_products(
    first: RandomTerm, rest: list[RandomTerm], sides: Array
) -> dict[str, Any]:
    groups, width = len(first.levels), len(first.columns)
    design = first.matrix()
    within = [
        np.bincount(
            first.codes, first.values[:, a] * first.values[:, b], minlength=groups
        )
        for a in range(width)
        for b in range(width)
    ]
    # columns in the order (group, column): one of each group is every width-th
    by_column = [
        design[:, np.arange(column, width * groups, width)] for column in range(width)
    ]
    found: dict[str, Any] = {
        "first": np.stack(within, axis=1).reshape(groups, width, width),
        "first_sides": (design.T @ sides).reshape(groups, width, sides.shape[1]),
        "between": (),
        "others": np.zeros((0, 0)),
        "other_sides": np.zeros((0, sides.shape[1])),
    }
    if rest:
        supplementary = sparse.hstack([term.matrix() for term in rest], format="csr")
        products = [(part.T @ supplementary).tocsr() for part in by_column]
        small = groups * supplementary.shape[1] <= SMALL
        found["between"] = tuple(p.toarray() if small else p for p in products)
        found["others"] = (supplementary.T @ supplementary).toarray()
        found["other_sides"] = supplementary.T @ sides
    return found


def fixed_intercept(n: int) -> pd.DataFrame:
    """The simplest fixed part: one mean."""
    return pd.DataFrame({"intercept": np.ones(n)})


def log_two_pi() -> float:
    """The constant of every normal log likelihood."""
    return math.log(2 * math.pi)
