"""The published regulations R1, R2/R2b, R5, R8, R9, R14, R17: numbers worked out by hand."""

from __future__ import annotations

from typing import Any

from tests.engine.casting import example, line, results

Person = dict[str, Any]


# --- R1 --------------------------------------------------------------------------------------------------------------
def r1_person(**changes: Any) -> Person:
    person: Person = {
        "employee_no": "R1", "grade": "MANAGER",
        "readings": {"DEPOSIT": 460, "LOAN": 120, "CARDS": 640, "INTEREST_RATE": 95.4, "BAD_LOANS": 1.3},
        "events": [{"code": "COMPLAINT", "count": 2}, {"code": "NO_TRAINING", "count": 1},
                   {"code": "NO_LOAN_CHECK", "count": 3}, {"code": "OVERDUE_SINGLE", "count": 1}],
        "facts": {"base_pay": 2000, "performance_pay": 4000},
    }  # fmt: skip
    return {**person, **changes}


def test_r1_points() -> None:
    person = results(example("r1"), [r1_person()])[0]
    # (460−300)/50 = 3.2 → 3 units; 120/50 = 2.4 → 2; (640−500)/50 = 2.8 → 2; 7 × 5 = 35
    assert line(person, "BUSINESS")["contribution"] == "35.00"
    # 97 − 95.4 = 1.6: one full point below → −2; 1.3: one full point above 0 → −1; single overdue → −1
    assert [line(person, code)["contribution"] for code in ("INTEREST_RATE", "BAD_LOANS", "OVERDUE_SINGLE")] == [
        "-2.00", "-1.00", "-1.00",
    ]  # fmt: skip
    # quality: 2×2 + 2 + 3×5 = 21; 115 + 35 − 2 − 1 − 1 − 21 = 125 → 客户经理三级 [125, 130)
    assert person["total"] == "125.00"
    assert person["level"] == "M3"
    assert person["proposal"]["kind"] == "hold"  # 125 ≥ the lower bound 115


def test_r1_quality_deductions_stop_at_fifty() -> None:
    events = [{"code": "INTEGRITY", "count": 1}, {"code": "COMPLAINT", "count": 4}]
    person = results(example("r1"), [r1_person(events=events)])[0]
    # 50 + 8 = 58, capped at 50: 115 + 35 − 2 − 1 − 50 = 97 < 115 → one grade down
    assert line(person, "DEDUCTION_CAP")["contribution"] == "8.00"
    assert person["total"] == "97.00"
    assert person["proposal"] == {"kind": "demotion", "to": "ASSISTANT", "eligible_for": None}


def test_r1_base_pay_is_at_least_forty_percent() -> None:
    pay = results(example("r1"), [r1_person()])[0]["pay"]
    # 2000 of 6000 is a third; 2000 is 40 % of 5000, so the variable part falls from 4000 to 3000
    assert pay["lines"][-1] == {
        "code": "MINIMUM_SHARE", "name": "MINIMUM_SHARE", "base": None, "amount": "-1000.00", "note": "cut_variable",
    }  # fmt: skip
    assert (pay["total"], pay["effective"]) == ("5000.00", "next_period")


def test_r1_seniors_have_no_card_minimum_and_promotion_needs_application_exam_and_admission() -> None:
    readings = {"DEPOSIT": 900, "LOAN": 1000, "CARDS": 0, "INTEREST_RATE": 97, "BAD_LOANS": 0}
    facts = {"base_pay": 1, "performance_pay": 1, "applied": True,
             "certificates": [{"code": "RM_EXAM", "valid_until": "2026-02-01"}]}  # fmt: skip
    senior = r1_person(grade="SENIOR", readings=readings, events=[], facts=facts)
    expired = {**senior, "employee_no": "B", "facts": {**facts, "certificates": [{"code": "RM_EXAM",
                                                                                  "valid_until": "2025-12-30"}]}}  # fmt: skip
    small = {**senior, "employee_no": "C", "readings": {**readings, "DEPOSIT": 1500, "LOAN": 700}}
    found = results(example("r1"), [senior, expired, small])
    # 140 + ((900−500)/50 = 8 + (1000−800)/50 = 4 + 0) × 5 = 200
    assert [item["total"] for item in found] == ["200.00", "200.00", "240.00"]
    # the exam must be valid on 2025-12-31; loans below 800 miss the admission standard
    assert [item["proposal"]["to"] for item in found] == ["PRINCIPAL", None, None]


