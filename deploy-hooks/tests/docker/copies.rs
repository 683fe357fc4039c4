//! Copies of a database that are none any more, and settings that nobody may read.

use crate::database::{ALONE, LOOK_EVERY, REACHED_MAX, Refuses, refuses};
use crate::postgres::{PASSWORD, Postgres};
use crate::world::{docker, done};
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What an application keeps in a setting of its database, in its second line.
const CANARY: &str = "canary-5fd1c0a9e7b3";
/// On a command line of the test's own, to see that command lines are seen.
const CONTROL: &str = "control-81b2d77ae04c";
/// A search path that ends its statement, and begins one of psql's own that runs a shell.
const LIST: &str = r"public,x;ALTER/**/ROLE/**/reader/**/SUPERUSER;\!touch${IFS}/tmp/came";

/// A copy that has served is no copy any more, whatever its rows are counted as; nor is one into which somebody was let.
pub(super) fn served() {
    let postgres = Postgres::start(1_000, ", keep_copy: true");
    let kept = postgres.seen();
    assert_eq!(postgres.create("a").0, Some(0));
    postgres.change();
    let changed = postgres.seen();
    // The application writes while the suites look, and as many rows are there as before.
    let writes = format!(
        "PGPASSWORD=$DATABASE_PASSWORD docker exec -e PGPASSWORD {} psql -h127.0.0.1 -Uadmin -dapplication -c 'UPDATE shop.calls SET room = 9'; exit 1",
        postgres.container
    );
    postgres.judged_by(&writes);
    let (code, said) = postgres.restore("a");
    assert!(code == Some(8) && said.contains("has not recovered"), "{code:?} {said}");
    assert_eq!(postgres.databases(), "application true, glt_a_old false");
    let (code, said) = postgres.greenlight(&["rollback", "abort"]);
    assert!(code == Some(0) && said.contains("glt_a_copy has served and is no copy any more"), "{code:?} {said}");
    assert_eq!((postgres.seen(), postgres.databases()), (changed, ALONE.to_owned()));
    postgres.in_its_container(", keep_copy: true");
    let (code, said) = postgres.restore("a");
    assert!(code == Some(0) && said.contains("from its archive"), "{code:?} {said}");
    assert_eq!(
        (postgres.seen(), postgres.databases()),
        (kept, ALONE.to_owned()),
        "what was kept, not what was written"
    );
    no_room(&postgres);
    killed_while_it_is_pruned(&postgres);
}

/// A copy that is gone leaves no room behind: that is looked at when the archive has to come back.
fn no_room(postgres: &Postgres) {
    assert_eq!(postgres.create("b").0, Some(0));
    postgres.change();
    let seen = postgres.seen();
    let full =
        "printf '#!/bin/sh\\necho head; echo device 1 1 1 99%% /\\n' > /usr/local/bin/df; chmod +x /usr/local/bin/df";
    done(&["exec", &postgres.container, "sh", "-c", full]);
    let words = ["has 1024 bytes free"];
    let gone = "ALTER DATABASE glt_b_copy RENAME TO elsewhere";
    // In the moment between two looks at the copy.
    let psql = format!(
        "printf '%s\\n' '#!/bin/sh' 'while IFS= read -r line; do case \"$line\" in \"SELECT datallowconn\"*) /usr/bin/psql -qh127.0.0.1 -Uadmin -dpostgres -c \"{gone}\" </dev/null;; esac; printf \"%s\\n\" \"$line\"; done | /usr/bin/psql \"$@\"' > /usr/local/bin/psql; chmod +x /usr/local/bin/psql"
    );
    done(&["exec", &postgres.container, "sh", "-c", &psql]);
    refuses("no room, seen late", postgres.restore("b"), 3, &[&words[..], &["nothing was replaced"]].concat());
    done(&["exec", &postgres.container, "rm", "/usr/local/bin/psql"]);
    let there = || (postgres.seen(), postgres.databases());
    assert_eq!(there(), (seen, "application true, elsewhere false".to_owned()));
    refuses("no room", postgres.restore("b"), 2, &[&words[..], &["nothing was changed"]].concat());
    done(&["exec", &postgres.container, "rm", "/usr/local/bin/df"]);
    postgres.sql("postgres", "DROP DATABASE elsewhere");
}

