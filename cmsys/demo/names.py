"""Invented names of customers, each with its pinyin; built from parts so that a million cost seconds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cmsys.accounts.pinyin import pinyin_of

PLACES = ("北京", "上海", "广州", "深圳", "杭州", "南京", "成都", "武汉", "西安", "青岛", "长沙", "厦门", "苏州", "宁波", "合肥", "郑州")  # fmt: skip
FIRST = tuple("华中泰恒瑞盛启明德远嘉宏润信安博通达凯锦鼎正新天海云星")
SECOND = tuple("兴源和丰升益昌隆诚创利康联佳科宇晟辰航腾")
TRADES = ("机械制造", "电子科技", "医药", "商贸", "物流", "建材", "软件", "食品", "新能源", "教育科技", "纺织", "化工", "农业", "文化传媒")  # fmt: skip
SUFFIXES = ("有限公司", "股份有限公司", "集团有限公司")
OFFICES = ("财政局", "教育局", "交通运输局", "住房和城乡建设局", "市场监督管理局", "水务局", "文化和旅游局")
INSTITUTIONS = ("第一中学", "人民医院", "职业技术学院", "图书馆", "自来水厂", "中心医院", "实验小学")
SURNAMES = (*"王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓冯", "欧阳", "司马", "上官", "诸葛")
GIVEN = tuple(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚文辉玲桂英华玉秀兰建国志海燕红春雪琳鑫宇浩晨欣怡佳俊梓涵诗雨泽"
)

# Parts a name of each kind is put together from, in order; an empty part adds nothing.
PARTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "individual": (SURNAMES, GIVEN, (*GIVEN, *("",) * 12)),
    "government": (PLACES, tuple(f"{name}区" for name in ("城东", "城西", "高新", "滨江", "新城", "临港")), OFFICES),
    "public": (PLACES, ("市", "城东区", "高新区", "滨江区", "新城区"), INSTITUTIONS),
    "company": (PLACES, FIRST, SECOND, TRADES, SUFFIXES),
}  # fmt: skip


class Part:
    """The choices for one part of a name, each with its reading."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        self.texts = choices
        self.readings = tuple(pinyin_of(choice) for choice in choices)


def names_for(kinds: npt.NDArray[np.str_], seed: int) -> tuple[list[str], list[str]]:
    """Names and readings for customers of those kinds, the same for a seed."""
    chance = np.random.default_rng([seed, 3])
    parts = {kind: [Part(choices) for choices in rows] for kind, rows in PARTS.items()}
    drawn = {
        kind: [chance.integers(0, len(part.texts), len(kinds)).tolist() for part in rows] for kind, rows in parts.items()
    }  # fmt: skip
    names, readings = [], []
    for place, kind in enumerate(kinds.tolist()):
        key = kind if kind in parts else "company"
        chosen = [(part, row[place]) for part, row in zip(parts[key], drawn[key], strict=True)]
        names.append("".join(part.texts[number] for part, number in chosen))
        readings.append(" ".join(part.readings[number] for part, number in chosen if part.readings[number]))
    return names, readings
