"""List the instruments, and show what the codebook of one says.

Lines have the same length whatever the window, so that two outputs can be compared.
"""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import AsJson, print_json
from analysis.storage.declared import instrument_names, read_instrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.declarations.instrument import (
        Coding,
        Evidence,
        Instrument,
        Subscale,
        Value,
    )

WIDTH = 88
METHODS = {
    "sum": "sum",
    "mean": "mean",
    "value": "the answer itself",
    "all_highest": "1 if every answer is the highest, otherwise 0",
    "lookup": "looked up in a table",
}
DIRECTIONS = {
    "higher_is_better": "higher is better",
    "higher_is_worse": "higher is worse",
    "higher_is_more": "higher is more, neither better nor worse",
    "mixed": "which way is better differs from score to score",
}


@app.command()
def instruments(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show this one; all are listed without."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the names alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the instruments, or show what the codebook says of one."""
    if name is not None:
        instrument = read_instrument(name)
        if as_json:
            print_json(asdict(instrument) | {"status": instrument.status})
        else:
            typer.echo(name if quiet else "\n".join(_shown(instrument)))
        return
    if quiet and not as_json:
        typer.echo("\n".join(instrument_names()))
        return
    listed = [read_instrument(known) for known in instrument_names()]
    if as_json:
        print_json([_row(instrument) for instrument in listed])
    else:
        typer.echo("\n".join(_list(listed)))


def _row(instrument: Instrument) -> dict[str, object]:
    return {
        "name": instrument.name,
        "title": instrument.title,
        "items": len(instrument.items),
        "scores": [subscale.name for subscale in instrument.subscales],
        "status": instrument.status,
    }


def _list(instruments: Iterable[Instrument]) -> Iterator[str]:
    yield f"{'name':<24}{'items':>6}  {'status':<16} title"
    for known in instruments:
        start = f"{known.name:<24}{len(known.items):>6}  {known.status:<16} "
        yield from _wrapped(start + known.title, indent=len(start))
    yield ""
    yield "status: of the least sure fact that scores rest on; absent: cannot be scored"


def _shown(instrument: Instrument) -> Iterator[str]:
    """One instrument, part by part, each under its heading."""
    head = f"{instrument.title} ({instrument.name}, {instrument.status})"
    yield from _wrapped(head, indent=2)
    described = {
        "measures": instrument.construct,
        "answered by": instrument.respondent,
        "about": instrument.target,
        "direction": DIRECTIONS[instrument.direction],
        "licence": instrument.licence,
        "citation": instrument.citation,
    }
    for name, text in described.items():
        yield from _wrapped(f"  {name:<12}{text}", indent=14) if text else ()
    yield from _part("Answers", _answers(instrument))
    yield from _part("Items", _items(instrument))
    yield from _part(
        "Scores", (_score(one, instrument) for one in instrument.subscales)
    )
    yield from _part("Not scored", _refusals(instrument))
    yield from _part("Beware", instrument.cautions)
    for kind in ("reliability", "dependability", "norms", "change"):
        known = [part for part in instrument.evidence if part.kind == kind]
        yield from _part(f"Known: {kind}", map(_evidence, known))
    yield from _part("Related", instrument.related)
    facts = (*instrument.facts, *instrument.background)
    checked = (f"{fact.about}: {fact.status}: {fact.source}" for fact in facts)
    yield from _part("How far each fact was checked", checked)


def _wrapped(line: str, *, indent: int) -> list[str]:
    return textwrap.wrap(
        line, width=WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False
    )


def _part(heading: str, lines: Iterable[str]) -> Iterator[str]:
    described = list(lines)
    if described:
        yield ""
        yield heading
    for line in described:
        yield from _wrapped(f"  {line}", indent=6)


def _answers(instrument: Instrument) -> Iterator[str]:
    others = "every other item" if instrument.codings else "every item"
    yield _coding(others, instrument.usual_coding)
    for name, coding in instrument.codings.items():
        used = [item.name for item in instrument.items if item.coding == name]
        yield _coding(", ".join(used), coding)
    if instrument.missing_rule:
        yield f"unanswered: {instrument.missing_rule}"


def _coding(who: str, coding: Coding) -> str:
    described = [f"{who}: codes {coding.ends}"]
    if coding.answers:
        labels = (f"{code:g} {label}" for label, code in coding.answers.items())
        described.append(", ".join(labels))
    if coding.unscored:
        described.append(f"not scored: {', '.join(coding.unscored)}")
    if coding.points:
        worth = (f"{code} = {points:g}" for code, points in coding.points.items())
        described.append(f"points after keying: {', '.join(worth)}")
    return "; ".join(described)


def _items(instrument: Instrument) -> Iterator[str]:
    scored = {name for part in instrument.subscales for name in part.items}
    wide = max((len(item.name) for item in instrument.items), default=0) + 2
    for item in instrument.items:
        remarks = [
            "reversed" * item.reverse_keyed,
            f"answered as {item.coding}" * bool(item.coding),
            f"counts if {item.scored_if}" * bool(item.scored_if),
            "asked at some waves alone" * item.optional,
            "in no score" * (item.name not in scored),
        ]
        described = ", ".join(filter(None, remarks))
        yield f"{item.name:<{wide}}{item.label}" + (
            f"  [{described}]" if described else ""
        )


def _score(score: Subscale, instrument: Instrument) -> str:
    whole = len(score.items) == len(instrument.items) > 1 and not score.parts
    of = ", ".join(score.parts or score.items)
    of = f"all {len(score.items)} items" if whole else of
    rule = ""
    if score.max_missing:
        filled = score.replace_missing == "person_mean"
        mean = ", filled with the person's own mean" if filled else ""
        rule = f"at most {score.max_missing} of {len(score.items)} unanswered{mean}"
    elif score.method != "value" and not score.parts:
        rule = "every item must be answered"
    remarks = [
        of if score.method == "value" else f"{METHODS[score.method]} of {of}",
        "rescaled" * score.rescaled,
        f"{score.lowest:g} to {score.highest:g}",
        DIRECTIONS[score.direction] * (score.direction != instrument.direction),
        rule,
        "its reliability is not tested" * (not score.reflective),
    ]
    return f"{score.name}: {score.title}; {'; '.join(filter(None, remarks))}"


def _refusals(instrument: Instrument) -> Iterator[str]:
    for name, reason in instrument.forbidden.items():
        yield f"{name}: must not be made: {reason}"
    for part in instrument.unscorable:
        yield f"{part.name}: cannot be made: {part.reason}"


def _evidence(known: Evidence) -> str:
    described = [", ".join(f"{name} {_value(v)}" for name, v in known.values.items())]
    described += [f"n {known.n}" if known.n is not None else "", known.population]
    described += [known.note]
    return f"{'; '.join(filter(None, described))} [{known.status}: {known.source}]"


def _value(value: Value) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(f"{part:.10g}" for part in value) + ")"
    return value if isinstance(value, str) else f"{value:.10g}"
