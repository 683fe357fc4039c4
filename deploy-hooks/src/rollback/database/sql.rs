//! What is asked of the server.

use super::names::text;

/// For every session. Nobody who holds a lock holds it up for ever, and nothing that is set for a role or a database ends
/// it. Servers before 14 do not know the last one.
pub(super) const SETTINGS: &str = "SET lock_timeout = '60s'; SET client_encoding = 'UTF8'; SET statement_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0; SELECT pg_catalog.set_config(name, '0', false) \
    FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout' AND setting <> '0'";

/// For a session that reads.
pub(super) const SNAPSHOT: &str =
    "SET row_security = off; SET search_path = ''; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Everything about a database that its dump does not bring back, and what is needed beside it: as JSON, the fields of
/// [`super::head::Described`]. Settings and rights come as what stands before and behind the name of the database. Settings
/// that are lists are taken apart and quoted word by word, as `pg_dumpall` does it: whatever is in them, they stay values.
pub(super) const DESCRIBE: &str = r#"
SELECT json_build_object(
  'server', current_setting('server_version'),
  'name', d.datname,
  'owner', pg_get_userbyid(d.datdba),
  'encoding', pg_encoding_to_char(d.encoding),
  'collate', d.datcollate,
  'ctype', d.datctype,
  'provider', to_jsonb(d) ->> 'datlocprovider',
  'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
  'tablespace', t.spcname,
  'bytes', pg_database_size(d.oid),
  'large_objects', (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata),
  'extensions', (SELECT coalesce(json_object_agg(extname, extversion), '{}') FROM pg_catalog.pg_extension),
  'roles', (SELECT coalesce(json_agg(DISTINCT r.rolname), '[]') FROM pg_catalog.pg_shdepend s
    JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
    WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass
      AND (s.dbid = d.oid OR (s.classid = 'pg_catalog.pg_database'::regclass AND s.objid = d.oid))
      AND r.rolname !~ '^pg_'),
  'properties', (SELECT coalesce(json_agg(json_build_array(p.a, p.b) ORDER BY p.n, p.o, p.b), '[]') FROM (
    SELECT 1 AS n, 0::bigint AS o, 'REVOKE ALL ON DATABASE ' AS a,
      ' FROM PUBLIC, ' || quote_ident(pg_get_userbyid(d.datdba)) AS b WHERE d.datacl IS NOT NULL
    UNION ALL
    SELECT 2, x.o, 'GRANT ' || x.privilege_type || ' ON DATABASE ', ' TO '
      || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
      || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
      FROM aclexplode(d.datacl) WITH ORDINALITY x(grantor, grantee, privilege_type, is_grantable, o)
    UNION ALL
    SELECT 3, c.o, CASE s.setrole WHEN 0 THEN 'ALTER DATABASE '
        ELSE 'ALTER ROLE ' || quote_ident(pg_get_userbyid(s.setrole)) || ' IN DATABASE ' END,
      ' SET ' || quote_ident(split_part(c, '=', 1)) || ' TO '
      || CASE WHEN split_part(c, '=', 1) IN ('search_path', 'temp_tablespaces', 'local_preload_libraries',
          'session_preload_libraries') THEN coalesce((
            SELECT string_agg(quote_literal(coalesce(replace(w.w[1], '""', '"'), w.w[2])), ', ' ORDER BY w.o)
            FROM regexp_matches(substr(c, strpos(c, '=') + 1), '"((?:[^"]|"")*)"|([^",[:space:]][^,[:space:]]*)', 'g')
              WITH ORDINALITY w(w, o)), quote_literal(''))
        ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END
      FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY c(c, o) WHERE s.setdatabase = d.oid
    UNION ALL
    SELECT 4, 0, 'ALTER DATABASE ', ' CONNECTION LIMIT ' || d.datconnlimit WHERE d.datconnlimit <> -1
    UNION ALL
    SELECT 5, 0, 'COMMENT ON DATABASE ', ' IS ' || quote_literal(shobj_description(d.oid, 'pg_database'))
      WHERE shobj_description(d.oid, 'pg_database') IS NOT NULL
  ) p)
) FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
WHERE d.datname = current_database()"#;

/// Every table whose rows a dump holds, as it is written in SQL.
pub(super) const TABLES: &str = r"
SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname) ORDER BY 1), '[]')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
    WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')";

/// What is missing of what a dump needs, and what the one who asks may not do: lines for people.
pub(super) fn missing(roles: &[String], extensions: &[&String], owner: &str, tablespace: &str) -> String {
    let list = |names: &mut dyn Iterator<Item = &String>| {
        let quoted: Vec<String> = names.map(|name| text(name)).collect();
        format!("ARRAY[{}]::text[]", quoted.join(","))
    };
    let (owner, tablespace) = (text(owner), text(tablespace));
    format!(
        "SELECT 'role ' || r FROM unnest({roles} || ARRAY[{owner}]) r WHERE r NOT IN (SELECT rolname FROM pg_catalog.pg_roles)
UNION SELECT 'extension ' || e FROM unnest({extensions}) e
  WHERE e NOT IN (SELECT name FROM pg_catalog.pg_available_extensions)
UNION SELECT 'tablespace ' || t FROM unnest(ARRAY[{tablespace}]) t
  WHERE t NOT IN (SELECT spcname FROM pg_catalog.pg_tablespace)
UNION SELECT 'the right CREATEDB of role ' || current_user FROM pg_catalog.pg_roles
  WHERE rolname = current_user AND NOT (rolsuper OR rolcreatedb)
UNION SELECT 'membership of role ' || current_user || ' in ' || rolname FROM pg_catalog.pg_roles
  WHERE rolname = {owner} AND NOT pg_has_role(current_user, oid, 'MEMBER')",
        roles = list(&mut roles.iter()),
        extensions = list(&mut extensions.iter().copied()),
    )
}

/// The number of a database.
pub(super) fn oid(database: &str) -> String {
    format!("SELECT oid FROM pg_catalog.pg_database WHERE datname = {}", text(database))
}

/// Ends every session in a database but the one that asks.
pub(super) fn terminate(database: &str) -> String {
    format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity WHERE datname = {} AND pid <> pg_backend_pid()",
        text(database)
    )
}

/// Ends every session that is known by this name but the one that asks.
pub(super) fn end_sessions_of(known_as: &str) -> String {
    format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity WHERE application_name = {} AND pid <> pg_backend_pid()",
        text(known_as)
    )
}

/// Of the copy of a point: its number, and whether nobody is let in nor was since it was sealed. To let somebody in or to
/// rename it writes its row of `pg_database` anew, and then another transaction has written that.
pub(super) fn sealed(database: &str, seal: &str) -> String {
    format!(
        "SELECT oid, coalesce(NOT datallowconn AND starts_with(shobj_description(oid, 'pg_database'), {} || xmin || E'\\n'), false) \
         FROM pg_catalog.pg_database WHERE datname = {}",
        text(seal),
        text(database)
    )
}

/// Its comment, as JSON.
pub(super) fn comment(database: &str) -> String {
    format!(
        "SELECT coalesce(to_json(shobj_description(oid, 'pg_database')), 'null') FROM pg_catalog.pg_database WHERE datname = {}",
        text(database)
    )
}

/// The name of a database, by its number.
pub(super) fn name(oid: u32) -> String {
    format!("SELECT datname FROM pg_catalog.pg_database WHERE oid = {oid}")
}

/// Whether it lets anybody in.
pub(super) fn allowed(database: &str) -> String {
    format!("SELECT datallowconn FROM pg_catalog.pg_database WHERE datname = {}", text(database))
}
