"""What the database derives from a customer's name: by what lists are sorted and searched.

Neither holds anything of a person's name beyond the family name that everybody is shown, so that neither the place in a
list nor a search can be used to guess the rest.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, F, Func, TextField, Value, When
from django.db.models.functions import Lower, Replace

PERSON = "individual"


class Joined(Func):
    """`(a || b || c)`: immutable, unlike concat()."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = TextField()


class Part(Func):
    """`split_part(text, separator, n)`."""

    function = "split_part"
    output_field = TextField()


class Characters(Func):
    """`string_to_array(text, NULL)`: its characters one by one."""

    template = "string_to_array(%(expressions)s, NULL)"
    output_field = ArrayField(TextField())


def list_name() -> Case:
    """The pinyin of a name; of a person only its first syllable."""
    first = Part(F("name_pinyin"), Value(" "), Value(1))
    return Case(When(kind=PERSON, then=first), default=F("name_pinyin"), output_field=TextField())


def search_key() -> Lower:
    """`c001 深圳华为技术 shenzhenhuaweijishu`: number, name and pinyin, each without blanks; of a person the number alone."""
    solid = Replace(F("name_pinyin"), Value(" "), Value(""))
    blank = Value(" ")
    name = Replace(F("name"), blank, Value(""))
    everything = Joined(F("customer_no"), blank, name, blank, solid)
    return Lower(
        Case(When(kind=PERSON, then=F("customer_no")), default=everything, output_field=TextField()),
        output_field=TextField(),
    )


def name_characters() -> Characters:
    """The characters of the name within the key: what finds one or two Chinese ones, where an index of three letters
    finds nothing. Of a person none."""
    return Characters(Part(F("search_key"), Value(" "), Value(2)))
