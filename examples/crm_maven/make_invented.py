"""Makes targets.csv and ratings.csv: invented, because the data set has neither targets nor ratings.

    python examples/crm_maven/make_invented.py DATA_DIR

Only the 30 agents with opportunities get any; the other five stay without, and are "not rated". The same every time:
drawn from a fixed seed, never from what anybody sold.
"""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PERIODS = ("2017Q3", "2017Q4")
ABILITIES = ("COMMUNICATION", "RELATIONSHIP", "MARKET", "KNOWLEDGE", "ADAPTABILITY", "TEAMWORK")
NOTE = "编造的数据 (invented)"
SEED = 20170331


def main(data: Path) -> int:
    with (data / "sales_teams.csv").open(encoding="utf-8", newline="") as file:
        managers = {line["sales_agent"]: line["manager"] for line in csv.DictReader(file)}
    with (data / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        rated = sorted({line["sales_agent"] for line in csv.DictReader(file)})
    dice = random.Random(SEED)  # noqa: S311 - nothing secret
    targets, ratings = [], []
    for agent in rated:
        usual, strength = dice.randrange(55, 100), dice.randrange(72, 92)
        team = [other for other in rated if managers[other] == managers[agent] and other != agent]
        peers = dice.sample(team, 2)
        for period in PERIODS:
            targets.append((period, agent, "SALES", (usual + dice.randrange(-5, 6)) * 1000, NOTE))
            for ability in ABILITIES:
                level = strength + dice.randrange(-6, 7)
                for rater, group in ((managers[agent], "上级"), (peers[0], "同级"), (peers[1], "同级")):
                    ratings.append(
                        (period, agent, rater, group, ability, level + dice.randrange(-4, 5), NOTE)
                    )
    write("targets.csv", ("period", "sales_agent", "indicator_code", "value", "note"), targets)
    write(
        "ratings.csv",
        ("period", "sales_agent", "rater", "rater_group", "indicator_code", "score", "note"),
        ratings,
    )
    return 0


def write(name: str, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    print(f"{name}: {len(rows)}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("用法：make_invented.py 数据目录 (usage: make_invented.py DATA_DIR)")
    sys.exit(main(Path(sys.argv[1])))