def test_r1_skipping_a_grade_needs_the_presidents_decision() -> None:
    facts = {"base_pay": 1, "performance_pay": 1, "major_contribution": True}
    asked = r1_person(grade="ASSISTANT", facts=facts)
    granted = {**asked, "employee_no": "B", "facts": {**facts, "exceptional_decision": "西分行〔2025〕8号"}}
    found = results(example("r1"), [asked, granted])
    assert [item["proposal"]["to"] for item in found] == [None, "SENIOR"]


# --- R2 --------------------------------------------------------------------------------------------------------------
def r2_person(number: int, score: float, **changes: Any) -> Person:
    codes = ("VIRTUE", "COMPETENCE", "DILIGENCE", "RESULTS", "INTEGRITY")
    return {
        "employee_no": f"P{number}", "unit": "U", "grade": "STEP1",
        "ratings": {code: [{"group": "leader", "score": score}] for code in codes}, **changes,
    }  # fmt: skip


def test_r2_excellent_is_at_most_a_fifth_of_those_who_must_be_assessed() -> None:
    # 9 people: 20 % = 1.8 → 1 (floor). Scores 95 94 93 91 … : only the best stays 优秀, the others become 合格
    people = [r2_person(k, score) for k, score in enumerate((95, 94, 93, 91, 85, 80, 75, 65, 50))]
    found = results(example("r2"), people, "2025")
    assert [item["level"] for item in found] == ["EXCELLENT"] + ["COMPETENT"] * 6 + ["BASIC", "FAIL"]
    assert [item["first_level"] for item in found][:4] == ["EXCELLENT"] * 4
    honoured = [{**person, "facts": {"unit_standing": "HONOURED_APPROVED"}} for person in people]
    # 25 % of 9 = 2.25 → 2
    assert [item["level"] for item in results(example("r2"), honoured, "2025")].count("EXCELLENT") == 2


def test_r2_a_tie_goes_to_the_front_line_and_an_even_tie_to_nobody() -> None:
    tied = [r2_person(k, 95) for k in range(5)]
    assert [item["level"] for item in results(example("r2"), tied, "2025")].count("EXCELLENT") == 0
    tied[3]["facts"] = {"front_line": True}
    for person in (tied[0], tied[1], tied[2], tied[4]):
        person["facts"] = {"front_line": False}
    assert [item["level"] for item in results(example("r2"), tied, "2025")] == [
        "COMPETENT", "COMPETENT", "COMPETENT", "EXCELLENT", "COMPETENT",
    ]  # fmt: skip


def test_r2_edge_states() -> None:
    people = [
        r2_person(0, 85, facts={"service_months": 5}),
        r2_person(1, 85, facts={"sick_or_private_leave_months": 7}),
        r2_person(2, 85, facts={"maternity_leave_months": 7}),
        r2_person(3, 85, facts={"under_investigation": True}),
        r2_person(4, 85, facts={"refused_without_reason": True}),
        r2_person(5, 50, grade="STEP2"),
        r2_person(6, 50, grade="STEP2", facts={"lowered_by_discipline": True}),
    ]
    found = results(example("r2"), people, "2025")
    assert [item["proposal"]["kind"] for item in found] == [
        "not_rated", "not_rated", "hold", "not_rated", "hold", "demotion", "hold",
    ]  # fmt: skip
    assert [item["level"] for item in found] == [None, None, "COMPETENT", None, "FAIL", "FAIL", "FAIL"]
    assert found[3]["reasons"][0]["detail"] == {
        "code": "not_rated", "backfill": True, "name": "审查调查期间暂不写评语、不定档次", "fired": True,
    }  # fmt: skip


