"""What the database derives from a customer's name: by what lists are sorted and searched.

Neither holds anything of a person's name beyond the family name that everybody is shown, so that neither the place in a
list nor a search can be used to guess the rest.
"""

from __future__ import annotations

from django.db.models import Case, F, Func, TextField, Value, When
from django.db.models.functions import Lower

PERSON = "individual"


class Joined(Func):
    """`(a || b || c)`: immutable, unlike concat()."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = TextField()


class Replaced(Func):
    """`regexp_replace(text, pattern, by, 'g')`."""

    function = "regexp_replace"
    output_field = TextField()


class Part(Func):
    """`split_part(text, separator, n)`."""

    function = "split_part"
    output_field = TextField()


def list_name() -> Case:
    """The pinyin of a name; of a person only its first syllable."""
    first = Part(F("name_pinyin"), Value(" "), Value(1))
    return Case(When(kind=PERSON, then=first), default=F("name_pinyin"), output_field=TextField())


def search_key() -> Lower:
    """Number, name, its characters one by one (an index of three letters finds two Chinese ones only so), the initials
    of its pinyin, and the pinyin in one piece; of a person the number alone."""
    characters = Replaced(F("name"), Value("(.)"), Value(r" \1"), Value("g"))
    initials = Replaced(F("name_pinyin"), Value(r"(\S)\S*\s*"), Value(r"\1"), Value("g"))
    solid = Replaced(F("name_pinyin"), Value(r"\s+"), Value(""), Value("g"))
    blank = Value(" ")
    everything = Joined(F("customer_no"), blank, F("name"), characters, blank, initials, blank, solid)
    return Lower(
        Case(When(kind=PERSON, then=F("customer_no")), default=everything, output_field=TextField()),
        output_field=TextField(),
    )
