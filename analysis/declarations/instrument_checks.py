"""Every way in which a codebook contradicts itself."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analysis.declarations.instrument import Coding, Instrument, Item, Subscale


def check_instrument(instrument: Instrument) -> list[str]:
    """Every fault, as a sentence that names its key."""
    faults = [*_check_items(instrument)]
    faults.extend(_check_coding("responses", instrument.usual_coding))
    for name, coding in instrument.codings.items():
        faults.extend(_check_coding(f"codings.{name}", coding))
    if not faults:
        for place, subscale in enumerate(instrument.subscales):
            faults.extend(_check_subscale(subscale, instrument, place))
    return faults or [*_check_whole(instrument)]


def known_ends(
    items: Sequence[Item], usual: Coding, codings: Mapping[str, Coding]
) -> tuple[float, float]:
    """Least and most that items are worth, on average; nought if nothing is known."""
    used = [codings.get(item.coding, usual) for item in items]
    if not used:
        return (0.0, 0.0)
    return (
        math.fsum(coding.lowest_points for coding in used) / len(used),
        math.fsum(coding.highest_points for coding in used) / len(used),
    )


def _check_items(instrument: Instrument) -> Iterator[str]:
    known = {item.name for item in instrument.items}
    absent = any(
        f.about == "wording" and f.status == "absent" for f in instrument.facts
    )
    if not known and not absent:
        yield "[items] an instrument needs at least one item"
    for item in instrument.items:
        at = f"[items.{item.name}]"
        if item.coding and item.coding not in instrument.codings:
            yield f"{at} coding '{item.coding}' is not declared under [codings]"
        if item.counts_if and item.counts_if not in known:
            yield f"{at} counts_if names no item: {item.counts_if}"


def _check_coding(at: str, coding: Coding) -> Iterator[str]:
    if coding.lowest >= coding.highest:
        yield f"[{at}] lowest must be below highest"
        return
    steps = (coding.highest - coding.lowest) / coding.step if coding.step > 0 else 0.5
    if abs(steps - round(steps)) > 1e-9:
        yield f"[{at}.step] must lead from lowest to highest"
        return
    outside = [code for code in coding.answers.values() if not coding.takes(code)]
    if outside:
        yield f"[{at}.answers] {len(outside)} codes lie outside the range"
    worthless = {float(code) for code in coding.points} ^ set(coding.codes())
    if coding.points and worthless:
        listed = ", ".join(f"{code:g}" for code in sorted(worthless))
        yield f"[{at}.points] every code needs its points, and nothing else: {listed}"


def _check_subscale(
    subscale: Subscale, instrument: Instrument, place: int
) -> Iterator[str]:
    at = f"[subscales.{subscale.name}]"
    if reason := instrument.forbidden.get(subscale.name):
        yield f"{at} must not be scored: {reason}"
        return
    faults = [
        *(
            _check_parts(subscale, instrument.subscales[:place])
            if subscale.parts
            else _check_made_of(subscale, instrument)
        )
    ]
    if not faults:
        faults = [*_check_range(subscale, instrument)]
    yield from (f"{at} {fault}" for fault in faults)


def _check_made_of(subscale: Subscale, instrument: Instrument) -> Iterator[str]:
    known = {item.name: item for item in instrument.items}
    count = len(subscale.items)
    if unknown_items := [name for name in subscale.items if name not in known]:
        yield f"items not declared: {', '.join(unknown_items)}"
        return
    if not count:
        yield "needs at least one item"
        return
    if len(set(subscale.items)) != count:
        yield "an item is named twice"
        return
    if subscale.method == "value" and count != 1:
        yield f"method 'value' takes one item, not {count}"
    if subscale.method == "lookup":
        yield "method 'lookup' needs the score it converts, as of = \"NAME\""
    if not 0 <= subscale.max_missing < count:
        yield f"max_missing must be at least 0 and below {count}"
    if subscale.rescaled and subscale.method != "mean":
        yield "only a mean can be rescaled"
    yield from _check_gaps(subscale, instrument)


def _check_gaps(subscale: Subscale, instrument: Instrument) -> Iterator[str]:
    """Leaving an item out must not move the ends of the score."""
    if subscale.gates and subscale.method != "mean":
        yield "items that count only for some people make a mean, no other method"
    if "" in subscale.gates:
        yield "either all of its items count only for some people, or none does"
    if subscale.max_missing <= 0:
        return
    if subscale.method == "sum" and subscale.replace_missing == "none":
        yield "a sum with gaps needs replace_missing = 'person_mean'"
    if subscale.method == "all_highest":
        yield "method 'all_highest' takes no gaps"
    codings = [instrument.coding(name) for name in subscale.items]
    if len({(part.lowest_points, part.highest_points) for part in codings}) > 1:
        yield "takes gaps, but its items differ in what they are worth"


def _check_parts(subscale: Subscale, before: Sequence[Subscale]) -> Iterator[str]:
    made = {part.name: part for part in before}
    if unknown_items := [name for name in subscale.parts if name not in made]:
        yield f"of names no score declared before it: {', '.join(unknown_items)}"
        return
    if len(set(subscale.parts)) != len(subscale.parts):
        yield "a score is named twice"
    if subscale.method == "lookup":
        yield from _check_lookup(subscale, made[subscale.parts[0]])
    elif subscale.method not in ("sum", "mean"):
        yield f"scores are combined by sum, mean or lookup, not '{subscale.method}'"
    elif subscale.lookup:
        yield "a table belongs to method 'lookup'"


def _check_lookup(subscale: Subscale, raw: Subscale) -> Iterator[str]:
    if len(subscale.parts) != 1:
        yield "method 'lookup' converts one score"
    if raw.method != "sum" or raw.max_missing:
        yield f"method 'lookup' needs a sum without gaps; '{raw.name}' is none"
        return
    wanted = {float(code) for code in range(int(raw.lowest), int(raw.highest) + 1)}
    if missing := wanted ^ set(subscale.lookup):
        listed = ", ".join(f"{code:g}" for code in sorted(missing))
        yield f"table must hold every score of '{raw.name}' and no other: {listed}"
    ordered = [subscale.lookup[code] for code in sorted(subscale.lookup)]
    if any(low >= high for low, high in itertools.pairwise(ordered)):
        yield "table must rise from each score to the next"


def _check_range(subscale: Subscale, instrument: Instrument) -> Iterator[str]:
    ends = _ends(subscale, instrument)
    given = (subscale.lowest, subscale.highest)
    same = all(
        math.isclose(own, due, abs_tol=1e-9)
        for own, due in zip(given, ends, strict=True)
    )
    if not same:
        yield (
            f"range is [{given[0]:g}, {given[1]:g}] but the items "
            f"and the method give [{ends[0]:g}, {ends[1]:g}]"
        )
    if given[0] >= given[1]:
        yield "range must have its lower end below its higher"


def _ends(subscale: Subscale, instrument: Instrument) -> tuple[float, float]:
    """The ends of a score that follow from what it is made of."""
    if subscale.method == "all_highest":
        return (0.0, 1.0)
    if subscale.rescaled:
        return (subscale.lowest, subscale.highest)
    if subscale.method == "lookup":
        return (min(subscale.lookup.values()), max(subscale.lookup.values()))
    parts = [part for part in instrument.subscales if part.name in subscale.parts]
    low, high = subscale.item_ends
    count = len(subscale.items)
    if parts:
        count = len(parts)
        low = math.fsum(part.lowest for part in parts) / count
        high = math.fsum(part.highest for part in parts) / count
    times = count if subscale.method == "sum" else 1
    return (low * times, high * times)


def _check_whole(instrument: Instrument) -> Iterator[str]:
    """What holds of all scores together."""
    gates = {item.counts_if for item in instrument.items} - {""}
    asked = {item.name for item in instrument.items} - gates
    scored = {name for part in instrument.subscales for name in part.items}
    names = [part.name for part in instrument.subscales]
    names += [part.name for part in instrument.unscorable]
    if len(set(names)) != len(names):
        yield "[subscales] two scores have one name"
    if reason := instrument.forbidden.get("total"):
        for part in instrument.subscales:
            if len(asked) > 1 and asked <= set(part.items):
                at = f"[subscales.{part.name}]"
                yield f"{at} takes every item, and a total must not be made: {reason}"
    turned = {item.name for item in instrument.items if item.reverse_keyed}
    if not instrument.unscorable and (idle := sorted(turned - scored)):
        yield f"[items] reverse-keyed, but in no score: {', '.join(idle)}"
    if gates & scored:
        listed = ", ".join(sorted(gates & scored))
        yield f"[items] decides whether another counts, so cannot be scored: {listed}"
    yield from _check_partition(instrument, asked)


def _check_partition(instrument: Instrument, asked: set[str]) -> Iterator[str]:
    if not instrument.partition:
        return
    parts = {part.name: part.items for part in instrument.subscales}
    if unknown_items := [name for name in instrument.partition if name not in parts]:
        yield f"[partition] names no score: {', '.join(unknown_items)}"
        return
    part_items = [item for name in instrument.partition for item in parts[name]]
    twice = sorted({item for item in part_items if part_items.count(item) > 1})
    if twice:
        yield f"[partition] items held more than once: {', '.join(twice)}"
    if unused := sorted(asked - set(part_items)):
        yield f"[partition] items held by no score: {', '.join(unused)}"
