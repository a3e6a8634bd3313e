"""Reading age of a text: Flesch and Kincaid's grade, plus five years.

A colon or semicolon ends a sentence, as in Flesch's own rule for counting: what stands
on either side is a thought of its own.
"""

from __future__ import annotations

import re

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,'-]*")
SENTENCE = re.compile(r"[.!?:;]+(?=\s|$)")
VOWELS = re.compile(r"[aeiouy]+")
SILENT = re.compile(r"(?:[^aeioulr]e|[aeiou]re|[^aeiou]les|[^dt]ed|[^aeiouscxzg]es)$")


def reading_age(text: str) -> float:
    """Age in years at which a text can be read."""
    words = WORD.findall(text)
    sentences = max(1, len(SENTENCE.findall(text)))
    syllables = sum(map(syllables_of, words))
    grade = 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59
    return grade + 5


def syllables_of(word: str) -> int:
    """Vowels that stand together are one syllable; a final silent e is none."""
    letters = word.casefold().strip(".,'-")
    if not letters.isalpha():
        return 1 + len(re.findall(r"\d", letters)) // 2
    silent = 1 if SILENT.search(letters) else 0
    return max(1, len(VOWELS.findall(letters)) - silent)