def test_r2_a_basic_year_blocks_the_next_promotion_and_collective_decisions_are_stored() -> None:
    good = {"period": "2024", "level": "COMPETENT"}
    people = [
        r2_person(0, 85, history=[good]),
        r2_person(1, 85, history=[{"period": "2024", "level": "BASIC"}]),
        r2_person(2, 68, history=[good], adjustments=[
            {"code": "COLLECTIVE_DECISION", "by": 1, "reason": "抗洪一线", "decided_by": "党委会"}]),
    ]  # fmt: skip
    found = results(example("r2"), people, "2025")
    assert [item["proposal"]["to"] for item in found] == ["STEP2", None, "STEP2"]
    assert (found[2]["first_level"], found[2]["level"]) == ("BASIC", "COMPETENT")
    assert found[2]["reasons"][-1]["detail"] == {
        "code": "level_adjusted", "before": "BASIC", "after": "COMPETENT", "reason": "抗洪一线", "decided_by": "党委会",
    }  # fmt: skip


def test_r2b_one_level_down_and_out_after_two_years() -> None:
    ratings = {"ANNUAL": [{"group": "leader", "score": 50}, {"group": "colleague", "score": 65}]}
    person = {"employee_no": "A", "grade": "OFFICER", "ratings": ratings}
    again = {**person, "employee_no": "B", "history": [{"period": "2024", "level": "INCOMPETENT"}]}
    found = results(example("r2b"), [person, again], "2025")
    assert found[0]["total"] == "56.00"  # 50×.6 + 65×.4 = 30 + 26
    assert [item["proposal"]["to"] for item in found] == ["SENIOR_CLERK", "DISMISSAL"]


# --- R5 --------------------------------------------------------------------------------------------------------------
def r5_person(**changes: Any) -> Person:
    person: Person = {
        "employee_no": "A", "unit": "T1", "grade": "JUNIOR",
        "readings": {"CREDIT": 330, "OVERDUE_DAYS": 4, "SURVEY_QUALITY": 97.5, "OTHER": 8, "MAIN_SURVEYS": 12,
                     "ASSIST_SURVEYS": 10, "MANAGED": 115, "APPROVALS": 5, "CREDIT_AVERAGE": 820, "OVERDUE_RATIO": 0.5},
        "targets": {"CREDIT": 300}, "events": [{"code": "LATE", "count": 1}, {"code": "PERSONAL_LEAVE_DAYS", "count": 1}],
        "history": [{"period": "2025M10", "performance": 84}, {"period": "2025M09", "performance": 86}],
    }  # fmt: skip
    return {**person, **changes}


def test_r5_kpi_pay_and_deposit() -> None:
    person = results(example("r5"), [r5_person()], "2025M11")[0]
    # 330/300 capped at 100 % → 60; 5 − 1 − 2 = 2; 15 − 4 = 11; 97.5: two full points below → 8; other 8
    assert [item["contribution"] for item in person["lines"]] == ["60.00", "2.00", "11.00", "8.00", "8.00"]
    assert person["total"] == "89.00"
    # 12×100 + 10×50 + 115×5 + 5×20 + 1200 + (110 % → 1000) = 1200 + 500 + 575 + 100 + 1200 + 1000 = 4575
    # overdue 0.5 % is still in (0, 0.5] → 5 % of 4575 = 228.75
    pay = person["pay"]
    assert [row["amount"] for row in pay["lines"]] == [
        "1200.00", "500.00", "575.00", "100.00", "1200.00", "1000.00", "0.00", "-228.75",
    ]  # fmt: skip
    assert pay["total"] == "4346.25"
    # deposit 10 % of 4346.25 − 2000 = 234.625 → 234.63, back after 18 months
    assert pay["retained"] == {"amount": "234.63", "release_months": "18"}
    assert pay["paid_now"] == "4111.62"


