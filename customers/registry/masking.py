"""How the names of people among customers are shown to those who may not read them (reliability-security 2.2)."""

from __future__ import annotations

# 复姓: two characters that are one family name, written one after the other.
_COMPOUND = (
    "欧阳司马上官诸葛东方皇甫尉迟公孙慕容令狐长孙宇文司徒司空夏侯轩辕端木百里东郭南宫呼延公羊澹台公冶"
    "宗政濮阳淳于单于太叔申屠仲孙钟离鲜于闾丘亓官司寇子车颛孙巫马公西漆雕乐正壤驷公良拓跋夹谷宰父谷梁"
    "段干独孤西门第五赫连纳兰完颜叶赫南门东门左丘梁丘即墨"
)
COMPOUND = frozenset(_COMPOUND[at : at + 2] for at in range(0, len(_COMPOUND), 2))
MOST_STARS = 3


def mask_person(name: str) -> str:
    """`张三` → `张*`, `欧阳若兰` → `欧阳**`; at most three stars, so that a long name is not told by its length."""
    name = name.strip()
    family = name[:2] if len(name) > 2 and name[:2] in COMPOUND else name[:1]
    rest = len(name) - len(family)
    return family + "*" * min(rest, MOST_STARS) if rest else "*" * len(name)
