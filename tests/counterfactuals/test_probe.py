import pytest
from tests.counterfactuals.world import *
from appraisal.grading.counterfactual_words import sentences
from appraisal.grading.flags import flags_of, refresh_flags

pytestmark = pytest.mark.django_db


def test_x(demo):
    earlier(demo)
    rows = told(demo)
    refresh_flags(demo.cycle)
    rows = proposed(demo.cycle)
    for n, r in rows.items():
        print(n, r.proposal, r.kind, r.ability, r.performance, r.quadrant, r.previous_grade)
        import json

        print(json.dumps(r.counterfactual, ensure_ascii=False))
        print(sentences(r), flags_of(r))
    assert 0
