//! A real database: kept, changed, brought back, and read by `pg_dump`, whose eye is not ours.

use crate::postgres::{PASSWORD, Postgres};
use crate::world::done;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROWS: u32 = 50_000;
pub(super) const REACHED_MAX: Duration = Duration::from_secs(60);
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(1);
/// `application` alone, and people are let in.
pub(super) const ALONE: &str = "application true";

/// Kept and brought back: from the archive, from the copy, from tools of this machine, and when it is gone altogether.
pub(super) fn comes_back() {
    let postgres = Postgres::start(ROWS, "");
    let before = postgres.seen();
    let begun = Instant::now();
    let (code, said) = postgres.create("a");
    assert_eq!(code, Some(0), "{said}");
    let bytes = fs::metadata(postgres.path("points/a/database.tar.zst.age")).expect("there").len();
    eprintln!("  create           {:.2} s, {bytes} bytes in the archive", begun.elapsed().as_secs_f64());
    let (code, said) =
        postgres.greenlight(&["rollback", "show", "a", "--key", "sign.pub.pem", "--identity", "key.txt"]);
    assert_eq!(code, Some(0), "{said}");
    for line in [
        "table shop.calls: 50000 rows",
        "table shop.\"we\"\"ird Name\": 2 rows",
        "extension citext 1.6",
        "3 large objects",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    postgres.change();
    let changed = postgres.seen();
    assert_ne!(changed, before);
    let (code, said) = postgres.greenlight(&Postgres::run("a"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("what was written to the database between 20") && said.contains("say --yes"), "{said}");
    assert_eq!(postgres.seen(), changed, "nothing may be touched without --yes");
    let mut writer = in_the_way(&postgres);
    let begun = Instant::now();
    let (code, said) = postgres.restore("a");
    let from_archive = begun.elapsed();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("application: 4 tables, 50102 rows, from its archive"), "{said}");
    assert_eq!((postgres.seen(), postgres.databases()), (before.clone(), ALONE.to_owned()));
    assert!(!writer.wait().expect("ended").success(), "who was in it was shown out");
    let by_hand = by_hand(&postgres);
    eprintln!(
        "  run              {:.2} s, pg_restore by hand {:.2} s: {:.2} times",
        from_archive.as_secs_f64(),
        by_hand.as_secs_f64(),
        from_archive.as_secs_f64() / by_hand.as_secs_f64()
    );
    postgres.sql("postgres", "DROP DATABASE application WITH (FORCE)");
    let (code, said) = postgres.restore("a");
    assert_eq!(code, Some(0), "dropped altogether: {said}");
    assert_eq!((postgres.seen(), postgres.databases()), (before.clone(), ALONE.to_owned()));
    copy(&postgres, &before, by_hand);
    if Command::new("pg_restore")
        .arg("--version")
        .output()
        .is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains(") 15."))
    {
        postgres.as_seen_from_outside();
        let (code, said) = postgres.create("outside");
        assert_eq!(code, Some(0), "{said}");
        postgres.change();
        let (code, said) = postgres.restore("outside");
        assert_eq!(code, Some(0), "{said}");
        assert_eq!((postgres.seen(), postgres.databases()), (before, ALONE.to_owned()));
        eprintln!("  from outside     as before, with the tools of this machine");
    } else {
        eprintln!("  NOT SEEN: this machine has no tools of Postgres 15");
    }
    // Neither a row nor the password is in clear text on disk.
    for secret in [PASSWORD, "room-12"] {
        let grep = Command::new("grep").args(["-rlaF", secret, "points"]).current_dir(postgres.path("")).output();
        assert_eq!(String::from_utf8_lossy(&grep.expect("grep").stdout), "", "{secret}");
    }
}