/// The copy goes before its point does, or nobody would know of it.
fn killed_while_it_is_pruned(postgres: &Postgres) {
    assert_eq!(postgres.create("c").0, Some(0));
    assert_eq!(postgres.create("d").0, Some(0));
    postgres.sql("postgres", "DROP DATABASE glt_d_copy");
    // As long as somebody writes a comment on it, it can't be dropped.
    let password = format!("PGPASSWORD={PASSWORD}");
    let psql = ["exec", "-e", &password, &postgres.container, "psql", "-h127.0.0.1", "-Uadmin", "-dpostgres", "-c"];
    let holds = "BEGIN; COMMENT ON DATABASE glt_c_copy IS 'held'; SELECT pg_sleep(3600)";
    let mut holder = Command::new("docker")
        .args([&psql[..], &[holds]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("docker");
    eventually(
        postgres,
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN; COMMENT%' AND wait_event = 'PgSleep'",
    );
    let mut command = postgres.command(&["rollback", "prune", "--keep", "1", "--key", "sign.pub.pem"]);
    let mut prune = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    eventually(
        postgres,
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DROP DATABASE%glt_c_copy%' AND wait_event_type = 'Lock'",
    );
    prune.kill().expect("killed");
    prune.wait().expect("its status");
    assert!(postgres.path("points/c/manifest.json").exists(), "the point still knows of its copy");
    postgres
        .sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; COMMENT%'");
    holder.wait().expect("its status");
    let (code, said) = postgres.greenlight(&["rollback", "prune", "--keep", "1", "--key", "sign.pub.pem"]);
    assert!(code == Some(0) && said.contains("  c\n"), "{said}");
    assert_eq!(postgres.databases(), ALONE);
    assert!(!postgres.path("points/c").exists());
    eprintln!("  killed while a point is pruned   its copy goes with the next prune");
}

/// Until the server counts one.
fn eventually(postgres: &Postgres, count: &str) {
    let end = Instant::now() + REACHED_MAX;
    while postgres.sql("postgres", count) != "1" {
        assert!(Instant::now() < end, "{count}");
        std::thread::park_timeout(LOOK_EVERY);
    }
}

/// Values of settings are on nobody's command line and in no error, and whatever is in them they stay values.
pub(super) fn settings() {
    let postgres = Postgres::start(1_000, ", keep_copy: true");
    let set = |name: &str| {
        postgres.sql("postgres", &format!("ALTER DATABASE application SET \"{name}\" TO 'two lines\n{CANARY}'"))
    };
    set("app.settings.jwt_secret");
    postgres.sql(
        "application",
        &format!(
            "SELECT set_config('search_path', '{LIST}', false); ALTER DATABASE application SET search_path FROM CURRENT"
        ),
    );
    let kept = postgres.seen();
    let seen = watched(|| {
        let control = format!("SELECT '{CONTROL}', pg_sleep(0.5)");
        postgres.sql("postgres", &control);
        for from in ["the copy beside it", "its archive"] {
            if from == "the copy beside it" {
                let (code, said) = postgres.create("a");
                assert!(code == Some(0) && !said.contains(CANARY), "{said}");
            }
            postgres.change();
            let (code, said) = postgres.restore("a");
            assert!(code == Some(0) && said.contains(from) && !said.contains(CANARY), "{said}");
            assert_eq!(postgres.seen(), kept, "{from}");
        }
    });
    let programs = |word: &str| -> BTreeSet<&str> {
        seen.iter().filter(|line| line.contains(word)).filter_map(|line| line.split('\0').next()).collect()
    };
    assert!(programs(CONTROL).len() >= 2, "command lines here and in the container are seen: {seen:?}");
    assert_eq!(programs(CANARY), BTreeSet::new(), "the value of a setting is on a command line");
    let is = |what: &str| postgres.sql("postgres", what);
    assert_eq!(is("SELECT rolsuper FROM pg_roles WHERE rolname = 'reader'"), "f", "a search path was run");
    let came = docker(&["exec", &postgres.container, "ls", "/tmp/came"]);
    assert!(!came.status.success(), "a search path was run in a shell");
    let there =
        "SELECT count(*) FROM pg_db_role_setting, unnest(setconfig) c WHERE c = 'app.settings.jwt_secret=two lines\n";
    assert_eq!(is(&format!("{there}{CANARY}'")), "1", "the setting has come back");
    refused(&postgres, &set);
}

/// A value that is taken as long as nobody knows better, and refused where the extension is loaded.
fn refused(postgres: &Postgres, set: &dyn Fn(&str) -> String) {
    set("plpgsql.variable_conflict");
    postgres.in_its_container("");
    assert_eq!(postgres.create("b").0, Some(0));
    postgres.sql("postgres", "ALTER ROLE admin SET session_preload_libraries TO 'plpgsql'");
    let loud = postgres
        .psql("postgres", &format!("ALTER DATABASE application SET \"plpgsql.variable_conflict\" TO '{CANARY}'"));
    assert!(String::from_utf8_lossy(&loud.stderr).contains(CANARY), "psql quotes what it refuses");
    let words = ["SET \"plpgsql.variable_conflict\" TO …`, whose value is not shown", "22023"];
    let discreetly: Refuses<'_> = &|what, (code, said), expected, words| {
        assert!(!said.contains(CANARY), "{what}: {said}");
        refuses(what, (code, said), expected, words);
    };
    discreetly("setting refused", postgres.restore("b"), 3, &[&words[..], &["nothing was replaced"]].concat());
    postgres.append("      rehearse: {name: judge, run: [\"true\"], timeout_s: 10}\n");
    let rehearse = [&Postgres::run("b")[..], &["--sign-key", "sign.pem"]].concat();
    let rehearse: Vec<&str> = rehearse.iter().map(|word| if *word == "run" { "rehearse" } else { word }).collect();
    discreetly("the same, rehearsed", postgres.greenlight(&rehearse), 1, &words);
    postgres.in_its_container(", keep_copy: true");
    discreetly("the same, with a copy", postgres.create("e"), 3, &[&words[..], &["no point was made"]].concat());
    assert_eq!(postgres.databases(), ALONE);
    let rehearsal = fs::read_to_string(postgres.path("points/b/rehearsal.json")).expect("a record");
    assert!(rehearsal.contains("plpgsql.variable_conflict"), "{rehearsal}");
    let found = Command::new("grep").args(["-rlaF", CANARY, "."]).current_dir(postgres.path("")).output();
    assert_eq!(String::from_utf8_lossy(&found.expect("grep").stdout), "", "in clear text on disk");
}

/// Every command line on this machine that holds one of the words, while something is done.
fn watched(what: impl FnOnce()) -> BTreeSet<String> {
    let over = AtomicBool::new(false);
    let look = || {
        let mut seen = BTreeSet::new();
        while !over.load(Ordering::Relaxed) {
            for process in fs::read_dir("/proc").expect("/proc").flatten() {
                let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
                let line = String::from_utf8_lossy(&line).into_owned();
                if [CANARY, CONTROL].iter().any(|word| line.contains(word)) {
                    seen.insert(line);
                }
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        seen
    };
    std::thread::scope(|scope| {
        let watcher = scope.spawn(look);
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(what));
        over.store(true, Ordering::Relaxed);
        let seen = watcher.join().expect("it looks");
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        seen
    })
}
