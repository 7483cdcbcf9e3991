"""双维矩阵: where people stand by ability and performance."""