/// With `keep_copy` coming back is a rename; once the copy is used up, or somebody was let in, the archive comes back.
fn copy(postgres: &Postgres, before: &str, by_hand: Duration) {
    postgres.in_its_container(", keep_copy: true");
    let begun = Instant::now();
    let (code, said) = postgres.create("c");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the copy glt_c_copy beside it holds every row"), "{said}");
    eprintln!("  create with copy {:.2} s", begun.elapsed().as_secs_f64());
    assert_eq!(postgres.databases(), "application true, glt_c_copy false");
    postgres.change();
    // What the server itself does to its list of databases breaks no seal.
    postgres.sql("postgres", "VACUUM (FREEZE, FULL) pg_catalog.pg_database");
    postgres.sql("postgres", "VACUUM FREEZE pg_catalog.pg_database");
    let begun = Instant::now();
    let (code, said) = postgres.restore("c");
    let took = begun.elapsed();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("rows, from the copy beside it"), "{said}");
    assert_eq!((postgres.seen(), postgres.databases()), (before.to_owned(), ALONE.to_owned()));
    eprintln!(
        "  run from copy    {:.2} s, {:.2} times of pg_restore by hand",
        took.as_secs_f64(),
        took.as_secs_f64() / by_hand.as_secs_f64()
    );
    postgres.change();
    let (code, said) = postgres.restore("c");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("glt_c_copy is not there any more") && said.contains("from its archive"), "{said}");
    assert_eq!(postgres.seen(), before);
    assert_eq!(postgres.create("d").0, Some(0));
    postgres.sql("postgres", "ALTER DATABASE glt_d_copy ALLOW_CONNECTIONS true");
    postgres.sql("glt_d_copy", "UPDATE shop.calls SET room = 'other' WHERE id = 1");
    postgres.sql("postgres", "ALTER DATABASE glt_d_copy ALLOW_CONNECTIONS false");
    postgres.change();
    let (code, said) = postgres.restore("d");
    assert!(code == Some(0) && said.contains("glt_d_copy was altered since it was made"), "{said}");
    assert_eq!(postgres.seen(), before);
    // The copy goes with its point.
    assert_eq!(postgres.databases(), "application true, glt_d_copy false");
    assert_eq!(postgres.create("e").0, Some(0));
    let (code, said) = postgres.greenlight(&["rollback", "prune", "--keep", "1", "--key", "sign.pub.pem"]);
    assert!(code == Some(0) && said.contains("its copy, the database glt_d_copy"), "{said}");
    assert_eq!(postgres.databases(), "application true, glt_e_copy false");
    postgres.sql("postgres", "DROP DATABASE glt_e_copy");
    postgres.in_its_container("");
}

/// Somebody who is in the database when it is exchanged, for an hour.
fn in_the_way(postgres: &Postgres) -> Child {
    let password = format!("PGPASSWORD={PASSWORD}");
    let psql = ["exec", "-e", &password, &postgres.container, "psql", "-h127.0.0.1", "-Uadmin", "-dapplication"];
    let hour = [&psql[..], &["-c", "SELECT pg_sleep(3600)"]].concat();
    let child = Command::new("docker").args(hour).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("docker");
    let end = Instant::now() + REACHED_MAX;
    while postgres.sql(
        "postgres",
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND datname = 'application'",
    ) != "1"
    {
        assert!(Instant::now() < end, "nobody came in");
        std::thread::park_timeout(LOOK_EVERY);
    }
    child
}

/// What `pg_restore` takes for the same dump, with nothing of ours around it.
fn by_hand(postgres: &Postgres) -> Duration {
    let inside = |line: &str| {
        done(&[
            "exec",
            "-e",
            &format!("PGPASSWORD={PASSWORD}"),
            "-e",
            "PGUSER=admin",
            "-e",
            "PGHOST=127.0.0.1",
            &postgres.container,
            "bash",
            "-c",
            line,
        ]);
    };
    inside("pg_dump -Fc -Z0 application > /tmp/dump; createdb -T template0 by_hand");
    let begun = Instant::now();
    inside("pg_restore --exit-on-error --single-transaction -d by_hand < /tmp/dump");
    let took = begun.elapsed();
    inside("dropdb by_hand; rm /tmp/dump");
    took
}