def test_r5_up_when_all_of_the_next_grade_hold_down_when_one_of_the_own_fails() -> None:
    # month mean (89 + 84 + 86) / 3 = 86.33 ≥ 85, 820 ≥ 800, 115 ≥ 110, 0.5 < 1
    up = results(example("r5"), [r5_person()], "2025M11")[0]
    assert up["proposal"]["to"] == "MIDDLE"
    readings = {**r5_person()["readings"], "OVERDUE_RATIO": 1}
    down = results(example("r5"), [r5_person(readings=readings)], "2025M11")[0]
    assert down["proposal"] == {"kind": "demotion", "to": "TRAINEE", "eligible_for": None}


def test_r5_the_supervisor_lives_by_the_team() -> None:
    head = r5_person(facts={"post": "主管"})
    weak = {**r5_person(), "employee_no": "B", "readings": {**r5_person()["readings"], "CREDIT": 120}}
    found = results(example("r5"), [head, weak], "2025M11")
    # (110 + 40) / 2 = 75 < 80 → 500; with 51 it would be (110 + 50.1)/2
    assert found[0]["pay"]["lines"][6]["amount"] == "500.00"
    assert found[1]["pay"]["lines"][6]["amount"] == "0.00"


# --- R8, R9 ----------------------------------------------------------------------------------------------------------
def test_r8_every_condition_of_a_star_and_the_gate() -> None:
    star4 = {"RECOVERY": 100, "INTEREST_RATE": 98.2, "INTEREST": 160, "DEPOSIT": 700, "LOANS": 1200}
    star5 = {**star4, "INTEREST_RATE": 99}
    star1 = {**star4, "RECOVERY": 90, "DEPOSIT": 100}
    none = {**star1, "DEPOSIT": 99.99}
    people: list[Person] = [
        {"employee_no": str(k), "readings": r} for k, r in enumerate((star4, star5, star1, none))
    ]
    people.append({"employee_no": "X", "readings": star5, "events": [{"code": "IRREGULAR_LOAN", "count": 1}]})
    found = results(example("r8"), people, "2025")
    assert [item["proposal"]["to"] for item in found] == ["STAR4", "STAR5", "STAR1", None, None]
    assert [item["proposal"]["kind"] for item in found][3:] == ["hold", "not_rated"]
    assert [(item["pay"] or {}).get("total") for item in found][:3] == ["1000.00", "1500.00", "0.00"]
    assert found[0]["performance"] == "4.00"  # four of the five conditions of the fifth star


def test_r9_all_or_nothing_then_proportional_and_deficits_carried() -> None:
    readings = {
        "RECOVERY": 96.9,
        "BAD_CONTROL": 2.5,
        "NET_GROWTH": 90,
        "INTEREST": 80,
        "DEPOSIT": 95,
        "SHARES": 12,
    }
    targets = {"BAD_CONTROL": 2, "NET_GROWTH": 100, "INTEREST": 100, "DEPOSIT": 100, "SHARES": 10}
    person: Person = {"employee_no": "A", "grade": "BASIC", "readings": readings, "targets": targets,
                      "facts": {"performance_pay": 3000}}  # fmt: skip
    below = {**person, "employee_no": "B", "readings": {**readings, "RECOVERY": 94.99}}
    first, second = results(example("r9"), [person, below], "2025M11")
    # 5 × 96.9/95 = 5.1; 20×80 % + 20×90 % + 25×80 % + 20×95 % + 10×100 % = 16 + 18 + 20 + 19 + 10 = 83; 88.1 → 五级
    assert (first["total"], first["level"], first["proposal"]["to"]) == ("88.10", "L5", "CANDIDATE")
    assert line(second, "RECOVERY")["contribution"] == "0.00"
    assert first["pay"]["total"] == "3600.00"  # 3000 × 120 %
    assert first["pay"]["carry_over"] == [
        {"code": "DEPOSIT_DEFICIT", "indicator": "DEPOSIT", "amount": "5"},
        {"code": "INTEREST_DEFICIT", "indicator": "INTEREST", "amount": "20"},
    ]  # fmt: skip


