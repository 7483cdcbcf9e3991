"""How the names of people among customers are shown to those who may not read them (reliability-security 2.2)."""

from __future__ import annotations

# 复姓: two characters that are one family name.
COMPOUND = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "长孙",
        "宇文",
        "司徒",
        "司空",
        "夏侯",
        "轩辕",
        "端木",
        "百里",
        "东郭",
        "南宫",
        "呼延",
        "公羊",
        "澹台",
        "公冶",
        "宗政",
        "濮阳",
        "淳于",
        "单于",
        "太叔",
        "申屠",
        "仲孙",
        "钟离",
        "鲜于",
        "闾丘",
        "亓官",
        "司寇",
        "子车",
        "颛孙",
        "巫马",
        "公西",
        "漆雕",
        "乐正",
        "壤驷",
        "公良",
        "拓跋",
        "夹谷",
        "宰父",
        "谷梁",
        "段干",
        "独孤",
        "西门",
        "第五",
        "赫连",
        "纳兰",
        "完颜",
        "叶赫",
        "南门",
        "东门",
        "左丘",
        "梁丘",
        "即墨",
    ]
)
MOST_STARS = 3


def mask_person(name: str) -> str:
    """`张三` → `张*`, `欧阳若兰` → `欧阳**`; at most three stars, so that a long name is not told by its length."""
    name = name.strip()
    family = name[:2] if len(name) > 2 and name[:2] in COMPOUND else name[:1]
    rest = len(name) - len(family)
    return family + "*" * min(rest, MOST_STARS) if rest else "*" * len(name)
