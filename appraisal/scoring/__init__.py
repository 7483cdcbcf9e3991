"""评分与定级运行: the engine applied to a cycle, and the score sheet it leaves for each person."""