# --- R14, R17 --------------------------------------------------------------------------------------------------------
def test_r14_equal_intervals_of_levelled_scores_then_moves() -> None:
    def new(number: int, score: float, region: str) -> Person:
        facts = {"first_rating": True}
        return {
            "employee_no": str(number),
            "region": region,
            "readings": {"LAST_YEAR": score},
            "facts": facts,
        }

    def old(number: int, grade: str, task: float) -> Person:
        facts = {"first_rating": False}
        return {"employee_no": str(number), "grade": grade, "readings": {"TASK": task}, "targets": {"TASK": 100},
                "facts": facts}  # fmt: skip

    people = [new(1, 50, "POOR"), new(2, 100, "RICH"), new(3, 50, "PLAIN"), new(4, 66, "PLAIN"), new(5, 75, "POOR"),
              old(6, "G2", 110), old(7, "G3", 79.9), old(8, "G5", 130), old(9, "G1", 50), old(10, "G4", 100)]  # fmt: skip
    found = results(example("r14"), people, "2025")
    # levelled 60, 90, 50, 66, 90: from 50 to 90 in steps of 8: 60 → 2nd, 90 → 5th, 50 → 1st, 66 is the start of the 3rd
    assert [item["proposal"]["to"] for item in found[:5]] == ["G2", "G5", "G1", "G3", "G5"]
    assert [(item["proposal"]["kind"], item["proposal"]["to"]) for item in found[5:]] == [
        ("promotion", "G3"), ("demotion", "G2"), ("hold", None), ("hold", None), ("hold", None),
    ]  # fmt: skip


def test_r17_ranks_recovery_bad_loans_and_two_quarters() -> None:
    def branch(number: int, balance: float, before: float, **changes: Any) -> Person:
        readings = {"BALANCE": balance, "RECOVERY": 104, "NEW_BAD": 1.1, "C1": 100, "C2": 10, "C3": 4, "C4": 20,
                    "CARDS": 900, **changes}  # fmt: skip
        return {"employee_no": str(number), "readings": readings,
                "targets": {"NEW_BAD": 1, "EFFICIENCY": 800, "CARDS": 1000},
                "history": [{"period": "2025Q3", "performance": 40.5, "readings": {"BALANCE": before}}]}  # fmt: skip

    people = [
        branch(1, 150, 100),
        branch(2, 1100, 1000),
        branch(3, 220, 200),
        branch(4, 1000, 1000, RECOVERY=140),
    ]
    first, second, third, fourth = results(example("r17"), people)
    # growth 50 10 10 0 %: places 1 2 2 4 of 4 → 130, 130 − 80/3 = 103.33, 103.33, 50
    assert [line(item, "GROWTH")["score"] for item in (first, second, third, fourth)] == [
        "130.00", "103.33", "103.33", "50.00",
    ]  # fmt: skip
    # increments 50 100 20 0: places 2 1 3 4 → 103.33, 130, 76.67, 50
    assert line(third, "INCREASE")["score"] == "76.67"
    # recovery 7.80 × 104/130 = 6.24, full from 130 on; bad 11.7 × (1 − 2 × 0.1) = 9.36; penalty (1 − 0.9) × 20 = 2
    assert (line(first, "RECOVERY")["score"], line(fourth, "RECOVERY")["score"]) == ("6.24", "7.80")
    assert (line(first, "NEW_BAD")["score"], line(first, "PENALTY")["contribution"]) == ("9.36", "-2.00")
    # 折效 350 + 180 + 140 + 160 = 830 → 103.75 % of 800; ×20 = 20.75
    assert line(first, "EFFICIENCY")["contribution"] == "20.75"
    # 130×.14 + 103.33×.06 + 6.24 + 9.36 + 20.75 − 2 = 18.2 + 6.1998 + 34.35 = 58.7498; with last quarter 99.2498
    assert first["total"] == "58.7498"
    assert first["measures"]["TWO_QUARTERS"] == "99.2498"
