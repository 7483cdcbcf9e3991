#!/bin/sh
# Makes the roles, the extensions and the rights of docs/operations.md in a database that is new. The database container runs
# it once, when its volume is empty; by hand: PGHOST=… PGUSER=… POSTGRES_DB=cmsys SECRETS=folder sh deploy/database-roles.sh
set -eu
secrets="${SECRETS:-/run/secrets}"
for name in database_web_password database_migrate_password; do
  [ -s "$secrets/$name" ] || { echo "$secrets/$name is missing or empty" >&2; exit 1; }
done
# Passwords go from the files into psql's variables, not over a command line that others can see.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-cmsys}" <<SQL
\set web_password \`cat '$secrets/database_web_password'\`
\set migrate_password \`cat '$secrets/database_migrate_password'\`
CREATE ROLE cmsys_owner NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS;
CREATE ROLE cmsys_app NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE ROLE cmsys_migrate LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'migrate_password' IN ROLE cmsys_owner;
CREATE ROLE cmsys_web LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'web_password' IN ROLE cmsys_app;
SELECT format('ALTER DATABASE %I OWNER TO cmsys_owner', current_database()) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO cmsys_web, cmsys_migrate', current_database()) \gexec
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
ALTER SCHEMA public OWNER TO cmsys_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO cmsys_app;
SQL
