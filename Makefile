# The commands of docs/adr/0002: each works on a fresh machine with nothing but Python 3.11 and, for front-end files, a registry.
# What they do is written in Python below cmsys/local; here stands only which file to start.

# The first Python that is new enough, preferably one that can make virtual environments. PYTHON=… overrides.
find_python = for test in "import sys, venv, ensurepip" "import sys"; do \
  for name in python3.13 python3.12 python3.11 python3 python3.14; do \
    "$$name" -c "$$test; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && { echo $$name; exit; }; done; done; echo none
PYTHON ?= $(shell $(find_python))
PORT ?= 8000
export PORT

VENV = .venv/bin/python
BOOTSTRAP = $(if $(filter none,$(PYTHON)),$(no_python),$(PYTHON) cmsys/local/bootstrap.py)
no_python = $(error 需要 Python 3.11 或更高版本：请先安装（Debian/Ubuntu：apt-get install python3 python3-venv）或用 make PYTHON=/路径/python3 指定 (no Python 3.11 or newer was found))

.DEFAULT_GOAL := help
.PHONY: help run test check format bench screens pictures openapi lock clean
.NOTPARALLEL:

help:
	@echo 'make run      启动产品（首次会自动安装一切）；PORT=8001 换端口'
	@echo 'make test     全部测试；ARGS="-k 名称" 只跑一部分'
	@echo 'make check    格式、静态检查、类型、导入契约、迁移、部署检查'
	@echo 'make bench    基准，每行一个 JSON'
	@echo 'make screens  从运行中的产品截取全部界面'
	@echo 'make pictures 从运行中的产品重拍 docs/guide 的图'
	@echo 'make format   自动格式化'
	@echo 'make openapi  重新生成 docs/openapi.yaml 与 docs/permissions.md'
	@echo 'make lock     由 pyproject.toml 重新编译 requirements/*.txt'
	@echo 'make clean    删除以上命令产生的一切'

run:
	@$(BOOTSTRAP) local
	@exec $(VENV) -m cmsys.local.launcher --under-make

test:
	@$(BOOTSTRAP) dev
	@exec $(VENV) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check:
	@$(BOOTSTRAP) dev
	@exec $(VENV) -m cmsys.local.checks

format:
	@$(BOOTSTRAP) dev
	@$(VENV) -m ruff check --fix-only --quiet . && $(VENV) -m ruff format .

bench:
	@$(BOOTSTRAP) dev
	@exec $(VENV) -m cmsys.local.benches

screens:
	@$(BOOTSTRAP) dev
	@exec $(VENV) -m tests.journeys.screens

pictures:
	@$(BOOTSTRAP) dev
	@exec $(VENV) -m tests.journeys.pictures $(ARGS)

openapi:
	@$(BOOTSTRAP) dev
	@DJANGO_SETTINGS_MODULE=cmsys.settings.test DATABASE_URL=postgresql://nobody@/none $(VENV) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	@DJANGO_SETTINGS_MODULE=cmsys.settings.test DATABASE_URL=postgresql://nobody@/none $(VENV) manage.py permissions_doc > docs/permissions.md

lock:
	@$(BOOTSTRAP) lock

clean:
	@$(if $(filter none,$(PYTHON)),$(no_python),$(PYTHON) cmsys/local/clean.py)