/// Whatever is wrong is named, and changes nothing.
pub(super) fn refused() {
    let postgres = Postgres::start(1_000, "");
    assert_eq!(postgres.create("a").0, Some(0));
    let seen = postgres.seen();
    let with_password = |password: &str, arguments: &[&str]| {
        let output = postgres.command(arguments).env("DATABASE_PASSWORD", password).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let create = ["rollback", "create", "b", "--sign-key", "sign.pem"];
    let run = [&Postgres::run("a")[..], &["--yes"]].concat();
    refuses(
        "wrong password",
        with_password("wrong-0123456789", &create),
        3,
        &["password authentication failed for user \"admin\""],
    );
    refuses(
        "wrong password",
        with_password("wrong-0123456789", &run),
        3,
        &["password authentication failed", "nothing was changed"],
    );
    postgres.as_user("nobody");
    refuses("wrong user", postgres.create("b"), 3, &["password authentication failed for user \"nobody\""]);
    postgres.sql(
        "postgres",
        &format!("CREATE ROLE maker LOGIN PASSWORD '{PASSWORD}'; GRANT CONNECT ON DATABASE application TO maker"),
    );
    postgres.as_user("maker");
    refuses("no rights", postgres.create("b"), 3, &["permission denied"]);
    refuses(
        "no rights",
        postgres.restore("a"),
        2,
        &["the right CREATEDB of role maker", "membership of role maker in owner"],
    );
    postgres.sql("postgres", "REVOKE CONNECT ON DATABASE application FROM maker");
    postgres.in_its_container("");
    // What the restore needs and the server has no more. Only a name is changed: the database itself needs the role too.
    postgres.sql("postgres", "ALTER ROLE reader RENAME TO reader_of_old");
    refuses(
        "missing role",
        postgres.restore("a"),
        2,
        &["the server has not what the database needs: role reader;", "nothing was changed"],
    );
    postgres.sql("postgres", "ALTER ROLE reader_of_old RENAME TO reader");
    let control = "/usr/share/postgresql/15/extension/citext.control";
    done(&["exec", &postgres.container, "mv", control, "/tmp/citext.control"]);
    refuses("missing extension", postgres.restore("a"), 2, &["extension citext"]);
    done(&["exec", &postgres.container, "mv", "/tmp/citext.control", control]);
    // Debian's names lead to the tools of the newest version; this one is found before.
    let older = "printf '#!/bin/sh\\necho \"pg_dump (PostgreSQL) 13.9\"\\n' > /usr/local/bin/pg_dump; chmod +x /usr/local/bin/pg_dump";
    done(&["exec", &postgres.container, "sh", "-c", older]);
    refuses("older tools", postgres.create("b"), 2, &["the server is Postgres 15", "\"pg_dump (PostgreSQL) 13.9\""]);
    // A dump that ends early, and says nothing of it but its status.
    let short = "printf '#!/bin/sh\\n[ \"$1\" = --version ] && exec /usr/bin/pg_dump --version\\n/usr/bin/pg_dump \"$@\" | head -c 20000; exit 1\\n' > /usr/local/bin/pg_dump";
    done(&["exec", &postgres.container, "sh", "-c", short]);
    refuses("a dump that is cut", postgres.create("b"), 3, &["pg_dump ended with exit status: 1", "no point was made"]);
    postgres.in_its_container(", keep_copy: true");
    refuses("the same, with a copy", postgres.create("b"), 3, &["no point was made"]);
    assert_eq!(postgres.databases(), ALONE, "the copy of a point that was not made");
    postgres.in_its_container("");
    done(&["exec", &postgres.container, "rm", "/usr/local/bin/pg_dump"]);
    fails_midway(&postgres, &refuses);
    assert_eq!((postgres.seen(), postgres.databases()), (seen.clone(), ALONE.to_owned()), "nothing has changed");
    done(&["stop", &postgres.container]);
    refuses("container stopped", postgres.create("b"), 3, &["is not running"]);
    refuses("container stopped", postgres.restore("a"), 3, &["is not running", "nothing was changed"]);
    done(&["start", &postgres.container]);
    postgres.is_up();
    assert_eq!(postgres.seen(), seen);
    assert_eq!(
        postgres.greenlight(&["rollback", "list", "--key", "sign.pub.pem"]).1.matches("database").count(),
        2,
        "a and z"
    );
}

/// It ended so, and said all of this.
pub(super) fn refuses(what: &str, (code, said): (Option<i32>, String), expected: i32, words: &[&str]) {
    assert!(code == Some(expected) && words.iter().all(|word| said.contains(word)), "{what}: {code:?} {said}");
    let last = said.lines().find(|line| line.starts_with("error")).unwrap_or_default();
    eprintln!("  {what:<24} {expected}: {last}");
}

/// What is done, how it ended, and how it has to.
pub(super) type Refuses<'a> = &'a dyn Fn(&str, (Option<i32>, String), i32, &[&str]);

/// A constraint whose function names a table without its schema: it can be dumped, and not restored.
fn fails_midway(postgres: &Postgres, refuses: Refuses<'_>) {
    let before = postgres.seen();
    postgres.sql("application", "CREATE FUNCTION shop.known(r text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RETURN EXISTS (SELECT FROM calls WHERE room = r); END'; \
        CREATE TABLE shop.picky (room text CHECK (shop.known(room))); INSERT INTO shop.picky VALUES ('room-1')");
    let seen = postgres.seen();
    assert_eq!(postgres.create("z").0, Some(0));
    refuses(
        "pg_restore midway",
        postgres.restore("z"),
        3,
        &["pg_restore", "relation \"calls\" does not exist", "nothing was replaced"],
    );
    assert_eq!((postgres.seen(), postgres.databases()), (seen, ALONE.to_owned()));
    postgres.in_its_container(", keep_copy: true");
    refuses(
        "a copy shows it at once",
        postgres.create("y"),
        3,
        &["the dump can't be restored into glt_y_copy", "relation \"calls\" does not exist"],
    );
    postgres.in_its_container("");
    postgres.sql("application", "DROP TABLE shop.picky; DROP FUNCTION shop.known");
    assert_eq!(postgres.seen(), before);
}

/// `kill -9` from the first moment to the last, then `resume` or `abort`: all old or all new, and nothing lies about.
pub(super) fn killed() {
    let postgres = Postgres::start(50_000, "");
    let kept = postgres.seen();
    assert_eq!(postgres.create("a").0, Some(0));
    postgres.change();
    let changed = postgres.seen();
    // What it changes back to is made once, so that each turn begins alike.
    assert_eq!(postgres.create("changed").0, Some(0));
    before_the_rename(&postgres, &changed);
    let (mut olds, mut news) = (0, 0);
    for (phase, later_ms, way) in MOMENTS {
        let cut_short = kill_in(&postgres, phase, later_ms);
        if cut_short {
            if phase != "staging" {
                let (code, said) = postgres.restore("a");
                assert!(code == Some(2) && said.contains("was cut short"), "{said}");
            }
            let (code, said) = match way {
                "again" => postgres.restore("a"),
                _ => postgres.greenlight(&["rollback", way]),
            };
            assert_eq!(code, Some(0), "{phase} + {later_ms} ms, {way}: {said}");
        }
        let seen = postgres.seen();
        let state = if seen == kept { "new" } else { "old" };
        assert!([&kept, &changed].contains(&&seen), "{phase} + {later_ms} ms, {way}: neither old nor new");
        assert_eq!(postgres.databases(), ALONE, "{phase} + {later_ms} ms, {way}");
        let ended = if cut_short { way } else { "ended by itself" };
        eprintln!("  killed in {phase:<10} + {later_ms:>4} ms  {ended:<6}  all {state}");
        match state {
            "new" => {
                news += 1;
                assert_eq!(postgres.restore("changed").0, Some(0));
                assert_eq!(postgres.seen(), changed);
            }
            _ => olds += 1,
        }
    }
    assert!(olds >= 2 && news >= 3, "{olds} old, {news} new");
}

/// A prepared transaction is nobody who could be shown out: nobody is let in any more, and nothing can be renamed. Whether
/// that is given up or killed, people are let in again.
fn before_the_rename(postgres: &Postgres, changed: &str) {
    postgres.sql("application", "BEGIN; LOCK shop.strange IN ACCESS SHARE MODE; PREPARE TRANSACTION 'in the way'");
    let (code, said) = postgres.restore("a");
    assert!(code == Some(7) && said.contains("prepared transaction"), "{code:?} {said}");
    assert_eq!((postgres.seen().as_str(), postgres.databases().as_str()), (changed, ALONE), "given up");
    let mut command = postgres.command(&[&Postgres::run("a")[..], &["--yes"]].concat());
    let mut restore = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let end = Instant::now() + REACHED_MAX;
    while !postgres.databases().starts_with("application false") {
        assert!(Instant::now() < end && restore.try_wait().expect("its status").is_none(), "it was never closed");
        std::thread::park_timeout(LOOK_EVERY);
    }
    restore.kill().expect("killed");
    restore.wait().expect("its status");
    let (code, said) = postgres.greenlight(&["rollback", "abort"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(postgres.databases(), ALONE, "killed before the rename");
    assert_eq!(postgres.seen(), changed);
    postgres.sql("application", "ROLLBACK PREPARED 'in the way'");
    eprintln!("  killed before the rename         abort   all old, and people are let in");
}

/// A phase of the journal, how long after its beginning, and what is done then. Where nothing was exchanged yet, whoever
/// comes again clears away what was put together.
const MOMENTS: [(&str, u64, &str); 8] = [
    ("staging", 0, "again"),
    ("staging", 300, "abort"),
    ("exchanging", 0, "resume"),
    ("exchanging", 0, "abort"),
    ("exchanging", 20, "resume"),
    ("exchanging", 20, "abort"),
    ("ending", 0, "resume"),
    ("ending", 20, "abort"),
];

/// Ends a restore that long after its journal says that a phase has begun, and says whether it was cut short.
fn kill_in(postgres: &Postgres, phase: &str, later_ms: u64) -> bool {
    let journal = postgres.path("points/restore.json");
    let mut command = postgres.command(&[&Postgres::run("a")[..], &["--yes"]].concat());
    let mut restore = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let end = Instant::now() + REACHED_MAX;
    let word = format!("\"phase\": \"{phase}\"");
    while !fs::read_to_string(&journal).unwrap_or_default().contains(&word) {
        assert!(Instant::now() < end, "{phase} was not reached");
        if restore.try_wait().expect("its status").is_some() {
            return journal.exists();
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
    let moment = Instant::now() + Duration::from_millis(later_ms);
    while Instant::now() < moment && restore.try_wait().expect("its status").is_none() {
        std::thread::park_timeout(LOOK_EVERY);
    }
    let _ = restore.kill();
    restore.wait().expect("its status");
    journal.exists()
}
